//! Kubeconfig files for a control plane.

use std::path::{Path, PathBuf};

use super::certificates::Identity;

/// Writes a kubeconfig with one context, named after its user.
pub(super) fn write(
    directory: &Path,
    server: &str,
    authority: &Path,
    user: &str,
    identity: &Identity,
) -> PathBuf {
    let text = format!(
        "apiVersion: v1
kind: Config
current-context: {user}
contexts:
- name: {user}
  context:
    cluster: {server}
    user: {user}
clusters:
- name: {server}
  cluster:
    server: {server}
    certificate-authority: {authority}
users:
- name: {user}
  user:
    client-certificate: {certificate}
    client-key: {key}
",
        authority = authority.display(),
        certificate = identity.certificate.display(),
        key = identity.key.display(),
    );
    let path = directory.join(format!("{user}.kubeconfig"));
    std::fs::write(&path, text).expect("the kubeconfig is written");
    path
}
