//! Rules made ready to be asked of every object that arrives: paths are cut, mistakes are found.

use std::collections::HashMap;

use super::{
    Polarity,
    path::Path,
    rule::{Clause, Outcome, ReadinessRule, Scalar, Test},
    verdict::{Verdict, explain, outdated, push_shortened},
};
use crate::model::{Condition, Json, ReadinessStatus, conditions_in};

/// A rule that has no mistakes.
#[derive(Debug, Default)]
pub(super) struct CompiledRule {
    has: Box<[Path]>,
    clauses: Box<[CompiledClause]>,
    ready: Box<[Box<str>]>,
    suspended: Box<[(CompiledTest, Box<str>)]>,
    conditions: HashMap<Box<str>, Polarity>,
}

#[derive(Debug)]
struct CompiledClause {
    when: Box<[CompiledTest]>,
    then: Outcome,
    reason: Option<Template>,
}

#[derive(Debug)]
enum CompiledTest {
    Value {
        path: Path,
        text: Box<str>,
        is: ValueTest,
    },
    Condition {
        type_: Box<str>,
        is: ConditionTest,
    },
    Items {
        list: Path,
        every: bool,
        tests: Box<[CompiledTest]>,
    },
}

#[derive(Debug)]
enum ValueTest {
    OneOf(Box<[Scalar]>),
    NoneOf(Box<[Scalar]>),
    Exists(bool),
    LessThan(Path),
}

#[derive(Debug)]
enum ConditionTest {
    Exists(bool),
    Is {
        status: Box<[Box<str>]>,
        reason: Box<[Box<str>]>,
        reason_not: Box<[Box<str>]>,
    },
}

/// What made a test hold, for the reason.
#[derive(Default)]
struct Witness<'a> {
    /// The item of a list.
    item: Option<&'a Json<'a>>,
    condition: Option<Condition<'a>>,
    /// A path and what is there.
    value: Option<(&'a str, &'a Json<'a>)>,
}

/// Where a test looks: conditions are in `status` of an object, and directly in an item.
#[derive(Clone, Copy)]
struct Scope<'a> {
    root: &'a Json<'a>,
    conditions: Option<&'a Json<'a>>,
}

impl<'a> Scope<'a> {
    fn object(root: &'a Json<'a>) -> Self {
        let conditions = root.at(&["status", "conditions"]);
        Self { root, conditions }
    }

    fn item(root: &'a Json<'a>) -> Self {
        let conditions = root.get("conditions");
        Self { root, conditions }
    }

    fn conditions(self) -> impl Iterator<Item = Condition<'a>> {
        self.conditions.into_iter().flat_map(conditions_in)
    }
}

impl CompiledRule {
    /// Finds mistakes that the shape of the language allows.
    pub(super) fn new(rule: &ReadinessRule) -> Result<Self, String> {
        let clauses: Result<Vec<_>, String> = rule
            .clauses
            .iter()
            .enumerate()
            .map(|(i, clause)| {
                CompiledClause::new(clause).map_err(|error| format!("clauses[{i}].{error}"))
            })
            .collect();
        let suspended: Result<Vec<_>, String> = rule
            .suspended
            .iter()
            .enumerate()
            .map(|(i, test)| {
                let compiled = CompiledTest::new(test);
                let words = suspension_words(test);
                compiled
                    .map(|compiled| (compiled, words))
                    .map_err(|error| format!("suspended[{i}]: {error}"))
            })
            .collect();
        let has: Result<Vec<_>, String> = rule
            .has
            .as_slice()
            .iter()
            .map(|path| Path::parse(path))
            .collect();
        let compiled = Self {
            has: has.map_err(|error| format!("has: {error}"))?.into(),
            clauses: clauses?.into(),
            ready: boxed(rule.ready.as_slice()),
            suspended: suspended?.into(),
            conditions: rule
                .conditions
                .iter()
                .map(|(name, polarity)| (name.as_str().into(), *polarity))
                .collect(),
        };
        if compiled.says_nothing() {
            return Err("has neither clauses nor ready, suspended or conditions".into());
        }
        Ok(compiled)
    }

    /// Whether it says when an object is ready, and not only what suspends it or what conditions mean.
    pub(super) fn judges(&self) -> bool {
        !self.clauses.is_empty() || !self.ready.is_empty()
    }

    fn says_nothing(&self) -> bool {
        self.clauses.is_empty()
            && self.ready.is_empty()
            && self.suspended.is_empty()
            && self.conditions.is_empty()
    }

    /// Whether an object has the shape that the rule is for.
    pub(super) fn fits(&self, object: &Json<'_>) -> bool {
        self.has.is_empty() || self.has.iter().any(|path| path.find(object).is_some())
    }

