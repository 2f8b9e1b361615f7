//! Managers that write the same few objects in every way that there is.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client};
use serde_json::{Map, Value, json};

const MANAGERS: [&str; 5] = ["gitops", "scaler", "editor", "controller", "webhook/v1.2"];
const OBJECTS: [&str; 3] = ["one", "two", "three"];
const NAMESPACE: &str = "ownership";

const DEFINITION: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              replicas: {type: integer, format: int32}
              ratio: {type: number}
              mode: {type: string, default: auto}
              nested:
                type: object
                properties:
                  level: {type: integer, default: 3}
                  name: {type: string}
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [port, protocol]
                items:
                  type: object
                  required: [port]
                  properties:
                    port: {type: integer}
                    protocol: {type: string, default: TCP}
                    weight: {type: integer}
                    note: {type: string}
              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              args: {type: array, x-kubernetes-list-type: atomic, items: {type: string}}
              servers:
                type: array
                items: {type: object, properties: {name: {type: string}, size: {type: integer}}}
              settings: {type: object, additionalProperties: {type: string}}
              selector: {type: object, x-kubernetes-map-type: atomic, additionalProperties: {type: string}}
              extra: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status:
            type: object
            properties:
              replicas: {type: integer, format: int32}
              phase: {type: string}
              conditions:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  required: [type]
                  properties: {type: {type: string}, status: {type: string}, reason: {type: string}}
"#;

pub(super) struct Writers {
    client: Client,
    /// The same objects at both served versions.
    apis: [Api<DynamicObject>; 2],
    group: String,
    random: fastrand::Rng,
    current: BTreeMap<&'static str, DynamicObject>,
    /// Who made each resourceVersion.
    pub(super) truth: BTreeMap<u64, &'static str>,
    /// Conflicts between managers, and patches that fit no more.
    pub(super) refused: usize,
}

