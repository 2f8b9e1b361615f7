use std::collections::{BTreeSet, HashMap, HashSet};

use proptest::prelude::*;

use super::{world::*, *};

fn put<'a>(ready: &'a str, owners: &'a [&'a str], refs: &'a [&'a str]) -> Put<'a> {
    Put {
        ready,
        owners,
        refs,
    }
}

fn name_of(relations: &Relations<'_>, object: ObjectId) -> String {
    relations
        .timeline()
        .object(object)
        .unwrap()
        .key
        .name
        .to_string()
}

fn end_text(relations: &Relations<'_>, end: &End) -> String {
    match end {
        End::Object(object) => name_of(relations, *object),
        End::Absent(absent) => format!("{}: {}", absent.key(), absent.why.words()),
    }
}

fn ties(relations: &Relations<'_>, ties: &[Tie]) -> Vec<String> {
    ties.iter()
        .map(|tie| end_text(relations, &tie.end))
        .collect()
}

fn path_of(relations: &Relations<'_>, cause: &RootCause) -> Vec<String> {
    let mut names: Vec<_> = cause
        .path
        .iter()
        .map(|object| name_of(relations, *object))
        .collect();
    if let Cause::Missing(absent) = &cause.cause {
        names.push(format!("{}: {}", absent.key(), absent.why.words()));
    }
    names
}

