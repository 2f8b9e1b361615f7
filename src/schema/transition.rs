//! What a transition rule lets happen to a field.
//!
//! A transition rule compares `self` with `oldSelf`. Instead of a list of texts that rules are known
//! by, a rule is tried on every way in which one field can change: from one value to another, set,
//! removed. What the rule says of other fields may be anything, and so may be what is not understood
//! of it; only a change that no such case lets through is refused. An empty value (`""`, `0`, `[]`)
//! counts as not set.

use std::cmp::Ordering;

use super::cel::{Expr, Path};

/// Whether a rule lets a change through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verdict {
    /// It does.
    #[default]
    Allowed,
    /// It depends on other fields, or on the values.
    Sometimes,
    /// It never does.
    Refused,
}

/// What may happen to a field after the object was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transitions {
    /// To change from one value to another.
    pub change: Verdict,
    /// To be set where it was not.
    pub set: Verdict,
    /// To be removed.
    pub remove: Verdict,
}

impl Transitions {
    /// What two rules together let happen.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            change: self.change.max(other.change),
            set: self.set.max(other.set),
            remove: self.remove.max(other.remove),
        }
    }
}

/// Where a field is, seen from the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'s> {
    /// The names from the rule's field to the field. Behind a list or a map there are no names.
    pub(super) names: &'s [&'s str],
    /// Whether lists or maps lie between the last name and the field.
    pub(super) is_deeper: bool,
    /// Whether the field has to be set: it is never set later, nor removed.
    pub(super) is_required: bool,
}

/// What a rule lets happen to a field. `None` where it says nothing of it: it is no transition rule,
/// not CEL, or about other fields.
pub(super) fn transitions(
    rule: &str,
    is_evaluated_on_create: bool,
    target: Target<'_>,
) -> Option<Transitions> {
    if !rule.contains("oldSelf") {
        return None;
    }
    let rule = Expr::parse(rule)?;
    let is_own = target.names.is_empty() && !target.is_deeper;
    let run = |old: Value, new: Value| {
        // The rule of a field that is not there is not evaluated, but for `optionalOldSelf`.
        let unseen = (old == Value::Absent && !is_evaluated_on_create) || new == Value::Absent;
        if is_own && unseen {
            return Logic::YES;
        }
        Case { target, old, new }.logic(&rule)
    };
    // A rule that fails on an absent field was written for one that is always there: then empty is
    // what "not set" means.
    let of = |absent: (Value, Value), empty: (Value, Value)| {
        let found = run(absent.0, absent.1);
        if target.is_required || found == Logic::ERROR {
            run(empty.0, empty.1).verdict()
        } else {
            found.verdict()
        }
    };
    let (a, b) = (Value::A, Value::B);
    let found = Transitions {
        change: run(a, b).verdict(),
        set: of((Value::Absent, a), (Value::Empty, a)),
        remove: of((a, Value::Absent), (a, Value::Empty)),
    };
    // "Depends" is only worth a word where the rule compares this very field.
    let names_it = compares(&rule, target);
    let strict = |verdict: Verdict| match verdict {
        Verdict::Sometimes if !names_it => Verdict::Allowed,
        verdict => verdict,
    };
    let found = Transitions {
        change: strict(found.change),
        set: strict(found.set),
        remove: strict(found.remove),
    };
    (found != Transitions::default()).then_some(found)
}

/// Whether a rule compares the old and the new state of a field by its name.
fn compares(rule: &Expr, target: Target<'_>) -> bool {
    let is_target = |path: &Path, is_old: bool| {
        path.is_old == is_old && !target.is_deeper && path.names == target.names
    };
    let mentions = |is_old: bool| {
        rule.any(&|expr| match expr {
            Expr::Path(path) | Expr::Has(path) | Expr::Size(path) | Expr::OrValue(path) => {
                is_target(path, is_old)
            }
            _ => false,
        })
    };
    mentions(false) && mentions(true)
}

/// A value of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Absent,
    Empty,
    A,
    B,
}

/// What a term may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// The field itself.
    Field(Value),
    /// An optional of the field: not set is a value.
    Optional(Value),
    /// Something that the field is in, before or after.
    Around {
        is_old: bool,
        depth: usize,
    },
    /// The size of the field.
    Size(Value),
    Literal {
        is_empty: bool,
    },
    /// It does not evaluate.
    Error,
    Unknown,
}

