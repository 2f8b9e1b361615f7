//! How Kronika looks: the only place with colours, text styles and measures.
//!
//! Values are those of the design pictures. Everything else asks the [`Palette`] for a meaning
//! (`ok`, `faint`, `selection`) and never for a colour.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, vec2};

use super::fonts;
use crate::model::ReadinessStatus;

/// Height of the bar along the top, with its line, in points.
pub const TOP_BAR: f32 = 44.0;
/// Height of the bar with the view's tabs.
pub const TAB_BAR: f32 = 38.0;
/// Height of the headings of a table.
pub const TABLE_HEAD: f32 = 29.0;
/// Height of a row of a table or of the side panel.
pub const ROW: f32 = 26.0;
/// Height of the time strip.
pub const TIME_STRIP: f32 = 92.0;
/// Height of the status bar.
pub const STATUS_BAR: f32 = 24.0;
/// Width of the side panel with the kinds.
pub const SIDE_PANEL: f32 = 236.0;
/// Width of the inspector.
pub const INSPECTOR: f32 = 470.0;
/// Distance of text from the edge of its panel.
pub const MARGIN: f32 = 14.0;
/// Corner radius of buttons, tabs and selected rows.
pub const RADIUS: u8 = 6;

/// The colours, by meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// Whether light text stands on dark ground.
    pub dark: bool,
    /// Ground of tables, plots and text fields.
    pub canvas: Color32,
    /// Ground of bars, side panel and inspector.
    pub panel: Color32,
    /// Every other row of a table.
    pub zebra: Color32,
    /// Ground under the pointer.
    pub hover: Color32,
    /// Lines between areas and around buttons.
    pub border: Color32,
    /// Lines inside a plot or a time strip.
    pub grid: Color32,
    /// Text that matters.
    pub text: Color32,
    /// Text beside it.
    pub muted: Color32,
    /// Text that may be overlooked.
    pub faint: Color32,
    /// What is selected or can be acted on; also changes of the desired state.
    pub accent: Color32,
    /// Ground of what is selected.
    pub selection: Color32,
    /// Good.
    pub ok: Color32,
    /// In progress, or not known: gaps.
    pub warn: Color32,
    /// Failed.
    pub error: Color32,
    /// Changes of metadata.
    pub violet: Color32,
    /// Ground of an added line of a diff.
    pub added_ground: Color32,
    /// Text of an added line of a diff.
    pub added_text: Color32,
    /// Ground of a removed line of a diff.
    pub removed_ground: Color32,
    /// Text of a removed line of a diff.
    pub removed_text: Color32,
    /// Bars of the time strip that are not changes of the desired state.
    pub bar: Color32,
    /// Ticks of a row's activity that are not changes of the desired state.
    pub tick: Color32,
}

impl Palette {
    /// Light text on dark ground.
    #[must_use]
    pub fn dark() -> Self {
        let rgb = Color32::from_rgb;
        Self {
            dark: true,
            canvas: rgb(0x0e, 0x11, 0x16),
            panel: rgb(0x14, 0x18, 0x21),
            zebra: rgb(0x12, 0x17, 0x20),
            hover: rgb(0x1a, 0x20, 0x2c),
            border: rgb(0x25, 0x2c, 0x39),
            grid: rgb(0x1c, 0x22, 0x2c),
            text: rgb(0xd7, 0xdd, 0xe8),
            muted: rgb(0x8a, 0x94, 0xa6),
            faint: rgb(0x59, 0x62, 0x75),
            accent: rgb(0x5a, 0xa9, 0xff),
            selection: rgb(0x1f, 0x33, 0x50),
            ok: rgb(0x3f, 0xcf, 0x8e),
            warn: rgb(0xe9, 0xb4, 0x4c),
            error: rgb(0xf0, 0x61, 0x6d),
            violet: rgb(0xb4, 0x8e, 0xf0),
            added_ground: rgb(0x12, 0x35, 0x1f),
            added_text: rgb(0x7e, 0xe2, 0xa8),
            removed_ground: rgb(0x3b, 0x1a, 0x1f),
            removed_text: rgb(0xff, 0x9a, 0xa2),
            bar: rgb(0x4c, 0x54, 0x62),
            tick: rgb(0x7a, 0x86, 0x99),
        }
    }

