//! The kubeconfig of the demo cluster, in memory and as a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::DemoError;
use super::encoding::to_base64;

/// Marks a kubeconfig as ours, so that it may be replaced.
const EXTENSION: &str = "kronika.demo";

/// The YAML of a kubeconfig with one context, `demo`.
pub(super) fn render(server: &str, ca_pem: &str, token: &str) -> String {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "demo",
        "clusters": [{
            "name": "demo",
            "cluster": {
                "server": server,
                "certificate-authority-data": to_base64(ca_pem.as_bytes()),
            },
        }],
        "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}],
        "users": [{"name": "demo", "user": {"token": token}}],
        "extensions": [{"name": EXTENSION, "extension": {"version": 1}}],
    });
    // A tree of maps, lists and strings always has a YAML form.
    serde_yaml::to_string(&config).unwrap_or_default()
}

/// Writes it for its owner only, all or nothing. A file that is something else is left alone.
pub(super) fn write(path: &Path, text: &str) -> Result<(), DemoError> {
    let failed = |source| DemoError::WriteKubeconfig {
        path: path.to_owned(),
        source,
    };
    match std::fs::read_to_string(path) {
        Ok(present) if !is_ours(&present) => {
            return Err(DemoError::NotADemoKubeconfig {
                path: path.to_owned(),
            });
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let temporary = temporary_beside(path);
    write_private(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|error| {
            // What is left of it holds a token, and removing it can only fail if it is not there.
            drop(std::fs::remove_file(&temporary));
            failed(error)
        })
}

fn is_ours(text: &str) -> bool {
    let Ok(config) = serde_yaml::from_str::<Value>(text) else {
        return false;
    };
    let marked = config["extensions"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["name"] == EXTENSION));
    // Somebody may have added contexts of their own to it since.
    let alone = config["contexts"]
        .as_array()
        .is_some_and(|all| all.iter().all(|one| one["name"] == "demo"));
    text.trim().is_empty() || (marked && alone)
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_reads_it() {
        let text = render("https://127.0.0.1:1", "PEM", "secret");
        let config = kube::config::Kubeconfig::from_yaml(&text).unwrap();
        assert_eq!(config.current_context.as_deref(), Some("demo"));
        let cluster = config.clusters[0].cluster.as_ref().unwrap();
        assert_eq!(cluster.certificate_authority_data.as_deref(), Some("UEVN"));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_can_be_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo.yaml");
        write(&path, &render("https://127.0.0.1:1", "PEM", "one")).unwrap();
        write(&path, &render("https://127.0.0.1:2", "PEM", "two")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("127.0.0.1:2"), "{text}");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_kubeconfig_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config");
        let theirs = "contexts:\n- name: prod\n";
        std::fs::write(&path, theirs).unwrap();
        let error = write(&path, &render("https://127.0.0.1:1", "PEM", "x")).unwrap_err();
        assert!(
            error.to_string().contains("not a demo kubeconfig"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
    }

    #[test]
    fn a_demo_kubeconfig_with_foreign_contexts_is_not_overwritten() {
        let ours = render("https://127.0.0.1:1", "PEM", "x");
        assert!(is_ours(&ours));
        let extended = ours.replace("contexts:\n", "contexts:\n- name: prod\n");
        assert_ne!(extended, ours);
        assert!(!is_ours(&extended));
    }
}
