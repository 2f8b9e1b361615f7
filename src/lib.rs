//! Kronika: a native desktop monitor for Kubernetes custom resources.
//!
//! Modules are layers; each may import only those to its left (`tests/architecture.rs` holds it):
//!
//! `model` ← `diff`, `columns`, `schema`, `readiness` ← `timeline` ← `insight`, `relation` ←
//! `settings` ← `cluster`, `journal`, `demo`, `export` ←
//! `ui` ← `app`, `cli` ← `main`. `ui` and `cluster` never see each other.

pub mod app;
pub mod cli;
pub mod cluster;
pub mod columns;
pub mod demo;
pub mod diff;
pub mod export;
pub mod insight;
pub mod journal;
pub mod model;
pub mod readiness;
pub mod relation;
pub mod schema;
pub mod settings;
pub mod timeline;
pub mod ui;
