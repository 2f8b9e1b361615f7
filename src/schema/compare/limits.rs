//! Keywords that limit the values of a field: tightened or loosened.

use std::cmp::Ordering;

use super::{Aspect, Changes, Impact};
use crate::{
    model::{Json, Number},
    schema::plain,
};

/// Whether a higher value lets less through.
fn direction(keyword: &str) -> Option<bool> {
    match keyword {
        "minimum" | "minLength" | "minItems" | "minProperties" => Some(true),
        "maximum" | "maxLength" | "maxItems" | "maxProperties" => Some(false),
        _ => None,
    }
}

/// Whether a keyword limits values.
pub(super) fn is_limit(keyword: &str) -> bool {
    direction(keyword).is_some()
        || matches!(
            keyword,
            "exclusiveMinimum"
                | "exclusiveMaximum"
                | "multipleOf"
                | "pattern"
                | "format"
                | "uniqueItems"
                | "allOf"
                | "anyOf"
                | "oneOf"
                | "not"
        )
}

/// Compares one keyword of a field.
pub(super) fn compare(
    path: &str,
    keyword: &str,
    old: Option<&Json<'static>>,
    new: Option<&Json<'static>>,
    changes: &mut Changes,
) {
    // `exclusiveMinimum: false` says nothing.
    let says = |value: &&Json<'static>| **value != Json::Bool(false);
    let (old, new) = (old.filter(says), new.filter(says));
    let impact = match (old, new) {
        (Some(old), Some(new)) if old == new => return,
        (None, None) => return,
        (None, Some(_)) => Impact::Breaking,
        (Some(_), None) => Impact::Compatible,
        (Some(old), Some(new)) => match (direction(keyword), order(old, new)) {
            (Some(_), Some(Ordering::Equal)) => return,
            (Some(true), Some(Ordering::Greater)) | (Some(false), Some(Ordering::Less)) => {
                Impact::Compatible
            }
            // Tightened, or nobody can tell.
            _ => Impact::Breaking,
        },
    };
    let (old, new) = (old.map(plain), new.map(plain));
    let what = match (&old, &new, impact) {
        (None, Some(new), _) => format!("{keyword} {} added", short(new)),
        (Some(old), None, _) => format!("{keyword} {} removed", short(old)),
        (Some(old), Some(new), _) if direction(keyword).is_some() => {
            let word = match impact {
                Impact::Breaking => "tightened",
                _ => "loosened",
            };
            format!("{keyword} {word}: {old} → {new}")
        }
        _ => format!("{keyword} changed"),
    };
    let aspect = Aspect::Limit(keyword.to_owned());
    changes.push((path, aspect, impact), what, old, new);
}

/// Characters of a value that stand in a sentence.
const SHORT: usize = 60;

/// A value that may be long, for a sentence.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= SHORT {
        return text.to_owned();
    }
    text.chars().take(SHORT - 1).chain(['…']).collect()
}

fn order(old: &Json<'_>, new: &Json<'_>) -> Option<Ordering> {
    match (old, new) {
        (Json::Number(Number::Integer(a)), Json::Number(Number::Integer(b))) => Some(a.cmp(b)),
        (Json::Number(a), Json::Number(b)) => float(*a)?.partial_cmp(&float(*b)?),
        _ => None,
    }
}

fn float(number: Number) -> Option<f64> {
    number.to_string().parse().ok()
}
