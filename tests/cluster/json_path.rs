//! Random JSONPaths on random objects: the cells of the API server's tables against Kronika's.
//!
//! A version of a CRD has its own columns, so that one CRD asks hundreds of paths at once. More than CI asks:
//! `KRONIKA_FUZZ_SEED=7 KRONIKA_FUZZ_VERSIONS=40 cargo test --test integration cluster::json_path -- --nocapture`.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use kronika::columns::{Cell, CompiledColumns};
use kronika::model::{Json, PrinterColumn};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Map, Value, json};

use crate::support::control_plane::ControlPlane;
use crate::support::table::{self, Heading, Row, Table};

const GROUP: &str = "jsonpath.example.org";
const LIMIT: Duration = Duration::from_secs(20);
const COLUMNS: usize = 50;
const OBJECTS: usize = 16;

/// The server takes the members of an object in random order: a cell that does not stay the same for as many
/// tables is nobody's.
const STABLE: usize = 100;

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// Names of fields, as they stand in objects.
const NAMES: &[&str] = &[
    "a", "b", "c", "list", "map", "type", "status", "n", "a.b/c", "größe", "x y", "0", "it's",
    "a,b", "$", "", "true", "a\\b", "日本", "null", "text", "deep", "UPPER", "a-b", "a_b", "[0]",
    "(x)", "a\"b",
];

struct Random(fastrand::Rng);

