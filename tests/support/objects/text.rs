//! A string for a schema: a likely one that fits its pattern, else one made from the pattern.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use regex::Regex;
use serde_json::Value;

/// What patterns are mostly for: names, domains, durations, quantities, paths, addresses, hashes, versions, times.
const LIKELY: &[&str] = &[
    "alpha",
    "Alpha",
    "example.org",
    "example.org/alpha",
    "https://example.org/path?q=1",
    "oci://example.org/x",
    "15s",
    "1h",
    "1h30m",
    "100m",
    "1Gi",
    "50%",
    "1",
    "8080",
    "/path",
    "10.0.0.0/24",
    "10.0.0.1",
    "fd00::1",
    "fd00::/64",
    "v1",
    "v1.2.3",
    "1.2.3",
    "0 3 * * *",
    "2026-01-02T03:04:05Z",
    "03:04",
    "name:value",
    "arn:aws:iam::123456789012:role/x",
    "spiffe://example.org/x",
    "registry.example.org/image:tag",
    "registry.example.org/image@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "[1-2]",
    "system",
    "$(value)",
    "00000000-0000-0000-0000-000000000001",
    "monday",
    "1d",
    "ABC",
    "x.json",
    "{}",
];

/// Where anything goes.
const FREE: &[&str] = &[
    "plain",
    "größe",
    "日本語 テキスト",
    "two\nlines",
    " leading and trailing ",
    "\"quoted\" <&> \\",
    "100%",
    "0",
    "true",
    "a,b;c",
    "👩‍👩‍👧 emoji",
    "-1",
    "null",
    "1e3",
    "~",
];

#[derive(Debug, Clone)]
pub(super) struct TextGenerator {
    seed: u64,
}

impl TextGenerator {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    pub(super) fn text(&self, name: &str, schema: &Value, random: &mut fastrand::Rng) -> String {
        let least = length(&schema["minLength"]).unwrap_or(0);
        let most = length(&schema["maxLength"]).unwrap_or(usize::MAX);
        let fits = |text: &str| (least..=most).contains(&text.chars().count());
        if let Some(text) = formatted(schema["format"].as_str().unwrap_or_default(), random) {
            return text.to_owned();
        }
        if let Some(pattern) = schema["pattern"].as_str() {
            let known = Regex::new(pattern).ok();
            let likely: Vec<_> = LIKELY
                .iter()
                .filter(|text| {
                    fits(text) && known.as_ref().is_some_and(|known| known.is_match(text))
                })
                .collect();
            if !likely.is_empty() && random.u8(..4) > 0 {
                return (*likely[random.usize(..likely.len())]).to_owned();
            }
            if let Some(text) = self.made_from(pattern, random, fits) {
                return text;
            }
            if let Some(text) = likely.first() {
                return (**text).to_owned();
            }
        }
        let name = name.to_lowercase();
        let by_name = [
            ("url", "https://example.org/x"),
            ("uri", "https://example.org/x"),
            ("cidr", "10.0.0.0/24"),
            ("address", "10.0.0.1"),
            ("port", "8080"),
            ("duration", "15s"),
            ("interval", "30s"),
            ("timeout", "1m0s"),
            ("version", "v1.2.3"),
            ("name", "alpha"),
            ("kind", "Alpha"),
            ("group", "example.org"),
            ("host", "example.org"),
            ("path", "/path"),
            ("key", "key"),
        ];
        let plain = by_name.iter().find(|(part, _)| name.contains(part));
        let text = plain.map_or_else(|| FREE[random.usize(..FREE.len())], |(_, text)| *text);
        if fits(text) {
            return text.to_owned();
        }
        let mut text: String = text.chars().take(most).collect();
        while text.chars().count() < least {
            text.push('x');
        }
        text
    }

    fn made_from(
        &self,
        pattern: &str,
        random: &mut fastrand::Rng,
        fits: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let strategy = string_regex(&without_anchors(pattern)).ok()?;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&random.u64(..).to_le_bytes());
        let source = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), source);
        (0..20)
            .filter_map(|_| Some(strategy.new_tree(&mut runner).ok()?.current()))
            // Control characters would only make the tables of the test unreadable.
            .find(|text| fits(text) && text.len() < 200 && !text.chars().any(char::is_control))
    }
}

fn formatted(format: &str, random: &mut fastrand::Rng) -> Option<&'static str> {
    let choices: &[&str] = match format {
        "date-time" => &[
            "2026-01-02T03:04:05Z",
            "2020-02-29T23:59:59Z",
            "2999-12-31T23:59:59Z",
            "2024-05-06T07:08:09.123456Z",
            "2024-05-06T07:08:09+02:00",
        ],
        "date" => &["2026-01-02"],
        "byte" => &["aGVsbG8="],
        "duration" => &["1h0m0s", "15s", "-1m30s", "0.5s"],
        "ipv4" | "ip" => &["10.0.0.1"],
        "ipv6" => &["fd00::1"],
        "cidr" => &["10.0.0.0/24", "fd00::/64"],
        "uri" => &["https://example.org/x"],
        "uuid" => &["00000000-0000-0000-0000-000000000001"],
        "email" => &["someone@example.org"],
        "hostname" | "idn-hostname" => &["example.org"],
        _ => return None,
    };
    Some(choices[random.usize(..choices.len())])
}

/// Anchors say that the pattern is for the whole string, which a made one is anyway.
fn without_anchors(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    let mut is_class = false;
    for c in pattern.chars() {
        match c {
            '^' | '$' if !is_escaped && !is_class => continue,
            '[' if !is_escaped => is_class = true,
            ']' if !is_escaped => is_class = false,
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        plain.push(c);
    }
    plain
}

fn length(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok())
}
