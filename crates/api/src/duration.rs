//! Durations as Go writes them: `1h30m`, `500ms`, `1.5s`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::field::FieldError;

/// A duration field, kept as it was written.
///
/// The text is not checked when an object is read. Flux once stopped a whole kind because its CRD
/// accepted a duration that Go's parser refuses (CVE-2022-39272); here the one object that holds
/// such a text gets an error from [`Duration::parse`], and its siblings go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Duration(String);

/// Why a text is not a usable duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text is empty, or the field is missing.
    #[error("a duration is required, such as 10m")]
    Empty,
    /// The duration has a minus sign.
    #[error("{0:?} is negative; a duration cannot be")]
    Negative(String),
    /// The text is not a sequence of number and unit.
    #[error("{0:?} is not a duration; write numbers with units of ms, s, m or h, such as 1h30m")]
    Syntax(String),
    /// The duration does not fit the 292 years that Go's type holds.
    #[error("{0:?} is too long; a duration cannot exceed 292 years")]
    Overflow(String),
    /// The duration is zero where time has to pass.
    #[error("{0:?} is zero; a duration must be positive here")]
    Zero(String),
}

/// Go holds a duration in a signed 64-bit count of nanoseconds.
const LIMIT_NANOSECONDS: u64 = 1 << 63;

/// Longer texts are refused unread: no sensible duration needs them.
const LIMIT_TEXT_BYTES: usize = 256;

impl Duration {
    /// A duration field holding this text, checked only when it is read.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The length of time that the text means.
    ///
    /// Accepts what both the CRD's pattern and Go's `time.ParseDuration` accept, with Go's
    /// rounding of fractions (below a nanosecond they are cut off).
    ///
    /// # Errors
    ///
    /// A [`DurationError`] for an empty, negative, malformed or too long duration.
    pub fn parse(&self) -> Result<std::time::Duration, DurationError> {
        parse_nanoseconds(&self.0).map(std::time::Duration::from_nanos)
    }

    /// As [`Duration::parse`], and refuses zero: for intervals and timeouts.
    ///
    /// # Errors
    ///
    /// Those of [`Duration::parse`], and [`DurationError::Zero`].
    pub fn parse_positive(&self) -> Result<std::time::Duration, DurationError> {
        let duration = self.parse()?;
        if duration.is_zero() { Err(DurationError::Zero(self.0.clone())) } else { Ok(duration) }
    }

    /// As [`Duration::parse_positive`], naming the field in the error.
    pub(crate) fn positive_field(
        &self,
        field: &'static str,
    ) -> Result<std::time::Duration, FieldError> {
        self.parse_positive().map_err(|error| FieldError { field, message: error.to_string() })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<std::time::Duration> for Duration {
    /// Writes the duration as Go prints it (`1m30s`, `2.5s`, `150ms`, `1µs`, `0s`), capped at the
    /// 292 years that Go's type holds.
    fn from(duration: std::time::Duration) -> Self {
        let limit = u128::from(LIMIT_NANOSECONDS - 1);
        let nanoseconds = duration.as_nanos().min(limit);
        Self(format_go(nanoseconds))
    }
}

fn format_go(nanoseconds: u128) -> String {
    const SECOND: u128 = 1_000_000_000;
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => format!("{}µs", with_fraction(nanoseconds, 1_000, 3)),
        1_000_000..SECOND => format!("{}ms", with_fraction(nanoseconds, 1_000_000, 6)),
        _ => {
            let minutes = nanoseconds / (60 * SECOND);
            let seconds = with_fraction(nanoseconds % (60 * SECOND), SECOND, 9);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minute) => format!("{minute}m{seconds}s"),
                (hour, minute) => format!("{hour}h{minute}m{seconds}s"),
            }
        }
    }
}

fn with_fraction(value: u128, unit: u128, digits: usize) -> String {
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

fn parse_nanoseconds(text: &str) -> Result<u64, DurationError> {
    if text.is_empty() {
        return Err(DurationError::Empty);
    }
    let shown: String = text.chars().take(64).collect();
    if text.starts_with('-') {
        return Err(DurationError::Negative(shown));
    }
    if text.len() > LIMIT_TEXT_BYTES {
        return Err(DurationError::Syntax(shown));
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (part, tail) = split_part(rest).ok_or_else(|| DurationError::Syntax(shown.clone()))?;
        total = part
            .nanoseconds()
            .and_then(|nanoseconds| total.checked_add(nanoseconds))
            .filter(|sum| *sum < LIMIT_NANOSECONDS)
            .ok_or_else(|| DurationError::Overflow(shown.clone()))?;
        rest = tail;
    }
    Ok(total)
}

/// One number with its unit.
struct Part<'a> {
    whole: &'a str,
    fraction: &'a str,
    unit_nanoseconds: u64,
}

/// Reads digits, an optional fraction that must have digits too (the CRD's pattern wants them, Go
/// does not), and a unit. Go tries the longest unit, so `ms` is never minutes.
fn split_part(text: &str) -> Option<(Part<'_>, &str)> {
    let (whole, rest) = split_digits(text)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest)?,
        None => ("", rest),
    };
    const UNITS: [(&str, u64); 4] =
        [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];
    UNITS.iter().find_map(|(name, unit_nanoseconds)| {
        let rest = rest.strip_prefix(name)?;
        Some((Part { whole, fraction, unit_nanoseconds: *unit_nanoseconds }, rest))
    })
}