impl Random {
    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.0.usize(..of.len())]
    }

    fn value(&mut self, depth: usize) -> Value {
        let kinds = if depth == 0 { 12 } else { 20 };
        match self.0.usize(..kinds) {
            0 => json!(null),
            1 => self.0.bool().into(),
            2 | 3 => self.0.i64(-3..4).into(),
            4 => self.integer(),
            5 | 6 => self.number(),
            7 => self.date().into(),
            8..12 => self.text().into(),
            12..16 => {
                let count = self.0.usize(..5);
                (0..count).map(|_| self.value(depth - 1)).collect()
            }
            _ => self.object(depth - 1),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let count = self.0.usize(..5);
        let members = (0..count).map(|_| (self.one(NAMES).to_owned(), self.value(depth)));
        members.collect::<Map<_, _>>().into()
    }

    fn integer(&mut self) -> Value {
        match self.0.usize(..5) {
            0 => 9_007_199_254_740_993_i64.into(),
            1 => i64::MIN.into(),
            2 => i64::MAX.into(),
            3 => u64::MAX.into(),
            _ => self.0.i64(..).into(),
        }
    }

    fn number(&mut self) -> Value {
        let choices = [
            0.5,
            -0.0,
            1e6,
            1e20,
            1e21,
            1.5e300,
            -2.5e-7,
            1e-6,
            1e-5,
            0.0001,
            123_456.5,
            1_234_567.0,
            1.0,
            3.0,
            0.1 + 0.2,
            5e-324,
            f64::MAX,
            -1.5,
            9.3e18,
        ];
        choices[self.0.usize(..choices.len())].into()
    }

    fn date(&mut self) -> &'static str {
        self.one(&[
            "2026-01-02T03:04:05Z",
            "2020-01-01T00:00:00+02:00",
            "2999-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "1600-01-01T00:00:00Z",
            "2026-01-02T03:04:05.123456789Z",
            "2026-01-02T03:04:05,5Z",
            "2026-01-02",
            "2026-01-02T3:04:05Z",
            "2026-01-02t03:04:05z",
            "2026-01-02T03:04:60Z",
            "2026-01-02T24:00:00Z",
            "2026-02-30T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-01-02T03:04:05+24:00",
            "2026-01-02T03:04:05+25:00",
            "2026-01-02T03:04:05-00:60",
            "2026-01-02T03:04:05+00:61",
            "0000-01-01T00:00:00Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05Z ",
            " 2026-01-02T03:04:05Z",
            "2026-1-2T03:04:05Z",
            "9999-12-31T23:59:59Z",
            "2026-01-02T03:04:5Z",
            "2026-01-02T03:04:05.Z",
            "2026-00-02T03:04:05Z",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05+1:00",
            "1969-12-31T23:59:59-12:00",
            "",
            "2026-01-02T3:4:5Z",
            "2026-01-02T03:04:05.1234567890123Z",
            "2026-01-02T03:4:05Z",
            "+2026-01-02T03:04:05Z",
        ])
    }

    fn text(&mut self) -> &'static str {
        self.one(&[
            "",
            "a",
            "True",
            "true",
            "Ready",
            "größe ✓",
            "two\nlines",
            "tab\there",
            "<&>\u{2028}",
            "null",
            "1",
            "1.5",
            "\"quoted\"",
            "it's",
            "\\",
            "{}",
            "\u{1}\u{7f}",
            "👩‍👩‍👧",
            "\r\n",
            "z",
        ])
    }

    /// A path from its grammar; now and then with a slip of the pen.
    fn path(&mut self) -> String {
        let mut path = ".".to_owned();
        path.push_str(self.one(&[
            "spec",
            "spec",
            "spec",
            "spec",
            "metadata",
            "",
            "status",
            "spec.list",
            "spec.map",
        ]));
        for _ in 0..self.0.usize(..4) {
            let step = self.step(2);
            path.push_str(&step);
        }
        if self.0.u8(..6) == 0 {
            let characters: Vec<char> = path.chars().collect();
            let at = self.0.usize(1..=characters.len());
            let slip = self.one(&[
                ".", "[", "]", "(", ")", "'", "\"", "\\", "{", "}", " ", "@", "$", "*", ",", ":",
                "?", "-", "+", "1", "x", "\n", "\t", "é", "==", "..", "/", "_", "true", "}{",
                "}{.spec", "²", "5", "-2.5",
            ]);
            let rest = at + self.0.usize(..2);
            path = characters[..at].iter().collect();
            path.push_str(slip);
            path.extend(characters.get(rest..).unwrap_or_default());
        }
        path
    }

    fn step(&mut self, depth: usize) -> String {
        let index = |random: &mut Self| random.0.i64(-4..5).to_string();
        match self.0.usize(..16) {
            0..5 => format!(".{}", self.name()),
            5 => format!("['{}']", self.name()),
            6 => format!("[{}]", index(self)),
            7 => {
                let parts: Vec<String> = (0..self.0.usize(2..4))
                    .map(|_| {
                        if self.0.bool() {
                            index(self)
                        } else {
                            String::new()
                        }
                    })
                    .collect();
                format!("[{}]", parts.join(":"))
            }
            8 => "[*]".to_owned(),
            9 => ".*".to_owned(),
            10 => format!("..{}", self.one(&["", "a", "type", "n", "größe"])),
            11 => {
                let parts: Vec<String> = (0..self.0.usize(2..4))
                    .map(|_| {
                        if self.0.bool() {
                            index(self)
                        } else {
                            format!("'{}'", self.name())
                        }
                    })
                    .collect();
                format!("[{}]", parts.join(self.one(&[",", ", "])))
            }
            12 if depth > 0 => self.literal(),
            13.. if depth > 0 => {
                let mut left = "@".to_owned();
                if self.0.u8(..4) > 0 {
                    left.push_str(&self.step(0));
                }
                let operator = self.one(&[
                    "==", "==", "==", "!=", "<", "<=", ">", ">=", "=", "", " == ", "==",
                ]);
                let right = if operator.is_empty() {
                    String::new()
                } else {
                    self.literal()
                };
                format!("[?({left}{operator}{right})]")
            }
            _ => format!(".{}", self.name()),
        }
    }

    /// A name as it stands in a path: with a backslash before what would end it, or without.
    fn name(&mut self) -> String {
        let name = self.one(NAMES);
        if self.0.u8(..5) == 0 {
            return name.to_owned();
        }
        let mut escaped = String::new();
        for c in name.chars() {
            if " .,[]$@{}\\'\"".contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    }

    fn literal(&mut self) -> String {
        match self.0.usize(..8) {
            0 => self.0.i64(-3..4).to_string(),
            1 => self
                .one(&["0.5", "1.0", "-1.5", "+1", "1.", "99999999999999999999"])
                .to_owned(),
            2 => self.one(&["true", "false", "null", "word"]).to_owned(),
            3 => format!("@.{}", self.name()),
            4 => self
                .one(&[
                    r"'a\'b'",
                    r#""\u00e9\x41\n""#,
                    r"'it\'s'",
                    r#""it\'s""#,
                    r"'\101'",
                ])
                .to_owned(),
            _ => {
                let quote = self.one(&["'", "\""]);
                format!(
                    "{quote}{}{quote}",
                    self.one(&["True", "Ready", "a", "größe ✓", "", "z", "1", "a)b"])
                )
            }
        }
    }

    fn column(&mut self) -> PrinterColumn {
        PrinterColumn {
            name: "x".to_owned(),
            type_: self
                .one(&[
                    "string", "string", "string", "string", "integer", "number", "boolean", "date",
                ])
                .to_owned(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            json_path: if self.0.u8(..10) == 0 {
                ".spec.date".to_owned()
            } else {
                self.path()
            },
        }
    }
}

fn version(name: &str, is_stored: bool, columns: &[PrinterColumn]) -> Value {
    let columns: Vec<Value> = columns
        .iter()
        .map(|column| json!({ "name": column.name, "type": column.type_, "jsonPath": column.json_path }))
        .collect();
    json!({ "name": name, "served": true, "storage": is_stored, "additionalPrinterColumns": columns,
        "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } })
}

fn resource(version: &str) -> ApiResource {
    let kind = GroupVersionKind::gvk(GROUP, version, "Path");
    ApiResource::from_gvk_with_plural(&kind, "paths")
}

/// The server's objects as Kronika reads them.
fn table_of(columns: &CompiledColumns, list: &[u8]) -> Table<Cell> {
    let list = Json::parse(list).unwrap();
    let headings = columns.headings().iter().map(|heading| {
        Heading::new(
            &heading.name,
            &heading.type_,
            heading.priority.into(),
            &heading.description,
        )
    });
    let mut rows: Vec<_> = list
        .get("items")
        .unwrap()
        .items()
        .iter()
        .map(|object| {
            let text = |name| {
                object
                    .at(&["metadata", name])
                    .and_then(Json::as_str)
                    .unwrap_or_default()
            };
            Row {
                namespace: text("namespace").to_owned(),
                name: text("name").to_owned(),
                cells: columns.row(object),
            }
        })
        .collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Table {
        is_namespaced: true,
        headings: headings.collect(),
        rows,
    }
}

async fn compare(
    client: &Client,
    name: &str,
    columns: &CompiledColumns,
) -> (usize, BTreeSet<String>) {
    let resource = resource(name);
    let path = format!("/apis/{}/{}", resource.api_version, resource.plural);
    let list = client
        .request_text(http::Request::get(path).body(Vec::new()).unwrap())
        .await
        .unwrap();
    let ours = table_of(columns, list.as_bytes());
    let cells = ours.rows.iter().flat_map(|row| &row.cells);
    let filled = cells.filter(|cell| **cell != Cell::Empty).count();
    let mut stable: Option<BTreeSet<String>> = None;
    for _ in 0..STABLE {
        let from = Timestamp::now();
        let theirs = table::served(client, &resource, true).await;
        let found: BTreeSet<_> = table::differences(&ours, &theirs, (from, Timestamp::now()))
            .into_iter()
            .collect();
        let both = match stable {
            Some(known) => known.intersection(&found).cloned().collect(),
            None => found,
        };
        if both.is_empty() {
            return (filled, both);
        }
        stable = Some(both);
    }
    (filled, stable.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cells_of_random_paths_are_the_servers() {
    let seed = setting("KRONIKA_FUZZ_SEED", 1);
    let versions = setting("KRONIKA_FUZZ_VERSIONS", 10);
    let mut random = Random(fastrand::Rng::with_seed(seed));
    let mut good: Vec<Vec<PrinterColumn>> = Vec::new();
    let mut bad: Vec<PrinterColumn> = Vec::new();
    while good.len() < usize::try_from(versions).unwrap() {
        let mut columns = Vec::new();
        while columns.len() < COLUMNS {
            let column = random.column();
            let compiled = CompiledColumns::new(std::slice::from_ref(&column));
            if compiled.dropped().is_some() {
                bad.push(column);
            } else {
                columns.push(column);
            }
        }
        good.push(columns);
    }
    // Paths that cannot be read: the server has no column either.
    bad.truncate(good.len() * 5);
    let good = good
        .iter()
        .enumerate()
        .map(|(i, columns)| (format!("v1beta{}", i + 1), columns.clone()));
    let bad = bad
        .iter()
        .enumerate()
        .map(|(i, column)| (format!("v1alpha{}", i + 1), vec![column.clone()]));
    let all: Vec<_> = good.chain(bad).collect();

    let plane = ControlPlane::shared();
    let client = plane.client().await;
    let crds = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let crds = Api::<DynamicObject>::all_with(client.clone(), &ApiResource::from_gvk(&crds));
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("paths.{GROUP}") },
        "spec": {
            "group": GROUP, "scope": "Namespaced", "names": { "kind": "Path", "plural": "paths" },
            "versions": all.iter().enumerate().map(|(i, (name, columns))| version(name, i == 0, columns)).collect::<Vec<_>>(),
        },
    });
    let params = PatchParams::apply("test").force();
    crds.patch(
        &format!("paths.{GROUP}"),
        &params,
        &Patch::Apply(definition),
    )
    .await
    .unwrap();
    let first = resource(&all[0].0);
    let objects = Api::<DynamicObject>::namespaced_with(client.clone(), "default", &first);
    for i in 0..OBJECTS {
        let mut spec = random.object(3);
        spec["list"] = (0..random.0.usize(..4)).map(|_| random.value(2)).collect();
        spec["map"] = random.object(2);
        spec["date"] = random.date().into();
        let object = json!({ "apiVersion": first.api_version, "kind": "Path",
            "metadata": { "name": format!("object-{i:02}"), "annotations": { "a.b/c": random.text() } },
            "spec": spec, "status": random.object(2) });
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let end = std::time::Instant::now() + LIMIT;
        // Served a moment after it is established.
        while let Err(error) = objects.create(&PostParams::default(), &object).await {
            assert!(std::time::Instant::now() < end, "{error}");
            tokio::task::yield_now().await;
        }
    }
    let (mut filled, mut found) = (0, Vec::new());
    for (name, columns) in &all {
        let compiled = CompiledColumns::new(columns);
        let (count, differences) = compare(&client, name, &compiled).await;
        filled += count;
        found.extend(differences);
    }
    let paths: usize = all.iter().map(|(_, columns)| columns.len()).sum();
    eprintln!("seed {seed}: {paths} paths on {OBJECTS} objects, {filled} cells with a value");
    // Else the paths lead nowhere.
    assert!(filled > paths, "{filled} cells");
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found.join("\n")
    );
}
