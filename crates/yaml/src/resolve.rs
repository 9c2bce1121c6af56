//! What a plain scalar means in each dialect.

use crate::number::{self, Integer};
use crate::{Dialect, Tag, timestamp};

/// A plain scalar's meaning; text and timestamps are read from the scalar itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Timestamp,
    Merge,
    Text,
}

impl Meaning {
    pub(crate) fn tag(self) -> Tag {
        match self {
            Self::Null => Tag::Null,
            Self::Bool(_) => Tag::Bool,
            Self::Signed(_) | Self::Unsigned(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::Timestamp => Tag::Timestamp,
            Self::Merge => Tag::Merge,
            Self::Text => Tag::Str,
        }
    }
}

/// Resolves a plain scalar without a tag.
pub(crate) fn plain(text: &str, dialect: Dialect) -> Meaning {
    match text.as_bytes().first() {
        None => Meaning::Null,
        Some(b'0'..=b'9' | b'+' | b'-') => {
            word(text, dialect).or_else(|| numeric(text)).unwrap_or(Meaning::Text)
        }
        Some(b'.') => word(text, dialect)
            .or_else(|| number::float(text).map(Meaning::Float))
            .unwrap_or(Meaning::Text),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' | b'<') => {
            word(text, dialect).unwrap_or(Meaning::Text)
        }
        Some(_) => Meaning::Text,
    }
}

fn word(text: &str, dialect: Dialect) -> Option<Meaning> {
    if text.len() > 5 {
        return None;
    }
    let meaning = match text {
        "true" | "True" | "TRUE" => Meaning::Bool(true),
        "false" | "False" | "FALSE" => Meaning::Bool(false),
        "~" | "null" | "Null" | "NULL" => Meaning::Null,
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        "<<" => Meaning::Merge,
        _ if dialect == Dialect::GoV3 => return None,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Meaning::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Meaning::Bool(false),
        _ => return None,
    };
    Some(meaning)
}

fn numeric(text: &str) -> Option<Meaning> {
    // Every number and timestamp is made of these; versions and ports with letters leave early.
    let possible = |byte: u8| byte.is_ascii_hexdigit() || b"+-._:xXoOtTzZ, ".contains(&byte);
    if !text.bytes().all(possible) {
        return None;
    }
    if timestamp::rfc3339(text).is_some() {
        return Some(Meaning::Timestamp);
    }
    let cleaned;
    let digits = if text.contains('_') {
        cleaned = text.replace('_', "");
        cleaned.as_str()
    } else {
        text
    };
    if let Some(value) = number::integer(digits) {
        // Both dialects know `0o17`, because Go's own integer syntax has it since 1.13.
        return Some(match value {
            Integer::Signed(value) => Meaning::Signed(value),
            Integer::Unsigned(value) => Meaning::Unsigned(value),
        });
    }
    number::float(digits).map(Meaning::Float)
}

/// Whether text looks like a YAML 1.1 base-60 number: never read as one, but quoted when written.
pub(crate) fn is_base_60(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !body.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let (body, fraction) = body.split_once('.').unwrap_or((body, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return false;
    }
    let mut parts = body.split(':');
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    rest.peek().is_some()
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && rest.all(|part| match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
            _ => false,
        })
}

/// Whether go-yaml v2 would read this text, standing alone, as something else than a string.
///
/// This is what kyaml asks before it writes a bare string.
#[must_use]
pub fn is_non_string(text: &str) -> bool {
    !text.is_empty()
        && !text.contains('\n')
        && !matches!(
            plain(text, Dialect::GoV2),
            Meaning::Text | Meaning::Timestamp | Meaning::Merge
        )
}
