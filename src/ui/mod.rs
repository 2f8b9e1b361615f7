//! The window: pure views of a timeline that return commands.
//!
//! A view borrows the [`crate::timeline::Timeline`] and a little state of its own, paints, and
//! pushes [`Command`]s; `app` acts on them. Colours and measures are in [`theme`] only.

pub mod background;
pub mod fonts;
pub mod format;
pub mod plot;
#[cfg(test)]
mod random_history;
pub mod schemas;
pub mod shell;
pub mod tally;
pub mod theme;
pub mod view;
pub mod views;
pub mod widgets;

pub use view::{Command, Selection, View, ViewContext};
