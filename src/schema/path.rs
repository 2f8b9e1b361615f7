//! Places in a schema as people write them: `spec.rules[].name`, `spec.limits[key]`.

/// One step of a written path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `.name`
    Name(String),
    /// `[]`, `[*]`: any item or value.
    Any,
    /// `[0]`, `[key]`, `['a.b']`.
    Key(String),
}

/// Takes a written path apart; `None` when a bracket is open.
pub(super) fn tokens(written: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = written.trim().trim_start_matches('$');
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (text, after) = match inside.chars().next() {
                Some(quote @ ('\'' | '"')) => {
                    let (text, after) = inside[1..].split_once(quote)?;
                    (text, after.strip_prefix(']')?)
                }
                _ => inside.split_once(']')?,
            };
            tokens.push(match text {
                "" | "*" => Token::Any,
                text => Token::Key(text.to_owned()),
            });
            rest = after;
        } else {
            let name = rest.trim_start_matches('.');
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end > 0 {
                tokens.push(Token::Name(name[..end].to_owned()));
            }
            rest = &name[end..];
        }
    }
    Some(tokens)
}

/// Appends a property to a written path.
pub(super) fn push_property(path: &mut String, name: &str) {
    if name.contains(['.', '[', '/']) {
        path.push_str(&format!("['{name}']"));
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_comes_apart() {
        let name = |text: &str| Token::Name(text.into());
        let key = |text: &str| Token::Key(text.into());
        for (written, expected) in [
            ("", vec![]),
            (".spec", vec![name("spec")]),
            (
                "$.spec.rules[*].name",
                vec![name("spec"), name("rules"), Token::Any, name("name")],
            ),
            (
                "spec.rules[0].labels['a.b/c']",
                vec![
                    name("spec"),
                    name("rules"),
                    key("0"),
                    name("labels"),
                    key("a.b/c"),
                ],
            ),
            (
                "spec.limits[key]",
                vec![name("spec"), name("limits"), key("key")],
            ),
        ] {
            assert_eq!(tokens(written), Some(expected), "{written}");
        }
        assert_eq!(tokens("spec.rules[0"), None);
    }
}
