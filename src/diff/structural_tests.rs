use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::model::Number;

fn parse(text: &str) -> Json<'_> {
    Json::parse(text.as_bytes()).unwrap()
}

/// Changes as `+path`, `-path` and `~path`.
fn diff(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (parse(old), parse(new));
    shown(&compare(&old, &new))
}

fn shown(changes: &[FieldChange<'_>]) -> Vec<String> {
    let sign = |change: &FieldChange<'_>| match (change.old, change.new) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    changes
        .iter()
        .map(|change| format!("{}{}", sign(change), change.path))
        .collect()
}

#[test]
fn names_leaves_subtree_roots_and_changed_types() {
    assert_eq!(
        diff(
            r#"{"spec":{"replicas":1,"gone":{"a":1},"type":{"x":1}}}"#,
            r#"{"spec":{"replicas":2,"type":[]},"status":{"ready":true}}"#
        ),
        ["~/spec/replicas", "~/spec/type", "-/spec/gone", "+/status"]
    );
}

#[test]
fn null_is_a_value_and_not_absence() {
    assert_eq!(diff(r#"{"a":null}"#, "{}"), ["-/a"]);
    assert_eq!(diff(r#"{"a":null}"#, r#"{"a":1}"#), ["~/a"]);
}

#[test]
fn key_order_never_matters() {
    assert!(
        diff(
            r#"{"a":1,"b":[{"x":1,"y":2}]}"#,
            r#"{"b":[{"y":2,"x":1}],"a":1}"#
        )
        .is_empty()
    );
}

#[test]
fn large_objects_whose_keys_run_out_of_step() {
    let object = |skip: usize| {
        let members: Vec<_> = (0..100)
            .filter(|i| *i != skip)
            .map(|i| format!(r#""k{i:03}":{i}"#))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(diff(&object(0), &object(99)), ["+/k000", "-/k099"]);
}

#[test]
fn bookkeeping_is_left_out_only_where_it_is_bookkeeping() {
    let old = r#"{"metadata":{"generation":1,"managedFields":[],"resourceVersion":"1"},"spec":{"generation":1}}"#;
    let new = r#"{"metadata":{"generation":2,"managedFields":[{}],"resourceVersion":"2"},"spec":{"generation":2}}"#;
    assert_eq!(diff(old, new), ["~/spec/generation"]);
    let (old, new) = (parse(old), parse(new));
    assert_eq!(
        shown(&compare_all(&old, &new, Topology::unknown())),
        [
            "~/metadata/generation",
            "+/metadata/managedFields/0",
            "~/metadata/resourceVersion",
            "~/spec/generation"
        ]
    );
}

#[test]
fn bookkeeping_is_left_out_where_keys_run_out_of_step() {
    assert_eq!(
        diff(
            r#"{"metadata":{"generation":1,"name":"a"}}"#,
            r#"{"metadata":{"labels":{},"name":"a","resourceVersion":"1"}}"#
        ),
        ["+/metadata/labels"]
    );
}

#[test]
fn conditions_are_matched_by_type() {
    assert_eq!(
        diff(
            r#"[{"type":"A","status":"True"},{"type":"B","status":"True"},{"type":"C","status":"True"}]"#,
            r#"[{"type":"New","status":"True"},{"type":"B","status":"False"},{"type":"C","status":"True"}]"#
        ),
        ["+/0", "~/1/status", "-/0"]
    );
}

#[test]
fn items_are_matched_by_the_first_key_that_is_unique() {
    assert_eq!(
        diff(
            r#"[{"name":"x","uid":"1","ready":1},{"name":"x","uid":"2","ready":1}]"#,
            r#"[{"name":"x","uid":"2","ready":2}]"#
        ),
        ["~/0/ready", "-/0"]
    );
}

#[test]
fn many_keyed_items_are_matched_too() {
    let list = |from: usize| {
        let items: Vec<_> = (from..from + 100)
            .map(|i| format!(r#"{{"id":{i}}}"#))
            .collect();
        format!("[{}]", items.join(","))
    };
    assert_eq!(diff(&list(0), &list(1)), ["+/99", "-/0"]);
}

#[test]
fn a_reorder_is_one_change_of_the_array() {
    assert_eq!(
        diff(
            r#"{"c":[{"type":"A"},{"type":"B"}]}"#,
            r#"{"c":[{"type":"B"},{"type":"A"}]}"#
        ),
        ["~/c"]
    );
}

#[test]
fn other_arrays_are_compared_between_their_common_ends() {
    assert_eq!(diff("[1,2,3,4]", "[1,9,3,4]"), ["~/1"]);
    assert_eq!(diff("[1,2,3,4]", "[1,2,0,3,4]"), ["+/2"]);
    assert_eq!(diff("[1,2,3,4]", "[1,4]"), ["-/1", "-/2"]);
    assert_eq!(diff("[[1],[2]]", "[[1],[3]]"), ["~/1/0"]);
}

#[test]
fn names_with_slashes_and_tildes_are_escaped() {
    assert_eq!(diff("{}", r#"{"a/b~c":1}"#), ["+/a~1b~0c"]);
}

fn touches(old: &str, new: &str) -> Touched {
    let (old, new) = (parse(old), parse(new));
    touched(&compare_all(&old, &new, Topology::unknown()))
}

#[test]
fn tells_the_parts_that_changed() {
    let parts = |old, new| touches(old, new).names().collect::<Vec<_>>();
    assert_eq!(parts(r#"{"spec":1}"#, r#"{"spec":2}"#), ["spec"]);
    assert_eq!(parts(r#"{"data":1}"#, r#"{"data":2}"#), ["spec"]);
    assert_eq!(
        parts("{}", r#"{"metadata":{"labels":{}},"status":{}}"#),
        ["status", "metadata"]
    );
    assert_eq!(
        parts(
            r#"{"metadata":{"generation":1}}"#,
            r#"{"metadata":{"generation":2}}"#
        ),
        [""; 0]
    );
}

#[test]
fn a_heartbeat_replaces_timestamps_and_nothing_else() {
    let lease = |time: &str| format!(r#"{{"spec":{{"renewTime":"{time}"}}}}"#);
    let beat = |old: &str, new: &str| touches(old, new).heartbeat;
    assert!(beat(
        &lease("2026-01-01T00:00:00Z"),
        &lease("2026-01-01T00:00:10.000001Z")
    ));
    assert!(!beat(
        &lease("2026-01-01T00:00:00Z"),
        &lease("2026-01-01T00:00:00Z")
    ));
    assert!(!beat(&lease("2026-01-01T00:00:00Z"), &lease("later")));
    assert!(!beat("{}", &lease("2026-01-01T00:00:00Z")));
    assert!(!beat(
        r#"{"status":{"at":"2026-01-01T00:00:00Z","n":1}}"#,
        r#"{"status":{"at":"2026-01-01T00:00:01Z","n":2}}"#
    ));
}

fn tree() -> impl Strategy<Value = Json<'static>> {
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (0..3_i64).prop_map(|n| Json::Number(Number::Integer(n))),
        "[ab]".prop_map(|text| Json::String(Cow::Owned(text))),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        let keyed = prop::collection::btree_map("[a-d]", inner.clone(), 0..4).prop_shuffle_keyed();
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            keyed,
            prop::collection::btree_map("[a-c/~]", inner, 0..4).prop_map(object),
        ]
    })
}

fn object(members: std::collections::BTreeMap<String, Json<'static>>) -> Json<'static> {
    Json::Object(
        members
            .into_iter()
            .map(|(name, value)| (Cow::Owned(name), value))
            .collect(),
    )
}

/// Lists of objects with a `name`, in any order.
trait ShuffleKeyed {
    fn prop_shuffle_keyed(self) -> BoxedStrategy<Json<'static>>;
}

impl<S> ShuffleKeyed for S
where
    S: Strategy<Value = std::collections::BTreeMap<String, Json<'static>>> + 'static,
{
    fn prop_shuffle_keyed(self) -> BoxedStrategy<Json<'static>> {
        self.prop_flat_map(|items| {
            let items: Vec<_> = items
                .into_iter()
                .map(|(name, value)| {
                    Json::Object(vec![
                        (Cow::Borrowed("name"), Json::String(Cow::Owned(name))),
                        (Cow::Borrowed("value"), value),
                    ])
                })
                .collect();
            Just(items).prop_shuffle().prop_map(Json::Array)
        })
        .boxed()
    }
}

/// Applies changes to `old`: the shallow ones first, because deeper paths count items in the new
/// revision; at each depth removals from the end, then additions from the beginning.
fn apply(old: &Json<'static>, changes: &[FieldChange<'_>]) -> Json<'static> {
    let mut patched = old.clone();
    let mut changes: Vec<_> = changes
        .iter()
        .map(|c| (c.path.tokens().collect::<Vec<_>>(), c))
        .collect();
    let index = |tokens: &[String]| {
        tokens
            .last()
            .and_then(|t| t.parse::<i64>().ok())
            .unwrap_or(0)
    };
    changes.sort_by_key(|(tokens, change)| match (change.old, change.new) {
        (_, None) => (tokens.len(), 0, -index(tokens)),
        (None, _) => (tokens.len(), 1, index(tokens)),
        _ => (tokens.len(), 2, 0),
    });
    for (tokens, change) in changes {
        patch(&mut patched, &tokens, change);
    }
    patched
}

fn patch(target: &mut Json<'static>, tokens: &[String], change: &FieldChange<'_>) {
    let owned = |value: &Json<'_>| {
        let text: &'static str = Box::leak(value.to_compact().into_boxed_str());
        parse(text)
    };
    let Some((token, rest)) = tokens.split_first() else {
        *target = owned(change.new.unwrap());
        return;
    };
    let is_last = rest.is_empty();
    match (target, change.old, change.new) {
        (Json::Array(items), _, None) if is_last => drop(items.remove(token.parse().unwrap())),
        (Json::Array(items), None, Some(new)) if is_last => {
            items.insert(token.parse().unwrap(), owned(new));
        }
        (Json::Array(items), ..) => {
            patch(&mut items[token.parse::<usize>().unwrap()], rest, change);
        }
        (Json::Object(members), _, None) if is_last => members.retain(|(name, _)| name != token),
        (Json::Object(members), None, Some(new)) if is_last => {
            members.push((Cow::Owned(token.clone()), owned(new)));
        }
        (Json::Object(members), ..) => {
            let member = members.iter_mut().find(|(name, _)| name == token).unwrap();
            patch(&mut member.1, rest, change);
        }
        _ => panic!("nothing at {token}"),
    }
}

proptest! {
    #[test]
    fn applying_the_changes_gives_the_new_revision(old in tree(), new in tree()) {
        let changes = compare_all(&old, &new, Topology::unknown());
        let patched = apply(&old, &changes);
        prop_assert!(same(&patched, &new), "{:?} gave {}", shown(&changes), patched.to_compact());
        prop_assert_eq!(changes.is_empty(), same(&old, &new));
    }

    #[test]
    fn nothing_differs_from_itself(tree in tree()) {
        prop_assert!(compare_all(&tree, &tree.clone(), Topology::unknown()).is_empty());
    }

    #[test]
    fn both_directions_have_as_many_changes(old in tree(), new in tree()) {
        let count = |changes: Vec<FieldChange<'_>>| {
            let added = changes.iter().filter(|c| c.old.is_none()).count();
            let removed = changes.iter().filter(|c| c.new.is_none()).count();
            (added, removed, changes.len())
        };
        let (added, removed, all) = count(compare_all(&old, &new, Topology::unknown()));
        prop_assert_eq!((removed, added, all), count(compare_all(&new, &old, Topology::unknown())));
    }
}