impl Writers {
    pub(super) async fn create(client: Client, group: &str, seed: u64) -> Self {
        let text = DEFINITION.replace("GROUP", group);
        let mut definition: Value = serde_yaml::from_str(&text).unwrap();
        let mut second = definition["spec"]["versions"][0].clone();
        second["name"] = "v2".into();
        second["storage"] = false.into();
        definition["spec"]["versions"]
            .as_array_mut()
            .unwrap()
            .push(second);
        let api: Api<CustomResourceDefinition> = Api::all(client.clone());
        let name = format!("things.{group}");
        let params = PatchParams::apply("test");
        api.patch(&name, &params, &Patch::Apply(definition))
            .await
            .unwrap();
        await_condition(api, &name, conditions::is_crd_established())
            .await
            .unwrap();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        namespaces
            .patch(NAMESPACE, &params, &Patch::Apply(namespace))
            .await
            .unwrap();
        let api = |version| {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, "Thing"));
            Api::namespaced_with(client.clone(), NAMESPACE, &resource)
        };
        Self {
            apis: [api("v1"), api("v2")],
            client,
            group: group.to_owned(),
            random: fastrand::Rng::with_seed(seed),
            current: BTreeMap::new(),
            truth: BTreeMap::new(),
            refused: 0,
        }
    }

    /// One request of one manager.
    pub(super) async fn write(&mut self) {
        let name = OBJECTS[self.random.usize(..OBJECTS.len())];
        let manager = MANAGERS[self.random.usize(..MANAGERS.len())];
        if !self.current.contains_key(name) {
            return self.make(name, manager).await;
        }
        let at = self.random.usize(..2);
        let params = PatchParams {
            field_manager: Some(manager.into()),
            ..PatchParams::default()
        };
        let choice = self.random.u32(..100);
        let answer = match choice {
            0..30 => {
                let mut params = PatchParams::apply(manager);
                params.force = self.random.u32(..3) > 0;
                let spec = self.spec();
                let body = self.wrapped(at, json!({ "spec": spec }));
                self.apis[at]
                    .patch(name, &params, &Patch::Apply(body))
                    .await
            }
            30..48 => {
                let change = self.merge(name);
                self.apis[at]
                    .patch(name, &params, &Patch::Merge(change))
                    .await
            }
            48..58 => self.remove_by_json_patch(name, manager).await,
            58..76 => {
                let body = self.edited(name, at);
                let params = PostParams {
                    field_manager: Some(manager.into()),
                    ..PostParams::default()
                };
                self.apis[at].replace(name, &params, &body).await
            }
            76..86 => {
                let change = json!({ "status": self.status() });
                self.apis[at]
                    .patch_status(name, &params, &Patch::Merge(change))
                    .await
            }
            86..92 => {
                let status = self.status();
                let body = self.wrapped(at, json!({ "status": status }));
                let params = PatchParams::apply(manager).force();
                self.apis[at]
                    .patch_status(name, &params, &Patch::Apply(body))
                    .await
            }
            92..98 => {
                let change = json!({ "spec": { "replicas": self.random.u32(..5) } });
                let scale = self.apis[at]
                    .patch_subresource("scale", name, &params, &Patch::Merge(change))
                    .await;
                match scale {
                    Ok(_) => self.apis[at].get(name).await,
                    Err(error) => Err(error),
                }
            }
            _ => {
                self.apis[at]
                    .delete(name, &DeleteParams::default())
                    .await
                    .unwrap();
                self.current.remove(name);
                return;
            }
        };
        self.note(name, manager, answer);
    }

    async fn make(&mut self, name: &'static str, manager: &'static str) {
        let at = self.random.usize(..2);
        let spec = self.spec();
        let mut body = self.wrapped(at, json!({ "spec": spec }));
        body["metadata"] = json!({ "name": name });
        let answer = if self.random.bool() {
            let params = PatchParams::apply(manager);
            self.apis[at]
                .patch(name, &params, &Patch::Apply(body))
                .await
        } else {
            let params = PostParams {
                field_manager: Some(manager.into()),
                ..PostParams::default()
            };
            let object = serde_json::from_value(body).unwrap();
            self.apis[at].create(&params, &object).await
        };
        self.note(name, manager, answer);
    }

    fn note(
        &mut self,
        name: &'static str,
        manager: &'static str,
        answer: kube::Result<DynamicObject>,
    ) {
        match answer {
            Ok(after) => {
                let version = |object: &DynamicObject| object.metadata.resource_version.clone();
                let before = self.current.get(name).and_then(version);
                if version(&after) != before {
                    let made = version(&after).unwrap().parse().unwrap();
                    self.truth.insert(made, manager);
                }
                self.current.insert(name, after);
            }
            Err(kube::Error::Api(status)) if [409, 422].contains(&status.code) => self.refused += 1,
            Err(error) => panic!("{manager} cannot write {name}: {error}"),
        }
    }

    fn wrapped(&self, at: usize, mut body: Value) -> Value {
        body["apiVersion"] = format!("{}/{}", self.group, ["v1", "v2"][at]).into();
        body["kind"] = "Thing".into();
        body
    }

    fn spec(&mut self) -> Value {
        let all = [
            "replicas", "ratio", "mode", "nested", "ports", "tags", "args", "servers", "settings",
            "selector", "extra",
        ];
        let mut spec = Map::new();
        for field in all {
            if self.random.u32(..3) == 0 {
                spec.insert(field.into(), self.value(field));
            }
        }
        Value::Object(spec)
    }

    fn value(&mut self, field: &str) -> Value {
        let number = self.random.u32(..4);
        match field {
            "replicas" => number.into(),
            "ratio" => json!(f64::from(number) / 2.0),
            "mode" => format!("mode-{number}").into(),
            "nested" => [
                json!({}),
                json!({ "name": number.to_string() }),
                json!({ "level": number }),
            ][self.random.usize(..3)]
            .clone(),
            "ports" => {
                let mut ports = vec![
                    json!({ "port": 80, "weight": number }),
                    json!({ "port": 80, "protocol": "UDP", "note": number.to_string() }),
                    json!({ "port": 443, "protocol": "TCP", "weight": number }),
                ];
                self.some_of(&mut ports)
            }
            "tags" => {
                let mut tags = vec![json!("a"), json!("b"), json!("c/d~e"), json!("\"quoted\"")];
                self.some_of(&mut tags)
            }
            "args" => {
                let mut args = vec![json!("--x"), json!("--y"), json!(number.to_string())];
                self.some_of(&mut args)
            }
            "servers" => {
                let mut servers = vec![
                    json!({ "name": "s", "size": number }),
                    json!({ "name": "t" }),
                ];
                self.some_of(&mut servers)
            }
            "settings" => {
                json!({ "a/b": number.to_string(), format!("k.{number}"): "v", "": "empty" })
            }
            "selector" => json!({ "app": number.to_string(), "tier": "x" }),
            _ => json!({ "deep": { "list": [number], "on": number > 1 }, "n": number }),
        }
    }

    fn some_of(&mut self, items: &mut Vec<Value>) -> Value {
        self.random.shuffle(items);
        items.truncate(1 + self.random.usize(..items.len()));
        Value::Array(std::mem::take(items))
    }

    fn status(&mut self) -> Value {
        let conditions: Vec<_> = ["Ready", "Synced"]
            .into_iter()
            .filter(|_| self.random.u32(..4) > 0)
            .map(|name| json!({ "type": name, "status": name.len().to_string() }))
            .collect();
        json!({ "phase": self.random.u32(..3).to_string(), "conditions": conditions })
    }

    /// Changes or removes a field, a setting, a label or the finalizers.
    fn merge(&mut self, name: &str) -> Value {
        let turn = self.random.u32(..4);
        match self.random.u32(..6) {
            0 => json!({ "metadata": { "labels": { "turn/x": turn.to_string() } } }),
            1 => {
                let held = self.current[name].metadata.annotations.is_some();
                json!({ "metadata": { "annotations": if held { json!(null) } else { json!({ "held": "by/x" }) } } })
            }
            2 => json!({ "spec": { "settings": { "a/b": null } } }),
            3 => {
                let field = ["ports", "tags", "nested", "ratio", "extra"][self.random.usize(..5)];
                json!({ "spec": { field: null } })
            }
            _ => json!({ "spec": self.spec() }),
        }
    }

    /// The object as it is, with lists in another order and a few fields changed or removed.
    fn edited(&mut self, name: &str, at: usize) -> DynamicObject {
        let mut body = self.current[name].clone();
        let (group, version) = (&self.group, ["v1", "v2"][at]);
        body.types.as_mut().unwrap().api_version = format!("{group}/{version}");
        for list in ["ports", "tags"] {
            if let Some(items) = body.data["spec"][list].as_array_mut() {
                self.random.shuffle(items);
            }
        }
        let changed = self.spec();
        if let Some(spec) = body.data["spec"].as_object_mut() {
            for (field, value) in changed.as_object().unwrap() {
                match self.random.u32(..3) {
                    0 => spec.insert(field.clone(), value.clone()),
                    1 => spec.remove(field),
                    _ => None,
                };
            }
        }
        body
    }

    async fn remove_by_json_patch(
        &mut self,
        name: &str,
        manager: &str,
    ) -> kube::Result<DynamicObject> {
        let spec = self.current[name].data["spec"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let fields: Vec<_> = spec.keys().cloned().collect();
        let field = match fields.is_empty() {
            true => "replicas".to_owned(),
            false => fields[self.random.usize(..fields.len())].clone(),
        };
        let path = match &spec.get(&field) {
            Some(Value::Array(items)) if !items.is_empty() => {
                format!("/spec/{field}/{}", self.random.usize(..items.len()))
            }
            _ => format!("/spec/{field}"),
        };
        let operations = json!([{ "op": "remove", "path": path }]);
        let manager = manager.replace('/', "%2F");
        let uri = format!(
            "/apis/{}/v1/namespaces/{NAMESPACE}/things/{name}?fieldManager={manager}",
            self.group
        );
        let request = http::Request::patch(uri)
            .header("Content-Type", "application/json-patch+json")
            .body(operations.to_string().into_bytes())
            .unwrap();
        self.client.request(request).await
    }
}
