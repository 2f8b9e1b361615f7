//! Whether the selected object has reached its desired state, and why.

use egui::{Align, Rect, Role, Sense, Ui, WidgetInfo, pos2};

use crate::{
    model::{Readiness, ReadinessStatus},
    ui::{
        theme::{self, Palette},
        widgets::{Dot, paint_dot, paint_elided},
    },
};

/// Height of the line.
pub(super) const HEIGHT: f32 = 22.0;

/// What the object says of itself, by shape and in words.
pub(super) fn readiness_line(ui: &Ui, palette: &Palette, readiness: &Readiness, line: Rect) {
    let middle = line.top() + HEIGHT * 0.5 - 3.0;
    let dot = pos2(line.left() + 5.0, middle);
    paint_dot(
        ui.painter(),
        palette,
        dot,
        4.5,
        Dot::of_readiness(readiness),
    );
    let font = theme::body();
    let width = |text: &str| {
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font.clone(), palette.text);
        galley.size().x.ceil()
    };
    let label = readiness.label();
    let row =
        |left: f32| Rect::from_min_max(pos2(left, middle - 9.0), pos2(line.right(), middle + 9.0));
    let color = match readiness.status {
        ReadinessStatus::Current => palette.text,
        status => palette.readiness(status),
    };
    let place = row(line.left() + 17.0);
    paint_elided(ui.painter(), place, Align::Min, label, font.clone(), color);
    let rest = row(place.left() + width(label) + 8.0);
    paint_elided(
        ui.painter(),
        rest,
        Align::Min,
        &readiness.reason,
        font.clone(),
        palette.muted,
    );
    let response = ui.interact(
        row(line.left()),
        ui.scope_id().with("readiness"),
        Sense::hover(),
    );
    let sentence = readiness.sentence();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &*sentence));
    response.on_hover_text(sentence);
}
