//! Kronika: a native desktop monitor for Kubernetes custom resources.
