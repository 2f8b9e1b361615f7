//! The part of CEL (github.com/google/cel-spec) that transition rules are written in.
//!
//! Whether a rule makes a field immutable is a question about its shape, so only the shape is kept:
//! paths below `self` and `oldSelf`, `has`, comparisons, and the logic between them. Whatever else a
//! rule says is [`Expr::Unknown`]. An evaluator of the whole language would not answer the question.

/// Deeper nesting than any rule that the API server's cost limits let through.
const MAX_DEPTH: usize = 64;

/// A CEL expression as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    /// A field below `self` or `oldSelf`.
    Path(Path),
    /// `has(path)`, `path.hasValue()`.
    Has(Path),
    /// `size(path)`, `path.size()`.
    Size(Path),
    /// `path.orValue(…)` with a literal: what the path is where it is not set.
    OrValue(Path),
    /// `!a`
    Not(Box<Expr>),
    /// `a && b`
    And(Box<Expr>, Box<Expr>),
    /// `a || b`
    Or(Box<Expr>, Box<Expr>),
    /// `a == b`
    Equal(Box<Expr>, Box<Expr>),
    /// `a > b`
    Greater(Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `true` and `false`.
    Bool(bool),
    /// Any other literal, and whether it is the empty one of its type: `""`, `0`, `[]`, `null`.
    Literal {
        /// Whether it is.
        is_empty: bool,
    },
    /// Everything else.
    Unknown,
}

/// A field below `self` or `oldSelf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// Below `oldSelf`.
    pub(super) is_old: bool,
    /// The names of the fields.
    pub(super) names: Vec<String>,
    /// A step is optional (`self.?x`): what is not set is no error.
    pub(super) is_optional: bool,
}

impl Expr {
    /// Reads a rule; `None` when it is not CEL.
    pub(super) fn parse(rule: &str) -> Option<Self> {
        let tokens = tokens(rule)?;
        let mut parser = Parser {
            tokens: &tokens,
            depth: 0,
        };
        let expr = parser.ternary()?;
        parser.tokens.is_empty().then_some(expr)
    }

