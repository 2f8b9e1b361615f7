//! The inspector and the Latency tab over histories that the real recorder wrote.

mod fixture;
mod history;
mod inspector;
mod latency;
mod schema;
