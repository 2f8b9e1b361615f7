use super::*;

const OBJECT: &str = r#"{
    "metadata":{"annotations":{"a.b/c":"annotated"},"creationTimestamp":"2026-01-02T03:00:00Z","name":"x"},
    "spec":{
        "text":"größe","empty":"","lines":"one\ntwo","null":null,"yes":true,
        "count":3,"big":9007199254740993,"huge":18446744073709551615,"half":1.5,"million":1000000.5,
        "list":[1,2,3,4],"names":[{"name":"a","n":1},{"name":"b","n":2}],
        "map":{"z":1,"a":["<&>"]},"nothing":[],
        "past":"2026-01-01T03:04:05Z","future":"2026-01-02T03:05:05Z","soon":"2026-01-02T03:04:06Z","bad":"today"
    },
    "status":{"conditions":[
        {"type":"Synced","status":"False"},
        {"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T02:04:05Z"}
    ]}
}"#;

fn column(type_: &str, json_path: &str) -> PrinterColumn {
    PrinterColumn {
        name: json_path.to_owned(),
        type_: type_.to_owned(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        json_path: json_path.to_owned(),
    }
}

fn shown(type_: &str, path: &str) -> String {
    let object = Json::parse(OBJECT.as_bytes()).unwrap();
    let cells = CompiledColumns::new(&[column(type_, path)]).row(&object);
    cells[0]
        .display("2026-01-02T03:04:05Z".parse().unwrap())
        .into_owned()
}

#[test]
fn without_columns_there_is_the_age() {
    let columns = CompiledColumns::new(&[]);
    let names: Vec<_> = columns.headings().iter().map(|h| &*h.name).collect();
    assert_eq!(names, ["Age"]);
    assert_eq!(shown("date", ".metadata.creationTimestamp"), "4m5s");
    let object = Json::parse(OBJECT.as_bytes()).unwrap();
    assert_eq!(
        columns.row(&object),
        [Cell::Date("2026-01-02T03:00:00Z".parse().unwrap())]
    );
}

#[test]
fn with_columns_no_age_is_added_even_when_one_has_that_name() {
    let mut age = column("string", ".spec.text");
    age.name = "Age".to_owned();
    let mut name = column("string", ".spec.empty");
    name.name = "Name".to_owned();
    let columns = CompiledColumns::new(&[age, name]);
    let names: Vec<_> = columns.headings().iter().map(|h| &*h.name).collect();
    assert_eq!(names, ["Age", "Name"]);
}

#[test]
fn columns_with_a_priority_are_wide() {
    let wide = |priority| {
        let column = PrinterColumn {
            priority,
            ..column("string", ".a")
        };
        CompiledColumns::new(&[column]).headings()[0].is_wide()
    };
    assert!(!wide(0));
    assert!(wide(1));
    assert!(wide(-1), "kubectl shows priority 0 only");
}

#[test]
fn a_column_without_a_description_says_its_path() {
    let columns = CompiledColumns::new(&[column("string", ".spec.x")]);
    assert_eq!(
        &*columns.headings()[0].description,
        "Custom resource definition column (in JSONPath format): .spec.x"
    );
}

/// What the server does (`tableconvertor.New`): it keeps what it has when a path cannot be read.
#[test]
fn a_bad_path_drops_its_column_and_all_that_follow() {
    let columns = CompiledColumns::new(&[
        column("string", ".spec.text"),
        column("string", ".spec["),
        column("string", ".spec.empty"),
    ]);
    let object = Json::parse(OBJECT.as_bytes()).unwrap();
    assert_eq!(columns.headings().len(), 1);
    assert_eq!(columns.row(&object), [Cell::Text("größe".into())]);
    let dropped = columns.dropped().unwrap();
    assert_eq!(*dropped.names[0], *".spec[");
    assert_eq!(*dropped.names[1], *".spec.empty");
    assert!(dropped.error.contains(".spec["), "{}", dropped.error);
}

#[test]
fn string_columns_print_whatever_is_there() {
    for (path, text) in [
        (".spec.text", "größe"),
        (".spec.empty", ""),
        (".spec.lines", "one..."),
        (".spec.null", "<no value>"),
        (".spec.yes", "true"),
        (".spec.count", "3"),
        (".spec.big", "9007199254740993"),
        (".spec.huge", "1.8446744073709552e+19"),
        (".spec.half", "1.5"),
        (".spec.million", "1.0000005e+06"),
        (".spec.list", "[1,2,3,4]"),
        (".spec.nothing", "[]"),
        (".spec.map", r#"{"a":["\u003c\u0026\u003e"],"z":1}"#),
        (".spec.missing", ""),
        (".spec.text.deeper", ""),
        (".spec.null.deeper", ""),
        (".", ""),
        (r#".spec.missing "literal""#, "literal"),
        (".spec.yes 5", "5"),
        (".spec.yes 1.50", "1.5"),
        (".spec.yes true", "true"),
        // A string is a list of bytes.
        (".spec.lines.*", "111"),
        (".spec.text}{.spec.count", "größe"),
        (".spec.missing}{.spec.count", ""),
        (".spec.text}{.spec.text[0]", ""),
    ] {
        assert_eq!(shown("string", path), text, "{path}");
    }
}

#[test]
fn other_types_are_empty_for_values_of_another() {
    for (type_, path, text) in [
        ("integer", ".spec.count", "3"),
        ("integer", ".spec.big", "9007199254740993"),
        ("integer", ".spec.huge", "-9223372036854775808"),
        ("integer", ".spec.half", "1"),
        ("integer", ".spec.text", ""),
        ("integer", ".spec.null", ""),
        ("integer", ".spec.yes", ""),
        ("integer", ".spec.list", ""),
        ("number", ".spec.half", "1.5"),
        ("number", ".spec.count", "3"),
        ("number", ".spec.big", "9007199254740992"),
        ("number", ".spec.million", "1.0000005e+06"),
        ("number", ".spec.text", ""),
        ("boolean", ".spec.yes", "true"),
        ("boolean", ".spec.text", ""),
        ("boolean", ".spec.missing", ""),
        ("date", ".spec.count", ""),
        ("date", ".spec.null", ""),
        ("date", ".spec.missing", ""),
        ("integer", ".spec.yes 5", ""),
        ("integer", ".spec.yes 5.5", "5"),
        ("number", ".spec.yes 5.5", "5.5"),
        ("boolean", ".spec.yes false", "false"),
        ("date", ".spec.yes 'never'", "<invalid>"),
        ("integer", ".spec.lines.*", ""),
    ] {
        assert_eq!(shown(type_, path), text, "{type_} {path}");
    }
}

#[test]
fn dates_are_ages() {
    for (path, text) in [
        (".spec.past", "24h"),
        (".spec.soon", "0s"),
        (".spec.future", "<invalid>"),
        (".spec.bad", "<invalid>"),
        (".spec.empty", "<unknown>"),
    ] {
        assert_eq!(shown("date", path), text, "{path}");
    }
}

#[test]
fn the_first_result_is_the_cell() {
    for (path, text) in [
        (".spec.list[0]", "1"),
        (".spec.list[-1]", "4"),
        (".spec.list[-2]", "3"),
        (".spec.list[1:3]", "2"),
        (".spec.list[2:]", "3"),
        (".spec.list[:-1]", "1"),
        (".spec.list[::2]", "1"),
        (".spec.list[*]", "1"),
        (".spec.list[9]", ""),
        (".spec.list[-9]", ""),
        (".spec.list[2:2]", ""),
        (".spec.list[3:1]", ""),
        (".spec.list[0:9]", ""),
        (".spec.nothing[0]", ""),
        (".spec.nothing[*]", ""),
        (".spec.map[0]", ""),
        (".spec.null[0]", ""),
        (".spec.names[*].name", "a"),
        (".spec.names[1].name", "b"),
        (".spec['text','count']", "größe"),
        (".spec.list[1,2]", "2"),
        (".spec.map.*", "1"),
        ("..lastTransitionTime", "2026-01-02T02:04:05Z"),
        (".spec.text..", "größe"),
        (r".metadata.annotations.a\.b/c", "annotated"),
        (r".metadata.annotations['a\.b/c']", "annotated"),
        (".metadata.annotations['a.b/c']", ""),
    ] {
        assert_eq!(shown("string", path), text, "{path}");
    }
}

#[test]
fn filters_compare_values_of_one_kind() {
    for (path, text) in [
        (r#".status.conditions[?(@.type=="Ready")].status"#, "True"),
        (r#".status.conditions[?(@.type == 'Ready')].status"#, "True"),
        (r#".status.conditions[?(@.type!="Ready")].status"#, "False"),
        (r#".status.conditions[?(@.type=="Missing")].status"#, ""),
        (r#".status.conditions[?(@.missing=="x")].status"#, ""),
        (".status.conditions[?(@.lastTransitionTime)].type", "Ready"),
        (".spec.names[?(@.n>1)].name", "b"),
        (".spec.names[?(@.n>=1)].name", "a"),
        (".spec.names[?(@.n<2)].name", "a"),
        (".spec.names[?(@.n<=0)].name", ""),
        (".spec.names[?(@.n==1.0)].name", ""),
        (".spec.names[?(@.n==\"1\")].name", ""),
        (".spec.names[?(@.name==b)].name", ""),
        // Without a right side the left is not looked at, whatever it is.
        (".spec.names[?(@==@.missing)].name", ""),
        (".spec.names[?(@.n.*==1)].name", ""),
        (".spec.names[?(@.name.*==98)].name", "b"),
        (".spec.list[?(@>2)]", "3"),
        (".spec.map[?(@.z==1)]", ""),
        (".spec.null[?(@.z==1)]", ""),
        (".spec.missing[?(@.z==1)]", ""),
    ] {
        assert_eq!(shown("string", path), text, "{path}");
    }
}

#[test]
fn a_filter_may_lead_to_a_date() {
    let path = r#".status.conditions[?(@.type=="Ready")].lastTransitionTime"#;
    assert_eq!(shown("date", path), "60m");
}