    /// Whether `test` holds for this expression or one in it.
    pub(super) fn any(&self, test: &impl Fn(&Expr) -> bool) -> bool {
        test(self)
            || match self {
                Expr::Not(a) => a.any(test),
                Expr::And(a, b) | Expr::Or(a, b) | Expr::Equal(a, b) | Expr::Greater(a, b) => {
                    a.any(test) || b.any(test)
                }
                Expr::If(a, b, c) => a.any(test) || b.any(test) || c.any(test),
                Expr::Path(_)
                | Expr::Has(_)
                | Expr::Size(_)
                | Expr::OrValue(_)
                | Expr::Bool(_)
                | Expr::Literal { .. }
                | Expr::Unknown => false,
            }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Number(String),
    Symbol(&'static str),
}

/// Longer symbols first.
const SYMBOLS: [&str; 26] = [
    "||", "&&", "==", "!=", "<=", ">=", ".?", "[?", "<", ">", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}", "+", "-", "*", "/", "%",
];

fn tokens(rule: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = rule.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(prefix) = string_prefix(rest) {
            let (text, after) = string(rest, prefix)?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_ascii_digit() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol))?;
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// The letters before the quote of a string literal, where one starts.
fn string_prefix(rest: &str) -> Option<&str> {
    let at = rest.find(['"', '\''])?;
    let prefix = &rest[..at];
    (at <= 2 && prefix.chars().all(|c| "rRbB".contains(c))).then_some(prefix)
}

/// The string literal at the start and what follows it; `None` when it does not end.
fn string<'r>(rest: &'r str, prefix: &str) -> Option<(String, &'r str)> {
    let is_raw = prefix.contains(['r', 'R']);
    let body = &rest[prefix.len()..];
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| body.starts_with(quote))?;
    let body = &body[quote.len()..];
    let mut text = String::new();
    let mut at = 0;
    while !body[at..].starts_with(quote) {
        let c = body[at..].chars().next()?;
        at += c.len_utf8();
        if c == '\\' && !is_raw {
            let escaped = body[at..].chars().next()?;
            at += escaped.len_utf8();
            text.push(escaped);
        } else {
            text.push(c);
        }
    }
    Some((text, &body[at + quote.len()..]))
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, symbol: &str) -> bool {
        match self.tokens.split_first() {
            Some((Token::Symbol(first), rest)) if *first == symbol => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, symbol: &str) -> Option<()> {
        self.take(symbol).then_some(())
    }

    fn name(&mut self) -> Option<String> {
        let (Token::Name(name), rest) = self.tokens.split_first()? else {
            return None;
        };
        self.tokens = rest;
        Some(name.clone())
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn ternary(&mut self) -> Option<Expr> {
        self.deeper(|parser| {
            let condition = parser.or()?;
            if !parser.take("?") {
                return Some(condition);
            }
            let then = parser.ternary()?;
            parser.expect(":")?;
            let other = parser.ternary()?;
            Some(Expr::If(condition.into(), then.into(), other.into()))
        })
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.take("||") {
            left = Expr::Or(left.into(), self.and()?.into());
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.relation()?;
        while self.take("&&") {
            left = Expr::And(left.into(), self.relation()?.into());
        }
        Some(left)
    }

    fn relation(&mut self) -> Option<Expr> {
        let not = |expr: Expr| Expr::Not(expr.into());
        let mut left = self.sum()?;
        loop {
            left = if self.take("==") {
                Expr::Equal(left.into(), self.sum()?.into())
            } else if self.take("!=") {
                not(Expr::Equal(left.into(), self.sum()?.into()))
            } else if self.take(">") {
                Expr::Greater(left.into(), self.sum()?.into())
            } else if self.take("<") {
                Expr::Greater(self.sum()?.into(), left.into())
            } else if self.take("<=") {
                not(Expr::Greater(left.into(), self.sum()?.into()))
            } else if self.take(">=") {
                not(Expr::Greater(self.sum()?.into(), left.into()))
            } else if matches!(self.tokens.first(), Some(Token::Name(name)) if name == "in") {
                self.tokens = &self.tokens[1..];
                self.sum()?;
                Expr::Unknown
            } else {
                return Some(left);
            };
        }
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        while ["+", "-", "*", "/", "%"].iter().any(|sign| self.take(sign)) {
            self.unary()?;
            left = Expr::Unknown;
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Expr> {
        if self.take("!") {
            let inner = self.deeper(Self::unary)?;
            return Some(Expr::Not(inner.into()));
        }
        if self.take("-") {
            self.deeper(Self::unary)?;
            return Some(Expr::Literal { is_empty: false });
        }
        self.member()
    }

    fn member(&mut self) -> Option<Expr> {
        let mut expr = self.primary()?;
        loop {
            let is_optional = self.take(".?");
            if is_optional || self.take(".") {
                let name = self.name()?;
                expr = if self.take("(") {
                    method(expr, &name, &self.arguments(")")?)
                } else {
                    select(expr, unescaped(&name), is_optional)
                };
                continue;
            }
            let is_optional = self.take("[?");
            if !is_optional && !self.take("[") {
                return Some(expr);
            }
            let key = match self.tokens {
                [Token::Text(key), Token::Symbol("]"), ..] => Some(key.clone()),
                _ => None,
            };
            self.ternary()?;
            self.expect("]")?;
            expr = key.map_or(Expr::Unknown, |key| select(expr, key, is_optional));
        }
    }

    fn arguments(&mut self, end: &str) -> Option<Vec<Expr>> {
        let mut arguments = Vec::new();
        while !self.take(end) {
            arguments.push(self.ternary()?);
            // The value of a map's key.
            if self.take(":") {
                self.ternary()?;
            }
            if !self.take(",") {
                self.expect(end)?;
                break;
            }
        }
        Some(arguments)
    }

    fn primary(&mut self) -> Option<Expr> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match first {
            Token::Text(text) => Some(Expr::Literal {
                is_empty: text.is_empty(),
            }),
            Token::Number(number) => {
                let value: Result<f64, _> = number.trim_end_matches('u').parse();
                let is_empty = value == Ok(0.0);
                Some(Expr::Literal { is_empty })
            }
            Token::Symbol("(") => {
                let inner = self.ternary()?;
                self.expect(")")?;
                Some(inner)
            }
            Token::Symbol(open @ ("[" | "{")) => {
                let items = self.arguments(if *open == "[" { "]" } else { "}" })?;
                let is_empty = items.is_empty();
                Some(Expr::Literal { is_empty })
            }
            Token::Symbol(_) => None,
            Token::Name(name) if self.take("(") => {
                let arguments = self.arguments(")")?;
                Some(function(name, &arguments))
            }
            Token::Name(name) => Some(match name.as_str() {
                "self" | "oldSelf" => Expr::Path(Path {
                    is_old: name == "oldSelf",
                    names: Vec::new(),
                    is_optional: false,
                }),
                "true" => Expr::Bool(true),
                "false" => Expr::Bool(false),
                "null" => Expr::Literal { is_empty: true },
                _ => Expr::Unknown,
            }),
        }
    }
}

fn select(of: Expr, name: String, is_optional: bool) -> Expr {
    let Expr::Path(mut path) = of else {
        return Expr::Unknown;
    };
    path.names.push(name);
    path.is_optional |= is_optional;
    Expr::Path(path)
}

fn function(name: &str, arguments: &[Expr]) -> Expr {
    match (name, arguments) {
        ("has", [Expr::Path(path)]) => Expr::Has(path.clone()),
        ("size", [Expr::Path(path)]) => Expr::Size(path.clone()),
        ("dyn", [inner]) => inner.clone(),
        _ => Expr::Unknown,
    }
}

fn method(of: Expr, name: &str, arguments: &[Expr]) -> Expr {
    let Expr::Path(path) = of else {
        return Expr::Unknown;
    };
    match (name, arguments) {
        ("hasValue", []) => Expr::Has(path),
        ("size", []) => Expr::Size(path),
        ("value", []) => Expr::Path(Path {
            is_optional: false,
            ..path
        }),
        ("orValue", [Expr::Literal { .. } | Expr::Bool(_)]) => Expr::OrValue(path),
        _ => Expr::Unknown,
    }
}

/// A property's name behind the escapes that it needs as a CEL identifier (Kubernetes API reference,
/// `x-kubernetes-validations`).
fn unescaped(name: &str) -> String {
    const ESCAPES: [(&str, &str); 4] = [
        ("__dot__", "."),
        ("__dash__", "-"),
        ("__slash__", "/"),
        ("__underscores__", "__"),
    ];
    const KEYWORDS: [&str; 21] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ];
    let keyword = name
        .strip_prefix("__")
        .and_then(|name| name.strip_suffix("__"));
    if let Some(keyword) = keyword.filter(|keyword| KEYWORDS.contains(keyword)) {
        return keyword.to_owned();
    }
    let mut plain = name.to_owned();
    for (escape, text) in ESCAPES {
        plain = plain.replace(escape, text);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(is_old: bool, names: &[&str]) -> Expr {
        Expr::Path(Path {
            is_old,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            is_optional: false,
        })
    }

    fn equal(names: &[&str]) -> Expr {
        Expr::Equal(path(false, names).into(), path(true, names).into())
    }

    #[test]
    fn paths_come_out_whatever_they_are_written_like() {
        for rule in [
            "self.a.b == oldSelf.a.b",
            "self['a'].b == oldSelf.a[\"b\"] // the same",
            "(self.a.b) == ((oldSelf).a.b)",
            "dyn(self.a.b) == oldSelf.a.b",
        ] {
            assert_eq!(Expr::parse(rule), Some(equal(&["a", "b"])), "{rule}");
        }
        assert_eq!(
            Expr::parse("self.__namespace__.x__dash__y == oldSelf.__namespace__.x__dash__y"),
            Some(equal(&["namespace", "x-y"]))
        );
    }

    #[test]
    fn the_logic_binds_as_in_c() {
        let expr = Expr::parse("!has(oldSelf.a) || self.a == oldSelf.a && true").unwrap();
        let Expr::Or(left, right) = expr else {
            panic!("{expr:?}")
        };
        assert!(matches!(*left, Expr::Not(_)));
        assert_eq!(
            *right,
            Expr::And(equal(&["a"]).into(), Expr::Bool(true).into())
        );
    }

    #[test]
    fn what_is_not_understood_is_unknown_and_not_wrong() {
        for rule in [
            "self.all(x, oldSelf.exists(y, x.name == y.name))",
            "self.a.lowerAscii() + 'x'",
            "self.b in ['x', 'y']",
            "quantity(self.a).isGreaterThan(quantity('1Gi'))",
        ] {
            assert_eq!(Expr::parse(rule), Some(Expr::Unknown), "{rule}");
        }
    }

    #[test]
    fn what_is_not_cel_is_refused() {
        let deep = "(".repeat(9_000);
        for rule in ["", "self.", "self ==", "(self", "'open", "self @ x", &deep] {
            assert_eq!(Expr::parse(rule), None);
        }
    }
}