    /// Dark text on light ground.
    #[must_use]
    pub fn light() -> Self {
        let rgb = Color32::from_rgb;
        Self {
            dark: false,
            canvas: rgb(0xf6, 0xf7, 0xf9),
            panel: rgb(0xff, 0xff, 0xff),
            zebra: rgb(0xfa, 0xfb, 0xfc),
            hover: rgb(0xee, 0xf1, 0xf5),
            border: rgb(0xe2, 0xe6, 0xec),
            grid: rgb(0xe8, 0xea, 0xee),
            text: rgb(0x1c, 0x24, 0x30),
            muted: rgb(0x5d, 0x68, 0x78),
            faint: rgb(0x98, 0xa2, 0xb3),
            accent: rgb(0x1f, 0x6f, 0xeb),
            selection: rgb(0xdb, 0xea, 0xfe),
            ok: rgb(0x1a, 0x9b, 0x5c),
            warn: rgb(0xb7, 0x79, 0x1f),
            error: rgb(0xd1, 0x24, 0x2f),
            violet: rgb(0x82, 0x50, 0xdf),
            added_ground: rgb(0xe3, 0xf8, 0xea),
            added_text: rgb(0x11, 0x6b, 0x3a),
            removed_ground: rgb(0xfd, 0xea, 0xec),
            removed_text: rgb(0xa5, 0x1b, 0x25),
            bar: rgb(0xc6, 0xcc, 0xd5),
            tick: rgb(0x98, 0xa2, 0xb3),
        }
    }

    /// The palette of a theme.
    #[must_use]
    pub fn of(theme: Theme) -> Self {
        match theme {
            Theme::Dark => Self::dark(),
            Theme::Light => Self::light(),
        }
    }

    /// A colour as the ground of a badge or a pill that is written in that colour.
    #[must_use]
    pub fn tint(&self, color: Color32) -> Color32 {
        color.gamma_multiply(0.19)
    }

    /// The lines of a hatched gap.
    #[must_use]
    pub fn hatch(&self) -> Color32 {
        self.warn.gamma_multiply(0.42)
    }

    /// The colour of a readiness.
    #[must_use]
    pub fn readiness(&self, status: ReadinessStatus) -> Color32 {
        match status {
            ReadinessStatus::Failed => self.error,
            ReadinessStatus::InProgress | ReadinessStatus::Terminating => self.warn,
            ReadinessStatus::Current => self.ok,
            ReadinessStatus::Unknown => self.faint,
        }
    }
}

/// Text of rows, tabs and buttons.
#[must_use]
pub fn body() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}

/// The same, for what is selected.
#[must_use]
pub fn body_strong() -> FontId {
    FontId::new(13.0, fonts::semibold())
}

/// Headings of columns.
#[must_use]
pub fn heading() -> FontId {
    FontId::new(12.0, fonts::medium())
}

/// Title of the inspector, of an empty state.
#[must_use]
pub fn title() -> FontId {
    FontId::new(15.0, fonts::semibold())
}

/// The status bar, secondary figures.
#[must_use]
pub fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}

/// Labels of an axis, of a gap.
#[must_use]
pub fn caption() -> FontId {
    FontId::new(11.0, FontFamily::Proportional)
}

/// Headings of groups, figures in a badge.
#[must_use]
pub fn caption_strong() -> FontId {
    FontId::new(11.0, fonts::semibold())
}

/// What the server sent: YAML, times with milliseconds.
#[must_use]
pub fn mono() -> FontId {
    FontId::new(12.0, FontFamily::Monospace)
}

