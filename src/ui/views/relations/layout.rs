//! Where the cards of a graph stand, and how its lines run: pure.
//!
//! Cards stand in columns, one for each layer (a layered drawing after Sugiyama, Tagawa and Toda,
//! 1981: order by barycentres, from the middle outwards). Lines run in the gaps between the columns
//! and above all cards, so that none crosses a card.

use std::collections::BTreeMap;

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::relation::Graph;

/// Size of a card.
const CARD: Vec2 = vec2(178.0, 62.0);
/// Between two columns.
const GAP: f32 = 66.0;
const ROW: f32 = CARD.y + 14.0;
/// Between lines that run above all cards.
const LANE: f32 = 9.0;
const SWEEPS: usize = 4;

/// The drawing of a graph, in points at a zoom of one; the card in the middle stands at the origin.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Layout {
    /// By node.
    pub(super) cards: Vec<Rect>,
    /// By edge; a line from the card that depends to the card that it depends on.
    pub(super) lines: Vec<Vec<Pos2>>,
}

impl Layout {
    /// Draws a graph.
    #[must_use]
    pub(super) fn of(graph: &Graph) -> Self {
        let columns = ordered(graph);
        let cards = placed(graph, &columns);
        let lines = routed(graph, &cards);
        Self { cards, lines }
    }

    /// All that is drawn.
    #[must_use]
    pub(super) fn bounds(&self) -> Rect {
        let mut bounds = Rect::NOTHING;
        for card in &self.cards {
            bounds = bounds.union(*card);
        }
        for point in self.lines.iter().flatten() {
            bounds.extend_with(*point);
        }
        bounds
    }
}

type Columns = BTreeMap<i32, Vec<usize>>;

/// The neighbours of a node one layer nearer to the middle.
fn inner(graph: &Graph, node: usize) -> impl Iterator<Item = usize> + '_ {
    let layer = graph.nodes[node].layer;
    graph.edges.iter().filter_map(move |edge| {
        let other = match (edge.from == node, edge.to == node) {
            (true, false) => edge.to,
            (false, true) => edge.from,
            _ => return None,
        };
        (graph.nodes[other].layer == layer - layer.signum()).then_some(other)
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a graph has at most some hundred nodes"
)]
fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32)
}

fn ordered(graph: &Graph) -> Columns {
    let mut columns = Columns::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        columns.entry(node.layer).or_default().push(i);
    }
    let mut outwards: Vec<i32> = columns.keys().copied().collect();
    outwards.sort_by_key(|layer| layer.abs());
    let mut rank = vec![0.0_f32; graph.nodes.len()];
    for _ in 0..SWEEPS {
        for layer in &outwards {
            let Some(column) = columns.get_mut(layer) else {
                continue;
            };
            let weight = |node: usize| mean(inner(graph, node).map(|other| rank[other]));
            let mut weighted: Vec<_> = column
                .iter()
                .map(|node| (weight(*node).unwrap_or(0.0), *node))
                .collect();
            weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
            *column = weighted.into_iter().map(|(_, node)| node).collect();
            let mut place = 0.0;
            for node in column {
                rank[*node] = place;
                place += 1.0;
            }
        }
    }
    columns
}

fn placed(graph: &Graph, columns: &Columns) -> Vec<Rect> {
    let mut cards = vec![Rect::from_center_size(Pos2::ZERO, CARD); graph.nodes.len()];
    let mut outwards: Vec<_> = columns.iter().collect();
    outwards.sort_by_key(|(layer, _)| layer.abs());
    for (layer, column) in outwards {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a layer is a distance of a few steps"
        )]
        let x = *layer as f32 * (CARD.x + GAP);
        let wanted: Vec<f32> = column
            .iter()
            .map(|node| mean(inner(graph, *node).map(|other| cards[other].center().y)))
            .map(|y| y.unwrap_or(0.0))
            .collect();
        let mut ys: Vec<f32> = Vec::with_capacity(column.len());
        for wish in &wanted {
            let least = ys.last().map_or(f32::NEG_INFINITY, |y| y + ROW);
            ys.push(wish.max(least));
        }
        // Evenly around where they want to be.
        let shift = mean(wanted.iter().zip(&ys).map(|(wish, y)| wish - y)).unwrap_or(0.0);
        for (node, y) in column.iter().zip(ys) {
            cards[*node] = Rect::from_center_size(pos2(x, y + shift), CARD);
        }
    }
    cards
}

