//! What the Relations view shows, made anew when the history says so.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use egui::Ui;

use super::layout::Layout;
use crate::{
    model::{Moment, ReadinessStatus},
    relation::{
        Affection, Cause, Effect, Graph, GraphLimits, Relations, RootCause, What, affected_by,
        graph_around, root_cause,
    },
    timeline::{ObjectId, Timeline},
};

/// How many affected objects are counted.
const MOST_AFFECTED: usize = 2_000;
/// At most this part of the time goes into keeping the graph up to date.
const SHARE: u32 = 20;

/// What is emphasised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Emphasis {
    #[default]
    None,
    /// What a failure or a deletion of the object in the middle affects.
    Affected,
    /// The way to the root cause.
    RootCause,
}

/// What decides on the graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub(super) center: ObjectId,
    pub(super) owners: bool,
    pub(super) references: bool,
    pub(super) emphasis: Emphasis,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    of: Option<(Moment, Choice, usize, u64)>,
    made: Option<(Instant, Duration)>,
    pub(super) graph: Graph,
    pub(super) layout: Layout,
    /// Emphasised nodes; `None`: all are equal.
    pub(super) bright: Option<HashSet<usize>>,
    /// Emphasised edges.
    pub(super) bright_edges: HashSet<usize>,
    /// Effects on nodes.
    pub(super) effects: HashMap<usize, Effect>,
    /// What the line above the graph says.
    pub(super) sentence: Option<String>,
}

impl Model {
    /// Returns whether the drawing is another one.
    pub(super) fn update(&mut self, ui: &Ui, timeline: &Timeline, choice: Choice) -> bool {
        let Some((first, _)) = timeline.extent() else {
            return false;
        };
        let key = (
            first,
            choice,
            timeline.change_count(),
            timeline.relations().epoch(),
        );
        if self.of == Some(key) {
            return false;
        }
        let same_choice = self
            .of
            .is_some_and(|(of, known, ..)| of == first && known == choice);
        if let Some((made, took)) = self.made
            && same_choice
            && made.elapsed() < took * SHARE
        {
            ui.ctx().request_repaint_after(took * SHARE);
            return false;
        }
        let start = Instant::now();
        let before = std::mem::take(&mut self.graph);
        self.make(&Relations::now(timeline), choice);
        self.of = Some(key);
        self.made = Some((start, start.elapsed()));
        if self.graph != before {
            self.layout = Layout::of(&self.graph);
        }
        !same_choice
    }

    fn make(&mut self, relations: &Relations<'_>, choice: Choice) {
        let cause = match choice.emphasis {
            Emphasis::RootCause => root_cause(relations, choice.center),
            _ => None,
        };
        let mut limits = GraphLimits {
            owners: choice.owners,
            references: choice.references,
            ..GraphLimits::default()
        };
        if let Some(cause) = &cause {
            limits.below = limits.below.max(cause.levels());
        }
        self.graph = graph_around(relations, choice.center, limits);
        self.bright = None;
        self.bright_edges.clear();
        self.effects.clear();
        self.sentence = match choice.emphasis {
            Emphasis::None => None,
            Emphasis::Affected => {
                let affection = affected_by(relations, choice.center, MOST_AFFECTED);
                self.emphasise_affected(choice.center, &affection);
                Some(affected_sentence(&affection))
            }
            Emphasis::RootCause => Some(match &cause {
                Some(cause) => {
                    self.emphasise_path(cause);
                    cause.sentence(relations)
                }
                None if relations
                    .readiness(choice.center)
                    .map(|readiness| readiness.status)
                    == Some(ReadinessStatus::Current) =>
                {
                    format!("{} is ready.", relations.label(choice.center))
                }
                None => format!(
                    "{} does not tell whether it is ready, and nothing below it says that it is not.",
                    relations.label(choice.center)
                ),
            }),
        };
    }

    fn emphasise_affected(&mut self, center: ObjectId, affection: &Affection) {
        let mut bright = HashSet::from([0]);
        let by_object: HashMap<_, _> = affection
            .objects
            .iter()
            .map(|affected| (affected.object, affected))
            .collect();
        for (i, node) in self.graph.nodes.iter().enumerate() {
            let What::Object(object) = node.what else {
                continue;
            };
            if let Some(affected) = by_object.get(&object).filter(|_| object != center) {
                bright.insert(i);
                self.effects.insert(i, affected.effect);
            }
        }
        for (i, edge) in self.graph.edges.iter().enumerate() {
            if bright.contains(&edge.from) && bright.contains(&edge.to) {
                self.bright_edges.insert(i);
            }
        }
        self.bright = Some(bright);
    }

    fn emphasise_path(&mut self, cause: &RootCause) {
        let mut way: Vec<Option<usize>> = cause
            .path
            .iter()
            .map(|object| self.graph.node_of(*object))
            .collect();
        if let Cause::Missing(absent) = &cause.cause {
            let missing = What::Absent(absent.clone());
            way.push(
                self.graph
                    .nodes
                    .iter()
                    .position(|node| node.what == missing),
            );
        }
        for pair in way.windows(2) {
            let (Some(from), Some(to)) = (pair[0], pair[1]) else {
                continue;
            };
            let edges = self.graph.edges.iter().enumerate();
            let tied = edges.filter(|(_, edge)| edge.from == from && edge.to == to);
            self.bright_edges.extend(tied.map(|(i, _)| i));
        }
        self.bright = Some(way.into_iter().flatten().collect());
    }
}

fn affected_sentence(affection: &Affection) -> String {
    let count = affection.objects.len() + affection.more;
    if count == 0 {
        return "Nothing that is watched depends on it.".to_owned();
    }
    let of = |wanted: &dyn Fn(Effect) -> bool| {
        let objects = affection.objects.iter();
        objects.filter(|affected| wanted(affected.effect)).count()
    };
    let parts = [
        (
            of(&|effect| matches!(effect, Effect::Deleted { .. })),
            "deleted with it",
        ),
        (of(&|effect| effect == Effect::LosesOwner), "lose an owner"),
        (
            of(&|effect| effect == Effect::LosesManager),
            "no longer managed",
        ),
        (
            of(&|effect| effect == Effect::Refers),
            "refer to it or to what is affected",
        ),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    let noun = if count == 1 { "object" } else { "objects" };
    format!("{count} {noun} would be affected: {}", parts.join(", "))
}
