//! One cell of a table.

use std::{borrow::Cow, cmp::Ordering};

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::{go_text, human_duration::human_age};

/// The value of a column for one object. Small, and ordered by value: empty cells come first, dates
/// in the order of time.
#[derive(Debug, Clone, Default)]
pub enum Cell {
    /// The field is missing, null, or not of the column's type.
    #[default]
    Empty,
    /// A string column.
    Text(Box<str>),
    /// An integer column.
    Integer(i64),
    /// A number column.
    Number(f64),
    /// A boolean column.
    Boolean(bool),
    /// A date column, shown as an age.
    Date(Timestamp),
    /// A date column whose string is empty or the zero time.
    UnknownDate,
    /// A date column whose string is not an RFC 3339 time.
    InvalidDate,
}

impl Cell {
    /// The text that `kubectl get` prints, at the moment `now`: the first line of strings, dates as an
    /// age, nothing for empty cells.
    #[must_use]
    pub fn display(&self, now: Timestamp) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => first_line(text),
            Self::Integer(n) => Cow::Owned(n.to_string()),
            Self::Number(n) => Cow::Owned(go_text::float_over_json(*n)),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Date(then) => Cow::Owned(human_age(*then, now)),
            Self::UnknownDate => Cow::Borrowed("<unknown>"),
            Self::InvalidDate => Cow::Borrowed("<invalid>"),
        }
    }

    /// A date column's string, by the server's rules: RFC 3339 as Go reads it.
    pub(super) fn date(text: &str) -> Self {
        if text.is_empty() || text == "null" {
            return Self::UnknownDate;
        }
        match rfc3339(text) {
            Some(time) if time == zero_time() => Self::UnknownDate,
            Some(time) => Self::Date(time),
            None => Self::InvalidDate,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::InvalidDate => 1,
            Self::UnknownDate => 2,
            Self::Boolean(_) => 3,
            Self::Integer(_) => 4,
            Self::Number(_) => 5,
            Self::Date(_) => 6,
            Self::Text(_) => 7,
        }
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

/// `kubectl` prints one line per row, and never a terminal's escape sequences.
fn first_line(text: &str) -> Cow<'_, str> {
    let line = text.split(['\n', '\r', '\u{c}']).next().unwrap_or_default();
    if line.len() == text.len() && !line.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let rest = if line.len() < text.len() { "..." } else { "" };
    Cow::Owned(line.replace('\u{1b}', "^[") + rest)
}

/// Go's zero `time.Time`.
fn zero_time() -> Timestamp {
    Timestamp::from_second(-62_135_596_800).unwrap_or(Timestamp::MIN)
}

/// Go's `time.Parse(time.RFC3339, …)`, which is stricter than most: capital `T` and `Z`, no leap
/// seconds; a fraction may be of any length, and stand after a comma; an hour may have one digit.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked("0000-00-00T".len())?;
    let is_short = time.as_bytes().get(1) == Some(&b':');
    let text = &format!("{date}{}{time}", if is_short { "0" } else { "" });
    let (date_time, rest) = text.split_at_checked(19)?;
    let shape = |(byte, expected): (u8, u8)| match expected {
        b'0' => byte.is_ascii_digit(),
        _ => byte == expected,
    };
    if !date_time.bytes().zip(*b"0000-00-00T00:00:00").all(shape) {
        return None;
    }
    let field = |from: usize, to: usize| date_time.get(from..to)?.parse::<i8>().ok();
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (digits > 0).then(|| rest.split_at(digits))?
        }
        None => ("", rest),
    };
    let nanoseconds: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let local = civil::DateTime::new(
        date_time.get(..4)?.parse().ok()?,
        field(5, 7)?,
        field(8, 10)?,
        field(11, 13)?,
        field(14, 16)?,
        field(17, 19)?,
        nanoseconds,
    )
    .ok()?;
    let utc = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
    utc.checked_sub(SignedDuration::from_mins(offset_minutes(zone)?))
        .ok()
}

/// Minutes east of UTC.
fn offset_minutes(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let digits = |from: usize, to: usize| {
        let part = zone.get(from..to)?;
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse::<i64>().ok())?
    };
    let (hours, minutes) = (digits(1, 3)?, digits(4, 6)?);
    if zone.len() != 6 || zone.get(3..4) != Some(":") || hours > 24 || minutes > 60 {
        return None;
    }
    match zone.get(..1) {
        Some("+") => Some(hours * 60 + minutes),
        Some("-") => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    #[test]
    fn stays_small() {
        assert!(size_of::<Cell>() <= 24);
    }

    #[test]
    fn shows_the_first_line_without_escape_sequences() {
        let show = |text: &str| Cell::Text(text.into()).display(now()).into_owned();
        assert_eq!(show("one\ntwo"), "one...");
        assert_eq!(show("one\r"), "one...");
        assert_eq!(show("\u{c}one"), "...");
        assert_eq!(show("\u{1b}[31mred"), "^[[31mred");
        assert_eq!(show("größe ✓"), "größe ✓");
    }

    /// Which texts Go accepts comes from running it.
    #[test]
    fn reads_dates_as_go_does() {
        let good = [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00.123Z"),
            ("2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.5Z"),
            (
                "2026-01-01T00:00:00.1234567891234Z",
                "2026-01-01T00:00:00.123456789Z",
            ),
            ("2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00Z"),
            ("2026-01-01T00:00:00-00:30", "2026-01-01T00:30:00Z"),
            ("2026-01-01T3:04:05Z", "2026-01-01T03:04:05Z"),
        ];
        for (text, time) in good {
            assert_eq!(
                Cell::date(text),
                Cell::Date(time.parse().unwrap()),
                "{text}"
            );
        }
        for text in [
            "2026-01-01t00:00:00z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T24:00:00Z",
            "2026-1-1T00:00:00Z",
            "2026-01-01T:00:00Z",
            "2026-01-01T3:4:05Z",
            "2026-01-01T003:04:05Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0100",
            "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01",
            "yesterday",
            "2026-01-01T00:00:0éZ",
        ] {
            assert_eq!(Cell::date(text), Cell::InvalidDate, "{text}");
        }
        for text in ["", "null", "0001-01-01T00:00:00Z"] {
            assert_eq!(Cell::date(text), Cell::UnknownDate, "{text}");
        }
    }

    #[test]
    fn sorts_by_value() {
        let mut cells = vec![Cell::Integer(10), Cell::Empty, Cell::Integer(9)];
        cells.sort();
        assert_eq!(cells, [Cell::Empty, Cell::Integer(9), Cell::Integer(10)]);
    }
}
