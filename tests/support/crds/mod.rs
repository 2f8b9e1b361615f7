//! CustomResourceDefinitions that people run: what the Go modules of some thirty projects ship.
//!
//! `tests/crds/modules.txt` pins them and `tests/crds/fetch.sh` fetches them into `target/crds/`; nothing of
//! them is in the repository.

mod install;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kube::core::{ApiResource, GroupVersionKind, Version};
use serde::Deserialize as _;
use serde_json::Value;

pub(crate) use install::installed;

const MODULES: &str = include_str!("../../crds/modules.txt");

/// A CRD and where it is from.
#[derive(Debug, Clone)]
pub(crate) struct CatalogueCrd {
    /// The first word of its line in `modules.txt`.
    pub(crate) project: &'static str,
    /// `plural.group`
    pub(crate) name: String,
    /// The manifest as it is shipped, ready to be applied: without a status, and without a conversion
    /// webhook, which nobody would serve.
    pub(crate) definition: Value,
}

impl CatalogueCrd {
    /// The version that the API server prefers among those it serves.
    pub(crate) fn version(&self) -> &Value {
        let versions = self.definition["spec"]["versions"].as_array().unwrap();
        versions
            .iter()
            .filter(|version| version["served"] == true)
            .max_by_key(|version| Version::parse(version["name"].as_str().unwrap()).priority())
            .unwrap_or_else(|| panic!("{} serves no version", self.name))
    }

    /// The OpenAPI schema of [`CatalogueCrd::version`].
    pub(crate) fn schema(&self) -> &Value {
        &self.version()["schema"]["openAPIV3Schema"]
    }

    /// What a client needs to know for [`CatalogueCrd::version`].
    pub(crate) fn resource(&self) -> ApiResource {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let spec = &self.definition["spec"];
        let kind = GroupVersionKind::gvk(
            &text(&spec["group"]),
            &text(&self.version()["name"]),
            &text(&spec["names"]["kind"]),
        );
        ApiResource::from_gvk_with_plural(&kind, &text(&spec["names"]["plural"]))
    }

    pub(crate) fn is_namespaced(&self) -> bool {
        self.definition["spec"]["scope"] == "Namespaced"
    }

    pub(crate) fn has_status(&self) -> bool {
        self.version()["subresources"].get("status").is_some()
    }
}

/// All of them, in the order of their projects and names.
///
/// # Panics
/// When they are not there, saying how to get them.
pub(crate) fn catalogue() -> &'static [CatalogueCrd] {
    static CATALOGUE: OnceLock<Vec<CatalogueCrd>> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        read(&target.join("crds"), MODULES).unwrap_or_else(|message| panic!("{message}"))
    })
}

fn read(directory: &Path, modules: &'static str) -> Result<Vec<CatalogueCrd>, String> {
    let mut all = BTreeMap::new();
    let pins = modules
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for pin in pins {
        let project = pin.split(' ').next().unwrap_or_default();
        let found = fs::read_to_string(directory.join(project).join(".pin")).unwrap_or_default();
        if found.trim_end() != pin {
            return Err(format!(
                "the CRDs of {project} are not in {} as pinned: run tests/crds/fetch.sh, which fetches them once",
                directory.display()
            ));
        }
        for file in files(&directory.join(project)) {
            for definition in definitions(&file)? {
                let name = definition["metadata"]["name"].as_str().unwrap_or_default();
                let crd = CatalogueCrd {
                    project,
                    name: name.to_owned(),
                    definition,
                };
                if let Some(other) = all.insert((project, crd.name.clone()), crd) {
                    return Err(format!("{project} defines {} twice", other.name));
                }
            }
        }
    }
    Ok(all.into_values().collect())
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some() {
            found.push(path);
        }
    }
    found
}

/// The CRDs among the documents of a file; there are lists of files and tests of webhooks beside them.
fn definitions(file: &Path) -> Result<Vec<Value>, String> {
    let failed = |error: String| format!("{} cannot be read: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    let mut found = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let mut value = Value::deserialize(document).map_err(|error| failed(error.to_string()))?;
        if value["kind"] != "CustomResourceDefinition" {
            continue;
        }
        let object = value.as_object_mut().unwrap();
        object.remove("status");
        object["spec"].as_object_mut().unwrap().remove("conversion");
        found.push(value);
    }
    Ok(found)
}

#[test]
fn there_are_hundreds_of_crds_each_from_one_project() {
    let mut projects: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for crd in catalogue() {
        *projects.entry(crd.project).or_default() += 1;
        if let Some(other) = names.insert(&crd.name, crd.project) {
            panic!("{} is in {other} and {}", crd.name, crd.project);
        }
        assert!(crd.schema().is_object(), "{}", crd.name);
    }
    assert!(projects.len() >= 30, "{projects:?}");
    assert!(names.len() >= 300, "{projects:?}");
}

#[test]
fn missing_crds_fail_with_the_command_that_fetches_them() {
    let empty = tempfile::tempdir().unwrap();
    let message = read(empty.path(), MODULES).unwrap_err();
    assert!(message.contains("tests/crds/fetch.sh"), "{message}");
}
