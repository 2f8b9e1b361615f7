//! Tests against a real API server.

mod catalogue;
mod control_plane;
mod insight;
mod json_path;
mod latency;
mod load;
mod ownership;
mod record;
mod record_command;
mod relation;
mod schema;
mod table;
mod watching;
