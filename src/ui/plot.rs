//! The scatter plot of latencies: time from left to right, duration upwards on a log axis.
//!
//! `egui_plot` places and paints the marks; grid, axes, quantile lines and hover are our own, so
//! that nothing looks like a chart library.

use egui::{Align2, Color32, FontId, Pos2, Rect, Response, Shape, Stroke, Ui, Vec2, pos2, vec2};
use egui_plot::{MarkerShape, Plot, PlotBounds, PlotPoint, PlotPoints, PlotTransform, Points};

use super::theme::{self, Palette};

/// Room at the left for the labels of the vertical axis.
const LEFT: f32 = 64.0;
/// Room at the right for the labels of lines.
const RIGHT: f32 = 36.0;
/// Room below for the labels of the time axis.
const BELOW: f32 = 26.0;
/// Radius of a mark among many, and among few.
const RADIUS: f32 = 1.7;
const LARGE_RADIUS: f32 = 2.4;
/// Up to this many marks are few.
const FEW: usize = 300;
/// How near the pointer has to be to a mark, in points.
const REACH: f32 = 9.0;
/// Labels of lines nearer than this would overlap.
const LABEL_HEIGHT: f32 = 13.0;

/// One axis: what it spans, and what is written along it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlotAxis {
    /// Value at the left or lower edge.
    pub start: f64,
    /// Value at the right or upper edge.
    pub end: f64,
    /// Values with their labels.
    pub ticks: Vec<(f64, String)>,
}

/// The shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkShape {
    /// Something that happened.
    Dot,
    /// Something that is still going on.
    Triangle,
}

/// Marks of one colour.
#[derive(Debug, Clone)]
pub struct MarkSeries {
    /// Name, for screen readers.
    pub name: &'static str,
    /// Colour.
    pub color: Color32,
    /// Shape.
    pub shape: MarkShape,
    /// Values on both axes.
    pub points: Vec<PlotPoint>,
}

/// A horizontal line that is labelled at the right.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelLine {
    /// Value on the vertical axis.
    pub level: f64,
    /// Label.
    pub label: &'static str,
    /// Colour of both.
    pub color: Color32,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Scatter<'a> {
    /// Time.
    pub x: &'a PlotAxis,
    /// Duration, already as it is scaled.
    pub y: &'a PlotAxis,
    /// Marks; later series are on top.
    pub series: &'a [MarkSeries],
    /// Lines across.
    pub lines: &'a [LevelLine],
    /// What is said in the middle where there is no mark.
    pub empty: &'a str,
}

/// A mark under the pointer: which series, and which of its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkHit {
    /// Index of the series.
    pub series: usize,
    /// Index of its point.
    pub point: usize,
}

/// Size in points of the area that marks fall on, for a plot of this whole size.
#[must_use]
pub fn area(size: Vec2) -> Vec2 {
    vec2(
        (size.x - LEFT - RIGHT).max(1.0),
        (size.y - BELOW - 8.0).max(1.0),
    )
}

