//! Keeps secret values out of memory, disk, logs and exports.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
};

use super::{Json, ResourceKind};

/// The key of one recording's hashes. Equal values give equal hashes within a recording, so that a
/// change still shows; across recordings nothing can be compared.
#[derive(Debug, Clone, Default)]
pub struct RedactionKey(RandomState);

impl RedactionKey {
    fn mask(&self, value: &str) -> String {
        format!("redacted:{:016x}", self.0.hash_one(value))
    }
}

/// Replaces the values of core Secrets and of the fields that the user listed.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    key: RedactionKey,
    /// Field paths of custom resources to mask, as member names; `*` is any member or item.
    paths: Vec<Vec<String>>,
}

/// The annotation in which `kubectl apply` keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Redactor {
    /// Masks Secrets, and in every kind the fields at these JSONPaths of plain members, for
    /// example `.spec.password` or `.spec.users[*].token`.
    #[must_use]
    pub fn new<S: AsRef<str>>(paths: &[S]) -> Self {
        let split = |path: &S| {
            path.as_ref()
                .trim_start_matches('$')
                .replace("[*]", ".*")
                .split('.')
                .filter(|step| !step.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Self {
            key: RedactionKey::default(),
            paths: paths.iter().map(split).collect(),
        }
    }

    /// The object with its secret values masked; `None` where there is nothing to mask and the
    /// bytes can be kept as they are. Undecodable bytes of a kind that needs masking become `{}`.
    #[must_use]
    pub fn redact(&self, kind: &ResourceKind, body: &[u8]) -> Option<Box<[u8]>> {
        if !kind.is_secret() && self.paths.is_empty() {
            return None;
        }
        let Ok(mut object) = Json::parse(body) else {
            return Some(b"{}".as_slice().into());
        };
        if kind.is_secret() {
            for part in ["data", "stringData"] {
                self.mask_path(&mut object, &[part, "*"]);
            }
            self.mask_path(&mut object, &["metadata", "annotations", LAST_APPLIED]);
        }
        for path in &self.paths {
            let steps: Vec<_> = path.iter().map(String::as_str).collect();
            self.mask_path(&mut object, &steps);
        }
        Some(object.to_compact().into_bytes().into())
    }

    fn mask_path(&self, value: &mut Json<'_>, steps: &[&str]) {
        let Some((step, rest)) = steps.split_first() else {
            if *value != Json::Null {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_compact(), str::to_owned);
                *value = Json::String(Cow::Owned(self.key.mask(&text)));
            }
            return;
        };
        match value {
            Json::Object(members) => {
                for (_, member) in members
                    .iter_mut()
                    .filter(|(name, _)| *step == "*" || name == step)
                {
                    self.mask_path(member, rest);
                }
            }
            Json::Array(items) if *step == "*" => {
                for item in items {
                    self.mask_path(item, rest);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scope;

    fn kind(group: &str, kind: &str) -> ResourceKind {
        ResourceKind {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: kind.to_lowercase(),
            scope: Scope::Namespaced,
        }
    }

    #[test]
    fn no_secret_value_survives_and_a_change_still_shows() {
        let redactor = Redactor::default();
        let body = |value: &str| {
            format!(
                r#"{{"metadata":{{"annotations":{{"{LAST_APPLIED}":"{value}"}}}},"data":{{"token":"{value}","user":"same"}}}}"#
            )
        };
        let secret = kind("", "Secret");
        let masked = |value| {
            String::from_utf8(
                redactor
                    .redact(&secret, body(value).as_bytes())
                    .unwrap()
                    .into(),
            )
            .unwrap()
        };
        let (first, second) = (masked("aHVudGVyMg=="), masked("aHVudGVyMw=="));
        assert!(!first.contains("aHVudGVy"), "{first}");
        assert_ne!(first, second);
        assert_eq!(first, masked("aHVudGVyMg=="));
    }

    #[test]
    fn custom_resources_stay_as_they_are_but_for_listed_paths() {
        let body = br#"{"spec":{"users":[{"name":"a","token":"t1"}]}}"#;
        assert_eq!(
            Redactor::default().redact(&kind("x.io", "Secret"), body),
            None
        );
        let masked = Redactor::new(&[".spec.users[*].token"]).redact(&kind("x.io", "App"), body);
        let text = String::from_utf8(masked.unwrap().into()).unwrap();
        assert!(
            !text.contains("t1") && text.contains(r#""name":"a""#),
            "{text}"
        );
    }
}