/// What a condition may evaluate to: any of several where it depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Logic {
    yes: bool,
    no: bool,
    error: bool,
}

impl Logic {
    const YES: Self = Self::only(true);
    const NO: Self = Self::only(false);
    const ERROR: Self = Self {
        yes: false,
        no: false,
        error: true,
    };
    const UNKNOWN: Self = Self {
        yes: true,
        no: true,
        error: true,
    };

    const fn only(yes: bool) -> Self {
        Self {
            yes,
            no: !yes,
            error: false,
        }
    }

    fn not(self) -> Self {
        Self {
            yes: self.no,
            no: self.yes,
            error: self.error,
        }
    }

    /// `&&` of CEL: false wins over an error, whichever comes first.
    fn and(self, other: Self) -> Self {
        Self {
            yes: self.yes && other.yes,
            no: self.no || other.no,
            error: (self.error && (other.yes || other.error)) || (other.error && self.yes),
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    fn choose(self, then: Self, other: Self) -> Self {
        let part = |on: bool, of: Self| (on && of.yes, on && of.no, on && of.error);
        let (a, b) = (part(self.yes, then), part(self.no, other));
        Self {
            yes: a.0 || b.0,
            no: a.1 || b.1,
            error: self.error || a.2 || b.2,
        }
    }

    /// An error refuses as well as a false does.
    fn verdict(self) -> Verdict {
        match (self.yes, self.no || self.error) {
            (false, _) => Verdict::Refused,
            (true, true) => Verdict::Sometimes,
            (true, false) => Verdict::Allowed,
        }
    }
}

/// How a path lies to the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Same,
    Around,
    Within,
    Elsewhere,
}

/// One way in which the field changes.
struct Case<'s> {
    target: Target<'s>,
    old: Value,
    new: Value,
}

