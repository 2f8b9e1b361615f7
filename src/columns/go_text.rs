//! Values as Go writes them: cells pass through its `encoding/json` and its `fmt`.

use std::fmt::Write as _;

use crate::model::{Json, Number};

/// `fmt.Sprint` of a `float64`: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
/// (`k8s.io/client-go/util/jsonpath` prints string columns with it.)
pub(super) fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// What `kubectl` prints of a float that came as JSON: without a point or an exponent it is an
/// integer again on its side.
pub(super) fn float_over_json(value: f64) -> String {
    let json = Number::Float(value).to_string();
    match json.parse::<i64>() {
        Ok(integer) => integer.to_string(),
        Err(_) => float(value),
    }
}

/// A number as the server decodes it: whole numbers beyond `int64` become floats.
pub(super) fn number(value: Number) -> String {
    match value {
        Number::Integer(n) => n.to_string(),
        // The same rounding as Go's conversion.
        #[expect(clippy::cast_precision_loss, reason = "the server rounds here too")]
        Number::Unsigned(n) => float(n as f64),
        Number::Float(n) => float(n),
    }
}

/// `json.Marshal` of a value: keys sorted, and the characters escaped that HTML could mistake.
pub(super) fn json(value: &Json<'_>) -> String {
    let mut out = String::new();
    write_json(value, &mut out);
    out
}

fn write_json(value: &Json<'_>, out: &mut String) {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "the server rounds here too")]
        Json::Number(Number::Unsigned(n)) => out.push_str(&Number::Float(*n as f64).to_string()),
        Json::Null | Json::Bool(_) | Json::Number(_) => value.write_compact(out),
        Json::String(text) => write_string(text, out),
        Json::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (i, (name, value)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..'\u{20}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected texts come from running Go.
    #[test]
    fn floats_print_as_go_prints_them() {
        for (value, text) in [
            (1.5, "1.5"),
            (1e5, "100000"),
            (123_456.5, "123456.5"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (0.0, "0"),
            (-2.5e-7, "-2.5e-07"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn whole_floats_come_back_from_json_as_integers() {
        for (value, text) in [
            (1e6, "1000000"),
            (12_345_678_901_234_568.0, "12345678901234568"),
            (1e20, "1e+20"),
            (1_234_567.5, "1.2345675e+06"),
            (-0.0, "0"),
        ] {
            assert_eq!(float_over_json(value), text);
        }
    }

    #[test]
    fn json_is_sorted_and_escaped_as_go_escapes_it() {
        let value = Json::parse(br#"{"z":"<a>&\u2028\u007f\b\f\n\t\u0001\"\\\u00e9","a":[null,true,5,1.5,18446744073709551615]}"#);
        assert_eq!(
            json(&value.unwrap()),
            "{\"a\":[null,true,5,1.5,18446744073709552000],\"z\":\"\\u003ca\\u003e\\u0026\\u2028\u{7f}\\b\\f\\n\\t\\u0001\\\"\\\\é\"}"
        );
    }
}
