//! The small parts that the views are made of.
//!
//! Each takes the [`super::theme::Palette`], tells AccessKit what it is, and holds no state.

mod badge;
mod button;
mod dot;
mod empty;
mod gap;
mod tabs;
mod text;

pub use badge::{badge, paint_badge, paint_badge_right, paint_tag, tag};
pub use button::{dropdown, fit_menu, ghost_button, ghost_toggle, key_hint, menu_item, segmented};
pub use dot::{Dot, paint_dot};
pub use empty::{EmptyIcon, EmptyState};
pub use gap::{gap_label, paint_gap, paint_hatch};
pub use tabs::{Tab, tab_bar};
pub use text::{elided, label, paint_elided, paint_text};
