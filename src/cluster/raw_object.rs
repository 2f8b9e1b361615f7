//! An object as the server sent it, with the few words of metadata that a watch needs.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, api::ApiResource};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Keeps the bytes and borrows nothing. Decoding never fails on a JSON value: what has no readable
/// metadata comes through without a name, so that one strange object does not stop a whole list.
#[derive(Debug, Clone)]
pub(super) struct RawObject {
    pub(super) body: Box<RawValue>,
    pub(super) meta: ObjectMeta,
}

/// The part of the metadata that identifies a revision.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    uid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource_version: Option<Cow<'a, str>>,
    #[serde(default)]
    generation: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    metadata: Identity<'a>,
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Box::<RawValue>::deserialize(deserializer)?;
        let identity = serde_json::from_str::<Envelope<'_>>(body.get())
            .map(|o| o.metadata)
            .unwrap_or_default();
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        let meta = ObjectMeta {
            name: owned(identity.name),
            namespace: owned(identity.namespace).filter(|namespace| !namespace.is_empty()),
            uid: owned(identity.uid),
            resource_version: owned(identity.resource_version),
            generation: identity.generation,
            ..ObjectMeta::default()
        };
        Ok(Self { body, meta })
    }
}

impl Resource for RawObject {
    type DynamicType = ApiResource;
    type Scope = kube::core::DynamicResourceScope;

    fn kind(dt: &ApiResource) -> Cow<'_, str> {
        dt.kind.as_str().into()
    }

    fn group(dt: &ApiResource) -> Cow<'_, str> {
        dt.group.as_str().into()
    }

    fn version(dt: &ApiResource) -> Cow<'_, str> {
        dt.version.as_str().into()
    }

    fn api_version(dt: &ApiResource) -> Cow<'_, str> {
        dt.api_version.as_str().into()
    }

    fn plural(dt: &ApiResource) -> Cow<'_, str> {
        dt.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

#[cfg(test)]
mod tests {
    use kube::{api::WatchEvent, core::ObjectList};

    use super::*;

    const OBJECT: &str = r#"{"apiVersion":"x.io/v1","kind":"App","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"7","generation":2},"spec":{"big":12345678901234567890123,"f":1E3}}"#;

    #[test]
    fn a_watch_event_keeps_the_bytes() {
        let line = format!(r#"{{"type":"MODIFIED","object":{OBJECT}}}"#);
        let WatchEvent::Modified(object) =
            serde_json::from_str::<WatchEvent<RawObject>>(&line).unwrap()
        else {
            panic!("modified")
        };
        assert_eq!(object.body.get(), OBJECT);
        assert_eq!(object.meta.uid.as_deref(), Some("u"));
        assert_eq!(object.meta.generation, Some(2));
    }

    #[test]
    fn a_list_keeps_the_bytes_of_each_item_and_survives_a_strange_one() {
        let text = format!(
            r#"{{"apiVersion":"x.io/v1","kind":"AppList","metadata":{{"resourceVersion":"9"}},"items":[{OBJECT},{{"metadata":{{"name":5}}}}]}}"#
        );
        let list: ObjectList<RawObject> = serde_json::from_str(&text).unwrap();
        assert_eq!(list.items[0].body.get(), OBJECT);
        assert_eq!(list.items[1].meta.name, None);
    }
}
