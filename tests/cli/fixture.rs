//! A session file with a known content.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use kronika::{
    journal::SessionFile,
    model::{
        ChangeKind, Definition, Gap, GapCause, Generation, Moment, ObjectState, Observation,
        Provenance, ResourceKey, ResourceKind, Scope, Uid,
    },
    timeline::{Recorder, SharedTimeline, Timeline},
};
use parking_lot::RwLock;

/// 2023-11-14T22:13:20Z.
const START: i64 = 1_700_000_000_000_000;

/// A session with these objects, in the contexts `blue` and `green`:
///
/// - `web/shop` of `Gateway` (gateway.example.com): created at 22:13:20 (revision 1), observed 100 ms
///   later (2) and ready at 300 ms (3), changed at 22:14:20 (4), observed and ready 50 ms later (5)
/// - `web/gone` of the same: there at the start (6), deleted at 22:15:20 (7)
/// - `web/lost` of the same: there at the start (30), changed at 22:15:10 (31), missing in a new list
///   at 22:15:21
/// - `web/shop` of `Gateway` in another group (mesh.example.com)
/// - the CRD of the first `Gateway` at 22:13:20 and, changed, at 22:14:50
/// - `big` of the cluster-scoped `Zone`, in both contexts
/// - a gap of `Gateway` from 22:14:30 to 22:14:40
pub(crate) struct Fixture {
    _dir: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

/// The bytes of revision 5: keys in no order, a number that a parser would bend, escapes.
pub(crate) const REVISION_5: &str = concat!(
    r#"{"metadata":{"uid":"u1","name":"shop","namespace":"web","generation":2,"resourceVersion":"5","#,
    r#""managedFields":[{"manager":"operator","operation":"Update","apiVersion":"v1","#,
    r#""time":"2023-11-14T22:14:20Z","fieldsType":"FieldsV1","subresource":"status","#,
    r#""fieldsV1":{"f:status":{"f:observedGeneration":{},"f:load":{}}}}]},"kind":"Gateway","#,
    r#""spec":{"replicas":3,"note":"\u00fc < \"x\""},"#,
    r#""status":{"load":12345678901234567890123,"observedGeneration":2,"#,
    r#""conditions":[{"type":"Ready","status":"True"}]}}"#
);

fn moment(ms: u64) -> Moment {
    Moment {
        wall: START + i64::try_from(ms).unwrap() * 1_000,
        monotonic: ms * 1_000,
    }
}

fn kind(name: &str, group: &str, scope: Scope) -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: group.into(),
        version: "v1".into(),
        kind: name.into(),
        plural: format!("{}s", name.to_lowercase()),
        scope,
    })
}

fn gateway(revision: u64, generation: i64, replicas: u32, observed: i64, ready: bool) -> String {
    let ready = if ready { "True" } else { "False" };
    format!(
        r#"{{"metadata":{{"uid":"u1","name":"shop","namespace":"web","generation":{generation},"#
    ) + &format!(
        r#""resourceVersion":"{revision}"}},"kind":"Gateway","spec":{{"replicas":{replicas}}},"#
    ) + &format!(
        r#""status":{{"observedGeneration":{observed},"conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
    )
}

struct Script(Recorder);

impl Script {
    fn new(file: &SessionFile, context: &str, kinds: &[&Arc<ResourceKind>]) -> Self {
        let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new(context.into())));
        let writer = file.writer(&context.into()).unwrap();
        let mut recorder = Recorder::new(timeline, vec![Box::new(writer)]);
        for kind in kinds {
            recorder.observe(Observation::Kind {
                kind: Arc::clone(kind),
                columns: [].into(),
            });
        }
        Self(recorder)
    }

    fn define(&mut self, ms: u64, kind: &Arc<ResourceKind>, spec: &str) {
        self.0.observe(Observation::Definition {
            kind: Arc::clone(kind),
            definition: Arc::new(Definition::new(spec).unwrap()),
            at: moment(ms),
        });
    }

    /// An empty body is none.
    fn object(
        &mut self,
        ms: u64,
        kind: &Arc<ResourceKind>,
        name: &str,
        revision: u64,
        (change, provenance): (ChangeKind, Provenance),
        body: &str,
    ) {
        let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let generation = json["metadata"]["generation"].as_i64();
        let namespace = (kind.scope == Scope::Namespaced).then(|| Arc::from("web"));
        self.0.observe(Observation::Object(ObjectState {
            kind: Arc::clone(kind),
            key: ResourceKey {
                namespace,
                name: name.into(),
            },
            uid: Uid(format!("uid-{name}").as_str().into()),
            resource_version: revision.to_string().as_str().into(),
            generation: generation.map(Generation),
            change,
            provenance,
            observed_at: moment(ms),
            body: (!body.is_empty()).then(|| body.as_bytes().into()),
        }));
    }
}