    /// The polarity that the rule gives a condition.
    pub(super) fn polarity(&self, type_: &str) -> Option<Polarity> {
        self.conditions.get(type_).copied()
    }

    /// The words of the first test for suspension that holds.
    pub(super) fn suspension(&self, object: &Json<'_>) -> Option<&str> {
        let scope = Scope::object(object);
        self.suspended
            .iter()
            .find(|(test, _)| test.witness(scope).is_some())
            .map(|(_, words)| &**words)
    }

    /// What the rule says; `None` when no clause applies and it names no conditions that mean ready.
    pub(super) fn judge(&self, object: &Json<'_>) -> Option<Verdict> {
        let scope = Scope::object(object);
        self.clauses
            .iter()
            .find_map(|clause| clause.judge(scope))
            .or_else(|| self.judge_ready(scope))
    }

    fn judge_ready(&self, scope: Scope<'_>) -> Option<Verdict> {
        let mut last = None;
        for type_ in &self.ready {
            let Some(condition) = scope.conditions().find(|c| c.type_ == &**type_) else {
                return Some(Verdict::in_progress(format!("{type_} is not reported yet")));
            };
            if let Some(reason) = outdated(&condition, scope.root) {
                return Some(Verdict::in_progress(reason));
            }
            if condition.status != "True" {
                return Some(Verdict::in_progress(explain(&condition)));
            }
            last = Some(condition);
        }
        last.map(|condition| match &*self.ready {
            [_] => Verdict::current(explain(&condition)),
            all => Verdict::current(format!("{} are True", all.join(" and "))),
        })
    }
}

impl CompiledClause {
    fn new(clause: &Clause) -> Result<Self, String> {
        let when = CompiledTest::all(clause.when.as_slice()).map_err(|e| format!("when{e}"))?;
        let reason = clause.reason.as_deref().map(Template::parse).transpose();
        Ok(Self {
            when,
            then: clause.then,
            reason: reason.map_err(|error| format!("reason: {error}"))?,
        })
    }

    fn judge(&self, scope: Scope<'_>) -> Option<Verdict> {
        let mut told = Witness::default();
        for test in &self.when {
            let witness = test.witness(scope)?;
            told.item = told.item.or(witness.item);
            told.condition = told.condition.or(witness.condition);
            told.value = told.value.or(witness.value);
        }
        // A condition about an older generation holds nothing up and proves nothing.
        if let Some(condition) = &told.condition
            && let Some(reason) = outdated(condition, scope.root)
        {
            return Some(Verdict::in_progress(reason));
        }
        let words = match &self.reason {
            Some(template) => template.fill(scope.root, &told),
            None => told.words(),
        };
        let status = match self.then {
            Outcome::Current | Outcome::Suspended => ReadinessStatus::Current,
            Outcome::InProgress => ReadinessStatus::InProgress,
            Outcome::Failed => ReadinessStatus::Failed,
            Outcome::Unknown => ReadinessStatus::Unknown,
        };
        Some(Verdict {
            status,
            suspended: self.then == Outcome::Suspended,
            reason: words,
        })
    }
}

impl CompiledTest {
    fn all(tests: &[Test]) -> Result<Box<[Self]>, String> {
        let several = tests.len() > 1;
        tests
            .iter()
            .enumerate()
            .map(|(i, test)| {
                Self::new(test).map_err(|error| {
                    if several {
                        format!("[{i}]: {error}")
                    } else {
                        format!(": {error}")
                    }
                })
            })
            .collect()
    }

    fn new(test: &Test) -> Result<Self, String> {
        let subjects = [&test.path, &test.condition, &test.any, &test.every];
        if subjects.iter().filter(|subject| subject.is_some()).count() != 1 {
            return Err("needs exactly one of path, condition, any and every".into());
        }
        let about_values = test.equals.is_some()
            || test.one_of.is_some()
            || test.not_in.is_some()
            || test.less_than.is_some();
        let about_conditions =
            test.status.is_some() || test.reason.is_some() || test.reason_not.is_some();
        if let Some(path) = &test.path {
            if about_conditions || test.each.is_some() {
                return Err("status, reason and where do not belong to a path".into());
            }
            return Ok(Self::Value {
                path: Path::parse(path)?,
                text: path.as_str().into(),
                is: ValueTest::new(test)?,
            });
        }
        if about_values {
            return Err("equals, in, notIn and lessThan belong to a path".into());
        }
        if let Some(type_) = &test.condition {
            if test.each.is_some() {
                return Err("where does not belong to a condition".into());
            }
            return Ok(Self::Condition {
                type_: type_.as_str().into(),
                is: ConditionTest::new(test)?,
            });
        }
        if about_conditions || test.exists.is_some() {
            return Err("any and every take where, with the tests of one item".into());
        }
        let list = test.any.as_ref().or(test.every.as_ref());
        let Some((list, tests)) = list.zip(test.each.as_ref()) else {
            return Err("any and every need where".into());
        };
        Ok(Self::Items {
            list: Path::parse(list)?,
            every: test.every.is_some(),
            tests: Self::all(tests.as_slice()).map_err(|error| format!("where{error}"))?,
        })
    }

