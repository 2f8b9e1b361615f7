//! The part of kubectl's JSONPath that printer columns use: fields, indices, slices, wildcards and
//! filters that compare one path with a literal.
//! (<https://kubernetes.io/docs/reference/kubectl/jsonpath/>)

use serde_json::Value;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    /// `[from:to]`; `[n]` is `[n:n+1]`.
    Slice(Option<i64>, Option<i64>),
    Wildcard,
    Filter {
        left: JsonPath,
        comparison: Option<(Comparison, Value)>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl JsonPath {
    /// Parses `.a.b[0]['c.d'][*][?(@.type=="Ready")]`, with or without the leading dot or braces.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = text
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .unwrap_or(text);
        let mut rest = text.trim_start_matches('$');
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let end = closing_bracket(after).ok_or_else(|| format!("unclosed [ in {text}"))?;
                steps.push(bracket(&after[..end])?);
                rest = &after[end + 1..];
            } else {
                let after = rest.strip_prefix('.').unwrap_or(rest);
                let (name, remaining) = field_name(after);
                match name.as_str() {
                    "" if remaining.starts_with('[') => {}
                    "" => return Err(format!("an empty field name in {text}")),
                    "*" => steps.push(Step::Wildcard),
                    _ => steps.push(Step::Field(name)),
                }
                rest = remaining;
            }
        }
        Ok(Self(steps))
    }

    /// Every value that the path leads to.
    pub(super) fn find<'a>(&self, root: &'a Value) -> Vec<&'a Value> {
        self.0.iter().fold(vec![root], |values, step| {
            values
                .into_iter()
                .flat_map(|value| step.apply(value))
                .collect()
        })
    }
}

impl Step {
    fn apply<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Wildcard => match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => Vec::new(),
            },
            Self::Slice(from, to) => value
                .as_array()
                .map(|items| slice(items, *from, *to).iter().collect())
                .unwrap_or_default(),
            Self::Filter { left, comparison } => value
                .as_array()
                .into_iter()
                .flatten()
                .filter(|item| match (left.find(item).first(), comparison) {
                    (Some(found), Some((comparison, literal))) => comparison.holds(found, literal),
                    (found, None) => found.is_some(),
                    (None, _) => false,
                })
                .collect(),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        use std::cmp::Ordering;
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Number(left), Value::Number(right)) => left
                .as_f64()
                .and_then(|left| right.as_f64().and_then(|right| left.partial_cmp(&right))),
            (left, right) => (left == right).then_some(Ordering::Equal),
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

fn slice(items: &[Value], from: Option<i64>, to: Option<i64>) -> &[Value] {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |index: i64| {
        let index = if index < 0 { index + length } else { index };
        usize::try_from(index.clamp(0, length)).unwrap_or(0)
    };
    // A single index outside the list is nothing, not its nearest neighbour.
    let outside = |index: i64| index >= length || index < -length;
    if let (Some(from), Some(to)) = (from, to)
        && (to == from + 1 || (from == -1 && to == 0))
    {
        if outside(from) {
            return &[];
        }
        let at = place(from);
        return &items[at..=at];
    }
    let start = from.map_or(0, place);
    let end = to.map_or(items.len(), place);
    items.get(start..end).unwrap_or(&[])
}

/// A field name up to the next unescaped `.` or `[`; `\.` stands for a dot.
fn field_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '.' | '[' => return (name, &text[at..]),
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            other => name.push(other),
        }
    }
    (name, "")
}

/// Where the `]` stands that closes what was opened, with quotes and nesting respected.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

fn bracket(inner: &str) -> Result<Step, String> {
    let inner = inner.trim();
    if inner == "*" {
        return Ok(Step::Wildcard);
    }
    if let Some(name) = unquoted(inner) {
        return Ok(Step::Field(name.to_owned()));
    }
    if let Some(filter) = inner
        .strip_prefix("?(")
        .and_then(|filter| filter.strip_suffix(')'))
    {
        return filter_step(filter);
    }
    let number = |text: &str| -> Result<Option<i64>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|_| format!("not an index: [{inner}]"))
    };
    match inner.split_once(':') {
        Some((from, to)) => Ok(Step::Slice(number(from)?, number(to)?)),
        None => {
            let index = number(inner)?.ok_or_else(|| "an empty index".to_owned())?;
            Ok(Step::Slice(Some(index), Some(index + 1)))
        }
    }
}

fn filter_step(filter: &str) -> Result<Step, String> {
    let path = |text: &str| JsonPath::parse(text.trim().trim_start_matches('@'));
    let found = COMPARISONS
        .iter()
        .filter_map(|(sign, comparison)| filter.find(sign).map(|at| (at, *sign, *comparison)))
        .min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())));
    let Some((at, sign, comparison)) = found else {
        return Ok(Step::Filter {
            left: path(filter)?,
            comparison: None,
        });
    };
    let literal = filter[at + sign.len()..].trim();
    let literal = match unquoted(literal) {
        Some(text) => Value::String(text.to_owned()),
        None => serde_json::from_str(literal).map_err(|_| format!("not a literal: {literal}"))?,
    };
    Ok(Step::Filter {
        left: path(&filter[..at])?,
        comparison: Some((comparison, literal)),
    })
}

fn unquoted(text: &str) -> Option<&str> {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(path: &str, value: &Value) -> Vec<Value> {
        let path = JsonPath::parse(path).unwrap();
        path.find(value).into_iter().cloned().collect()
    }

    #[test]
    fn filters_with_and_without_spaces_find_the_condition() {
        let object = json!({"status": {"conditions": [
            {"type": "Issuing", "status": "True"},
            {"type": "Ready", "status": "False"},
        ]}});
        for path in [
            r#".status.conditions[?(@.type=="Ready")].status"#,
            r#".status.conditions[?(@.type == "Ready")].status"#,
            "{.status.conditions[?(@.type=='Ready')].status}",
        ] {
            assert_eq!(find(path, &object), [json!("False")], "{path}");
        }
        let other = r#".status.conditions[?(@.type!="Ready")].type"#;
        assert_eq!(find(other, &object), [json!("Issuing")]);
    }

    #[test]
    fn indices_slices_wildcards_and_escapes() {
        let object = json!({"a": [1, 2, 3], "b.c": {"d/e": 4}, "m": [{"n": 5}, {"n": 6}]});
        assert_eq!(find(".a[0]", &object), [json!(1)]);
        assert_eq!(find(".a[-1]", &object), [json!(3)]);
        assert_eq!(find(".a[7]", &object), Vec::<Value>::new());
        assert_eq!(find(".a[-1:]", &object), [json!(3)]);
        assert_eq!(find(".a[0:2]", &object), [json!(1), json!(2)]);
        assert_eq!(find(r".b\.c['d/e']", &object), [json!(4)]);
        assert_eq!(find(".m[*].n", &object), [json!(5), json!(6)]);
        assert_eq!(find(".m[?(@.n>5)].n", &object), [json!(6)]);
        assert_eq!(find(".nothing.here", &object), Vec::<Value>::new());
    }

    #[test]
    fn broken_paths_are_refused() {
        for path in [".a[", ".a[x]", "..a", ".a[?(@.b==nope)]"] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
