//! JSONPath expressions as the API server reads them.
//!
//! This is not RFC 9535 but the dialect of `k8s.io/client-go/util/jsonpath`: a quoted name is split at
//! its dots (`['a\.b']` is one name, `['a.b']` two), a backslash takes the meaning from the next
//! character, an index is a slice of one, and a filter has one comparison at most. The server reads
//! a path as `{path}`, so that a brace ends it and what follows is text, or another expression.

use std::mem;

/// One step of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// `.name`
    Field(Box<str>),
    /// `[index]`, `[start:end:step]`, `[*]`
    Slice(Slice),
    /// `[?(left operator right)]`
    Filter {
        left: Vec<Node>,
        operator: Box<str>,
        right: Vec<Node>,
    },
    /// `[?(path)]`
    Exists(Vec<Node>),
    /// `.*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[a,b]`
    Union(Vec<Vec<Node>>),
    /// A quoted string.
    Text(Box<str>),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Float(f64),
    /// `true` or `false`
    Bool(bool),
    /// Any other word: an error once it is evaluated. (`range` and `end` are no errors to the server, but
    /// evaluating them spoils its expression: only the first object after its start has a value.)
    Word(Box<str>),
}

/// The bounds of a slice. Negative ones count from the end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    /// It was one index, and `end` is the next.
    pub(super) is_index: bool,
    pub(super) step: Option<i64>,
}

/// An expression that the server would refuse, too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} in the JSONPath {path:?}: correct it in the CRD")]
pub(super) struct JsonPathError {
    message: String,
    path: String,
}

/// Reads a path such as `.status.conditions[?(@.type=="Ready")].status`: one list of steps, unless the path
/// itself has braces.
pub(super) fn parse(path: &str) -> Result<Vec<Vec<Node>>, JsonPathError> {
    parse_template(path).map_err(|message| JsonPathError {
        message,
        path: path.to_owned(),
    })
}

type Parsed<T> = Result<T, String>;

fn parse_template(path: &str) -> Parsed<Vec<Vec<Node>>> {
    let text = &format!("{{{path}}}");
    let mut parser = Parser {
        text,
        at: 0,
        nodes: Vec::new(),
    };
    let mut lists = Vec::new();
    while let Some(before) = parser.rest().find('{') {
        // Plain text between two expressions cannot fail, and only the first list has the cell's value.
        parser.at += before + 1;
        parser.action()?;
        lists.push(mem::take(&mut parser.nodes));
    }
    Ok(lists)
}

/// An expression within another.
fn parse_action(text: &str) -> Parsed<Vec<Node>> {
    Ok(parse_template(text)?.swap_remove(0))
}

struct Parser<'p> {
    text: &'p str,
    at: usize,
    nodes: Vec<Node>,
}

impl<'p> Parser<'p> {
    fn rest(&self) -> &'p str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Reads up to the closing brace.
    fn action(&mut self) -> Parsed<()> {
        loop {
            if self.rest().starts_with("[?(") {
                self.filter()?;
                continue;
            }
            if self.rest().starts_with("..") {
                self.recursive()?;
                continue;
            }
            match self.rest().chars().next() {
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                None | Some('\r' | '\n') => return Err("unclosed expression".to_owned()),
                Some(' ' | '@' | '$') => self.at += 1,
                Some('[') => self.brackets()?,
                Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
                Some('.') => {
                    self.at += 1;
                    self.field();
                }
                Some('+' | '-') => self.number()?,
                Some(c) if c.is_numeric() => self.number()?,
                Some(c) if c == '_' || c.is_alphabetic() => self.word(),
                Some(c) => return Err(format!("unrecognized character {c:?}")),
            }
        }
    }

