//! The place of a value in an object, as rules write it.

use crate::model::Json;

/// Member names from the object's root (or the item's, within `any` and `every`): `status.phase`,
/// `metadata.annotations["example.org/paused"]`, `status.ingress[0].ip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Box<[Step]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(Box<str>),
    Item(usize),
}

impl Path {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = |what: &str| format!("the path {text:?} {what}");
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('.').unwrap_or(text);
        while !rest.is_empty() {
            if let Some(bracket) = rest.strip_prefix('[') {
                let quote = bracket.chars().next().filter(|c| matches!(c, '"' | '\''));
                let (inner, after) = match quote {
                    Some(quote) => bracket[1..]
                        .split_once(&format!("{quote}]"))
                        .ok_or_else(|| bad("has a quote that does not end"))?,
                    None => bracket
                        .split_once(']')
                        .ok_or_else(|| bad("has a bracket that does not end"))?,
                };
                steps.push(if quote.is_some() {
                    Step::Member(inner.into())
                } else {
                    let index = inner.parse();
                    Step::Item(index.map_err(|_| bad("has a name in brackets without quotes"))?)
                });
                rest = after.strip_prefix('.').unwrap_or(after);
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(bad("has an empty name"));
                }
                steps.push(Step::Member(rest[..end].into()));
                rest = &rest[end..];
                if let Some(after) = rest.strip_prefix('.') {
                    if after.is_empty() {
                        return Err(bad("ends with a dot"));
                    }
                    rest = after;
                }
            }
        }
        if steps.is_empty() {
            return Err("a path is empty".into());
        }
        Ok(Self(steps.into()))
    }

    /// The value there; `null` counts as absent.
    pub(super) fn find<'a>(&self, root: &'a Json<'a>) -> Option<&'a Json<'a>> {
        self.0
            .iter()
            .try_fold(root, |value, step| match step {
                Step::Member(name) => value.get(name),
                Step::Item(index) => value.items().get(*index),
            })
            .filter(|value| !matches!(value, Json::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_quoted_names_and_items() {
        let object = Json::parse(
            br#"{"metadata":{"annotations":{"example.org/paused":"true"}},"a":[{"b":1},{"b":2}],"n":null}"#,
        )
        .unwrap();
        for (path, found) in [
            (
                r#"metadata.annotations["example.org/paused"]"#,
                Some("\"true\""),
            ),
            (
                "metadata.annotations['example.org/paused']",
                Some("\"true\""),
            ),
            (".a[1].b", Some("2")),
            ("a[2].b", None),
            ("a.b", None),
            ("n", None),
        ] {
            let value = Path::parse(path)
                .unwrap()
                .find(&object)
                .map(Json::to_compact);
            assert_eq!(value.as_deref(), found, "{path}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_path() {
        for (path, complaint) in [
            ("", "empty"),
            ("status..phase", "empty name"),
            ("status.", "ends with a dot"),
            ("a[b]", "without quotes"),
            ("a[\"b", "does not end"),
            ("a[1", "does not end"),
        ] {
            let error = Path::parse(path).unwrap_err();
            assert!(error.contains(complaint), "{path}: {error}");
        }
    }
}