/// The CRD of the gateways in two versions; `class` is what the schema says of `spec.class` besides.
fn gateway_spec(class: &str, most: &str) -> String {
    let schema = |more: &str| {
        format!(
            r#"{{"type":"object","description":"A way in.","properties":{{"spec":{{"type":"object",
            "description":"What is wanted.","required":["class"],"properties":{{
              "class":{{"type":"string","description":"Who runs it.\n\nOne per cluster.","enum":["a","b"]{class}}},
              "replicas":{{"type":"integer","format":"int32","default":1,"minimum":0,
                "description":"How many. More than one for availability."}},
              "listeners":{{"type":"array","maxItems":{most},"x-kubernetes-list-type":"map",
                "x-kubernetes-list-map-keys":["name"],"items":{{"type":"object","required":["name"],
                "properties":{{"name":{{"type":"string"}},
                  "port":{{"type":"integer","description":"Deprecated: use ports."}}}}}}}}{more}}}}}}}}}"#
        )
    };
    format!(
        r#"{{"group":"gateway.example.com","scope":"Namespaced","names":{{"kind":"Gateway","plural":"gateways"}},
        "versions":[{{"name":"v1","served":true,"storage":true,"schema":{{"openAPIV3Schema":{}}}}},
        {{"name":"v1beta1","served":true,"storage":false,"deprecated":true,
          "schema":{{"openAPIV3Schema":{}}}}}]}}"#,
        schema(""),
        schema(r#","legacy":{"type":"string"}"#)
    )
}

pub(crate) fn session() -> Fixture {
    use ChangeKind::{Added, Deleted, Modified};
    use Provenance::{InitialList, Relist, Watch};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let front = kind("Gateway", "gateway.example.com", Scope::Namespaced);
    let mesh = kind("Gateway", "mesh.example.com", Scope::Namespaced);
    let zone = kind("Zone", "example.com", Scope::Cluster);

    let mut blue = Script::new(&file, "blue", &[&front, &mesh, &zone]);
    blue.define(0, &front, &gateway_spec("", "64"));
    let limit = r#","x-kubernetes-validations":[{"rule":"self == oldSelf","message":"class is immutable"}]"#;
    blue.define(90_000, &front, &gateway_spec(limit, "16"));
    let empty = r#"{"metadata":{"name":"x"},"spec":{"a":1}}"#;
    blue.object(
        0,
        &front,
        "shop",
        1,
        (Added, Watch),
        &gateway(1, 1, 2, 0, false),
    );
    blue.object(1, &front, "gone", 6, (Added, InitialList), empty);
    blue.object(2, &mesh, "shop", 8, (Added, InitialList), empty);
    blue.object(3, &zone, "big", 9, (Added, InitialList), empty);
    blue.object(4, &front, "lost", 30, (Added, InitialList), empty);
    blue.object(
        100,
        &front,
        "shop",
        2,
        (Modified, Watch),
        &gateway(2, 1, 2, 1, false),
    );
    blue.object(
        300,
        &front,
        "shop",
        3,
        (Modified, Watch),
        &gateway(3, 1, 2, 1, true),
    );
    blue.object(
        60_000,
        &front,
        "shop",
        4,
        (Modified, Watch),
        &gateway(4, 2, 3, 1, true),
    );
    blue.object(60_050, &front, "shop", 5, (Modified, Watch), REVISION_5);
    blue.0.observe(Observation::Gap(Gap {
        from: moment(70_000),
        to: moment(80_000),
        cause: GapCause::Expired,
        kind: Some(Arc::clone(&front)),
    }));
    let lost = r#"{"metadata":{"name":"x"},"spec":{"a":2}}"#;
    blue.object(110_000, &front, "lost", 31, (Modified, Watch), lost);
    blue.object(120_000, &front, "gone", 7, (Deleted, Watch), empty);
    blue.object(121_000, &front, "lost", 31, (Deleted, Relist), "");
    blue.0.flush();

    let mut green = Script::new(&file, "green", &[&zone]);
    green.object(90_000, &zone, "big", 20, (Added, Watch), empty);
    green.0.flush();
    drop((blue, green));
    file.close().unwrap();
    // As if it had been recorded then.
    let database = rusqlite::Connection::open(&path).unwrap();
    let (started, ended) = (moment(0).wall, moment(125_000).wall);
    database
        .execute(
            "UPDATE recordings SET started_at = ?1, ended_at = ?2",
            [started, ended],
        )
        .unwrap();
    drop(database);
    Fixture { _dir: dir, path }
}

impl Fixture {
    pub(crate) fn arg(&self) -> &str {
        super::text(&self.path)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.path.parent().unwrap()
    }
}