    fn field(&mut self) {
        let from = self.at;
        while let Some(c) = self.rest().chars().next() {
            if is_terminator(c) {
                break;
            }
            self.next();
            if c == '\\' {
                self.next();
            }
        }
        self.nodes.push(match &self.text[from..self.at] {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "").into()),
        });
    }

    fn recursive(&mut self) -> Parsed<()> {
        if self.nodes.last() == Some(&Node::Recursive) {
            return Err("recursive descent (..) twice in a row".to_owned());
        }
        self.at += 2;
        self.nodes.push(Node::Recursive);
        if self
            .rest()
            .starts_with(|c: char| c == '_' || c.is_alphanumeric())
        {
            self.field();
        }
        Ok(())
    }

    fn word(&mut self) {
        let word = self.rest().split(is_terminator).next().unwrap_or_default();
        self.at += word.len();
        self.nodes.push(match word {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            word => Node::Word(word.into()),
        });
    }

    fn number(&mut self) -> Parsed<()> {
        let sign = usize::from(self.rest().starts_with(['+', '-']));
        let digits = self.rest()[sign..].find(|c: char| c != '.' && !c.is_numeric());
        let text = &self.rest()[..digits.map_or(self.rest().len(), |digits| sign + digits)];
        self.at += text.len();
        self.nodes.push(if let Ok(integer) = text.parse() {
            Node::Integer(integer)
        } else if let Some(float) = text.parse().ok().filter(|float: &f64| float.is_finite()) {
            Node::Float(float)
        } else {
            return Err(format!("{text:?} is not a number"));
        });
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Parsed<()> {
        self.at += 1;
        let from = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated string".to_owned()),
                Some(c) if c == quote && !self.text[..self.at - 1].ends_with('\\') => break,
                Some(_) => {}
            }
        }
        let text = unescape(&self.text[from..self.at - 1], quote)?;
        self.nodes.push(Node::Text(text.into()));
        Ok(())
    }

    fn brackets(&mut self) -> Parsed<()> {
        let content = match self.rest()[1..].split_once(']') {
            Some((content, _)) if !content.contains('\n') => content,
            _ => return Err("unterminated [".to_owned()),
        };
        self.at += content.len() + 2;
        if content.contains(',') {
            let parts = content
                .split(',')
                .map(|part| parse_action(&format!("[{}]", part.trim_matches(' '))));
            self.nodes.push(Node::Union(parts.collect::<Parsed<_>>()?));
            return Ok(());
        }
        let name = content
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        if let Some(name) = name.filter(|name| !name.contains('\'')) {
            self.nodes.extend(parse_action(&format!(".{name}"))?);
            return Ok(());
        }
        self.nodes.push(Node::Slice(slice(content)?));
        Ok(())
    }

    fn filter(&mut self) -> Parsed<()> {
        self.at += "[?(".len();
        let from = self.at;
        // The server's scan: one pair of quotes, and the first ) outside of it.
        let (mut quote, mut closed) = (None, false);
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(open) => closed |= c == open && !self.text[..self.at - 1].ends_with('\\'),
                },
                Some(')') if quote.is_some() == closed => break,
                Some(_) => {}
            }
        }
        let condition = &self.text[from..self.at - 1];
        if self.next() != Some(']') {
            return Err("unclosed filter, expected )]".to_owned());
        }
        self.nodes.push(match split_comparison(condition) {
            Some((left, operator, right)) => Node::Filter {
                left: parse_action(left)?,
                operator: operator.into(),
                right: parse_action(right)?,
            },
            None => Node::Exists(parse_action(condition)?),
        });
        Ok(())
    }
}

/// Splits at the first run of `!<>=`, which has something on both sides.
fn split_comparison(condition: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| "!<>=".contains(c);
    let from = condition.find(is_operator).filter(|from| *from > 0)?;
    let run = &condition[from..];
    let mut length = run.find(|c| !is_operator(c)).unwrap_or(run.len());
    if length == run.len() {
        // The right side is not empty, as long as it can take from the operator.
        length -= 1;
    }
    (length > 0).then(|| (&condition[..from], &run[..length], &run[length..]))
}

fn slice(text: &str) -> Parsed<Slice> {
    if text == "*" {
        return Ok(Slice::default());
    }
    let invalid = || format!("invalid array index [{text}]");
    let parts: Vec<_> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(invalid());
    }
    let bound = |index: usize| match parts.get(index) {
        None | Some(&"") => Ok(None),
        Some(part) if part.starts_with('+') => Err(invalid()),
        Some(part) => part.parse::<i64>().map(Some).map_err(|_| invalid()),
    };
    let is_index = parts.len() == 1;
    let start = bound(0)?;
    Ok(Slice {
        start,
        end: if is_index {
            Some(start.unwrap_or(0).saturating_add(1))
        } else {
            bound(1)?
        },
        is_index,
        step: bound(2)?,
    })
}

/// Go's rules for a string in these quotes, which the other quote may stand in, but not with a backslash.
fn unescape(text: &str, quote: char) -> Parsed<String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        let escape = chars.next().unwrap_or(' ');
        let unknown = || format!("unknown escape \\{escape}");
        let mut code = |radix: u32, first: &str, count: usize| {
            let digits: String = first.chars().chain(chars.by_ref().take(count)).collect();
            let is_whole = digits.len() == first.len() + count
                && digits.chars().all(|digit| digit.is_digit(radix));
            u32::from_str_radix(&digits, radix)
                .ok()
                .filter(|_| is_whole)
        };
        match escape {
            'a' => plain.push(7),
            'b' => plain.push(8),
            'f' => plain.push(12),
            'n' => plain.push(b'\n'),
            'r' => plain.push(b'\r'),
            't' => plain.push(b'\t'),
            'v' => plain.push(11),
            '\\' => plain.push(b'\\'),
            c if c == quote => plain.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            'x' => plain.push(code(16, "", 2).and_then(byte).ok_or_else(unknown)?),
            c @ '0'..='7' => {
                let value = code(8, c.encode_utf8(&mut [0; 4]), 2);
                plain.push(value.and_then(byte).ok_or_else(unknown)?);
            }
            c @ ('u' | 'U') => {
                let value = code(16, "", if c == 'u' { 4 } else { 8 });
                let value = value.and_then(char::from_u32).ok_or_else(unknown)?;
                plain.extend(value.encode_utf8(&mut [0; 4]).bytes());
            }
            _ => return Err(unknown()),
        }
    }
    // Bytes that are no UTF-8 become the replacement character on their way through JSON.
    Ok(String::from_utf8_lossy(&plain).into_owned())
}

