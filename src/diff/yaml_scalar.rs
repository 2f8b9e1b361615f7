//! How a scalar is written in YAML.
//!
//! The rules are those of the emitter behind `kubectl` (libyaml's, as ported to Go): plain where
//! possible, double quotes where it would read as another type in YAML 1.1 or 1.2, single quotes where
//! a character means something to YAML, double quotes with escapes for what cannot be printed.

use std::fmt::Write as _;

use crate::model::Json;

/// A scalar, or an empty container.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scalar<'j> {
    /// In the line of its key.
    Inline(String),
    /// A literal block: the lines of `text` below a header such as `|-`.
    Block { header: String, text: &'j str },
}

/// How a value is written below a key or a dash.
pub(super) fn scalar<'j>(value: &'j Json<'_>) -> Scalar<'j> {
    match value {
        Json::String(text) if is_block(text) => Scalar::Block {
            header: header(text),
            text,
        },
        _ => Scalar::Inline(inline(value)),
    }
}

/// A value in one line. Containers count as empty.
pub(super) fn inline(value: &Json<'_>) -> String {
    match value {
        Json::String(text) => quoted(text),
        Json::Array(_) => "[]".to_owned(),
        Json::Object(_) => "{}".to_owned(),
        other => other.to_compact(),
    }
}

/// The name of a member.
pub(super) fn key(name: &str) -> String {
    // As a value it is a string like any other; as a key it means to merge.
    if name == "<<" {
        return "\"<<\"".to_owned();
    }
    quoted(name)
}

fn quoted(text: &str) -> String {
    if reads_as_another_type(text) {
        double_quoted(text)
    } else if !text.contains('\n') && text.chars().all(is_printable) {
        if is_plain(text) {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "''"))
        }
    } else {
        double_quoted(text)
    }
}

fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with(' ')
        && !text.contains(" \n")
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// `|`, how far it is indented where the first line does not tell, and what happens to the last ends
/// of lines: `-` there is none, `+` there are several.
fn header(text: &str) -> String {
    let hint = if text.starts_with([' ', '\n']) {
        "2"
    } else {
        ""
    };
    let chomping = if !text.ends_with('\n') {
        "-"
    } else if text == "\n" || text.ends_with("\n\n") {
        "+"
    } else {
        ""
    };
    format!("|{hint}{chomping}")
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a string cannot fail.
                let _ = match code {
                    ..0x100 => write!(out, "\\x{code:02X}"),
                    _ => write!(out, "\\u{code:04X}"),
                };
            }
        }
    }
    out.push('"');
    out
}

/// What may stand unescaped. Tabs and the line ends of Unicode may not: they would not survive.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
        || c >= '\u{10000}'
}

/// Whether no character of a printable text means anything to YAML in a block.
fn is_plain(text: &str) -> bool {
    let ends_plain = !text.starts_with(' ') && !text.ends_with([' ', ':']);
    let is_document_mark = text.starts_with("---") || text.starts_with("...");
    let starts_plain = match text.as_bytes() {
        [first, ..] if b"#,[]{}&*!|>'\"%@`".contains(first) => false,
        [b'?' | b':' | b'-'] | [b'?' | b':' | b'-', b' ', ..] => false,
        _ => true,
    };
    ends_plain && !is_document_mark && starts_plain && !text.contains(": ") && !text.contains(" #")
}

/// Whether a plain text would be read as null, a boolean, a number or a time, by YAML 1.1 or 1.2.
fn reads_as_another_type(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan",
    ];
    if text.len() <= 5 {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if is_cased(unsigned, ".inf") || WORDS.iter().any(|word| is_cased(text, word)) {
            return true;
        }
    }
    text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && (is_number(text) || is_sexagesimal(text) || is_time(text))
}

/// `word`, `Word` or `WORD`.
fn is_cased(text: &str, word: &str) -> bool {
    text.eq_ignore_ascii_case(word) && {
        let rest = text.trim_start_matches('.').get(1..).unwrap_or_default();
        let is_upper = rest.bytes().all(|b| !b.is_ascii_lowercase());
        let is_lower = rest.bytes().all(|b| !b.is_ascii_uppercase());
        is_upper || is_lower || word == ".nan"
    }
}

fn is_number(text: &str) -> bool {
    let text = text.replace('_', "");
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let all =
        |digits: &str, of: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|b| of(&b));
    if let Some((prefix, digits)) = unsigned.split_at_checked(2) {
        let is_based = match prefix {
            "0x" | "0X" => all(digits, u8::is_ascii_hexdigit),
            "0o" | "0O" => all(digits, |b| (b'0'..=b'7').contains(b)),
            "0b" | "0B" => all(digits, |b| matches!(b, b'0' | b'1')),
            _ => false,
        };
        if is_based {
            return true;
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    is_digits(whole)
        && is_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            all(
                exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
                u8::is_ascii_digit,
            )
        })
}

/// YAML 1.1 counts `1:30` as 90.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (head, rest) = unsigned.split_once(':').unwrap_or((unsigned, "x"));
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let is_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    head.starts_with(|c: char| c.is_ascii_digit())
        && is_digits(head)
        && is_digits(fraction)
        && rest
            .split(':')
            .all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// A date, with or without a time of day.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some((date, rest)) = text.split_once(['T', 't', ' ']).or(Some((text, ""))) else {
        return false;
    };
    let mut parts = date.split('-');
    let is_part = |part: Option<&str>| {
        part.is_some_and(|part| {
            matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'])
        })
    };
    digits == 4
        && parts.next().is_some_and(|year| year.len() == 4)
        && is_part(parts.next())
        && is_part(parts.next())
        && parts.next().is_none()
        && (rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains(':'))
}
