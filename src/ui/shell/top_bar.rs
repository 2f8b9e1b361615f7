//! The bar along the top: contexts, namespace, search, and whether this is live.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, CornerRadius, Layout, Popup, Rect, Role, Sense, Stroke, StrokeKind,
    TextEdit, Ui, UiBuilder, WidgetInfo, vec2,
};

use super::{ContextTab, Shell, Workspace};
use crate::{
    model::{ConnectionState, ContextName, Moment},
    settings::ThemeChoice,
    timeline::Timeline,
    ui::{
        Command,
        theme::{self, Palette},
        widgets::{Dot, dropdown, fit_menu, key_hint, menu_item, paint_dot, paint_text},
    },
};

const HEIGHT: f32 = 28.0;
const THEMES: [(ThemeChoice, &str); 3] = [
    (ThemeChoice::System, "Theme: system"),
    (ThemeChoice::Dark, "Theme: dark"),
    (ThemeChoice::Light, "Theme: light"),
];

pub(super) fn show(
    ui: &mut Ui,
    shell: &mut Shell<'_>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let bar = ui.available_rect_before_wrap();
    let search_width = (bar.width() * 0.262).clamp(140.0, 420.0);
    let builder = UiBuilder::new()
        .max_rect(bar)
        .layout(Layout::right_to_left(Align::Center));
    let right = ui
        .scope_builder(builder, |ui| {
            ui.add_space(15.0);
            ui.spacing_mut().item_spacing.x = 11.0;
            if let Some((_, timeline, workspace)) = &mut shell.active {
                live_pill(ui, palette, timeline, shell.now);
                search(ui, palette, workspace, search_width, commands);
            }
            ui.min_rect()
        })
        .inner;
    let rest = bar.with_max_x(right.left() - 8.0);
    let builder = UiBuilder::new()
        .max_rect(rest)
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.shrink_clip_rect(rest);
        ui.spacing_mut().item_spacing.x = 9.0;
        ui.add_space(12.0);
        word_mark(ui, palette, shell.theme, commands);
        ui.add_space(6.0);
        let active = shell.active.as_ref().map(|(name, ..)| *name);
        for context in shell.contexts.iter().filter(|context| context.is_open()) {
            context_tab(ui, palette, context, active, shell.now, commands);
        }
        other_contexts(ui, palette, shell.contexts, commands);
        if let Some((_, _, workspace)) = &shell.active {
            namespace(ui, palette, workspace, commands);
        }
    });
}

fn word_mark(ui: &mut Ui, palette: &Palette, theme: ThemeChoice, commands: &mut Vec<Command>) {
    let galley = ui
        .painter()
        .layout_no_wrap("Kronika".into(), theme::body_strong(), palette.text);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Kronika"));
    let color = if response.hovered() || response.has_focus() {
        palette.accent
    } else {
        palette.text
    };
    paint_text(
        ui.painter(),
        rect,
        Align2::LEFT_CENTER,
        "Kronika",
        theme::body_strong(),
        color,
    );
    Popup::menu(&response).gap(8.0).show(|ui| {
        fit_menu(ui, THEMES.map(|(_, text)| text));
        for (choice, text) in THEMES {
            if menu_item(ui, palette, text, choice == theme).clicked() {
                commands.push(Command::SetTheme(choice));
            }
        }
    });
}