fn byte(value: u32) -> Option<u8> {
    u8::try_from(value).ok()
}

fn is_terminator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Node {
        Node::Field(name.into())
    }

    /// The steps of a path without braces.
    fn parse(path: &str) -> Result<Vec<Node>, JsonPathError> {
        super::parse(path).map(|mut lists| {
            assert_eq!(lists.len(), 1, "{path}");
            lists.remove(0)
        })
    }

    #[test]
    fn braces_end_an_expression() {
        assert_eq!(
            super::parse(".a}text{.b").unwrap(),
            [[field("a")], [field("b")]]
        );
        assert!(super::parse(".a}{.b[").is_err());
        assert!(parse(r".a\").is_err(), "the brace is escaped");
    }

    #[test]
    fn strings_are_unescaped_as_go_does() {
        let text = |path: &str| match &parse(path).unwrap()[..] {
            [Node::Text(text)] => text.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(r#""it's""#), "it's");
        assert_eq!(
            text(r#"'\a\b\f\n\r\t\v\\\''"#),
            "\u{7}\u{8}\u{c}\n\r\t\u{b}\\'"
        );
        assert_eq!(text(r#""\x41\101\u00e9\U0001F600""#), "AAé😀");
        assert_eq!(text(r#""\xff""#), "\u{fffd}");
        for path in [
            r#""it\'s""#,
            r#""\8""#,
            r#""\400""#,
            r#""\x4""#,
            r#""\ud800""#,
            r#""\q""#,
        ] {
            assert!(parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn names_end_at_dots_unless_escaped() {
        assert_eq!(parse(".spec.a-b").unwrap(), [field("spec"), field("a-b")]);
        assert_eq!(parse(r".a\.b/c").unwrap(), [field("a.b/c")]);
        assert_eq!(
            parse(r".m['a\.b/c'].d").unwrap(),
            [field("m"), field("a.b/c"), field("d")]
        );
        assert_eq!(
            parse(".m['a.b']").unwrap(),
            [field("m"), field("a"), field("b")]
        );
        assert_eq!(parse("$.größe").unwrap(), [field("größe")]);
    }

    #[test]
    fn an_index_is_a_slice_of_one() {
        let slice = |text: &str| match &parse(text).unwrap()[..] {
            [Node::Slice(slice)] => (slice.start, slice.end, slice.is_index, slice.step),
            other => panic!("{other:?}"),
        };
        assert_eq!(slice("[2]"), (Some(2), Some(3), true, None));
        assert_eq!(slice("[-1]"), (Some(-1), Some(0), true, None));
        assert_eq!(slice("[1:]"), (Some(1), None, false, None));
        assert_eq!(slice("[:-1:2]"), (None, Some(-1), false, Some(2)));
        assert_eq!(slice("[*]"), (None, None, false, None));
    }

    #[test]
    fn filters_have_a_comparison_or_a_path() {
        let text = |text: &str| vec![Node::Text(text.into())];
        for (path, right) in [
            (r#"[?(@.type=="Ready")]"#, text("Ready")),
            ("[?( @.type == 'a)b' )]", text("a)b")),
            ("[?(@.type==5)]", vec![Node::Integer(5)]),
            ("[?(@.type==-1.5)]", vec![Node::Float(-1.5)]),
            ("[?(@.type==true)]", vec![Node::Bool(true)]),
            ("[?(@.type==@.b)]", vec![field("b")]),
        ] {
            let expected = Node::Filter {
                left: vec![field("type")],
                operator: "==".into(),
                right,
            };
            assert_eq!(parse(path).unwrap(), [expected], "{path}");
        }
        assert_eq!(parse("[?(@.a)]").unwrap(), [Node::Exists(vec![field("a")])]);
    }

    #[test]
    fn unions_wildcards_and_recursive_descent() {
        assert_eq!(parse("..name").unwrap(), [Node::Recursive, field("name")]);
        assert_eq!(parse(".a.*").unwrap(), [field("a"), Node::Wildcard]);
        let union = Node::Union(vec![vec![field("a")], vec![field("b")]]);
        assert_eq!(parse("['a', 'b']").unwrap(), [union]);
    }

    #[test]
    fn what_the_server_refuses_is_an_error_that_names_the_path() {
        for path in [
            ".a[",
            ".a[x]",
            ".a[?(@.b==\"c\"",
            "(a",
            ".a['b",
            "....a",
            ".a[1:2:3:4]",
            ".a[\"b\"]",
            "\"a",
            ".a\n",
        ] {
            let error = parse(path).unwrap_err().to_string();
            assert!(error.contains(&format!("{path:?}")), "{error}");
        }
    }
}
