//! Holds the layer table of `src/lib.rs` and CONTRIBUTING.md against the code.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    ItemUse, UseTree,
    visit::{self, Visit},
};

/// What each layer may import of the others. Tests beside the code are held to it as well.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("diff", &["model"]),
    ("columns", &["model"]),
    ("schema", &["model"]),
    ("readiness", &["model"]),
    (
        "timeline",
        &["model", "diff", "columns", "schema", "readiness"],
    ),
    ("insight", &["model", "diff", "readiness", "timeline"]),
    ("relation", &["model", "schema", "readiness", "timeline"]),
    ("settings", &["model", "readiness", "timeline", "insight"]),
    (
        "cluster",
        &["model", "diff", "columns", "settings", "timeline"],
    ),
    ("journal", &["model", "diff", "columns", "timeline"]),
    ("demo", &["model", "columns"]),
    ("export", &["model", "diff", "columns", "timeline"]),
    (
        "ui",
        &[
            "model",
            "diff",
            "columns",
            "schema",
            "readiness",
            "settings",
            "timeline",
            "insight",
            "relation",
        ],
    ),
    (
        "app",
        &[
            "model",
            "diff",
            "columns",
            "schema",
            "readiness",
            "settings",
            "timeline",
            "insight",
            "relation",
            "cluster",
            "journal",
            "demo",
            "export",
            "ui",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "diff",
            "columns",
            "schema",
            "readiness",
            "settings",
            "timeline",
            "insight",
            "relation",
            "cluster",
            "journal",
            "demo",
            "export",
        ],
    ),
    ("main", &["app", "cli"]),
];

/// External crates that only these layers may name.
const CRATES: &[(&[&str], &[&str])] = &[
    (
        &["egui", "eframe", "egui_plot", "egui_extras"],
        &["ui", "app"],
    ),
    (&["kube", "k8s_openapi"], &["cluster", "demo"]),
    (
        &["tokio", "tokio_util", "futures"],
        &["cluster", "demo", "journal", "export", "app", "cli"],
    ),
    (&["rusqlite"], &["journal"]),
];

/// All paths that a file names, from their first segment on.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn use_tree(&mut self, tree: &UseTree, prefix: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, prefix);
                prefix.pop();
            }
            UseTree::Name(name) => self
                .0
                .push([prefix.clone(), vec![name.ident.to_string()]].concat()),
            UseTree::Rename(name) => self
                .0
                .push([prefix.clone(), vec![name.ident.to_string()]].concat()),
            UseTree::Glob(_) => self.0.push(prefix.clone()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, prefix);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.use_tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(
            path.segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect(),
        );
        visit::visit_path(self, path);
    }
}

/// What a file in a layer names and may not.
fn violations(layer: &str, source: &str) -> BTreeSet<String> {
    let allowed = LAYERS
        .iter()
        .find(|(name, _)| *name == layer)
        .map(|(_, allowed)| *allowed);
    let Some(allowed) = allowed else {
        return [format!("the layer {layer} is not in the table")].into();
    };
    let file = syn::parse_file(source).expect("a source file parses");
    let mut paths = Paths::default();
    paths.visit_file(&file);
    let mut found = BTreeSet::new();
    for path in &paths.0 {
        let first = path.first().map(String::as_str).unwrap_or_default();
        if matches!(first, "crate" | "kronika")
            && let Some(other) = path.get(1)
            && LAYERS.iter().any(|(name, _)| name == other)
            && other != layer
            && !allowed.contains(&other.as_str())
        {
            found.insert(format!("{layer} imports {other}"));
        }
        for (crates, layers) in CRATES {
            if crates.contains(&first) && !layers.contains(&layer) {
                found.insert(format!("{layer} names {first}"));
            }
        }
    }
    found
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn imports_run_only_leftwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 20, "the sources are where they are expected");
    let mut found = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src");
        let layer = relative
            .components()
            .next()
            .expect("a name")
            .as_os_str()
            .to_string_lossy();
        let layer = layer.trim_end_matches(".rs");
        if layer == "lib" {
            continue;
        }
        let source = fs::read_to_string(&file).expect("a readable file");
        for violation in violations(layer, &source) {
            found.push(format!("{}: {violation}", relative.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn planted_violations_are_caught() {
    let planted = [
        (
            "ui",
            "use crate::cluster::Supervisor;",
            "ui imports cluster",
        ),
        (
            "ui",
            "use crate::{model::Uid, cluster::{Supervisor}};",
            "ui imports cluster",
        ),
        (
            "cluster",
            "fn f() { crate::ui::theme(); }",
            "cluster imports ui",
        ),
        (
            "model",
            "use crate::timeline::Timeline as T;",
            "model imports timeline",
        ),
        ("diff", "use crate::timeline::*;", "diff imports timeline"),
        (
            "timeline",
            "async fn f() { tokio::time::sleep(x).await }",
            "timeline names tokio",
        ),
        ("timeline", "use kube::Client;", "timeline names kube"),
        ("insight", "fn f(c: egui::Color32) {}", "insight names egui"),
        (
            "cluster",
            "fn f(c: &egui::Context) {}",
            "cluster names egui",
        ),
        ("cli", "use rusqlite::Connection;", "cli names rusqlite"),
        (
            "main",
            "fn main() { kronika::cluster::x() }",
            "main imports cluster",
        ),
        (
            "model",
            "mod tests { use crate::columns::Cell; }",
            "model imports columns",
        ),
        ("extra", "", "the layer extra is not in the table"),
    ];
    for (layer, source, violation) in planted {
        assert!(
            violations(layer, source).contains(violation),
            "{layer}: {source}"
        );
    }
    assert!(
        violations(
            "ui",
            "use crate::{model::Uid, ui::theme, timeline::Timeline};"
        )
        .is_empty()
    );
}