fn context_tab(
    ui: &mut Ui,
    palette: &Palette,
    context: &ContextTab,
    active: Option<&ContextName>,
    now: Moment,
    commands: &mut Vec<Command>,
) {
    let chosen = active == Some(&context.name);
    let detail = detail(&context.state, now);
    let (font, color) = if chosen {
        (theme::body_strong(), palette.text)
    } else {
        (theme::body(), palette.muted)
    };
    let name = ui
        .painter()
        .layout_no_wrap(context.name.0.to_string(), font, color);
    let note = ui
        .painter()
        .layout_no_wrap(detail.clone(), theme::body(), palette.faint);
    let note_width = if detail.is_empty() {
        0.0
    } else {
        note.size().x + 7.0
    };
    let width = (27.0 + name.size().x + note_width + 12.0).ceil();
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let label = if detail.is_empty() {
        format!("Context {}", context.name)
    } else {
        format!("Context {}, {detail}", context.name)
    };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, &label));
    if chosen {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(theme::RADIUS), palette.selection);
    } else if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(theme::RADIUS), palette.hover);
    }
    let dot = Dot::of_connection(&context.state);
    paint_dot(
        ui.painter(),
        palette,
        rect.left_center() + vec2(16.0, 0.0),
        4.0,
        dot,
    );
    let y = rect.center().y - name.size().y / 2.0;
    let after = rect.left() + 27.0 + name.size().x + 7.0;
    ui.painter()
        .galley(egui::pos2(rect.left() + 27.0, y.round()), name, color);
    ui.painter()
        .galley(egui::pos2(after, y.round()), note, palette.faint);
    if response.clicked() {
        commands.push(Command::OpenContext(context.name.clone()));
    }
    if response.middle_clicked() {
        commands.push(Command::CloseContext(context.name.clone()));
    }
    response.context_menu(|ui| {
        fit_menu(ui, ["Retry now", "Close"]);
        if menu_item(ui, palette, "Retry now", false).clicked() {
            commands.push(Command::RetryContext(context.name.clone()));
        }
        if menu_item(ui, palette, "Close", false).clicked() {
            commands.push(Command::CloseContext(context.name.clone()));
        }
    });
    response.on_hover_ui(|ui| about(ui, palette, context));
}

fn about(ui: &mut Ui, palette: &Palette, context: &ContextTab) {
    ui.set_max_width(420.0);
    ui.label(&context.about);
    if let ConnectionState::Failed { error, hint, .. } = &context.state {
        ui.colored_label(palette.error, &**error);
        if let Some(hint) = hint {
            ui.colored_label(palette.muted, &**hint);
        }
    }
}

/// What stands beside a context's name.
fn detail(state: &ConnectionState, now: Moment) -> String {
    match state {
        ConnectionState::Failed {
            retry_at: Some(at), ..
        } => retry_in(*at, now),
        ConnectionState::Failed { retry_at: None, .. } => "failed".into(),
        ConnectionState::Connecting => "connecting".into(),
        _ => String::new(),
    }
}

/// `retry in 4 s`.
pub(super) fn retry_in(at: Moment, now: Moment) -> String {
    let seconds = at.since(now).as_millis().div_ceil(1_000);
    format!("retry in {seconds} s")
}

