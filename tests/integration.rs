//! The one integration binary: a test file is a module of it. `tests/README.md` says which tier a test belongs to.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests say what they expect as tests do; clippy.toml excepts the test functions only"
)]

mod architecture;
mod cli;
mod cluster;
mod readiness;
mod relations;
mod schemas;
mod support;
mod ui;
mod ui_insights;
mod ui_inspector;
mod ui_relations;

use std::fs;
use std::path::{Path, PathBuf};

/// A file that no `mod` line names is compiled by nobody, and its tests never fail.
#[test]
fn every_test_file_is_listed() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let forgotten = unlisted(&tests, &tests.join("integration.rs"));
    assert!(
        forgotten.is_empty(),
        "add a `mod` line for each: {forgotten:?}"
    );
}

#[test]
fn a_forgotten_test_file_is_found() {
    let tests = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(tests.path().join(name), text).unwrap();
    fs::create_dir_all(tests.path().join("ui/views")).unwrap();
    write(
        "integration.rs",
        "mod ui;\n/// The `mod cli;` of a comment does not count.\n",
    );
    write("cli.rs", "");
    write("ui/mod.rs", "pub(crate) mod table;\n");
    write("ui/table.rs", "");
    write("ui/diff.rs", "");
    write("ui/views/history.rs", "");
    let forgotten = unlisted(tests.path(), &tests.path().join("integration.rs"));
    let expected =
        ["cli.rs", "ui/diff.rs", "ui/views/history.rs"].map(|name| tests.path().join(name));
    assert_eq!(forgotten, expected);
}

/// The Rust files under `directory`, sorted, that `parent` and the modules below it do not name.
fn unlisted(directory: &Path, parent: &Path) -> Vec<PathBuf> {
    let listed = fs::read_to_string(parent).unwrap_or_default();
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // Either way to write a module with children: `name/mod.rs` or `name.rs` beside the folder.
            let inside = path.join("mod.rs");
            let module = if inside.exists() {
                inside
            } else {
                path.with_extension("rs")
            };
            if is_declared(&listed, &path) || !module.exists() {
                found.extend(unlisted(&path, &module));
            } else {
                found.push(module);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path != parent
            && !is_declared(&listed, &path)
        {
            found.push(path);
        }
    }
    found
}

/// Whether a line of the parent module declares the module of this path.
fn is_declared(parent: &str, path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    let declaration = format!("mod {name};");
    parent.lines().map(str::trim).any(|line| {
        line.strip_suffix(&declaration)
            .is_some_and(|visibility| visibility.is_empty() || visibility.starts_with("pub"))
    })
}
