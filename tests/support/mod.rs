//! What the tests stand on: a real control plane, a load for it, and waiting for a condition.

pub(crate) mod control_plane;
pub(crate) mod crds;
pub(crate) mod fault_proxy;
pub(crate) mod load;
pub(crate) mod objects;
pub(crate) mod recorder_process;
pub(crate) mod recording;
pub(crate) mod table;
pub(crate) mod wait;
