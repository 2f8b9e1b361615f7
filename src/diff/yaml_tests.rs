use proptest::prelude::*;

use super::*;

fn yaml(json: &str) -> String {
    to_yaml(&Json::parse(json.as_bytes()).unwrap())
}

/// Strings that YAML is known to read as something else, or not at all.
const AWKWARD: [&str; 72] = [
    "",
    "~",
    "null",
    "Null",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
    "true",
    "False",
    "1e3",
    "1E3",
    "0x1f",
    "012",
    "0o7",
    "0b1",
    "1_000",
    "1:30",
    "190:20:30",
    ".5",
    "1.",
    "+1",
    "-1",
    "-.5",
    "-0",
    ".inf",
    "-.Inf",
    ".NaN",
    "2026-01-02",
    "2026-01-02T03:04:05Z",
    "2026-01-02 03:04:05",
    "2001-1-1",
    "- a",
    "-",
    "--",
    "---",
    "--- a",
    "...",
    "?",
    "? a",
    ":",
    ":a",
    "a:",
    "a: b",
    "#x",
    "a #b",
    "[a]",
    "{a}",
    ",a",
    "&a",
    "*a",
    "!a",
    "!!str x",
    "|",
    ">",
    "'",
    "it's",
    "\"x\"",
    "%a",
    "@a",
    "`a",
    "=",
    "<<",
    " lead",
    "trail ",
    "tab\tin",
    "\u{85}",
    "\u{2028}",
    "\u{feff}x",
    "\\n",
];

/// The expected lines come from running the emitter that `kubectl` uses.
#[test]
fn quotes_strings_as_kubectl_does() {
    for (text, expected) in [
        ("null", r#""null""#),
        ("[a]", "'[a]'"),
        ("a # b", "'a # b'"),
        ("it's", "it's"),
        (r#"\"quoted\""#, r#"'"quoted"'"#),
        ("'", "''''"),
        ("--", "--"),
        ("---", "'---'"),
        ("a:", "'a:'"),
        (":a", ":a"),
        (",a", "',a'"),
        ("1_000", r#""1_000""#),
        ("1:30", r#""1:30""#),
        ("1e3", r#""1e3""#),
        ("1e", "1e"),
        ("0x", "0x"),
        ("0o7", r#""0o7""#),
        (".5", r#"".5""#),
        ("NaN", "NaN"),
        ("True", r#""True""#),
        ("~", r#""~""#),
        ("", r#""""#),
        ("-a", "-a"),
        ("?a", "?a"),
        ("-", "'-'"),
        (" lead", "' lead'"),
        ("a  b", "a  b"),
        ("1,000", "1,000"),
        ("=", "="),
        ("<<", "<<"),
        ("2001-1-1", r#""2001-1-1""#),
        (r"tab\tin", r#""tab\tin""#),
        (r"a\r\nb", r#""a\r\nb""#),
        (r"\u0085", r#""\N""#),
        (r"\u0001", r#""\x01""#),
        (r"a\\nb", r"a\nb"),
        ("größe ✓", "größe ✓"),
    ] {
        assert_eq!(
            yaml(&format!(r#"{{"k":"{text}"}}"#)),
            format!("k: {expected}\n")
        );
    }
}

#[test]
fn several_lines_are_a_literal_block() {
    for (text, expected) in [
        (r"one\ntwo\n", "|\n  one\n  two\n"),
        (r"one\ntwo", "|-\n  one\n  two\n"),
        (r"one\n\ntwo\n\n", "|+\n  one\n\n  two\n\n"),
        (r"\n", "|2+\n\n"),
        (r" lead\nline", "|2-\n   lead\n  line\n"),
        (r"line \ntrail", "\"line \\ntrail\"\n"),
        (r"x\n\ty", "\"x\\n\\ty\"\n"),
    ] {
        assert_eq!(
            yaml(&format!(r#"{{"k":"{text}"}}"#)),
            format!("k: {expected}")
        );
    }
}

#[test]
fn lists_are_not_indented_below_their_key() {
    assert_eq!(
        yaml(r#"{"a":[[1,2],[],[[3]],{"a":1,"b":[{"c":2}]},{}],"b":{"c":{}},"d":["x\ny"]}"#),
        "a:\n- - 1\n  - 2\n- []\n- - - 3\n- a: 1\n  b:\n  - c: 2\n- {}\nb:\n  c: {}\nd:\n- |-\n  x\n  y\n"
    );
}

#[test]
fn keys_are_quoted_like_strings_but_never_merge() {
    assert_eq!(
        yaml(r#"{"":1,"1":2,"a b":3,"a: b":4,"<<":5,"a\nb":6}"#),
        "\"\": 1\n\"1\": 2\na b: 3\n'a: b': 4\n\"<<\": 5\n\"a\\nb\": 6\n"
    );
}

#[test]
fn each_line_knows_its_innermost_field() {
    let object = Json::parse(br#"{"spec":{"a/b":[{"name":"x","text":"1\n2"}]}}"#).unwrap();
    let lines: Vec<_> = yaml_lines(&object, Noise::all())
        .into_iter()
        .map(|line| format!("{}:{}:{}", line.indent, line.text, line.path))
        .collect();
    assert_eq!(
        lines,
        [
            "0:spec::/spec",
            "2:a/b::/spec/a~1b",
            "2:- name: x:/spec/a~1b/0/name",
            "4:text: |-:/spec/a~1b/0/text",
            "6:1:/spec/a~1b/0/text",
            "6:2:/spec/a~1b/0/text"
        ]
    );
}

#[test]
fn noise_is_left_out_only_in_the_metadata_of_the_object() {
    let object = Json::parse(
        br#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"generation":1,
            "managedFields":[{}],"name":"a","resourceVersion":"1"},"spec":{"metadata":{"generation":2}}}"#,
    )
    .unwrap();
    let texts = |noise| {
        yaml_lines(&object, noise)
            .into_iter()
            .map(|line| line.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(Noise::hidden()),
        [
            "metadata:",
            "name: a",
            "spec:",
            "metadata:",
            "generation: 2"
        ]
    );
    assert_eq!(texts(Noise::all()).len(), 11);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(AWKWARD.to_vec()).prop_map(str::to_owned),
        "[a-z0-9:# \\n\\t'\"{}\\[\\],&*!|>%@`~=<?.+_-]{0,12}",
        "\\PC{0,8}",
        any::<String>(),
        prop::collection::vec(prop::sample::select(AWKWARD.to_vec()), 0..4)
            .prop_map(|lines| lines.join("\n")),
    ]
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (any::<i32>()).prop_map(|n| (f64::from(n) + 0.5).into()),
        Just(1.5e21.into()),
        Just(2.5e-7.into()),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn reads_back_as_the_same_object(tree in tree()) {
        let json = tree.to_string();
        let text = yaml(&json);
        let back = serde_yaml::from_str::<serde_json::Value>(&text);
        prop_assert_eq!(back.map_err(|e| e.to_string()), Ok(tree), "{}", text);
    }
}
