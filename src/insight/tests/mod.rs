//! The rules on histories told change by change: what they find, and what they must not find.

mod healthy;
mod incremental;
mod progress;
mod rates;
mod story;
mod writes;
