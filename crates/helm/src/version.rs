//! Versions and version ranges as chart authors write them.
//!
//! Charts use the rules of Go's Masterminds/semver 3.5: missing parts are zero, a leading `v` and
//! leading zeros are accepted, and ranges know `^ ~ x * - , ||`. Cargo's ranges differ in each of
//! these points, so only the ordering of versions comes from the `semver` crate.

pub(crate) mod constraint;

use std::cmp::Ordering;

pub(crate) use constraint::Constraint;

/// Longest accepted version text, in bytes.
const MAX_VERSION_BYTES: usize = 256;

/// A version, with the text that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    parsed: semver::Version,
    original: String,
}

impl Version {
    /// Reads a version; `1`, `v1.2` and `01.2.3-rc.1+build` are all accepted.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_VERSION_BYTES {
            return Err(format!("version string is too long (max {MAX_VERSION_BYTES} bytes)"));
        }
        Self::parse_loose(text).ok_or_else(|| "invalid semantic version".to_owned())
    }

    /// Reads a version that has all three parts and no leading `v` or zeros.
    pub(crate) fn parse_strict(text: &str) -> Option<Self> {
        let parsed = semver::Version::parse(text).ok()?;
        Some(Self { parsed, original: text.to_owned() })
    }

    fn parse_loose(text: &str) -> Option<Self> {
        let body = text.strip_prefix('v').unwrap_or(text);
        let (body, build) = split_suffix(body, '+')?;
        let (numbers, pre) = split_suffix(body, '-')?;
        let mut parts = [0u64; 3];
        let mut fields = numbers.split('.');
        for part in &mut parts {
            if let Some(field) = fields.next() {
                *part = decimal(field)?;
            }
        }
        if fields.next().is_some() {
            return None;
        }
        let [major, minor, patch] = parts;
        let pre = semver::Prerelease::new(pre.unwrap_or_default()).ok()?;
        let build = semver::BuildMetadata::new(build.unwrap_or_default()).ok()?;
        let parsed = semver::Version { major, minor, patch, pre, build };
        Some(Self { parsed, original: text.to_owned() })
    }

    pub(crate) fn original(&self) -> &str {
        &self.original
    }

    pub(crate) fn major(&self) -> u64 {
        self.parsed.major
    }

    pub(crate) fn minor(&self) -> u64 {
        self.parsed.minor
    }

    pub(crate) fn patch(&self) -> u64 {
        self.parsed.patch
    }

    pub(crate) fn is_prerelease(&self) -> bool {
        !self.parsed.pre.is_empty()
    }

    pub(crate) fn same_prerelease(&self, other: &Self) -> bool {
        self.parsed.pre == other.parsed.pre
    }

    /// Order without regard to build metadata.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.parsed.cmp_precedence(&other.parsed)
    }
}

/// Splits at the first `mark`; a mark with nothing behind it is an error.
fn split_suffix(text: &str, mark: char) -> Option<(&str, Option<&str>)> {
    match text.split_once(mark) {
        None => Some((text, None)),
        Some((_, "")) => None,
        Some((head, tail)) => Some((head, Some(tail))),
    }
}

fn decimal(field: &str) -> Option<u64> {
    if field.is_empty() || !field.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    field.parse().ok()
}

/// Whether `version` lies within `range`; anything unreadable is not compatible.
pub(crate) fn is_compatible(range: &str, version: &str) -> bool {
    match (Version::parse(version), Constraint::parse(range)) {
        (Ok(version), Ok(range)) => range.check(&version),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loose_versions_fill_missing_parts_with_zero() {
        for (text, expected) in [
            ("1", Some((1, 0, 0))),
            ("v1.2", Some((1, 2, 0))),
            ("01.02.03", Some((1, 2, 3))),
            ("1.2.3-rc.1+build.5", Some((1, 2, 3))),
            ("1.2.3.4", None),
            ("", None),
            ("1.2.3-", None),
            ("1.2.3-01", None),
            ("1.2.x", None),
            (" 1.2", None),
        ] {
            let got = Version::parse(text).ok().map(|v| (v.major(), v.minor(), v.patch()));
            assert_eq!(got, expected, "{text:?}");
        }
    }

    #[test]
    fn build_metadata_does_not_order() {
        let a = Version::parse("1.2.3+a").unwrap();
        let b = Version::parse("1.2.3+b").unwrap();
        assert_eq!(a.compare(&b), Ordering::Equal);
    }
}
