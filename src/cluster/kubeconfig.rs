//! Kubeconfig files: found, read and merged as `kubectl` does.

use std::{
    env,
    path::{Path, PathBuf},
};

use kube::config::{KubeConfigOptions, Kubeconfig};

use super::{ClusterError, exec_plugin};
use crate::model::ContextName;

/// A context of the kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextInfo {
    /// Its name.
    pub name: ContextName,
    /// The cluster it names.
    pub cluster: String,
    /// The user it names; empty for none.
    pub user: String,
    /// Its default namespace.
    pub namespace: Option<String>,
    /// Address of the cluster's API server.
    pub server: Option<String>,
}

/// The merged kubeconfig.
#[derive(Debug, Clone, Default)]
pub struct Kubeconfigs {
    /// All contexts, in the order of the files.
    pub contexts: Vec<ContextInfo>,
    /// The current context, where it exists.
    pub current: Option<ContextName>,
    /// Files that could not be used, and why.
    pub problems: Vec<String>,
    merged: Kubeconfig,
}

impl Kubeconfigs {
    /// Reads one file, or those of `KUBECONFIG`, or `~/.kube/config`. Files of `KUBECONFIG` that
    /// do not exist are passed over, as kubectl does; one that is broken is a problem, and the
    /// others are used.
    ///
    /// # Errors
    /// When a file was named and cannot be read.
    pub fn load(explicit: Option<&Path>) -> Result<Self, ClusterError> {
        if let Some(path) = explicit {
            return Ok(Self::of(read(path)?, Vec::new()));
        }
        let (mut merged, mut problems) = (Kubeconfig::default(), Vec::new());
        for path in default_paths().iter().filter(|path| path.exists()) {
            let combined = read(path).and_then(|next| {
                merged
                    .clone()
                    .merge(next)
                    .map_err(|error| ClusterError::KubeconfigUnreadable {
                        path: path.clone(),
                        reason: error.to_string(),
                    })
            });
            match combined {
                Ok(next) => merged = next,
                Err(error) => problems.push(error.to_string()),
            }
        }
        Ok(Self::of(merged, problems))
    }

    /// Takes a kubeconfig from text, for example the demo cluster's.
    ///
    /// # Errors
    /// When it is not a kubeconfig.
    pub fn from_yaml(text: &str) -> Result<Self, ClusterError> {
        let merged =
            Kubeconfig::from_yaml(text).map_err(|error| ClusterError::KubeconfigUnreadable {
                path: "(in memory)".into(),
                reason: error.to_string(),
            })?;
        Ok(Self::of(merged, Vec::new()))
    }

    fn of(merged: Kubeconfig, problems: Vec<String>) -> Self {
        let server = |cluster: &str| {
            let named = merged.clusters.iter().find(|named| named.name == cluster)?;
            named.cluster.as_ref()?.server.clone()
        };
        let contexts: Vec<_> = merged
            .contexts
            .iter()
            .filter_map(|named| {
                let context = named.context.as_ref()?;
                Some(ContextInfo {
                    name: named.name.as_str().into(),
                    cluster: context.cluster.clone(),
                    user: context.user.clone().unwrap_or_default(),
                    namespace: context
                        .namespace
                        .clone()
                        .filter(|namespace| !namespace.is_empty()),
                    server: server(&context.cluster),
                })
            })
            .collect();
        let current = merged
            .current_context
            .as_deref()
            .and_then(|name| contexts.iter().find(|context| &*context.name.0 == name))
            .map(|context| context.name.clone());
        Self {
            contexts,
            current,
            problems,
            merged,
        }
    }

    /// The context with a name.
    ///
    /// # Errors
    /// When there is none; the error names those that exist.
    pub fn context(&self, name: &str) -> Result<&ContextInfo, ClusterError> {
        self.contexts
            .iter()
            .find(|context| &*context.name.0 == name)
            .ok_or_else(|| ClusterError::NoSuchContext {
                wanted: name.to_owned(),
                known: self
                    .contexts
                    .iter()
                    .map(|context| context.name.to_string())
                    .collect(),
            })
    }