fn other_contexts(
    ui: &mut Ui,
    palette: &Palette,
    contexts: &[ContextTab],
    commands: &mut Vec<Command>,
) {
    let (rect, response) = ui.allocate_exact_size(vec2(HEIGHT, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Open another context"));
    let hovered = response.hovered() || response.has_focus();
    if hovered {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(theme::RADIUS), palette.hover);
    }
    let color = if hovered { palette.text } else { palette.muted };
    let plus = Stroke::new(1.25, color);
    let center = rect.center();
    ui.painter()
        .hline(center.x - 4.0..=center.x + 4.0, center.y, plus);
    ui.painter()
        .vline(center.x, center.y - 4.0..=center.y + 4.0, plus);
    Popup::menu(&response).gap(8.0).show(|ui| {
        let names = contexts
            .iter()
            .filter(|context| !context.is_open())
            .map(|context| &*context.name.0);
        fit_menu(ui, names.chain(["Every context is open."]));
        egui::ScrollArea::vertical()
            .max_height(480.0)
            .show(ui, |ui| {
                let mut others = contexts
                    .iter()
                    .filter(|context| !context.is_open())
                    .peekable();
                if others.peek().is_none() {
                    ui.colored_label(palette.muted, "Every context is open.");
                }
                for context in others {
                    let item = menu_item(ui, palette, &context.name.0, false);
                    if item.on_hover_text(&context.about).clicked() {
                        commands.push(Command::OpenContext(context.name.clone()));
                    }
                }
            });
    });
    response.on_hover_text("Open another context");
}

fn namespace(ui: &mut Ui, palette: &Palette, workspace: &Workspace, commands: &mut Vec<Command>) {
    let chosen = workspace.selection.namespace.as_ref();
    let text = format!("Namespace: {}", chosen.map_or("all", |name| name));
    let mut pick = |namespace: Option<Arc<str>>| commands.push(Command::SetNamespace(namespace));
    dropdown(ui, palette, &text, &text, |ui| {
        let names = workspace.tally.namespaces();
        fit_menu(ui, names.iter().map(|name| &**name));
        egui::ScrollArea::vertical()
            .max_height(480.0)
            .show(ui, |ui| {
                if menu_item(ui, palette, "all", chosen.is_none()).clicked() {
                    pick(None);
                }
                for name in names {
                    if menu_item(ui, palette, &name, chosen == Some(&name)).clicked() {
                        pick(Some(name));
                    }
                }
            });
    });
}

fn search(
    ui: &mut Ui,
    palette: &Palette,
    workspace: &mut Workspace,
    width: f32,
    commands: &mut Vec<Command>,
) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let id = ui.scope_id().with("search");
    let radius = CornerRadius::same(theme::RADIUS);
    ui.painter().rect_filled(rect, radius, palette.canvas);
    let mut text = workspace.filter.clone();
    let field = ui.put(
        rect.shrink2(vec2(11.0, 2.0))
            .with_max_x(rect.right() - 60.0),
        TextEdit::singleline(&mut text)
            .id(id)
            .frame(egui::Frame::NONE)
            .font(theme::body())
            .margin(egui::Margin::ZERO)
            .align(egui::Align2::LEFT_CENTER)
            .hint_text(egui::RichText::new("Filter this table").color(palette.faint)),
    );
    field.widget_info(|| WidgetInfo::text_edit(true, "", &text, "Filter this table"));
    let line = if field.has_focus() {
        palette.accent
    } else {
        palette.border
    };
    ui.painter()
        .rect_stroke(rect, radius, Stroke::new(1.0, line), StrokeKind::Inside);
    if !field.has_focus() && text.is_empty() {
        key_hint(ui.painter(), palette, rect.shrink(8.0), shortcut_name());
    }
    if workspace.focus_search {
        workspace.focus_search = false;
        field.request_focus();
    }
    if field.has_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
        text.clear();
        field.surrender_focus();
    }
    if text != workspace.filter {
        commands.push(Command::SetFilter(text));
    }
}

fn shortcut_name() -> &'static str {
    if cfg!(target_os = "macos") {
        "⌘ K"
    } else {
        "Ctrl K"
    }
}

fn live_pill(ui: &mut Ui, palette: &Palette, timeline: &Timeline, now: Moment) {
    let (text, color): (String, Color32) = match &timeline.connection {
        ConnectionState::Connected { .. } => ("Live".into(), palette.ok),
        ConnectionState::Connecting => ("Connecting".into(), palette.warn),
        ConnectionState::Failed {
            retry_at: Some(at), ..
        } => (format!("Not live, {}", retry_in(*at, now)), palette.warn),
        ConnectionState::Failed { retry_at: None, .. } => ("Not live".into(), palette.error),
        ConnectionState::Closed => ("Closed".into(), palette.muted),
        ConnectionState::Recorded => ("Recording".into(), palette.muted),
    };
    let galley = ui
        .painter()
        .layout_no_wrap(text.clone(), theme::body_strong(), color);
    let size = vec2((galley.size().x + 42.0).ceil(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, &text));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(14), palette.tint(color));
    let dot = Dot::of_connection(&timeline.connection);
    paint_dot(
        ui.painter(),
        palette,
        rect.left_center() + vec2(16.0, 0.0),
        4.0,
        dot,
    );
    let place = Rect::from_min_max(rect.left_top() + vec2(28.0, 0.0), rect.max);
    paint_text(
        ui.painter(),
        place,
        Align2::LEFT_CENTER,
        &text,
        theme::body_strong(),
        color,
    );
}