fn routed(graph: &Graph, cards: &[Rect]) -> Vec<Vec<Pos2>> {
    let top = cards.iter().map(Rect::top).fold(f32::INFINITY, f32::min);
    let mut lanes = 0.0;
    graph
        .edges
        .iter()
        .map(|edge| {
            let (from, to) = (cards[edge.from], cards[edge.to]);
            let step = graph.nodes[edge.to].layer - graph.nodes[edge.from].layer;
            match step {
                _ if edge.from == edge.to => Vec::new(),
                1 => curve(from.right_center(), to.left_center(), GAP * 0.5),
                -1 => curve(from.left_center(), to.right_center(), -GAP * 0.5),
                0 => {
                    let (a, b) = (from.right_center(), to.right_center());
                    let bulge = vec2(GAP * 0.55, 0.0);
                    bezier(a, a + bulge, b + bulge, b)
                }
                _ => {
                    lanes += 1.0;
                    let lane = top - LANE * (lanes + 0.5);
                    let out = GAP * 0.25 + 3.0 * (lanes % 5.0);
                    let (a, b) = (from.right_center(), to.left_center());
                    vec![
                        a,
                        pos2(a.x + out, a.y),
                        pos2(a.x + out, lane),
                        pos2(b.x - out, lane),
                        pos2(b.x - out, b.y),
                        b,
                    ]
                }
            }
        })
        .collect()
}

fn curve(a: Pos2, b: Pos2, pull: f32) -> Vec<Pos2> {
    bezier(a, a + vec2(pull, 0.0), b - vec2(pull, 0.0), b)
}

fn bezier(a: Pos2, b: Pos2, c: Pos2, d: Pos2) -> Vec<Pos2> {
    const STEPS: u8 = 20;
    (0..=STEPS)
        .map(|i| {
            let t = f32::from(i) / f32::from(STEPS);
            let s = 1.0 - t;
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
            };
            pos2(blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        relation::{Edge, Node, What},
        schema::LinkKind,
        timeline::ObjectId,
    };

    fn graphs() -> impl Strategy<Value = Graph> {
        let layers = prop::collection::vec(-3i32..4, 1..24);
        let edges = prop::collection::vec((0usize..24, 0usize..24), 0..40);
        (layers, edges).prop_map(|(mut layers, edges)| {
            layers[0] = 0;
            let count = layers.len();
            let nodes = (0u32..)
                .zip(layers)
                .map(|(i, layer)| Node {
                    what: What::Object(ObjectId(i)),
                    layer,
                })
                .collect();
            let edges = edges
                .into_iter()
                .filter(|(from, to)| *from < count && *to < count)
                .map(|(from, to)| Edge {
                    from,
                    to,
                    kind: Some(LinkKind::Reference),
                    field: "spec.ref".into(),
                })
                .collect();
            Graph { nodes, edges }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
        #[test]
        fn no_card_overlaps_another_and_no_line_crosses_a_card(graph in graphs()) {
            let layout = Layout::of(&graph);
            for (i, a) in layout.cards.iter().enumerate() {
                for b in &layout.cards[i + 1..] {
                    prop_assert!(!a.shrink(0.5).intersects(b.shrink(0.5)), "{a:?} {b:?}");
                }
            }
            for line in &layout.lines {
                for pair in line.windows(2) {
                    for t in [0.0, 0.25, 0.5, 0.75, 1.0] {
                        let point = pair[0] + (pair[1] - pair[0]) * t;
                        for card in &layout.cards {
                            prop_assert!(!card.shrink(1.0).contains(point), "{point:?} in {card:?}");
                        }
                    }
                }
            }
        }
    }
}
