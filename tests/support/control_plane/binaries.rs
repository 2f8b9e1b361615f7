//! Where the programs of the control plane are: built by `tests/run.sh`, or given in `KUBEBUILDER_ASSETS`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Go module that they are built from: its versions name the directory, as in `tests/apiserver/build.sh`.
const GO_MOD: &str = include_str!("../../apiserver/go.mod");

/// The programs of one control plane.
#[derive(Debug)]
pub(crate) struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// Those of `KUBEBUILDER_ASSETS` (envtest's convention), else those built under `target/`.
    ///
    /// # Errors
    /// A message for the developer, when they are not there.
    pub(crate) fn find() -> Result<Self, String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("cargo's temporary directory is inside the target directory");
        Self::find_in(std::env::var_os("KUBEBUILDER_ASSETS"), target)
    }

    fn find_in(assets: Option<OsString>, target: &Path) -> Result<Self, String> {
        let (directory, origin) = match assets {
            Some(directory) => (PathBuf::from(directory), "named by KUBEBUILDER_ASSETS"),
            None => (
                target.join("control-plane").join(version()),
                "where the build puts them",
            ),
        };
        for program in ["etcd", "kube-apiserver"] {
            if !directory.join(program).is_file() {
                return Err(format!(
                    "there is no {program} in {}, {origin}. These tests need a real control plane: run \
                     tests/run.sh, which builds it once, or set KUBEBUILDER_ASSETS to a directory that has one",
                    directory.display()
                ));
            }
        }
        Ok(Self { directory })
    }

    /// The path of a program that the control plane needs now.
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }

    /// The release of the API server: what `go.mod` requires, or what a program given to us says of itself.
    pub(crate) fn kubernetes_version(&self) -> String {
        if self.directory.ends_with(version()) {
            return required("k8s.io/kubernetes").to_owned();
        }
        let output = Command::new(self.path("kube-apiserver"))
            .arg("--version")
            .output()
            .expect("kube-apiserver tells its version");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim_start_matches("Kubernetes ").trim().to_owned()
    }

    /// The built kubectl, else `KRONIKA_KUBECTL`, else the one on PATH: an old one prints other tables.
    pub(crate) fn kubectl(&self) -> PathBuf {
        let built = self.path("kubectl");
        if built.is_file() {
            return built;
        }
        std::env::var_os("KRONIKA_KUBECTL").map_or_else(|| "kubectl".into(), PathBuf::from)
    }
}

fn version() -> String {
    format!(
        "{}-etcd-{}",
        required("k8s.io/kubernetes"),
        required("go.etcd.io/etcd/server/v3")
    )
}

fn required(module: &str) -> &'static str {
    GO_MOD
        .lines()
        .filter_map(|line| line.trim().strip_prefix(module))
        .filter_map(|rest| rest.split_whitespace().next())
        .find(|word| word.starts_with('v'))
        .unwrap_or_else(|| panic!("tests/apiserver/go.mod does not require {module}"))
}

#[test]
fn missing_binaries_fail_with_the_command_that_builds_them() {
    let empty = tempfile::tempdir().expect("a temporary directory");
    for assets in [None, Some(empty.path().into())] {
        let message = Binaries::find_in(assets, empty.path()).expect_err("nothing is there");
        assert!(message.contains("tests/run.sh"), "{message}");
        assert!(message.contains("etcd"), "{message}");
    }
}