impl Case<'_> {
    fn logic(&self, expr: &Expr) -> Logic {
        match expr {
            Expr::Bool(value) => Logic::only(*value),
            Expr::Not(a) => self.logic(a).not(),
            Expr::And(a, b) => self.logic(a).and(self.logic(b)),
            Expr::Or(a, b) => self.logic(a).or(self.logic(b)),
            Expr::If(a, b, c) => self.logic(a).choose(self.logic(b), self.logic(c)),
            Expr::Equal(a, b) => self.equal(a, b),
            Expr::Greater(a, b) => greater(self.term(a), self.term(b)),
            Expr::Has(path) => self.has(path),
            // A boolean field.
            Expr::Path(path) => match self.term_of(path) {
                Term::Field(Value::Empty) => Logic::NO,
                Term::Field(Value::A | Value::B) => Logic::YES,
                Term::Field(Value::Absent) | Term::Error => Logic::ERROR,
                _ => Logic::UNKNOWN,
            },
            Expr::Size(_) | Expr::OrValue(_) | Expr::Literal { .. } | Expr::Unknown => {
                Logic::UNKNOWN
            }
        }
    }

    fn value(&self, path: &Path) -> Value {
        if path.is_old { self.old } else { self.new }
    }

    fn place(&self, path: &Path) -> Place {
        let target = self.target.names;
        let pairs = path.names.iter().zip(target);
        let shared = pairs.take_while(|(a, b)| a == *b).count();
        let (length, of) = (path.names.len(), target.len());
        match length.cmp(&of) {
            _ if shared < length.min(of) => Place::Elsewhere,
            Ordering::Less => Place::Around,
            Ordering::Equal if self.target.is_deeper => Place::Around,
            Ordering::Equal => Place::Same,
            // Behind a list or a map, names do not tell which item.
            Ordering::Greater if self.target.is_deeper => Place::Elsewhere,
            Ordering::Greater => Place::Within,
        }
    }

    fn has(&self, path: &Path) -> Logic {
        match (self.place(path), self.value(path)) {
            (Place::Same, Value::Absent) => Logic::NO,
            (Place::Same | Place::Around, Value::Empty | Value::A | Value::B) => Logic::YES,
            // `self` is always there.
            (Place::Around, Value::Absent) if path.names.is_empty() => Logic::YES,
            (Place::Around, Value::Absent) => Logic {
                error: path.names.len() > 1,
                ..Logic::UNKNOWN
            },
            (Place::Within, Value::Absent) if path.is_optional => Logic::NO,
            (Place::Within, Value::Absent) => Logic::ERROR,
            (Place::Within | Place::Elsewhere, _) => Logic::UNKNOWN,
        }
    }

    fn term_of(&self, path: &Path) -> Term {
        let value = self.value(path);
        match self.place(path) {
            Place::Same if path.is_optional => Term::Optional(value),
            Place::Same => Term::Field(value),
            Place::Around => Term::Around {
                is_old: path.is_old,
                depth: path.names.len(),
            },
            Place::Within if value == Value::Absent && !path.is_optional => Term::Error,
            Place::Within | Place::Elsewhere => Term::Unknown,
        }
    }

    fn term(&self, expr: &Expr) -> Term {
        match expr {
            Expr::Path(path) => self.term_of(path),
            Expr::Size(path) => match self.term_of(path) {
                Term::Field(Value::Absent) | Term::Error => Term::Error,
                Term::Field(value) => Term::Size(value),
                _ => Term::Unknown,
            },
            // What stands in for a field that is not set may be any value.
            Expr::OrValue(path) => match self.term_of(path) {
                Term::Optional(Value::Absent) => Term::Unknown,
                Term::Optional(value) => Term::Field(value),
                other => other,
            },
            Expr::Literal { is_empty } => Term::Literal {
                is_empty: *is_empty,
            },
            Expr::Bool(value) => Term::Literal { is_empty: !value },
            _ => Term::Unknown,
        }
    }

    fn equal(&self, a: &Expr, b: &Expr) -> Logic {
        // `has(self.x) == has(oldSelf.x)`
        if is_condition(a) && is_condition(b) {
            let (a, b) = (self.logic(a), self.logic(b));
            return a.and(b).or(a.not().and(b.not()));
        }
        match (self.term(a), self.term(b)) {
            (Term::Error, _)
            | (_, Term::Error)
            | (Term::Field(Value::Absent), _)
            | (_, Term::Field(Value::Absent)) => Logic::ERROR,
            (Term::Field(a), Term::Field(b)) | (Term::Optional(a), Term::Optional(b)) => {
                Logic::only(a == b)
            }
            // Whatever the field is in differs when the field does.
            (
                Term::Around { is_old, depth },
                Term::Around {
                    is_old: other,
                    depth: at,
                },
            ) if is_old != other && depth == at => Logic::NO,
            (Term::Field(value), Term::Literal { is_empty })
            | (Term::Literal { is_empty }, Term::Field(value)) => match (value, is_empty) {
                (Value::Empty, true) => Logic::YES,
                (Value::Empty, false) | (_, true) => Logic::NO,
                _ => Logic::UNKNOWN,
            },
            (Term::Size(value), Term::Literal { is_empty })
            | (Term::Literal { is_empty }, Term::Size(value)) => match (value, is_empty) {
                (Value::Empty, is_empty) => Logic::only(is_empty),
                (_, true) => Logic::NO,
                _ => Logic::UNKNOWN,
            },
            _ => Logic::UNKNOWN,
        }
    }
}

fn is_condition(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Has(_)
            | Expr::Not(_)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Equal(..)
            | Expr::Greater(..)
    )
}

