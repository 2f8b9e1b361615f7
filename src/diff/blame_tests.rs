use super::*;

fn blamed(bodies: &[&'static str]) -> HashMap<FieldPath, FieldOrigin<usize>> {
    let mut blame = Blame::default();
    for (id, body) in bodies.iter().enumerate() {
        let revision = BlameRevision {
            id,
            body: Some(body.as_bytes()),
            managers: vec![format!("m{id}").as_str().into()],
            seen: if id == 0 {
                Seen::Before
            } else {
                Seen::OneWrite
            },
        };
        blame.push(revision, Topology::unknown());
    }
    blame.fields()
}

fn origin_in(bodies: &[&'static str]) -> impl Fn(&str) -> Option<usize> {
    let fields = blamed(bodies);
    move |path| Some(fields.get(&FieldPath::from_pointer(path))?.revision)
}

#[test]
fn each_field_has_the_revision_that_changed_it_last() {
    let origin = origin_in(&[
        r#"{"spec":{"a":1,"b":1}}"#,
        r#"{"spec":{"a":1,"b":2}}"#,
        r#"{"spec":{"a":1,"b":2},"status":{"x/y":[1]}}"#,
    ]);
    assert_eq!(origin("/spec"), Some(0));
    assert_eq!(origin("/spec/a"), Some(0));
    assert_eq!(origin("/spec/b"), Some(1));
    assert_eq!(origin("/status/x~1y/0"), Some(2));
    assert_eq!(origin("/gone"), None);
}

#[test]
fn a_field_knows_the_revision_of_the_value_before() {
    let fields = blamed(&[r#"{"a":1,"b":1}"#, r#"{"a":2,"b":1}"#, r#"{"a":3,"b":1}"#]);
    let previous = |path| fields[&FieldPath::from_pointer(path)].previous;
    assert_eq!(previous("/a"), Some(1));
    assert_eq!(previous("/b"), None);
}

#[test]
fn a_field_that_went_and_came_back_is_new() {
    let origin = origin_in(&[r#"{"a":1}"#, "{}", r#"{"a":1}"#]);
    assert_eq!(origin("/a"), Some(2));
}

#[test]
fn items_are_followed_when_they_move() {
    let origin = origin_in(&[
        r#"[{"type":"A","status":"True"},{"type":"B","status":"True"}]"#,
        r#"[{"type":"B","status":"False"},{"type":"A","status":"True"},{"type":"C"}]"#,
    ]);
    assert_eq!(origin("/0/status"), Some(1));
    assert_eq!(origin("/0/type"), Some(0));
    assert_eq!(origin("/1/status"), Some(0));
    assert_eq!(origin("/2"), Some(1));
}

#[test]
fn plain_items_are_followed_between_the_common_ends() {
    let origin = origin_in(&["[1,2,3]", "[1,9,2,3]"]);
    assert_eq!(
        [origin("/0"), origin("/1"), origin("/2"), origin("/3")],
        [Some(0), Some(1), Some(0), Some(0)]
    );
}

fn owned(fields: &str, rest: &str) -> String {
    let entry = |(manager, operation, fields): (&str, &str, &str)| {
        format!(
            r#"{{"manager":"{manager}","operation":"{operation}","fieldsV1":{{"f:spec":{{{fields}}}}}}}"#
        )
    };
    let entries: Vec<_> = fields
        .split(' ')
        .map(|field| {
            let (manager, name) = field.split_once('=').unwrap();
            entry((manager, "Apply", &format!(r#""f:{name}":{{}}"#)))
        })
        .collect();
    format!(
        r#"{{"metadata":{{"managedFields":[{}]}},"spec":{rest}}}"#,
        entries.join(",")
    )
}

fn revision<'r>(
    id: u32,
    body: Option<&'r str>,
    managers: &[&str],
    seen: Seen,
) -> BlameRevision<'r, u32> {
    BlameRevision {
        id,
        body: body.map(str::as_bytes),
        managers: managers.iter().map(|name| Arc::from(*name)).collect(),
        seen,
    }
}

/// Origin, how it came about, and the writers of a field.
fn found(blame: &Blame<u32>, path: &str) -> (u32, Seen, Vec<String>) {
    let fields = blame.fields();
    let origin = &fields[&FieldPath::from_pointer(path)];
    let writers = origin
        .writers
        .iter()
        .map(|writer| writer.manager.to_string());
    (origin.revision, origin.seen, writers.collect())
}

#[test]
fn what_existed_before_is_by_its_owners_then_or_before() {
    let body = owned("x=a y=b", r#"{"a":1,"b":1}"#);
    let mut blame = Blame::default();
    blame.push(
        revision(0, Some(&body), &["y"], Seen::Before),
        Topology::unknown(),
    );
    assert_eq!(
        found(&blame, "/spec/a"),
        (0, Seen::Before, vec!["x".into()])
    );
    assert_eq!(found(&blame, "/spec"), (0, Seen::Before, vec![]));
}

#[test]
fn after_a_gap_the_owner_of_the_field_tells_which_of_several_wrote_it() {
    let old = owned("x=a y=b", r#"{"a":1,"b":1,"c":1}"#);
    let new = owned("x=a y=b", r#"{"a":2,"b":2,"c":2}"#);
    let mut blame = Blame::default();
    blame.push(
        revision(0, Some(&old), &[], Seen::Before),
        Topology::unknown(),
    );
    blame.push(
        revision(1, Some(&new), &["x", "y"], Seen::SomeWrites),
        Topology::unknown(),
    );
    assert_eq!(
        found(&blame, "/spec/a"),
        (1, Seen::SomeWrites, vec!["x".into()])
    );
    assert_eq!(
        found(&blame, "/spec/b"),
        (1, Seen::SomeWrites, vec!["y".into()])
    );
    let either = vec!["x".into(), "y".into()];
    assert_eq!(found(&blame, "/spec/c"), (1, Seen::SomeWrites, either));
}

#[test]
fn what_an_unreadable_revision_changed_counts_for_the_next_as_one_of_several() {
    for unreadable in [None, Some("oops")] {
        let mut blame = Blame::default();
        let one = Seen::OneWrite;
        blame.push(
            revision(0, Some(r#"{"a":1,"b":1}"#), &["x"], one),
            Topology::unknown(),
        );
        blame.push(revision(1, unreadable, &["y"], one), Topology::unknown());
        blame.push(
            revision(2, Some(r#"{"a":2,"b":1}"#), &["z"], one),
            Topology::unknown(),
        );
        let several = vec!["y".into(), "z".into()];
        assert_eq!(found(&blame, "/a"), (2, Seen::SomeWrites, several));
        assert_eq!(found(&blame, "/b"), (0, one, vec!["x".into()]));
    }
}

#[test]
fn a_history_whose_beginning_is_gone_tells_then_or_before() {
    let mut blame = Blame::default();
    blame.push(
        revision(0, None, &["x"], Seen::OneWrite),
        Topology::unknown(),
    );
    blame.push(
        revision(1, Some(r#"{"a":1}"#), &["y"], Seen::OneWrite),
        Topology::unknown(),
    );
    assert_eq!(found(&blame, "/a"), (1, Seen::Before, vec![]));
}

#[test]
fn a_default_that_nobody_owns_is_by_the_writer_of_its_revision() {
    let old = owned("x=a", r#"{"a":1}"#);
    let new = owned("x=a", r#"{"a":2,"filled":true}"#);
    let mut blame = Blame::default();
    blame.push(
        revision(0, Some(&old), &["x"], Seen::OneWrite),
        Topology::unknown(),
    );
    blame.push(
        revision(1, Some(&new), &["x"], Seen::OneWrite),
        Topology::unknown(),
    );
    assert_eq!(
        found(&blame, "/spec/filled"),
        (1, Seen::OneWrite, vec!["x".into()])
    );
    let fields = blame.fields();
    let writer = &fields[&FieldPath::from_pointer("/spec/filled")].writers[0];
    assert_eq!(writer.operation, Some(Operation::Apply));
}

#[test]
fn a_list_that_became_empty_changed_then() {
    let origin = origin_in(&[r#"{"a":[1],"b":[]}"#, r#"{"a":[],"b":[]}"#]);
    assert_eq!((origin("/a"), origin("/b")), (Some(1), Some(0)));
}
