//! Errors on the way to a cluster, each with what to try.

use std::{error::Error as StdError, path::PathBuf};

/// What keeps Kronika from a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A kubeconfig file cannot be read.
    #[error("cannot read the kubeconfig {path}: {reason}", path = .path.display())]
    KubeconfigUnreadable {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// There is no such context.
    #[error("no context named {wanted:?} in the kubeconfig")]
    NoSuchContext {
        /// What was asked for.
        wanted: String,
        /// The contexts that exist.
        known: Vec<String>,
    },
    /// A context's settings do not make a connection.
    #[error("context {context:?} cannot be used: {reason}")]
    BadContext {
        /// The context.
        context: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The credential plugin is not on the PATH.
    #[error("the credential plugin {command:?} was not found; searched {searched}")]
    PluginMissing {
        /// The command of the kubeconfig's `exec` section.
        command: String,
        /// The directories that were searched.
        searched: String,
        /// The kubeconfig's own hint (`installHint`).
        install_hint: Option<String>,
    },
    /// The server did not answer, or refused.
    #[error("{}", api_error_text(.0))]
    Api(#[source] kube::Error),
    /// The server did not answer in time.
    #[error("{server} did not answer within {seconds} s")]
    Timeout {
        /// Address of the server.
        server: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

impl ClusterError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            ClusterError::KubeconfigUnreadable { .. } => {
                Some("check the file with `kubectl config view`".into())
            }
            ClusterError::NoSuchContext { known, .. } if known.is_empty() => {
                Some("no kubeconfig has any context; `kronika demo` runs without a cluster".into())
            }
            ClusterError::NoSuchContext { known, .. } => {
                Some(format!("the kubeconfig has {}", known.join(", ")))
            }
            ClusterError::BadContext { context, .. } => {
                Some(format!("check `kubectl --context {context} version`"))
            }
            ClusterError::PluginMissing { install_hint, .. } => Some(
                install_hint
                    .clone()
                    .unwrap_or_else(|| "install it, or add its directory to PATH".into()),
            ),
            ClusterError::Api(error) => hint_for(error),
            ClusterError::Timeout { .. } => Some("check the network, a VPN or a proxy".into()),
        }
    }
}

/// What to try when a request failed.
pub(super) fn hint_for(error: &kube::Error) -> Option<String> {
    match error {
        kube::Error::Api(status) => match status.code {
            401 => Some("the credentials are not valid (any more): log in again".into()),
            403 => Some(
                "ask for `get`, `list` and `watch` on customresourcedefinitions and the custom resources".into(),
            ),
            _ => None,
        },
        other => Some(connection_hint(other)),
    }
}

fn connection_hint(error: &kube::Error) -> String {
    let text = chain(error).to_lowercase();
    if text.contains("certificate") {
        "the server's certificate is not trusted: check `certificate-authority` of the cluster"
            .into()
    } else if text.contains("refused") {
        "nothing listens there: is the cluster running?".into()
    } else if text.contains("lookup")
        || text.contains("resolve")
        || text.contains("name or service")
    {
        "the server's name does not resolve: check the network or a VPN".into()
    } else {
        "check the network, a VPN or a proxy".into()
    }
}

/// One line that says what the server or the connection said.
pub(super) fn api_error_text(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => {
            format!("{} (HTTP {})", status.message.trim(), status.code)
        }
        kube::Error::Api(status) => format!("{} (HTTP {})", status.reason, status.code),
        other => chain(other),
    }
}

/// What happened and its innermost cause: the layers between say only that something did.
fn chain(error: &dyn StdError) -> String {
    let mut causes = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let innermost = causes.last().cloned().unwrap_or_default();
    if causes.iter().any(|cause| cause.contains("(Connect)")) {
        format!("cannot connect: {innermost}")
    } else if causes.len() > 1 && !causes[0].contains(&innermost) {
        format!("{}: {innermost}", causes[0])
    } else {
        causes.swap_remove(0)
    }
}

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        ClusterError::Api(error)
    }
}
