use super::*;
use crate::diff::compare;

const T1: &str = "2026-01-02T03:04:05Z";
const T2: &str = "2026-01-02T03:04:06Z";

/// One `managedFields` entry: `manager`, optionally `manager/subresource`.
fn entry(manager: &str, operation: &str, time: &str, fields: &str) -> String {
    let (name, subresource) = manager.split_once('/').unwrap_or((manager, ""));
    format!(
        r#"{{"apiVersion":"example.com/v1","fieldsType":"FieldsV1","fieldsV1":{fields},"manager":"{name}","operation":"{operation}","subresource":"{subresource}","time":"{time}"}}"#
    )
}

fn update(manager: &str, time: &str, fields: &str) -> String {
    entry(manager, "Update", time, fields)
}

fn apply(manager: &str, time: &str, fields: &str) -> String {
    entry(manager, "Apply", time, fields)
}

/// An object with these entries; `rest` are its other members.
fn object(entries: &[String], rest: &str) -> String {
    format!(
        r#"{{"apiVersion":"example.com/v1","kind":"App","metadata":{{"managedFields":[{}],"name":"a"}},{rest}}}"#,
        entries.join(",")
    )
}

fn wrote(old: Option<&str>, new: &str, single_write: bool) -> Vec<String> {
    let old = old.map(|old| Json::parse(old.as_bytes()).unwrap());
    let new = Json::parse(new.as_bytes()).unwrap();
    let changes = old
        .as_ref()
        .map(|old| compare(old, &new))
        .unwrap_or_default();
    let writers = writers(
        old.as_ref(),
        &new,
        &changes,
        single_write,
        Topology::unknown(),
    );
    writers.managers.into_iter().map(Cow::into_owned).collect()
}

fn watched(old: &str, new: &str) -> Vec<String> {
    wrote(Some(old), new, true)
}

const SPEC: &str = r#"{"f:spec":{".":{},"f:replicas":{},"f:image":{}}}"#;
const REPLICAS: &str = r#"{"f:spec":{"f:replicas":{}}}"#;
const IMAGE: &str = r#"{"f:spec":{".":{},"f:image":{}}}"#;
const STATUS: &str = r#"{"f:status":{".":{},"f:ready":{}}}"#;

#[test]
fn a_creation_is_by_its_only_entry() {
    let new = object(
        &[update("kubectl-create", T1, SPEC)],
        r#""spec":{"image":"a","replicas":1}"#,
    );
    assert_eq!(wrote(None, &new, true), ["kubectl-create"]);
}

#[test]
fn an_object_from_before_is_by_the_newest_entry() {
    let new = object(
        &[
            update("kubectl-create", T1, IMAGE),
            update("scaler", T2, REPLICAS),
        ],
        r#""spec":{"image":"a","replicas":1}"#,
    );
    assert_eq!(wrote(None, &new, true), ["scaler"]);
}

#[test]
fn the_entry_whose_time_advanced_wrote() {
    let old = object(
        &[
            update("kubectl-create", T1, SPEC),
            update("controller/status", T1, STATUS),
        ],
        r#""spec":{"image":"a","replicas":1},"status":{"ready":0}"#,
    );
    let new = object(
        &[
            update("kubectl-create", T1, SPEC),
            update("controller/status", T2, STATUS),
        ],
        r#""spec":{"image":"a","replicas":1},"status":{"ready":1}"#,
    );
    assert_eq!(watched(&old, &new), ["controller"]);
}