    /// What makes the test hold; `None` when it does not.
    fn witness<'a>(&'a self, scope: Scope<'a>) -> Option<Witness<'a>> {
        match self {
            Self::Value { path, text, is } => {
                let value = path.find(scope.root);
                is.holds(value, scope.root).then(|| Witness {
                    value: value.map(|value| (&**text, value)),
                    ..Witness::default()
                })
            }
            Self::Condition { type_, is } => {
                let condition = scope.conditions().find(|c| c.type_ == &**type_);
                is.holds(condition.as_ref()).then(|| Witness {
                    condition,
                    ..Witness::default()
                })
            }
            Self::Items { list, every, tests } => {
                let items = list.find(scope.root).map_or(&[][..], Json::items);
                let mut found = None;
                for item in items {
                    match item_witness(tests, item) {
                        Some(witness) if !every => return Some(witness),
                        Some(witness) => found = Some(witness),
                        None if *every => return None,
                        None => {}
                    }
                }
                found
            }
        }
    }
}

fn item_witness<'a>(tests: &'a [CompiledTest], item: &'a Json<'a>) -> Option<Witness<'a>> {
    let scope = Scope::item(item);
    let mut told = Witness {
        item: Some(item),
        ..Witness::default()
    };
    for test in tests {
        let witness = test.witness(scope)?;
        told.condition = told.condition.or(witness.condition);
        told.value = told.value.or(witness.value);
    }
    Some(told)
}

/// What an item is called: its name, or that of what it refers to (a parent of the Gateway API).
fn item_name<'a>(item: &'a Json<'a>) -> Option<&'a str> {
    let named = [
        &["name"][..],
        &["parentRef", "name"],
        &["ancestorRef", "name"],
    ];
    named.iter().find_map(|path| item.at(path)?.as_str())
}

impl ValueTest {
    fn new(test: &Test) -> Result<Self, String> {
        let mut found = Vec::new();
        if let Some(value) = &test.equals {
            found.push(Self::OneOf([value.clone()].into()));
        }
        if let Some(values) = &test.one_of {
            found.push(Self::OneOf(values.clone().into()));
        }
        if let Some(values) = &test.not_in {
            found.push(Self::NoneOf(values.clone().into()));
        }
        if let Some(exists) = test.exists {
            found.push(Self::Exists(exists));
        }
        if let Some(path) = &test.less_than {
            found.push(Self::LessThan(Path::parse(path)?));
        }
        match found.pop() {
            Some(only) if found.is_empty() => Ok(only),
            _ => Err("a path needs exactly one of equals, in, notIn, exists and lessThan".into()),
        }
    }

    fn holds(&self, value: Option<&Json<'_>>, root: &Json<'_>) -> bool {
        match self {
            Self::OneOf(wanted) => {
                value.is_some_and(|value| wanted.iter().any(|wanted| wanted.is(value)))
            }
            Self::NoneOf(wanted) => {
                value.is_some_and(|value| !wanted.iter().any(|wanted| wanted.is(value)))
            }
            Self::Exists(exists) => value.is_some() == *exists,
            Self::LessThan(other) => {
                let number = |value: Option<&Json<'_>>| value.map_or(Some(0), Json::as_i64);
                matches!((number(value), number(other.find(root))), (Some(a), Some(b)) if a < b)
            }
        }
    }
}

impl ConditionTest {
    fn new(test: &Test) -> Result<Self, String> {
        let texts = |list: &Option<super::rule::OneOrMany<String>>| {
            list.as_ref()
                .map_or_else(Box::default, |list| boxed(list.as_slice()))
        };
        match test.exists {
            Some(_)
                if test.status.is_some() || test.reason.is_some() || test.reason_not.is_some() =>
            {
                Err("a condition takes exists, or status and reasons".into())
            }
            Some(exists) => Ok(Self::Exists(exists)),
            None => {
                let status = test.status.as_ref().map_or(&[][..], |list| list.as_slice());
                let is = Self::Is {
                    status: status.iter().map(Scalar::as_condition_status).collect(),
                    reason: texts(&test.reason),
                    reason_not: texts(&test.reason_not),
                };
                match &is {
                    Self::Is {
                        status,
                        reason,
                        reason_not,
                    } if status.is_empty() && reason.is_empty() && reason_not.is_empty() => {
                        Err("a condition needs exists, status, reason or reasonNot".into())
                    }
                    _ => Ok(is),
                }
            }
        }
    }