impl Scatter<'_> {
    /// Paints into this much of the width, and tells what is under the pointer.
    pub fn show(self, ui: &mut Ui, height: f32) -> (Response, Option<MarkHit>) {
        let palette = theme::palette(ui.ctx());
        let (outer, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), egui::Sense::hover());
        let top_left = outer.min + vec2(LEFT, 8.0);
        let frame = Rect::from_min_size(top_left, area(outer.size()));
        let bounds =
            PlotBounds::from_min_max([self.x.start, self.y.start], [self.x.end, self.y.end]);
        let transform = PlotTransform::new(frame, bounds, false);
        self.paint_grid(ui, &palette, &transform);
        let response = self.paint_marks(ui, frame);
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Figure, true, "Latency plot"));
        self.paint_lines(ui, &transform);
        if self.series.iter().all(|series| series.points.is_empty()) {
            let (at, font) = (frame.center(), theme::body());
            let middle = Align2::CENTER_CENTER;
            ui.painter()
                .text(at, middle, self.empty, font, palette.muted);
        }
        let hit = response
            .hover_pos()
            .and_then(|pointer| self.nearest(&transform, pointer));
        if let Some(hit) = hit {
            let at = self.position(&transform, hit);
            let ring = Stroke::new(1.5, palette.text);
            ui.painter().circle_stroke(at, RADIUS + 3.5, ring);
        }
        (response, hit)
    }

    fn paint_grid(&self, ui: &Ui, palette: &Palette, transform: &PlotTransform) {
        let (painter, frame) = (ui.painter(), *transform.frame());
        let font = theme::caption();
        for (value, label) in &self.y.ticks {
            let y = transform.position_from_point_y(*value).round();
            painter.hline(frame.x_range(), y, Stroke::new(1.0, palette.border));
            let at = pos2(frame.left() - 10.0, y);
            painter.text(at, Align2::RIGHT_CENTER, label, font.clone(), palette.muted);
        }
        for (value, label) in &self.x.ticks {
            let at = pos2(
                transform.position_from_point_x(*value).round(),
                frame.bottom() + 8.0,
            );
            painter.text(at, Align2::CENTER_TOP, label, font.clone(), palette.muted);
        }
    }

    fn paint_marks(&self, ui: &mut Ui, frame: Rect) -> Response {
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(frame));
        let plot = Plot::new("latency")
            .width(frame.width())
            .height(frame.height())
            .show_axes(false)
            .show_grid(false)
            .show_background(false)
            .show_x(false)
            .show_y(false)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .cursor_color(Color32::TRANSPARENT)
            .sense(egui::Sense::click())
            .set_margin_fraction(Vec2::ZERO);
        let is_few = self
            .series
            .iter()
            .map(|series| series.points.len())
            .sum::<usize>()
            <= FEW;
        let shown = plot.show(&mut inner, |ui| {
            ui.set_plot_bounds(PlotBounds::from_min_max(
                [self.x.start, self.y.start],
                [self.x.end, self.y.end],
            ));
            for series in self.series {
                let (shape, radius) = match series.shape {
                    MarkShape::Dot if is_few => (MarkerShape::Circle, LARGE_RADIUS),
                    MarkShape::Dot => (MarkerShape::Circle, RADIUS),
                    MarkShape::Triangle => (MarkerShape::Up, 4.5),
                };
                let points = Points::new(series.name, PlotPoints::Borrowed(&series.points));
                ui.points(
                    points
                        .shape(shape)
                        .radius(radius)
                        .color(series.color)
                        .allow_hover(false),
                );
            }
        });
        shown.response
    }

    fn paint_lines(&self, ui: &Ui, transform: &PlotTransform) {
        let frame = *transform.frame();
        let font: FontId = theme::caption();
        let mut last_label = f32::INFINITY;
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by(|a, b| a.level.total_cmp(&b.level));
        // From below upwards: a label that would overlap the one below moves up.
        for line in lines {
            let y = transform.position_from_point_y(line.level).round();
            if !frame.y_range().contains(y) {
                continue;
            }
            let ends = [pos2(frame.left(), y), pos2(frame.right(), y)];
            let stroke = Stroke::new(1.0, line.color);
            ui.painter()
                .extend(Shape::dashed_line(&ends, stroke, 5.0, 4.0));
            let label_y = y.min(last_label - LABEL_HEIGHT);
            last_label = label_y;
            let at = pos2(frame.right() + 6.0, label_y);
            ui.painter().text(
                at,
                Align2::LEFT_CENTER,
                line.label,
                font.clone(),
                line.color,
            );
        }
    }

    fn nearest(&self, transform: &PlotTransform, pointer: Pos2) -> Option<MarkHit> {
        let mut best = (REACH * REACH, None);
        for (series, marks) in self.series.iter().enumerate() {
            for point in 0..marks.points.len() {
                let hit = MarkHit { series, point };
                let distance = self.position(transform, hit).distance_sq(pointer);
                if distance <= best.0 {
                    best = (distance, Some(hit));
                }
            }
        }
        best.1
    }

    fn position(&self, transform: &PlotTransform, hit: MarkHit) -> Pos2 {
        transform.position_from_point(&self.series[hit.series].points[hit.point])
    }
}
