//! How wide the columns are: as wide as what they hold, as far as there is room.

use egui::Painter;
use jiff::Timestamp;

use super::column::{Column, Heading, Row};
use crate::{
    timeline::{ObjectId, Timeline},
    ui::theme,
};

/// Space after the text of a column.
const GAP: f32 = 22.0;
/// No column is made wider than this without being dragged.
const WIDEST: f32 = 340.0;
/// No column is squeezed below this.
const NARROWEST: f32 = 64.0;
/// What each column gets of the room that is left over.
const AIR: f32 = 48.0;
/// Rows that are measured.
const SAMPLE: usize = 60;

/// The widths of the columns of one table.
#[derive(Debug, Default)]
pub(super) struct Widths {
    /// What they were measured for.
    headings: Vec<Heading>,
    sampled: usize,
    natural: Vec<f32>,
    /// What the user dragged them to.
    dragged: Vec<Option<f32>>,
    fitted_for: f32,
    fitted: Vec<f32>,
}

impl Widths {
    /// The widths for a table of this width.
    pub(super) fn fit(
        &mut self,
        painter: &Painter,
        headings: &[Heading],
        ids: &[ObjectId],
        timeline: &Timeline,
        available: f32,
    ) -> &[f32] {
        let new = self.headings != headings;
        if new {
            self.headings = headings.to_vec();
            self.dragged = vec![None; headings.len()];
        }
        let sample = ids.len().min(SAMPLE);
        if new || sample > self.sampled {
            self.sampled = sample;
            self.measure(painter, &ids[..sample], timeline);
            self.fitted_for = -1.0;
        }
        #[expect(clippy::float_cmp, reason = "any other width is fitted again")]
        if self.fitted_for != available {
            self.fitted_for = available;
            self.fitted = fit(headings, &self.natural, &self.dragged, available);
        }
        &self.fitted
    }

    /// Gives a column a width.
    pub(super) fn drag(&mut self, index: usize, width: f32) {
        if let Some(dragged) = self.dragged.get_mut(index) {
            *dragged = Some(width.max(36.0));
            self.fitted_for = -1.0;
        }
    }

    fn measure(&mut self, painter: &Painter, ids: &[ObjectId], timeline: &Timeline) {
        let color = egui::Color32::PLACEHOLDER;
        let width = |text: String, font| painter.layout_no_wrap(text, font, color).size().x;
        let now = Timestamp::now();
        self.natural = self
            .headings
            .iter()
            .map(|heading| match heading.column {
                Column::Dot => 42.0,
                Column::LastHour => 84.0,
                column => {
                    let title = width(heading.title.clone(), theme::heading());
                    let widest = ids
                        .iter()
                        .filter_map(|id| Row::of(timeline, *id))
                        .map(|row| {
                            let text: String =
                                row.text(column, timeline, now).chars().take(80).collect();
                            width(text, theme::body())
                        })
                        .fold(title + 12.0, f32::max);
                    (widest + GAP).ceil()
                }
            })
            .collect();
    }
}

/// Whether a column keeps its width whatever room there is.
fn is_fixed(heading: &Heading) -> bool {
    heading.short || matches!(heading.column, Column::Dot | Column::LastHour)
}

fn fit(headings: &[Heading], natural: &[f32], dragged: &[Option<f32>], available: f32) -> Vec<f32> {
    let mut widths: Vec<f32> = headings
        .iter()
        .zip(natural)
        .zip(dragged)
        .map(|((heading, natural), dragged)| match dragged {
            Some(width) => *width,
            None if is_fixed(heading) => *natural,
            None => natural.min(WIDEST),
        })
        .collect();
    let free: Vec<usize> = (0..widths.len())
        .filter(|i| dragged[*i].is_none() && !is_fixed(&headings[*i]))
        .collect();
    let mut missing = widths.iter().sum::<f32>() - available;
    // The widest gives first, down to the next widest, and so on.
    while missing > 0.5 {
        let Some(widest) = free
            .iter()
            .copied()
            .max_by(|a, b| widths[*a].total_cmp(&widths[*b]))
            .filter(|i| widths[*i] > NARROWEST)
        else {
            break;
        };
        let step = missing.min(8.0).min(widths[widest] - NARROWEST);
        widths[widest] -= step;
        missing -= step;
    }
    let mut left = available - widths.iter().sum::<f32>();
    for i in free.iter().rev() {
        let grow = (natural[*i] - widths[*i]).clamp(0.0, left.max(0.0));
        widths[*i] += grow;
        left -= grow;
    }
    // A little air for each, and what is still left before the columns at the right edge.
    #[expect(clippy::cast_precision_loss, reason = "a count of columns")]
    let air = (left / free.len().max(1) as f32).clamp(0.0, AIR);
    for i in &free {
        widths[*i] += air;
        left -= air;
    }
    if left > 0.0
        && let Some(last) = free.last()
    {
        widths[*last] += left;
    }
    widths
}
