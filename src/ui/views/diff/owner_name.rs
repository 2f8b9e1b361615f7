//! Names of field managers, short enough to stand beside a line.

use crate::model::FieldManager;

/// Characters that fit beside a line.
const FITS: usize = 14;

/// Endings that say how a manager writes, not who it is.
const ENDINGS: [&str; 4] = [
    "-client-side-apply",
    "-controller-manager",
    "-controller",
    "-operator",
];

/// A manager's name in at most 14 characters: `kubectl-client-side-apply` is `kubectl`, and of
/// `cert-manager-certificates-issuing` the end tells more than the beginning.
#[must_use]
pub fn short_owner(name: &str) -> String {
    if name.chars().count() <= FITS {
        return name.to_owned();
    }
    let base = ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    if base.chars().count() <= FITS {
        return base.to_owned();
    }
    let mut start = base.len();
    for (at, _) in base
        .match_indices(['-', '/', '.', '_'])
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        if base[at + 1..].chars().count() > FITS - 1 {
            break;
        }
        start = at + 1;
    }
    if start < base.len() {
        return format!("…{}", &base[start..]);
    }
    let head: String = base.chars().take(FITS - 1).collect();
    format!("{head}…")
}

/// What is known of a manager, for a tooltip.
#[must_use]
pub fn describe(managers: &[FieldManager<'_>]) -> String {
    let one = |manager: &FieldManager<'_>| {
        let mut text = format!("{} ({:?}", manager.manager, manager.operation);
        if !manager.subresource.is_empty() {
            text.push_str(&format!(" of {}", manager.subresource));
        }
        if let Some(time) = manager.time {
            text.push_str(&format!(", last wrote {time}"));
        }
        text.push(')');
        text
    };
    let all: Vec<_> = managers.iter().map(one).collect();
    all.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_part_of_a_name_stays() {
        for (name, short) in [
            ("argocd", "argocd"),
            ("argocd-controller", "argocd"),
            ("kubectl-client-side-apply", "kubectl"),
            ("cert-manager-certificates-issuing", "…issuing"),
            ("cert-manager-certificates-readiness", "…readiness"),
            ("averyveryverylongname", "averyveryvery…"),
        ] {
            assert_eq!(short_owner(name), short);
        }
    }
}
