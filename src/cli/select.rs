//! Finds the kinds and objects that arguments name.

use std::sync::Arc;

use super::{CliError, output, session::Session};
use crate::{
    model::{ResourceKey, ResourceKind, Scope, Topology},
    timeline::{ChangeId, KindId, Timeline},
};

/// How many suggestions a hint has room for.
const SUGGESTIONS: usize = 6;

/// Every version of one kind in every context: the index of the timeline, and the kind there.
pub(super) type KindMatches = Vec<(usize, KindId)>;

/// Finds a kind by `PLURAL.GROUP`, plural, singular or kind name, in any case.
///
/// # Errors
/// When there is no such kind, or the name means several.
pub(super) fn find_kind(session: &Session, wanted: &str) -> Result<KindMatches, CliError> {
    let by = |matches: &dyn Fn(&ResourceKind) -> bool| -> Vec<(usize, KindId, String)> {
        all_kinds(session)
            .filter(|(_, _, kind)| matches(kind))
            .map(|(timeline, id, kind)| (timeline, id, kind.qualified_plural()))
            .collect()
    };
    let same = |name: &str| name.eq_ignore_ascii_case(wanted);
    let mut found = by(&|kind| same(&kind.qualified_plural()));
    if found.is_empty() {
        found = by(&|kind| same(&kind.plural) || same(&kind.kind));
    }
    let mut names: Vec<_> = found.iter().map(|(_, _, name)| name.clone()).collect();
    names.sort();
    names.dedup();
    match names.len() {
        1 => Ok(found
            .into_iter()
            .map(|(timeline, id, _)| (timeline, id))
            .collect()),
        0 => {
            let mut known: Vec<_> = all_kinds(session)
                .map(|(_, _, kind)| kind.qualified_plural())
                .collect();
            known.sort();
            known.dedup();
            Err(
                CliError::new(format!("no kind {wanted:?} in this session")).hint(
                    match known.len() {
                        0 => "nothing was recorded in it".into(),
                        _ => format!("it has {}", list(&known)),
                    },
                ),
            )
        }
        _ => Err(CliError::new(format!("{wanted:?} means several kinds"))
            .hint(format!("write one of {}", names.join(", ")))),
    }
}

/// Finds the kinds of several arguments; all kinds for none.
pub(super) fn find_kinds(session: &Session, wanted: &[String]) -> Result<KindMatches, CliError> {
    if wanted.is_empty() {
        return Ok(all_kinds(session)
            .map(|(timeline, id, _)| (timeline, id))
            .collect());
    }
    let mut found = Vec::new();
    for name in wanted {
        found.extend(find_kind(session, name)?);
    }
    Ok(found)
}

/// One object with its changes, oldest first.
pub(super) struct ObjectMatch<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) kind: &'a Arc<ResourceKind>,
    topology: &'a Topology,
    pub(super) key: ResourceKey,
    /// Over all incarnations, and all versions of the kind.
    pub(super) changes: Vec<ChangeId>,
}

impl ObjectMatch<'_> {
    /// How its lists are told apart item by item.
    pub(super) fn topology(&self) -> &Topology {
        self.topology
    }

    /// `certificates.cert-manager.io web/tls`.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.kind, self.key)
    }

    /// The first change with a resourceVersion: a deletion may repeat the one before it.
    pub(super) fn revision(&self, wanted: &str) -> Result<ChangeId, CliError> {
        let has = |id: &&ChangeId| {
            let change = self.timeline.change(**id);
            change.is_some_and(|change| change.resource_version.to_string() == wanted)
        };
        self.changes.iter().find(has).copied().ok_or_else(|| {
            let versions: Vec<_> = self
                .changes
                .iter()
                .rev()
                .filter_map(|id| Some(self.timeline.change(*id)?.resource_version.to_string()))
                .collect();
            CliError::new(format!(
                "{} has no revision {wanted} in this session",
                self.label()
            ))
            .hint(format!("its newest are {}", list(&versions)))
        })
    }
}

/// Finds an object by kind and `NAMESPACE/NAME`, or `NAME` for a cluster-scoped one.
///
/// # Errors
/// When there is none, or it is in several contexts.
pub(super) fn find_object<'a>(
    session: &'a Session,
    kind: &str,
    object: &str,
) -> Result<ObjectMatch<'a>, CliError> {
    let kinds = find_kind(session, kind)?;
    let key = match object.split_once('/') {
        Some((namespace, name)) => ResourceKey {
            namespace: Some(namespace.into()),
            name: name.into(),
        },
        None => ResourceKey {
            namespace: None,
            name: object.into(),
        },
    };
    let mut found: Option<(usize, ObjectMatch<'a>)> = None;
    for (index, id) in &kinds {
        let timeline = &session.timelines[*index];
        let Some(history) = timeline.kind(*id) else {
            continue;
        };
        let Some(changes) = timeline
            .find(*id, &key)
            .and_then(|id| Some(&timeline.object(id)?.changes))
        else {
            continue;
        };
        match &mut found {
            Some((known, object)) if known == index => object.changes.extend(changes),
            Some((_, object)) => {
                let contexts = format!("{} and {}", object.timeline.context, timeline.context);
                return Err(
                    CliError::new(format!("{} is in {contexts}", object.label()))
                        .hint(format!("add --context {}", timeline.context)),
                );
            }
            None => {
                let key = key.clone();
                let object = ObjectMatch {
                    timeline,
                    kind: &history.kind,
                    topology: &history.schema.topology,
                    key,
                    changes: changes.clone(),
                };
                found = Some((*index, object));
            }
        }
    }
    let Some((_, mut object)) = found else {
        return Err(no_object(session, &kinds, &key));
    };
    object.changes.sort_unstable();
    Ok(object)
}

fn all_kinds(session: &Session) -> impl Iterator<Item = (usize, KindId, &Arc<ResourceKind>)> {
    session
        .timelines
        .iter()
        .enumerate()
        .flat_map(|(index, timeline)| {
            timeline
                .kinds()
                .map(move |(id, history)| (index, id, &history.kind))
        })
}

fn no_object(session: &Session, kinds: &KindMatches, key: &ResourceKey) -> CliError {
    let kind = kinds
        .first()
        .and_then(|(index, id)| Some(Arc::clone(&session.timelines[*index].kind(*id)?.kind)));
    let Some(kind) = kind else {
        return CliError::new(format!("no object {key}"));
    };
    let error = CliError::new(format!("no object {key} of {kind} in this session"));
    let mut similar: Vec<_> = kinds
        .iter()
        .flat_map(|(index, id)| {
            let timeline = &session.timelines[*index];
            let objects = timeline
                .kind(*id)
                .into_iter()
                .flat_map(|history| history.objects());
            objects.filter_map(|object| Some(&timeline.object(object)?.key))
        })
        .filter(|known| known.name.contains(&*key.name) || key.name.contains(&*known.name))
        .map(ToString::to_string)
        .collect();
    similar.sort();
    similar.dedup();
    if !similar.is_empty() {
        return error.hint(format!("did you mean {}?", list(&similar)));
    }
    match (kind.scope, &key.namespace) {
        (Scope::Namespaced, None) => {
            error.hint(format!("{} is namespaced: NAMESPACE/NAME", kind.kind))
        }
        (Scope::Cluster, Some(_)) => error.hint(format!("{} is cluster-scoped: NAME", kind.kind)),
        _ => error.hint(format!(
            "`kronika log FILE --kind {kind}` lists what was recorded"
        )),
    }
}

fn list(names: &[String]) -> String {
    output::some(names, SUGGESTIONS, ", ")
}