    /// What it takes to connect to a context.
    pub(super) async fn client_config(
        &self,
        context: &ContextName,
    ) -> Result<kube::Config, ClusterError> {
        self.context(&context.0)?;
        let bad = |reason: String| ClusterError::BadContext {
            context: context.to_string(),
            reason,
        };
        let mut merged = self.merged.clone();
        let user = merged
            .contexts
            .iter()
            .find(|named| named.name == *context.0)
            .and_then(|named| named.context.as_ref()?.user.clone());
        if let Some(auth) = merged
            .auth_infos
            .iter_mut()
            .find(|named| Some(&named.name) == user.as_ref())
            .and_then(|named| named.auth_info.as_mut())
            && let Some(exec) = &mut auth.exec
        {
            exec_plugin::resolve(exec)?;
        }
        let options = KubeConfigOptions {
            context: Some(context.to_string()),
            ..KubeConfigOptions::default()
        };
        let mut config = kube::Config::from_custom_kubeconfig(merged, &options)
            .await
            .map_err(|error| bad(error.to_string()))?;
        // Our own backoff answers 429 and 503, so that they show instead of being retried unseen.
        config.default_retry = false;
        Ok(config)
    }
}

fn read(path: &Path) -> Result<Kubeconfig, ClusterError> {
    let unreadable = |reason: String| ClusterError::KubeconfigUnreadable {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    // kube's parser reports no line of a YAML error; this one does.
    for document in serde_yaml::Deserializer::from_str(&text) {
        <serde_yaml::Value as serde::Deserialize>::deserialize(document)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    Kubeconfig::read_from(path).map_err(|error| unreadable(error.to_string()))
}

fn default_paths() -> Vec<PathBuf> {
    match env::var_os("KUBECONFIG").filter(|value| !value.is_empty()) {
        Some(value) => env::split_paths(&value)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
        None => directories::BaseDirs::new()
            .map(|dirs| dirs.home_dir().join(".kube").join("config"))
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig(context: &str, server: &str, current: Option<&str>) -> String {
        let current = current
            .map(|name| format!("current-context: {name}\n"))
            .unwrap_or_default();
        format!(
            "apiVersion: v1\nkind: Config\n{current}clusters:\n- name: c-{context}\n  cluster:\n    server: {server}\n\
             contexts:\n- name: {context}\n  context:\n    cluster: c-{context}\n    user: u\n    namespace: shop\n"
        )
    }

    #[test]
    fn lists_contexts_with_server_and_namespace() {
        let loaded = Kubeconfigs::from_yaml(&kubeconfig("a", "https://x:6443", Some("a"))).unwrap();
        assert_eq!(loaded.current, Some("a".into()));
        let context = loaded.context("a").unwrap();
        assert_eq!(context.server.as_deref(), Some("https://x:6443"));
        assert_eq!(context.namespace.as_deref(), Some("shop"));
    }

    #[test]
    fn an_unknown_context_names_the_known_ones() {
        let loaded = Kubeconfigs::from_yaml(&kubeconfig("a", "https://x", None)).unwrap();
        let error = loaded.context("b").unwrap_err();
        assert!(
            error.hint().is_some_and(|hint| hint.contains('a')),
            "{error}"
        );
    }

    #[test]
    fn a_current_context_that_does_not_exist_is_none() {
        let loaded = Kubeconfigs::from_yaml(&kubeconfig("a", "https://x", Some("gone"))).unwrap();
        assert_eq!(loaded.current, None);
    }

    #[test]
    fn a_broken_file_names_itself_and_the_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, "contexts:\n- name: [\nclusters: x\n").unwrap();
        let error = Kubeconfigs::load(Some(&path)).unwrap_err().to_string();
        assert!(
            error.contains("config") && error.contains("line"),
            "{error}"
        );
    }
}