/// Sets fonts and both styles up. Call once; egui switches between the styles as the system does.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts::definitions());
    for theme in [Theme::Dark, Theme::Light] {
        let palette = Palette::of(theme);
        ctx.style_mut_of(theme, |style| apply(style, &palette));
    }
}

/// The palette that goes with the style in use.
#[must_use]
pub fn palette(ctx: &egui::Context) -> Palette {
    Palette::of(ctx.theme())
}

fn apply(style: &mut egui::Style, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Small, small()),
        (TextStyle::Heading, title()),
        (TextStyle::Monospace, mono()),
    ]
    .into();
    style.spacing.item_spacing = vec2(8.0, 6.0);
    style.spacing.button_padding = vec2(9.0, 4.0);
    style.spacing.interact_size = vec2(24.0, 24.0);
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.scroll = egui::style::ScrollStyle {
        bar_width: 9.0,
        floating_width: 5.0,
        fade: egui::style::ScrollFadeStyle {
            strength: 0.0,
            ..Default::default()
        },
        ..egui::style::ScrollStyle::floating()
    };
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.08;
    style.visuals = visuals(palette);
}

fn visuals(palette: &Palette) -> egui::Visuals {
    let mut visuals = if palette.dark {
        egui::Visuals::dark()
    } else {
        egui::Visuals::light()
    };
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(palette.muted);
    visuals.hyperlink_color = palette.accent;
    visuals.faint_bg_color = palette.zebra;
    visuals.extreme_bg_color = palette.canvas;
    visuals.text_edit_bg_color = Some(palette.canvas);
    visuals.code_bg_color = palette.zebra;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.error;
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.border);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(8);
    let shadow = egui::Shadow {
        offset: [0, 6],
        blur: 18,
        spread: 0,
        color: Color32::from_black_alpha(if palette.dark { 110 } else { 36 }),
    };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals.selection.bg_fill = palette.selection;
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    visuals.text_cursor.stroke = Stroke::new(1.5, palette.accent);
    visuals.text_cursor.blink = false;
    visuals.striped = false;
    visuals.interact_cursor = None;
    let widgets = &mut visuals.widgets;
    for (widget, ground, outline, text) in [
        (
            &mut widgets.noninteractive,
            palette.panel,
            palette.border,
            palette.text,
        ),
        (
            &mut widgets.inactive,
            Color32::TRANSPARENT,
            palette.border,
            palette.muted,
        ),
        (
            &mut widgets.hovered,
            palette.hover,
            palette.border,
            palette.text,
        ),
        (
            &mut widgets.active,
            palette.selection,
            palette.accent,
            palette.text,
        ),
        (
            &mut widgets.open,
            palette.hover,
            palette.border,
            palette.text,
        ),
    ] {
        widget.weak_bg_fill = ground;
        widget.bg_fill = if ground == Color32::TRANSPARENT {
            palette.border
        } else {
            ground
        };
        widget.bg_stroke = Stroke::new(1.0, outline);
        widget.fg_stroke = Stroke::new(1.0, text);
        widget.corner_radius = CornerRadius::same(RADIUS);
        widget.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.1 contrast ratio.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |color: Color32| {
            let linear = egui::Rgba::from(color);
            0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for palette in [Palette::dark(), Palette::light()] {
            for ground in [
                palette.canvas,
                palette.panel,
                palette.zebra,
                palette.selection,
            ] {
                assert!(
                    contrast(palette.text, ground) > 7.0,
                    "text, dark: {}",
                    palette.dark
                );
                assert!(
                    contrast(palette.muted, ground) > 4.0,
                    "muted, dark: {}",
                    palette.dark
                );
            }
            for state in [palette.error, palette.warn, palette.ok] {
                assert!(
                    contrast(state, palette.panel) > 3.0,
                    "state, dark: {}",
                    palette.dark
                );
            }
        }
    }
}