fn split_digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { None } else { text.split_at_checked(end) }
}

impl Part<'_> {
    /// The length of this part, or nothing where it does not fit.
    fn nanoseconds(&self) -> Option<u64> {
        let whole = self.whole.parse::<u64>().ok()?.checked_mul(self.unit_nanoseconds)?;
        whole.checked_add(self.fraction_nanoseconds())
    }

    /// Computed in floating point because Go does: `0.3333333333333333333h` is 20 minutes there,
    /// and exact arithmetic would say one nanosecond less.
    fn fraction_nanoseconds(&self) -> u64 {
        let (mut value, mut scale) = (0_u64, 1.0_f64);
        for digit in self.fraction.bytes() {
            // Digits beyond what the accumulator holds are dropped.
            let next = value
                .checked_mul(10)
                .and_then(|shifted| shifted.checked_add(u64::from(digit.wrapping_sub(b'0'))));
            match next {
                Some(next) if next <= LIMIT_NANOSECONDS => (value, scale) = (next, scale * 10.0),
                _ => break,
            }
        }
        (value as f64 * (self.unit_nanoseconds as f64 / scale)) as u64
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// Keeps any scalar as text: an object written past the CRD's validation may hold a number here.
struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Duration;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a duration such as 10m")
    }

    fn visit_str<E>(self, text: &str) -> Result<Duration, E> {
        Ok(Duration::new(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Duration, E> {
        Ok(Duration::new(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Duration, E> {
        Ok(Duration::new(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Duration, E> {
        Ok(Duration::new(number.to_string()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Duration, E> {
        Ok(Duration::new(flag.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Duration, E> {
        Ok(Duration::default())
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, DurationError};

    const SECOND: u64 = 1_000_000_000;

    /// What Go 1.26's `time.ParseDuration` answers for the same text.
    const ACCEPTED: [(&str, u64); 16] = [
        ("0s", 0),
        ("10m", 600 * SECOND),
        ("1h30m", 5_400 * SECOND),
        ("1h30m5s500ms", 5_405 * SECOND + 500_000_000),
        ("1.5h", 5_400 * SECOND),
        ("0.5s", 500_000_000),
        ("5s5s", 10 * SECOND),
        ("5ms", 5_000_000),
        ("5m", 300 * SECOND),
        ("5m5ms", 300 * SECOND + 5_000_000),
        ("0.0000001s", 100),
        ("0.00000001ms", 0),
        ("0.3333333333333333333h", 1_200 * SECOND),
        ("0.9223372036854775807s", 922_337_203),
        ("9223372036.854775807s", i64::MAX as u64),
        ("2562047h47m16.854775807s", i64::MAX as u64),
    ];

    #[test]
    fn a_duration_means_what_it_means_in_go() {
        for (text, nanoseconds) in ACCEPTED {
            let expected = std::time::Duration::from_nanos(nanoseconds);
            assert_eq!(Duration::new(text).parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_the_pattern_refuses_is_refused_though_go_would_take_it() {
        for text in ["+5s", ".5s", "5.s", "5us", "5ns", "0", "5\u{b5}s"] {
            let error = Duration::new(text).parse().unwrap_err();
            assert_eq!(error, DurationError::Syntax(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_hostile_duration_is_an_error_with_a_cause() {
        let text = |text: &str| text.to_owned();
        let cases = [
            ("", DurationError::Empty),
            ("-1s", DurationError::Negative(text("-1s"))),
            ("1e99h", DurationError::Syntax(text("1e99h"))),
            ("5", DurationError::Syntax(text("5"))),
            ("5 s", DurationError::Syntax(text("5 s"))),
            ("m", DurationError::Syntax(text("m"))),
            ("99999999999h", DurationError::Overflow(text("99999999999h"))),
            ("9223372036.854775808s", DurationError::Overflow(text("9223372036.854775808s"))),
            ("2562047h47m16.854775808s", DurationError::Overflow(text("2562047h47m16.854775808s"))),
        ];
        for (text, error) in cases {
            assert_eq!(Duration::new(text).parse(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_text_without_end_is_refused_and_not_repeated_in_the_error() {
        for text in ["1s".repeat(100_000), "9".repeat(1_000_000)] {
            let error = Duration::new(text).parse().unwrap_err();
            assert!(error.to_string().len() < 300, "{error}");
        }
    }

    #[test]
    fn zero_is_a_duration_but_no_interval() {
        assert_eq!(Duration::new("0s").parse(), Ok(std::time::Duration::ZERO));
        let error = Duration::new("0s").parse_positive().unwrap_err();
        assert_eq!(error, DurationError::Zero("0s".to_owned()));
    }

    #[test]
    fn a_duration_is_printed_as_go_prints_it() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1\u{b5}s"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (60 * SECOND, "1m0s"),
            (245 * SECOND, "4m5s"),
            (245 * SECOND + 1_000_000, "4m5.001s"),
            (18_367 * SECOND + 1_000_000, "5h6m7.001s"),
            (480 * SECOND + 1, "8m0.000000001s"),
            (i64::MAX as u64, "2562047h47m16.854775807s"),
            (u64::MAX, "2562047h47m16.854775807s"),
        ];
        for (nanoseconds, text) in cases {
            let duration = Duration::from(std::time::Duration::from_nanos(nanoseconds));
            assert_eq!(duration.as_str(), text);
        }
    }
}