    fn holds(&self, condition: Option<&Condition<'_>>) -> bool {
        let has = |list: &[Box<str>], text: &str| list.iter().any(|item| &**item == text);
        match self {
            Self::Exists(exists) => condition.is_some() == *exists,
            Self::Is {
                status,
                reason,
                reason_not,
            } => condition.is_some_and(|condition| {
                (status.is_empty() || has(status, condition.status))
                    && (reason.is_empty() || has(reason, condition.reason))
                    && !has(reason_not, condition.reason)
            }),
        }
    }
}

impl Scalar {
    fn is(&self, value: &Json<'_>) -> bool {
        match self {
            Scalar::Bool(wanted) => value.as_bool() == Some(*wanted),
            Scalar::Integer(wanted) => value.as_i64() == Some(*wanted),
            Scalar::Text(wanted) => value.as_str() == Some(wanted),
        }
    }

    /// YAML reads `True` without quotes as a boolean.
    fn as_condition_status(&self) -> Box<str> {
        match self {
            Scalar::Bool(true) => "True".into(),
            Scalar::Bool(false) => "False".into(),
            Scalar::Integer(number) => number.to_string().into(),
            Scalar::Text(text) => text.as_str().into(),
        }
    }
}

fn boxed(texts: &[String]) -> Box<[Box<str>]> {
    texts.iter().map(|text| text.as_str().into()).collect()
}

/// `spec.suspend is true`, `Paused is True`.
fn suspension_words(test: &Test) -> Box<str> {
    let subject = test.path.as_ref().or(test.condition.as_ref());
    let subject = subject.map_or("a part", String::as_str);
    match (&test.equals, &test.status) {
        (Some(Scalar::Bool(value)), _) => format!("{subject} is {value}"),
        (Some(Scalar::Text(value)), _) => format!("{subject} is {value}"),
        (_, Some(status)) => {
            let words: Vec<_> = status
                .as_slice()
                .iter()
                .map(Scalar::as_condition_status)
                .collect();
            format!("{subject} is {}", words.join(" or "))
        }
        _ => format!("{subject} is set"),
    }
    .into()
}

/// A reason with places to fill.
#[derive(Debug)]
struct Template(Box<[Piece]>);

#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    /// A value of the object.
    Value(Path),
    /// A value of the item that a test found.
    OfItem(Path),
    Condition,
}

impl Template {
    fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("{text:?} has a brace that does not end"))?;
            pieces.push(match name.strip_prefix("item.") {
                _ if name == "condition" => Piece::Condition,
                Some(path) => Piece::OfItem(Path::parse(path)?),
                None => Piece::Value(Path::parse(name)?),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self(pieces.into()))
    }

    /// The text. What is absent leaves no colon behind.
    fn fill(&self, root: &Json<'_>, told: &Witness<'_>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Condition => told.push_condition(&mut text),
                Piece::Value(path) => push_value(&mut text, path.find(root)),
                Piece::OfItem(path) => {
                    push_value(&mut text, told.item.and_then(|item| path.find(item)));
                }
            }
        }
        text.truncate(text.trim_end_matches([' ', ':', ',']).len());
        text
    }
}

fn push_value(text: &mut String, value: Option<&Json<'_>>) {
    match value {
        Some(Json::String(value)) => push_shortened(text, value.trim()),
        Some(value) => push_shortened(text, &value.to_compact()),
        None => {}
    }
}

impl Witness<'_> {
    fn words(&self) -> String {
        let mut text = String::new();
        match (&self.condition, self.value) {
            (Some(_), _) => self.push_condition(&mut text),
            (None, Some((path, value))) => {
                self.push_item(&mut text);
                text.push_str(path);
                text.push_str(" is ");
                push_value(&mut text, Some(value));
            }
            (None, None) => text.push_str("by the rule of its kind"),
        }
        text
    }

    fn push_condition(&self, text: &mut String) {
        let Some(condition) = &self.condition else {
            return;
        };
        self.push_item(text);
        text.push_str(&explain(condition));
    }

    fn push_item(&self, text: &mut String) {
        if let Some(name) = self.item.and_then(item_name) {
            text.push_str(name);
            text.push_str(": ");
        }
    }
}
