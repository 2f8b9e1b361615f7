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
/// No column is squeezed below this, nor below its heading.
const NARROWEST: f32 = 64.0;
/// The name is what a row is known by: it is squeezed last.
const NARROWEST_NAME: f32 = 190.0;
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
    narrowest: Vec<f32>,
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
            self.fitted = self.share(available);
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
        let mut widths = Vec::with_capacity(self.headings.len());
        for heading in &self.headings {
            let title = width(heading.title.clone(), theme::heading()) + GAP;
            let natural = match heading.column {
                Column::Dot => 42.0,
                Column::LastHour => 84.0,
                column => ids
                    .iter()
                    .filter_map(|id| Row::of(timeline, *id))
                    .map(|row| {
                        let text = row.text(column, timeline, now);
                        width(text.chars().take(80).collect(), theme::body()) + GAP
                    })
                    .fold(title, f32::max)
                    .ceil(),
            };
            let narrowest = match heading.column {
                Column::Name => NARROWEST_NAME,
                _ => NARROWEST.max(title),
            };
            widths.push((natural, narrowest.min(natural)));
        }
        (self.natural, self.narrowest) = widths.into_iter().unzip();
    }

    /// Shares the room out.
    fn share(&self, available: f32) -> Vec<f32> {
        let mut widths: Vec<f32> = self
            .headings
            .iter()
            .zip(&self.natural)
            .zip(&self.dragged)
            .map(|((heading, natural), dragged)| match dragged {
                Some(width) => *width,
                None if is_fixed(heading) => *natural,
                None => natural.min(WIDEST),
            })
            .collect();
        let free: Vec<usize> = (0..widths.len())
            .filter(|i| self.dragged[*i].is_none() && !is_fixed(&self.headings[*i]))
            .collect();
        let spare = |widths: &[f32], i: usize| widths[i] - self.narrowest[i];
        let mut missing = widths.iter().sum::<f32>() - available;
        // The one that can spare most gives first, down to the next, and so on.
        while missing > 0.5 {
            let giver = free
                .iter()
                .copied()
                .max_by(|a, b| spare(&widths, *a).total_cmp(&spare(&widths, *b)))
                .filter(|i| spare(&widths, *i) > 0.5);
            let Some(giver) = giver else { break };
            let step = missing.min(8.0).min(spare(&widths, giver));
            widths[giver] -= step;
            missing -= step;
        }
        let mut left = (available - widths.iter().sum::<f32>()).max(0.0);
        for i in free.iter().rev() {
            let grow = (self.natural[*i] - widths[*i]).clamp(0.0, left);
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
        if let Some(last) = free.last() {
            widths[*last] += left.max(0.0);
        }
        widths
    }
}

/// Whether a column keeps its width whatever room there is.
fn is_fixed(heading: &Heading) -> bool {
    heading.short || matches!(heading.column, Column::Dot | Column::LastHour)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(natural: &[(Column, f32, f32)]) -> Widths {
        let heading = |column| Heading {
            column,
            title: String::new(),
            about: String::new(),
            numeric: false,
            short: column == Column::Age,
        };
        Widths {
            headings: natural
                .iter()
                .map(|(column, ..)| heading(*column))
                .collect(),
            natural: natural.iter().map(|(_, natural, _)| *natural).collect(),
            narrowest: natural.iter().map(|(_, _, narrowest)| *narrowest).collect(),
            dragged: vec![None; natural.len()],
            ..Widths::default()
        }
    }

    #[test]
    fn the_table_fills_its_room() {
        let table = widths(&[
            (Column::Name, 120.0, 120.0),
            (Column::Printer(0), 900.0, 64.0),
            (Column::Age, 50.0, 50.0),
        ]);
        for available in [400.0_f32, 700.0, 2_000.0] {
            let sum: f32 = table.share(available).iter().sum();
            assert!((sum - available).abs() < 1.0, "{sum} of {available}");
        }
        assert_eq!(
            table.share(400.0)[2],
            50.0,
            "short columns keep their width"
        );
    }

    #[test]
    fn nothing_is_squeezed_below_its_heading() {
        let table = widths(&[
            (Column::Name, 300.0, 190.0),
            (Column::Printer(0), 200.0, 80.0),
        ]);
        assert_eq!(table.share(100.0), [190.0, 80.0]);
    }

    #[test]
    fn a_dragged_column_keeps_what_it_was_given() {
        let mut table = widths(&[
            (Column::Name, 100.0, 90.0),
            (Column::Printer(0), 100.0, 64.0),
        ]);
        table.drag(0, 333.0);
        assert_eq!(table.share(1_000.0)[0], 333.0);
    }
}
