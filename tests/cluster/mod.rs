//! Tests against a real API server.

mod control_plane;
mod load;
mod record;
mod record_command;
mod table;
mod watching;
