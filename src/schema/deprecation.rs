//! Descriptions that say that a field is deprecated.
//!
//! OpenAPI's `deprecated` is not part of a CRD's schema, so authors write it: as Go does, a paragraph
//! that starts with `Deprecated:` (go.dev/wiki/Deprecated), or in the words below.

/// The part of a description that says so, up to the end of its paragraph. `None` where it does not.
///
/// Taken as saying so: "Deprecated:" anywhere, whatever its case; "Deprecated" or "DEPRECATED" as the
/// first word, also in brackets; a sentence that starts with "Deprecated" and goes on with `.`, `,`,
/// `;`, a dash, "in", "since", "as", "use" or "and"; a sentence in which "This …" "is", "was" or "has
/// been" "deprecated". Not: that something else is.
#[must_use]
pub(super) fn note(description: &str) -> Option<&str> {
    let lower = description.to_ascii_lowercase();
    let start = lower
        .match_indices("deprecated")
        .find_map(|(at, word)| starts_at(&lower, at, &lower[at + word.len()..]))?;
    let rest = &description[start..];
    let end = rest.find("\n\n").unwrap_or(rest.len());
    Some(rest[..end].trim())
}

fn starts_at(lower: &str, at: usize, after: &str) -> Option<usize> {
    let before = &lower[..at];
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '`') {
        return None;
    }
    let after_word = after.trim_start_matches([')', ']', '*', '_']);
    if after_word.trim_start().starts_with(':') {
        return Some(at);
    }
    let lead = before.trim_end_matches(['(', '[', '*', '_', ' ', '\n', '\t', '-']);
    if lead.is_empty() && !after.starts_with(|c: char| c.is_alphanumeric()) {
        return Some(at);
    }
    let begins_sentence = lead.ends_with(['.', '!']) || before.ends_with('\n');
    let goes_on = [
        ".", ",", ";", " -", " –", " —", "-", " in ", " since ", " as ", " use ", " and ",
    ];
    if begins_sentence
        && (after_word.is_empty() || goes_on.iter().any(|word| after_word.starts_with(word)))
    {
        return Some(at);
    }
    let sentence = before.rfind(". ").map_or(0, |end| end + 2);
    let sentence = before
        .rfind("\n")
        .map_or(sentence, |end| sentence.max(end + 1));
    let subject = before[sentence..].trim_start();
    let said_of_itself = ["this ", "(this ", "note: this ", "field is ", "it is "]
        .iter()
        .any(|words| subject.starts_with(words));
    let verb = before.trim_end();
    let is_said = [
        " is",
        " was",
        " has been",
        " is now",
        " is being",
        " is also",
    ]
    .iter()
    .any(|words| verb.ends_with(words));
    // The field itself, and not something that it is about.
    let is_short = subject.split_whitespace().count() <= 6;
    (said_of_itself && is_said && is_short)
        .then_some(sentence + (before[sentence..].len() - subject.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_saying_so_is_heard() {
        for (description, expected) in [
            ("Deprecated: use b.", "Deprecated: use b."),
            (
                "Does x.\n\nDeprecated: use b.\n\nMore.",
                "Deprecated: use b.",
            ),
            ("Does x. DEPRECATED: use b.", "DEPRECATED: use b."),
            ("Deprecated in favor of b.", "Deprecated in favor of b."),
            ("[DEPRECATED] Does x.", "DEPRECATED] Does x."),
            ("(Deprecated) Does x.", "Deprecated) Does x."),
            ("Does x. Deprecated, use b.", "Deprecated, use b."),
            (
                "Does x. This field is deprecated.",
                "This field is deprecated.",
            ),
            (
                "This field has been deprecated since v1.",
                "This field has been deprecated since v1.",
            ),
            ("Does x. (deprecated: use b)", "deprecated: use b)"),
            ("*Deprecated*: use b", "Deprecated*: use b"),
        ] {
            assert_eq!(note(description), Some(expected), "{description}");
        }
    }

    #[test]
    fn talk_about_something_else_is_not_heard() {
        for description in [
            "Allows deprecated ciphers.",
            "Whether non-deprecated APIs are used.",
            "The annotation that it replaces is deprecated.",
            "Set `deprecated` to hide it.",
            "Deprecatedness of the thing.",
            "This field selects versions of the provider, among which the first one is deprecated.",
            "",
        ] {
            assert_eq!(note(description), None, "{description}");
        }
    }
}