fn greater(a: Term, b: Term) -> Logic {
    match (a, b) {
        (Term::Error | Term::Field(Value::Absent), _)
        | (_, Term::Error | Term::Field(Value::Absent)) => Logic::ERROR,
        (Term::Size(value), Term::Literal { is_empty: true }) => Logic::only(value != Value::Empty),
        _ => Logic::UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Allowed, Refused, Sometimes};

    /// What a rule of the parent says of its field `x`: change, set, remove.
    fn of_x(rule: &str) -> Option<(Verdict, Verdict, Verdict)> {
        let target = Target {
            names: &["x"],
            is_deeper: false,
            is_required: false,
        };
        transitions(rule, false, target).map(|found| (found.change, found.set, found.remove))
    }

    fn of_itself(rule: &str, is_required: bool) -> Option<(Verdict, Verdict, Verdict)> {
        let target = Target {
            names: &[],
            is_deeper: false,
            is_required,
        };
        transitions(rule, false, target).map(|found| (found.change, found.set, found.remove))
    }

    #[test]
    fn equal_states_are_immutable() {
        for rule in [
            "self.x == oldSelf.x",
            "oldSelf.x == self.x",
            "!(self.x != oldSelf.x)",
            "self.x == oldSelf.x && self.y > 0",
            "self == oldSelf",
            "has(self.x) == has(oldSelf.x) && self.x == oldSelf.x",
            "self.?x == oldSelf.?x",
        ] {
            assert_eq!(of_x(rule), Some((Refused, Refused, Refused)), "{rule}");
        }
    }

    #[test]
    fn the_rule_of_a_field_says_nothing_of_its_being_set_or_removed() {
        assert_eq!(
            of_itself("self == oldSelf", false),
            Some((Refused, Allowed, Allowed))
        );
        assert_eq!(
            of_itself("oldSelf == self", true),
            Some((Refused, Refused, Refused))
        );
    }

    #[test]
    fn guards_say_what_stays_possible() {
        for (rule, expected) in [
            // Once set: neither changed nor removed.
            (
                "!has(oldSelf.x) || self.x == oldSelf.x",
                (Refused, Allowed, Refused),
            ),
            (
                "!has(oldSelf.x) || (has(self.x) && self.x == oldSelf.x)",
                (Refused, Allowed, Refused),
            ),
            (
                "has(oldSelf.x) ? self.x == oldSelf.x : true",
                (Refused, Allowed, Refused),
            ),
            (
                "size(oldSelf.x) == 0 || self.x == oldSelf.x",
                (Refused, Allowed, Refused),
            ),
            (
                "oldSelf.x == '' || oldSelf.x == self.x",
                (Refused, Allowed, Refused),
            ),
            // Neither changed nor set later.
            (
                "!has(self.x) || self.x == oldSelf.x",
                (Refused, Refused, Allowed),
            ),
            (
                "!has(self.x) || !has(oldSelf.x) || self.x == oldSelf.x",
                (Refused, Allowed, Allowed),
            ),
            // Nothing of the value.
            ("has(self.x) == has(oldSelf.x)", (Allowed, Refused, Refused)),
            (
                "!has(oldSelf.x) || has(self.x)",
                (Allowed, Allowed, Refused),
            ),
        ] {
            let found = of_x(rule).unwrap_or_default();
            assert_eq!(found, expected, "{rule}");
        }
    }

    #[test]
    fn what_hangs_on_other_fields_is_immutable_in_some_cases() {
        for rule in [
            "self.mode == 'open' || self.x == oldSelf.x",
            "!oldSelf.locked || self.x == oldSelf.x",
            "oldSelf.x == 'pending' || self.x == oldSelf.x",
        ] {
            assert_eq!(of_x(rule).map(|found| found.0), Some(Sometimes), "{rule}");
        }
    }

    #[test]
    fn rules_about_something_else_say_nothing() {
        for rule in [
            "self.x > 3",
            "self.y == oldSelf.y",
            "self.x.y == oldSelf.x.y",
            "self.x >= oldSelf.x || oldSelf.y",
            "self.all(item, oldSelf.exists(old, old == item))",
            "oldSelf is not CEL",
        ] {
            let change = of_x(rule).map_or(Allowed, |found| found.0);
            assert!(change != Refused, "{rule}");
        }
        assert_eq!(of_x("self.y == oldSelf.y"), None);
    }

    #[test]
    fn what_is_deeper_cannot_change_either() {
        let target = |is_deeper| Target {
            names: &["a", "b"],
            is_deeper,
            is_required: false,
        };
        for rule in [
            "self == oldSelf",
            "self.a == oldSelf.a",
            "!has(oldSelf.a) || self.a == oldSelf.a",
        ] {
            for is_deeper in [false, true] {
                let found = transitions(rule, false, target(is_deeper)).unwrap();
                assert_eq!(found.change, Refused, "{rule}");
            }
        }
        // An item of the list `a.b`, and the list.
        let found = transitions("self.a.b == oldSelf.a.b", false, target(true)).unwrap();
        assert_eq!(found.change, Refused);
        assert_eq!(
            transitions("self.a.b.c == oldSelf.a.b.c", false, target(true)),
            None
        );
    }

    #[test]
    fn optional_old_self_is_evaluated_on_creation_too() {
        let target = Target {
            names: &[],
            is_deeper: false,
            is_required: false,
        };
        let rule = "!oldSelf.hasValue() || oldSelf.value() == self";
        let found = transitions(rule, true, target).unwrap();
        assert_eq!((found.change, found.set), (Refused, Allowed));
    }
}