#[test]
fn a_clock_that_runs_back_is_a_write_too() {
    let at = |time, ready| {
        object(
            &[
                update("b/status", T1, SPEC),
                update("c/status", time, STATUS),
            ],
            &format!(r#""status":{{"ready":{ready}}}"#),
        )
    };
    assert_eq!(watched(&at(T2, 0), &at(T1, 1)), ["c"]);
}

#[test]
fn a_new_entry_wrote_and_not_the_one_that_it_took_fields_from() {
    let old = object(
        &[update("kubectl-create", T1, SPEC)],
        r#""spec":{"image":"a","replicas":1}"#,
    );
    let new = object(
        &[
            update("kubectl-create", T1, IMAGE),
            update("scaler", T1, REPLICAS),
        ],
        r#""spec":{"image":"a","replicas":2}"#,
    );
    assert_eq!(watched(&old, &new), ["scaler"]);
}

#[test]
fn the_same_manager_through_another_operation_is_another_entry() {
    let old = object(
        &[update("m", T1, SPEC), apply("n", T1, STATUS)],
        r#""spec":{"image":"a","replicas":1}"#,
    );
    let new = object(
        &[
            update("m", T1, IMAGE),
            apply("n", T1, STATUS),
            apply("m", T1, REPLICAS),
        ],
        r#""spec":{"image":"a","replicas":2}"#,
    );
    assert_eq!(watched(&old, &new), ["m"]);
}

#[test]
fn an_applier_keeps_its_entry_across_api_versions() {
    let old = object(
        &[apply("argocd", T1, SPEC), update("x", T1, STATUS)],
        r#""spec":{"image":"a"},"status":{"ready":0}"#,
    );
    let new = object(
        &[
            apply("argocd", T1, SPEC).replace("example.com/v1", "example.com/v2"),
            update("x", T1, STATUS),
        ],
        r#""spec":{"image":"a"},"status":{"ready":1}"#,
    );
    assert_eq!(watched(&old, &new), ["x"]);
}

#[test]
fn within_one_second_the_owner_of_the_changed_fields_wrote() {
    let at = |ready| {
        object(
            &[
                update("kubectl-edit", T1, SPEC),
                update("controller/status", T1, STATUS),
            ],
            &format!(r#""spec":{{"image":"a","replicas":1}},"status":{{"ready":{ready}}}"#),
        )
    };
    assert_eq!(watched(&at(0), &at(1)), ["controller"]);
}

#[test]
fn within_one_second_the_writer_owns_every_changed_field() {
    let entries = [
        update("one", T1, r#"{"f:spec":{"f:a":{}}}"#),
        update("both", T1, r#"{"f:spec":{"f:a":{},"f:b":{}}}"#),
    ];
    let old = object(&entries, r#""spec":{"a":1,"b":1}"#);
    let new = object(&entries, r#""spec":{"a":2,"b":2}"#);
    assert_eq!(watched(&old, &new), ["both"]);
}

#[test]
fn the_deepest_owning_path_decides() {
    let entries = [
        update("coarse", T1, r#"{"f:spec":{}}"#),
        update("exact", T1, r#"{"f:spec":{"f:image":{}}}"#),
    ];
    let old = object(&entries, r#""spec":{"image":"a"}"#);
    let new = object(&entries, r#""spec":{"image":"b"}"#);
    assert_eq!(watched(&old, &new), ["exact"]);
}

#[test]
fn among_co_owners_the_one_whose_fields_changed_wrote() {
    let shared = r#"{"f:spec":{"f:image":{}}}"#;
    let old = object(
        &[
            apply("a", T1, shared),
            apply("b", T1, r#"{"f:spec":{"f:image":{},"f:gone":{}}}"#),
        ],
        r#""spec":{"gone":1,"image":"x"}"#,
    );
    let new = object(
        &[apply("a", T1, shared), apply("b", T1, shared)],
        r#""spec":{"image":"y"}"#,
    );
    assert_eq!(watched(&old, &new), ["b"]);
}

#[test]
fn co_owners_that_nothing_tells_apart_are_all_named() {
    let entries = [apply("a", T1, IMAGE), apply("b", T1, IMAGE)];
    let old = object(&entries, r#""spec":{"image":"x"}"#);
    let new = object(&entries, r#""spec":{"image":"y"}"#);
    assert_eq!(watched(&old, &new), ["a", "b"]);
}

#[test]
fn among_co_owners_the_newest_second_decides() {
    let entries = [apply("a", T1, IMAGE), apply("b", T2, IMAGE)];
    let old = object(&entries, r#""spec":{"image":"x"}"#);
    let new = object(&entries, r#""spec":{"image":"y"}"#);
    assert_eq!(watched(&old, &new), ["b"]);
}

#[test]
fn a_status_change_prefers_the_status_subresource() {
    let entries = [apply("a", T1, STATUS), apply("b/status", T1, STATUS)];
    let old = object(&entries, r#""status":{"ready":0}"#);
    let new = object(&entries, r#""status":{"ready":1}"#);
    assert_eq!(watched(&old, &new), ["b"]);
}

#[test]
fn what_an_update_removed_is_by_nobody_known() {
    // Anyone may have removed it: an Update that only removes leaves no trace of itself.
    let finalizers = r#"{"f:metadata":{"f:finalizers":{".":{},"v:\"x.io/a\"":{}}}}"#;
    let old = object(
        &[update("a", T1, finalizers), update("b", T1, SPEC)],
        r#""spec":{"image":"a"}"#,
    )
    .replace(r#""name":"a""#, r#""finalizers":["x.io/a"],"name":"a""#);
    let new = object(&[update("b", T1, SPEC)], r#""spec":{"image":"a"}"#);
    assert_eq!(watched(&old, &new), [""; 0]);
    assert_eq!(wrote(Some(&old), &new, false), [""; 0]);
}

#[test]
fn after_a_gap_who_lost_an_item_of_a_set_is_one_of_those_who_may_have_written() {
    let one =
        |name: &str| format!(r#"{{"f:metadata":{{"f:finalizers":{{"v:\"{name}\"":{{}}}}}}}}"#);
    let with = |entries: &[String], finalizers: &str| {
        object(entries, r#""spec":{}"#).replace(
            r#""name":"a""#,
            &format!(r#""finalizers":[{finalizers}],"name":"a""#),
        )
    };
    let old = with(
        &[update("a", T1, &one("x/a")), update("b", T1, &one("x/b"))],
        r#""x/a","x/b""#,
    );
    let entries = [update("b", T1, &one("x/b")), update("c", T2, REPLICAS)];
    let new = with(&entries, r#""x/b""#);
    assert_eq!(wrote(Some(&old), &new, false), ["c", "a"]);
}

#[test]
fn a_field_removed_from_an_item_that_moved_up_is_found_by_its_key() {
    let fields = |key: &str, manager| {
        update(
            manager,
            T1,
            &format!(
                r#"{{"f:spec":{{"f:ports":{{"k:{{\"name\":\"{key}\"}}":{{".":{{}},"f:name":{{}},"f:port":{{}}}}}}}}}}"#
            ),
        )
    };
    let old = object(
        &[fields("http", "x"), fields("web", "y")],
        r#""spec":{"ports":[{"name":"http","port":1},{"name":"web","port":2}]}"#,
    );
    let new = object(
        &[update("z", T2, STATUS)],
        r#""spec":{"ports":[{"name":"web"}]},"status":{"ready":1}"#,
    );
    assert_eq!(wrote(Some(&old), &new, false), ["z", "y", "x"]);
}

#[test]
fn a_removal_that_an_older_apply_cannot_have_made_is_by_nobody_known() {
    let old = object(
        &[apply("a", T1, IMAGE), update("b", T2, REPLICAS)],
        r#""spec":{"image":"x","replicas":1}"#,
    );
    let new = object(&[update("b", T2, REPLICAS)], r#""spec":{"replicas":1}"#);
    assert_eq!(watched(&old, &new), [""; 0]);
}

#[test]
fn an_item_removed_from_an_atomic_list_is_by_the_owner_of_the_list() {
    let conditions = r#"{"f:status":{"f:conditions":{}}}"#;
    let old = object(
        &[update("a/status", T1, conditions)],
        r#""status":{"conditions":[{"type":"A"},{"type":"B"}]}"#,
    );
    let new = object(
        &[update("b/status", T1, conditions)],
        r#""status":{"conditions":[{"type":"A"}]}"#,
    );
    assert_eq!(watched(&old, &new), ["b"]);
}

#[test]
fn keyed_items_are_owned_by_their_key() {
    let condition = |name: &str| {
        format!(
            r#"{{"f:status":{{"f:conditions":{{"k:{{\"type\":\"{name}\"}}":{{".":{{}},"f:status":{{}},"f:type":{{}}}}}}}}}}"#
        )
    };
    let entries = [
        update("a/status", T1, &condition("A")),
        update("b/status", T1, &condition("B")),
    ];
    let with = |b: &str| {
        object(
            &entries,
            &format!(
                r#""status":{{"conditions":[{{"status":"True","type":"A"}},{{"status":"{b}","type":"B"}}]}}"#
            ),
        )
    };
    assert_eq!(watched(&with("True"), &with("False")), ["b"]);
}

#[test]
fn a_deletion_request_leaves_no_manager() {
    let old = object(&[update("a", T1, SPEC)], r#""spec":{"image":"a"}"#);
    let new = old.replace(
        r#""name":"a""#,
        r#""deletionGracePeriodSeconds":0,"deletionTimestamp":"2026-01-02T03:04:07Z","name":"a""#,
    );
    assert_eq!(watched(&old, &new), [""; 0]);
}

#[test]
fn stripped_managed_fields_tell_nothing() {
    assert_eq!(
        watched(&object(&[], r#""spec":1"#), &object(&[], r#""spec":2"#)),
        [""; 0]
    );
    assert_eq!(wrote(None, &object(&[], r#""spec":1"#), true), [""; 0]);
}

#[test]
fn what_the_server_files_away_is_no_writer() {
    let old = object(
        &[update("old", T1, IMAGE), update("c/status", T2, STATUS)],
        r#""spec":{"image":"a"},"status":{"ready":0}"#,
    );
    let new = object(
        &[
            update("ancient-changes", T1, IMAGE),
            update("before-first-apply", T2, IMAGE),
            update("new", T2, r#"{"f:status":{"f:ready":{}}}"#),
        ],
        r#""spec":{"image":"a"},"status":{"ready":1}"#,
    );
    assert_eq!(watched(&old, &new), ["new"]);
    assert_eq!(wrote(Some(&old), &new, false), ["new"]);
}

#[test]
fn an_apply_that_only_gives_up_a_shared_value_is_by_its_entry() {
    let rest = r#""spec":{"image":"a","replicas":1}"#;
    let old = object(&[apply("a", T1, SPEC), apply("b", T1, SPEC)], rest);
    let new = object(&[apply("a", T1, SPEC), apply("b", T1, IMAGE)], rest);
    assert_eq!(watched(&old, &new), ["b"]);
}

#[test]
fn a_relist_names_everyone_who_wrote_in_between() {
    let old = object(
        &[
            update("a", T1, IMAGE),
            update("b", T1, REPLICAS),
            update("idle", T1, STATUS),
        ],
        r#""spec":{"image":"a","replicas":1},"status":{"ready":1}"#,
    );
    let new = object(
        &[
            update("a", T2, IMAGE),
            update("b", T1, REPLICAS),
            update("idle", T1, STATUS),
        ],
        r#""spec":{"image":"b","replicas":2},"status":{"ready":1}"#,
    );
    assert_eq!(wrote(Some(&old), &new, false), ["a", "b"]);
}

#[test]
fn a_manager_that_only_keeps_the_object_itself_lost_nothing_in_it() {
    // Its `.` alone is written as an empty set, as if it owned everything below.
    let kept = update("creator", T1, r#"{"f:spec":{}}"#);
    let both = update("editor", T1, r#"{"f:spec":{"f:image":{},"f:replicas":{}}}"#);
    let old = object(
        &[kept.clone(), both],
        r#""spec":{"image":"a","replicas":1}"#,
    );
    let new = object(
        &[kept, update("editor", T1, REPLICAS)],
        r#""spec":{"replicas":1}"#,
    );
    assert_eq!(watched(&old, &new), [""; 0]);
    assert_eq!(owned_by(&new, "/spec/image"), [""; 0]);
    assert_eq!(owned_by(&new, "/spec/replicas"), ["editor"]);
}

#[test]
fn an_apply_that_changed_nothing_is_by_its_new_entry_without_a_time() {
    let rest = r#""spec":{"image":"a"}"#;
    let timeless = apply("b", "", IMAGE).replace(r#","time":"""#, "");
    let old = object(&[apply("a", T1, IMAGE)], rest);
    let new = object(&[apply("a", T1, IMAGE), timeless], rest);
    assert_eq!(watched(&old, &new), ["b"]);
}

fn owned_by(object: &str, path: &str) -> Vec<String> {
    let object = Json::parse(object.as_bytes()).unwrap();
    let owners = owners(&object, &FieldPath::from_pointer(path), Topology::unknown());
    owners
        .into_iter()
        .map(|owner| owner.manager.into_owned())
        .collect()
}

#[test]
fn owners_follow_fields_items_and_atomic_values() {
    let object = object(
        &[
            update(
                "labels",
                T1,
                r#"{"f:metadata":{"f:labels":{".":{},"f:a/b":{}}}}"#,
            ),
            update(
                "list",
                T1,
                r#"{"f:spec":{"f:atomic":{},"f:by-index":{"i:1":{}},"f:set":{"v:\"x\"":{},"v:2":{}}}}"#,
            ),
            update(
                "port",
                T1,
                r#"{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}"#,
            ),
        ],
        r#""spec":{"atomic":[{"x":1}],"by-index":[1,2],"ports":[{"port":80,"protocol":"UDP"},{"port":80,"protocol":"TCP"}],"set":["x",2,3]}"#,
    );
    assert_eq!(owned_by(&object, "/metadata/labels/a~1b"), ["labels"]);
    assert_eq!(owned_by(&object, "/metadata/labels"), ["labels"]);
    assert_eq!(owned_by(&object, "/metadata/labels/other"), [""; 0]);
    assert_eq!(owned_by(&object, "/spec/atomic/0/x"), ["list"]);
    assert_eq!(owned_by(&object, "/spec/by-index/1"), ["list"]);
    assert_eq!(owned_by(&object, "/spec/by-index/0"), [""; 0]);
    assert_eq!(owned_by(&object, "/spec/set/0"), ["list"]);
    assert_eq!(owned_by(&object, "/spec/set/1"), ["list"]);
    assert_eq!(owned_by(&object, "/spec/set/2"), [""; 0]);
    assert_eq!(owned_by(&object, "/spec/ports/1/port"), ["port"]);
    assert_eq!(owned_by(&object, "/spec/ports/0/port"), [""; 0]);
    assert_eq!(owned_by(&object, "/spec"), ["list", "port"]);
}

#[test]
fn an_entry_restored_from_an_old_copy_of_the_object_did_not_write() {
    // Someone sent back managedFields that were read before `b` wrote.
    let old = object(
        &[update("a", T2, IMAGE), update("b", T2, REPLICAS)],
        r#""spec":{"image":"x","replicas":1}"#,
    );
    let new = object(
        &[update("a", T2, IMAGE), update("b", T1, REPLICAS)],
        r#""spec":{"image":"y","replicas":1}"#,
    );
    assert_eq!(watched(&old, &new), ["a"]);
}

#[test]
fn a_default_that_nobody_owns_tells_nothing() {
    let entries = [update("a", T1, IMAGE), update("b", T1, STATUS)];
    let old = object(&entries, r#""spec":{"image":"x"}"#);
    let new = object(&entries, r#""spec":{"filled":true,"image":"x"}"#);
    assert_eq!(watched(&old, &new), [""; 0]);
}

#[test]
fn the_writer_of_an_added_object_owns_its_fields() {
    let kept = update("creator", T1, IMAGE);
    let old = object(
        &[kept.clone(), update("c", T1, REPLICAS)],
        r#""spec":{"image":"a"}"#,
    );
    let more = r#"{"f:spec":{"f:replicas":{}},"f:status":{"f:deep":{"f:ready":{}}}}"#;
    let new = object(
        &[kept, update("c", T1, more)],
        r#""spec":{"image":"a"},"status":{"deep":{"ready":1}}"#,
    );
    assert_eq!(watched(&old, &new), ["c"]);
}

#[test]
fn with_a_schema_an_empty_set_of_a_granular_object_owns_nothing_in_it() {
    let text = object(
        &[update("a", T1, r#"{"f:spec":{}}"#)],
        r#""spec":{"x":1,"list":[1]}"#,
    );
    assert_eq!(owned_by(&text, "/spec/x"), ["a"]);
    let known = Topology::new(crate::model::TopologyNode::default());
    let object = Json::parse(text.as_bytes()).unwrap();
    let owned = |path| owners(&object, &FieldPath::from_pointer(path), &known).len();
    assert_eq!(
        (owned("/spec"), owned("/spec/x"), owned("/spec/list/0")),
        (1, 0, 0)
    );
}

#[test]
fn an_item_without_a_defaulted_key_is_found_unless_another_has_it() {
    let fields =
        r#"{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}"#;
    let owned = |ports: &str, path: &str| {
        let rest = format!(r#""spec":{{"ports":[{ports}]}}"#);
        owned_by(&object(&[update("a", T1, fields)], &rest), path)
    };
    assert_eq!(owned(r#"{"port":80}"#, "/spec/ports/0/port"), ["a"]);
    let both = r#"{"port":80},{"port":80,"protocol":"TCP"}"#;
    assert_eq!(owned(both, "/spec/ports/0/port"), [""; 0]);
    assert_eq!(owned(both, "/spec/ports/1/port"), ["a"]);
}

#[test]
fn an_entry_of_scale_that_only_took_another_version_did_not_write() {
    let scale = |version: &str| {
        update("scaler/scale", "", REPLICAS)
            .replace(r#","time":"""#, "")
            .replace("example.com/v1", version)
    };
    let with = |version, replicas, rest: &[String]| {
        let spec = format!(r#""spec":{{"image":"a","replicas":{replicas}}}"#);
        object(&[&[scale(version)], rest].concat(), &spec)
    };
    let other = [update("a", T2, IMAGE)];
    let old = with("example.com/v1", 1, &other);
    assert_eq!(watched(&old, &with("example.com/v2", 1, &other)), [""; 0]);
    // It has no time, and so tells by what it owns.
    assert_eq!(
        watched(&old, &with("example.com/v1", 2, &other)),
        ["scaler"]
    );
}
