//! Whether a field may change after its object was created.

use super::{
    Field, Rule, Step, Verdict,
    transition::{Target, Transitions, transitions},
};

/// What the rules of a field, and of those around it, say of its changing.
#[derive(Debug, Clone)]
pub struct Immutability<'s> {
    /// What may still happen to it.
    pub transitions: Transitions,
    /// The rules that say so, each with the path of the field that has it.
    pub rules: Vec<(String, Rule<'s>)>,
    /// Only because a field around it is immutable.
    pub is_inherited: bool,
}

impl Immutability<'_> {
    /// Whether it can never change from one value to another.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.transitions.change == Verdict::Refused
    }

    /// In words: `Immutable once set`.
    #[must_use]
    pub fn words(&self) -> &'static str {
        let Transitions {
            change,
            set,
            remove,
        } = self.transitions;
        match (change, set, remove) {
            (Verdict::Refused, Verdict::Refused, Verdict::Refused) => "Immutable",
            (Verdict::Refused, Verdict::Refused, _) => {
                "Immutable: it may be removed, but neither changed nor set later"
            }
            (Verdict::Refused, _, Verdict::Refused) => "Immutable once set",
            (Verdict::Refused, ..) => "Immutable while set: it may be set later, and removed",
            (Verdict::Sometimes, ..) => "Immutable in some cases",
            (Verdict::Allowed, Verdict::Refused, Verdict::Refused) => {
                "May change, but neither be set later nor removed"
            }
            (Verdict::Allowed, Verdict::Refused, _) => "May change, but not be set later",
            (Verdict::Allowed, _, Verdict::Refused) => "May not be removed once set",
            (Verdict::Allowed, ..) => "May be set or removed in some cases only",
        }
    }
}

impl<'s> Field<'s> {
    /// What transition rules let happen to it; `None` where none restricts it.
    #[must_use]
    pub fn immutability(&self) -> Option<Immutability<'s>> {
        let mut found: Option<Immutability<'s>> = None;
        for owner in self.ancestors() {
            for rule in owner.rules().into_iter().filter(Rule::is_transition) {
                let Some(allowed) = self.allowed_by(owner, rule) else {
                    continue;
                };
                let is_of_parent = !self.is_same(owner)
                    && self
                        .parent()
                        .and_then(|parent| parent.allowed_by(owner, rule))
                        .is_some_and(|of_parent| of_parent.change == Verdict::Refused);
                let known = found.get_or_insert_with(|| Immutability {
                    transitions: Transitions::default(),
                    rules: Vec::new(),
                    is_inherited: true,
                });
                known.transitions = known.transitions.and(allowed);
                known.is_inherited &= is_of_parent;
                known.rules.push((owner.path(), rule));
            }
        }
        found
    }

    /// What a rule of this field or of one around it lets happen to this field.
    fn allowed_by(&self, owner: &Field<'s>, rule: Rule<'s>) -> Option<Transitions> {
        let mut names: Vec<&'s str> = Vec::new();
        let mut is_deeper = false;
        for field in self.ancestors().take_while(|field| !field.is_same(owner)) {
            match field.step() {
                Step::Property(name) => names.insert(0, name),
                // Only the names outside of the list or the map lead to it.
                Step::Item | Step::Value => {
                    names.clear();
                    is_deeper = true;
                }
                Step::Root => {}
            }
        }
        let target = Target {
            names: &names,
            is_deeper,
            is_required: self.is_required(),
        };
        transitions(rule.rule, rule.has_optional_old_self, target)
    }

    /// Whether its description says that it cannot change, whatever the API server makes of it.
    #[must_use]
    pub fn is_described_as_immutable(&self) -> bool {
        self.description().is_some_and(describes_immutable)
    }
}

/// Whether a description says that its field cannot change.
fn describes_immutable(description: &str) -> bool {
    let text = description.to_ascii_lowercase();
    let says = |phrase: &str| {
        text.match_indices(phrase).any(|(at, _)| {
            let before = &text[..at];
            let word = before.ends_with(|c: char| c.is_alphanumeric() || c == '-');
            let negated = [" not ", "n't ", " no longer ", "non-"]
                .iter()
                .any(|no| before.ends_with(no));
            !word && !negated
        })
    };
    [
        "immutable",
        "cannot be updated",
        "cannot be changed",
        "cannot be modified",
        "can not be changed",
        "can't be changed",
        "may not be changed",
        "must not be changed",
    ]
    .iter()
    .any(|phrase| says(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn schema(root: &str) -> Schema {
        let spec =
            format!(r#"{{"versions":[{{"name":"v1","schema":{{"openAPIV3Schema":{root}}}}}]}}"#);
        Schema::parse(spec.as_bytes(), "v1").unwrap()
    }

    #[test]
    fn rules_reach_the_fields_that_they_name() {
        let schema = schema(
            r#"{"type":"object","x-kubernetes-validations":[
                  {"rule":"self.spec.class == oldSelf.spec.class","message":"class is immutable"}],
                "properties":{"spec":{"type":"object","required":["class"],"properties":{
                  "class":{"type":"string"},
                  "own":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf"}]},
                  "free":{"type":"string"},
                  "template":{"type":"object",
                    "x-kubernetes-validations":[{"rule":"self == oldSelf","message":"frozen"}],
                    "properties":{"list":{"type":"array","items":{"type":"object",
                      "properties":{"name":{"type":"string"}}}}}}}}}}"#,
        );
        let words = |path: &str| {
            let field = schema.find(path).unwrap();
            field
                .immutability()
                .map(|known| (known.words(), known.is_inherited))
        };
        assert_eq!(words("spec.class"), Some(("Immutable", false)));
        let own = "Immutable while set: it may be set later, and removed";
        assert_eq!(words("spec.own"), Some((own, false)));
        assert_eq!(words("spec.free"), None);
        assert_eq!(words("spec"), None);
        assert_eq!(words("spec.template"), Some((own, false)));
        for path in ["spec.template.list", "spec.template.list[].name"] {
            assert_eq!(words(path), Some(("Immutable", true)), "{path}");
        }
        let class = schema.find("spec.class").unwrap().immutability().unwrap();
        assert_eq!(class.rules[0].0, "");
        assert_eq!(class.rules[0].1.says(), "class is immutable");
    }

    #[test]
    fn descriptions_may_say_so_too() {
        for text in [
            "The class. This field is immutable.",
            "Immutable.",
            "Cannot be updated.",
            "It cannot be changed after creation.",
        ] {
            assert!(describes_immutable(text), "{text}");
        }
        for text in [
            "A mutable thing.",
            "This is not immutable.",
            "Whether the ConfigMap is non-immutable.",
            "The name.",
        ] {
            assert!(!describes_immutable(text), "{text}");
        }
    }
}