#[test]
fn owners_and_targets_are_found_whatever_comes_first() {
    let mut world = World::new();
    world.put("pod", &put("True", &["set"], &["config", "Vault/key"]));
    {
        let timeline = world.timeline.read();
        let now = Relations::now(&timeline);
        let pod = world.id("pod");
        assert_eq!(ties(&now, &now.above(pod)), ["shop/set: not seen"]);
        assert_eq!(
            ties(&now, &now.below(pod)),
            ["shop/config: not seen", "shop/key: not watched"]
        );
    }
    world.put("set", &put("True", &[], &[]));
    world.put("config", &put("", &[], &[]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let pod = world.id("pod");
    assert_eq!(ties(&now, &now.above(pod)), ["set"]);
    assert_eq!(
        ties(&now, &now.below(pod)),
        ["config", "shop/key: not watched"]
    );
    assert_eq!(ties(&now, &now.below(world.id("set"))), ["pod"]);
    assert_eq!(ties(&now, &now.above(world.id("config"))), ["pod"]);
    assert_eq!(&*now.above(world.id("config"))[0].field, "spec.refs[0]");
}

#[test]
fn what_is_known_to_have_no_namespace_is_told_without_one() {
    let mut world = World::new();
    world.put("pod", &put("", &[], &["storage.k8s.io:StorageClass/fast"]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    assert_eq!(
        ties(&now, &now.below(world.id("pod"))),
        ["fast: not watched"]
    );
}

#[test]
fn another_incarnation_owns_nothing_of_the_one_before_it() {
    let mut world = World::new();
    world.put("set", &put("True", &[], &[]));
    world.put("pod", &put("True", &["set"], &["set"]));
    world.delete("set", "set");
    {
        let timeline = world.timeline.read();
        let now = Relations::now(&timeline);
        let pod = world.id("pod");
        assert_eq!(ties(&now, &now.above(pod)), ["shop/set: deleted"]);
        assert_eq!(ties(&now, &now.below(pod)), ["shop/set: deleted"]);
    }
    world.put_as("set", "set-2", &put("True", &[], &[]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let (pod, set) = (world.id("pod"), world.id("set"));
    assert_eq!(
        ties(&now, &now.above(pod)),
        ["shop/set: replaced by another of that name"]
    );
    // A field names whatever has the name.
    assert_eq!(ties(&now, &now.below(pod)), ["set"]);
    assert!(now.owned(set).is_empty());
}

#[test]
fn the_past_is_as_it_was() {
    let mut world = World::new();
    world.put("set", &put("True", &[], &[]));
    world.put("pod", &put("False", &["set"], &[]));
    world.put("pod", &put("True", &[], &[]));
    world.delete("set", "set");
    let timeline = world.timeline.read();
    let (pod, set) = (world.id("pod"), world.id("set"));
    let past = Past::at(&timeline, 2_500_000);
    let then = Relations::then(&timeline, &past);
    assert_eq!(ties(&then, &then.below(set)), ["pod"]);
    assert!(then.is_unready(pod));
    let now = Relations::now(&timeline);
    assert!(!now.exists(set) && now.above(pod).is_empty() && !now.is_unready(pod));
    let before = Past::at(&timeline, 1_500_000);
    assert!(!Relations::then(&timeline, &before).exists(pod));
}

#[test]
fn the_deepest_unready_descendant_is_the_cause() {
    let mut world = World::new();
    world.put("certificate", &put("False", &[], &["issuer"]));
    world.put("issuer", &put("True", &[], &["account"]));
    world.put("account", &put("False", &[], &[]));
    world.put("request", &put("False", &["certificate"], &[]));
    world.put("order", &put("", &["request"], &[]));
    world.put("challenge", &put("Stalled", &["order"], &[]));
    world.put("other", &put("False", &["order"], &[]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let cause = root_cause(&now, world.id("certificate")).unwrap();
    // Not the account: the issuer is ready. Through the order, which tells nothing.
    assert_eq!(
        path_of(&now, &cause),
        ["certificate", "request", "order", "challenge"]
    );
    assert_eq!(cause.ties.len(), 3);
    assert_eq!(&*cause.ties[0].1, "metadata.ownerReferences[0]");
    assert!(root_cause(&now, world.id("issuer")).is_none());
    let own = root_cause(&now, world.id("account")).unwrap();
    assert_eq!(path_of(&now, &own), ["account"]);
}

#[test]
fn the_longest_unready_is_the_cause_among_equals_and_a_missing_one_comes_last() {
    let mut world = World::new();
    world.put("a", &put("False", &[], &["late", "early", "missing"]));
    world.put("early", &put("False", &[], &[]));
    world.put("late", &put("False", &[], &[]));
    {
        let timeline = world.timeline.read();
        let now = Relations::now(&timeline);
        let cause = root_cause(&now, world.id("a")).unwrap();
        assert_eq!(path_of(&now, &cause), ["a", "early"]);
        assert_eq!(cause.since.unwrap().wall, 2_000_000);
    }
    world.put("early", &put("True", &[], &[]));
    world.put("late", &put("True", &[], &[]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let cause = root_cause(&now, world.id("a")).unwrap();
    assert_eq!(path_of(&now, &cause), ["a", "shop/missing: not seen"]);
}

#[test]
fn cycles_come_to_an_end() {
    let mut world = World::new();
    world.put("a", &put("False", &["c"], &["a", "b"]));
    world.put("b", &put("False", &[], &["c", "a"]));
    world.put("c", &put("Stalled", &[], &["b"]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let a = world.id("a");
    let cause = root_cause(&now, a).unwrap();
    assert_eq!(path_of(&now, &cause), ["a", "b", "c"]);
    let graph = graph_around(&now, a, GraphLimits::default());
    assert_eq!(graph.nodes.len(), 3);
    assert_eq!(affected_by(&now, a, 100).objects.len(), 2);
}

fn effects(relations: &Relations<'_>, object: ObjectId) -> Vec<(String, Effect)> {
    affected_by(relations, object, 100)
        .objects
        .iter()
        .map(|affected| (name_of(relations, affected.object), affected.effect))
        .collect()
}

#[test]
fn the_garbage_collector_takes_what_has_no_other_owner() {
    let mut world = World::new();
    for name in ["a", "z"] {
        world.put(name, &put("True", &[], &[]));
    }
    world.put("b", &put("True", &["a"], &[]));
    world.put("c", &put("True", &["a"], &[]));
    // Both of its owners go, though neither alone would do.
    world.put("d", &put("True", &["b", "c"], &[]));
    world.put("shared", &put("True", &["a", "z"], &[]));
    world.put("of-shared", &put("True", &["shared"], &[]));
    world.put("route", &put("True", &[], &["d"]));
    world.put("of-route", &put("True", &[], &["route"]));
    world.put("elsewhere", &put("True", &["z"], &["shared"]));
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let deleted = Effect::Deleted { blocks_owner: true };
    let mut found = effects(&now, world.id("a"));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("b", deleted),
        ("c", deleted),
        ("d", deleted),
        ("of-route", Effect::Refers),
        ("route", Effect::Refers),
        ("shared", Effect::LosesOwner),
    ];
    assert_eq!(
        found,
        expected.map(|(name, effect)| (name.to_owned(), effect))
    );
    let few = affected_by(&now, world.id("a"), 2);
    assert_eq!((few.objects.len(), few.more > 0), (2, true));
}

#[test]
fn a_graph_has_limits_and_says_how_many_more_there_are() {
    let mut world = World::new();
    world.put("issuer", &put("True", &[], &[]));
    let names: Vec<_> = (0..30).map(|i| format!("certificate-{i:02}")).collect();
    for name in &names {
        let ready = if name == "certificate-29" {
            "False"
        } else {
            "True"
        };
        world.put(name, &put(ready, &[], &["issuer"]));
    }
    let timeline = world.timeline.read();
    let now = Relations::now(&timeline);
    let graph = graph_around(&now, world.id("issuer"), GraphLimits::default());
    assert_eq!(graph.nodes.len(), 1 + 8 + 1);
    let more = What::More {
        of: 0,
        side: Side::Above,
        count: 22,
    };
    assert!(
        graph
            .nodes
            .iter()
            .any(|node| node.what == more && node.layer == -1)
    );
    // What is not ready is among those that are shown.
    assert!(graph.node_of(world.id("certificate-29")).is_some());
    let owners_only = GraphLimits {
        references: false,
        ..GraphLimits::default()
    };
    let graph = graph_around(&now, world.id("issuer"), owners_only);
    assert_eq!(graph.nodes.len(), 1);
}

/// For each object: its state, and whom it refers to.
type Shape = Vec<(u8, Vec<usize>)>;

fn shapes(acyclic: bool) -> impl Strategy<Value = Shape> {
    prop::collection::vec((0u8..5, prop::collection::vec(0usize..9, 0..4)), 1..9).prop_map(
        move |mut shape| {
            let count = shape.len();
            for (i, (_, refs)) in shape.iter_mut().enumerate() {
                refs.retain(|to| *to < count && (!acyclic || *to > i));
                refs.sort_unstable();
                refs.dedup();
            }
            shape[0].0 = 1;
            shape
        },
    )
}

fn build(shape: &Shape) -> World {
    let mut world = World::new();
    for (i, (state, refs)) in shape.iter().enumerate() {
        let names: Vec<_> = refs.iter().map(|to| format!("n{to}")).collect();
        let refs: Vec<_> = names.iter().map(String::as_str).collect();
        let ready = ["True", "False", "Stalled", "", "True"][usize::from(*state)];
        world.put(&format!("n{i}"), &put(ready, &[], &refs));
    }
    world
}

/// Every simple way down from `at` through what is not ready.
fn ways(shape: &Shape, way: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    all.push(way.clone());
    let at = way[way.len() - 1];
    for to in &shape[at].1 {
        if !way.contains(to) && !matches!(shape[*to].0, 0 | 4) {
            way.push(*to);
            ways(shape, way, all);
            way.pop();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_root_cause_is_as_deep_as_the_longest_way_to_anything_unready(shape in shapes(true)) {
        let world = build(&shape);
        let timeline = world.timeline.read();
        let now = Relations::now(&timeline);
        let mut all = Vec::new();
        ways(&shape, &mut vec![0], &mut all);
        let unready = |way: &&Vec<usize>| matches!(shape[way[way.len() - 1]].0, 1 | 2);
        let longest = all.iter().filter(unready).map(Vec::len).max().unwrap();
        let cause = root_cause(&now, world.id("n0")).unwrap();
        prop_assert_eq!(cause.path.len(), longest);
        let Cause::Object(end) = cause.cause else {
            return Err(TestCaseError::fail("nothing is missing"));
        };
        let failed = all
            .iter()
            .filter(unready)
            .any(|way| way.len() == longest && shape[way[way.len() - 1]].0 == 2);
        let end: usize = name_of(&now, end)[1..].parse().unwrap();
        prop_assert_eq!(shape[end].0 == 2, failed);
    }

    #[test]
    fn a_way_to_the_root_cause_is_a_way(shape in shapes(false)) {
        let world = build(&shape);
        let timeline = world.timeline.read();
        let now = Relations::now(&timeline);
        let cause = root_cause(&now, world.id("n0")).unwrap();
        let names: Vec<usize> = path_of(&now, &cause)
            .iter()
            .map(|name| name[1..].parse().unwrap())
            .collect();
        let mut all = Vec::new();
        ways(&shape, &mut vec![0], &mut all);
        prop_assert!(all.contains(&names), "{names:?}");
        prop_assert!(matches!(shape[names[names.len() - 1]].0, 1 | 2));
    }

    #[test]
    fn a_graph_without_limits_is_all_that_can_be_reached(shape in shapes(false)) {
        let world = build(&shape);
        let timeline = world.timeline.read();
        let now = Relations::now(&timeline);
        let limits = GraphLimits { above: 20, below: 20, per_node: 100, nodes: 1000, ..GraphLimits::default() };
        let graph = graph_around(&now, world.id("n0"), limits);
        // Naively, by the distance from n0 along and against the references.
        let mut distances: HashMap<usize, i32> = HashMap::from([(0, 0)]);
        for step in [-1, 1] {
            let mut edge: Vec<usize> = vec![0];
            let mut distance = 0;
            while !edge.is_empty() {
                distance += step;
                let next: BTreeSet<usize> = (0..shape.len())
                    .filter(|to| !distances.contains_key(to))
                    .filter(|to| edge.iter().any(|from| match step {
                        1 => shape[*from].1.contains(to),
                        _ => shape[*to].1.contains(from),
                    }))
                    .collect();
                distances.extend(next.iter().map(|to| (*to, distance)));
                edge = next.into_iter().collect();
            }
        }
        let layers: HashMap<usize, i32> = graph
            .nodes
            .iter()
            .filter_map(|node| match node.what {
                What::Object(object) => {
                    Some((name_of(&now, object)[1..].parse().unwrap(), node.layer))
                }
                _ => None,
            })
            .collect();
        prop_assert_eq!(&layers, &distances);
        let edges: HashSet<(usize, usize)> = graph.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let expected = layers.keys().map(|from| shape[*from].1.iter().filter(|to| layers.contains_key(to)).count()).sum::<usize>();
        prop_assert_eq!(edges.len(), expected);
    }
}
