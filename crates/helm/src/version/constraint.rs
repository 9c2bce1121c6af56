//! Ranges of versions: `>=1.19-0`, `^1.2 || ~2.0.x`, `1.2 - 1.4`.

use std::cmp::Ordering;

use super::Version;

/// Longest accepted range text, in bytes.
const MAX_RANGE_BYTES: usize = 512;
/// Most alternatives (`||`) in one range.
const MAX_ALTERNATIVES: usize = 32;

/// A parsed range: alternatives of comparisons that must all hold.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    alternatives: Vec<Group>,
}

#[derive(Debug, Clone)]
struct Group {
    comparisons: Vec<Comparison>,
    /// Pre-releases only count where the group itself names one.
    names_prerelease: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Plain,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// From which part on the version was left open (`1.x` leaves minor and patch open).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Major,
    Minor,
    Patch,
}

#[derive(Debug, Clone)]
struct Comparison {
    operator: Operator,
    version: Version,
    open: Open,
}

impl Constraint {
    /// Reads a range.
    ///
    /// # Errors
    /// Names the alternative that could not be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_RANGE_BYTES {
            return Err(format!("constraint string is too long (max {MAX_RANGE_BYTES} bytes)"));
        }
        let text = rewrite_hyphens(text);
        let segments: Vec<&str> = text.split("||").collect();
        if segments.len() > MAX_ALTERNATIVES {
            return Err(format!("too many constraint groups (max {MAX_ALTERNATIVES})"));
        }
        let alternatives = segments.into_iter().map(parse_group).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// Whether the version satisfies one of the alternatives.
    pub(crate) fn check(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|group| {
            (group.names_prerelease || !version.is_prerelease())
                && group.comparisons.iter().all(|comparison| comparison.holds(version))
        })
    }
}

fn parse_group(segment: &str) -> Result<Group, String> {
    let improper = || format!("improper constraint: {segment:?}");
    let mut comparisons = Vec::new();
    let mut names_prerelease = false;
    let mut rest = segment.trim_start();
    loop {
        let (operator, after) = take_operator(rest);
        let parts = take_version(after.trim_start()).ok_or_else(improper)?;
        rest = parts.rest;
        names_prerelease |= parts.suffix.starts_with('-');
        comparisons.push(comparison(operator, &parts)?);
        let trimmed = rest.trim_start();
        if trimmed.is_empty() {
            return Ok(Group { comparisons, names_prerelease });
        }
        if let Some(after_comma) = trimmed.strip_prefix(',') {
            rest = after_comma.trim_start();
        } else if trimmed.len() < rest.len() {
            rest = trimmed;
        } else {
            return Err(improper());
        }
    }
}

fn take_operator(text: &str) -> (Operator, &str) {
    const OPERATORS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterOrEqual),
        ("=>", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        ("=<", Operator::LessOrEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::Plain),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    OPERATORS
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|rest| (*operator, rest)))
        .unwrap_or((Operator::Plain, text))
}

/// A version text taken apart; a part may be a wildcard, and be missing.
struct VersionParts<'a> {
    numbers: [Option<&'a str>; 3],
    /// `-pre` (build metadata cannot matter in a range).
    suffix: &'a str,
    rest: &'a str,
}

fn take_version(text: &str) -> Option<VersionParts<'_>> {
    let body = text.strip_prefix('v').unwrap_or(text);
    let (major, mut rest) = take_while(body, is_number_or_wildcard)?;
    let mut numbers = [Some(major), None, None];
    for slot in &mut numbers[1..] {
        let Some(found) = rest.strip_prefix('.').and_then(|r| take_while(r, is_number_or_wildcard))
        else {
            break;
        };
        (*slot, rest) = (Some(found.0), found.1);
    }
    let (suffix, rest) = take_identifiers(rest, '-');
    let (_, rest) = take_identifiers(rest, '+');
    Some(VersionParts { numbers, suffix, rest })
}

fn take_while(text: &str, accept: fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !accept(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_number_or_wildcard(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*')
}

fn is_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Takes `-a.b.c` (or `+a.b.c`) off the front; takes nothing when no identifier follows the mark.
fn take_identifiers(text: &str, mark: char) -> (&str, &str) {
    let Some((_, mut rest)) = text.strip_prefix(mark).and_then(|r| take_while(r, is_identifier))
    else {
        return ("", text);
    };
    while let Some((_, next)) = rest.strip_prefix('.').and_then(|r| take_while(r, is_identifier)) {
        rest = next;
    }
    text.split_at(text.len() - rest.len())
}

fn comparison(operator: Operator, parts: &VersionParts<'_>) -> Result<Comparison, String> {
    let is_open = |part: Option<&str>| part.is_none_or(|text| matches!(text, "x" | "X" | "*"));
    let [major, minor, patch] = parts.numbers;
    let suffix = parts.suffix;
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    let (open, version) = if is_open(major) {
        (Open::Major, format!("0.0.0{suffix}"))
    } else if is_open(minor) {
        (Open::Minor, format!("{}.0.0{suffix}", text(major)))
    } else if is_open(patch) {
        (Open::Patch, format!("{}.{}.0{suffix}", text(major), text(minor)))
    } else {
        (Open::Nothing, format!("{}.{}.{}{suffix}", text(major), text(minor), text(patch)))
    };
    let version = Version::parse(&version).map_err(|_| "constraint parser error".to_owned())?;
    Ok(Comparison { operator, version, open })
}

impl Comparison {
    fn holds(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Plain if self.open == Open::Nothing => {
                version.compare(&self.version) == Ordering::Equal
            }
            Operator::Plain | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => version.compare(&self.version) == Ordering::Less,
            Operator::GreaterOrEqual => version.compare(&self.version) != Ordering::Less,
            Operator::LessOrEqual => self.less_or_equal(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn not_equal(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.open {
            Open::Nothing => version.compare(wanted) != Ordering::Equal,
            _ if wanted.major() != version.major() => true,
            Open::Minor => false,
            _ if wanted.minor() != version.minor() => true,
            Open::Patch => !version.same_prerelease(wanted),
            Open::Major => {
                wanted.patch() != version.patch() || version.compare(wanted) != Ordering::Equal
            }
        }
    }

    fn greater(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if self.open == Open::Nothing {
            return version.compare(wanted) == Ordering::Greater;
        }
        match (version.major().cmp(&wanted.major()), self.open) {
            (Ordering::Greater, _) => true,
            (Ordering::Less, _) | (Ordering::Equal, Open::Minor) => false,
            (Ordering::Equal, Open::Patch) => version.minor() > wanted.minor(),
            (Ordering::Equal, _) => version.compare(wanted) == Ordering::Greater,
        }
    }

    fn less_or_equal(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if self.open == Open::Nothing {
            return version.compare(wanted) != Ordering::Greater;
        }
        version.major() < wanted.major()
            || (version.major() == wanted.major()
                && (version.minor() <= wanted.minor() || self.open == Open::Minor))
    }

    fn tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.compare(wanted) == Ordering::Less {
            return false;
        }
        let zero = (wanted.major(), wanted.minor(), wanted.patch()) == (0, 0, 0);
        if zero && !matches!(self.open, Open::Minor | Open::Patch) {
            return true;
        }
        version.major() == wanted.major()
            && (version.minor() == wanted.minor() || self.open == Open::Minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.compare(wanted) == Ordering::Less {
            return false;
        }
        if wanted.major() > 0 || self.open == Open::Minor {
            return version.major() == wanted.major();
        }
        if version.major() > 0 {
            return false;
        }
        if wanted.minor() > 0 || self.open == Open::Patch {
            return version.minor() == wanted.minor();
        }
        version.minor() == 0 && version.patch() == wanted.patch()
    }
}

/// Turns each `A - B` into `>= A, <= B `; everything else stays as it is.
fn rewrite_hyphens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((from, to, after)) = take_hyphen_range(rest) {
            out.push_str(&format!(">= {from}, <= {to} "));
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn take_hyphen_range(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.trim_start();
    let middle = take_version(start)?.rest;
    let from = &start[..start.len() - middle.len()];
    let dash = middle.trim_start();
    let after_dash = dash.strip_prefix('-').filter(|_| dash.len() < middle.len())?;
    let end = after_dash.trim_start();
    if end.len() == after_dash.len() {
        return None;
    }
    let after = take_version(end)?.rest;
    Some((from, &end[..end.len() - after.len()], after.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::super::is_compatible;
    use super::Constraint;

    #[test]
    fn ranges_accept_what_masterminds_semver_accepts() {
        for (range, version, expected) in [
            ("*", "1.2.3", true),
            ("*", "1.2.3-rc.1", false),
            (">=1.19-0", "1.34.0-gke.1", true),
            (">=1.19", "1.34.0-gke.1", false),
            (">= 1.19.0-0, < 1.26.0-0", "v1.25.3", true),
            (">= 1.19.0-0 < 1.26.0-0", "v1.26.0", false),
            ("^1.2.3", "1.9.0", true),
            ("^1.2.3", "2.0.0", false),
            ("^0.2.3", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("^0.0.3", "0.0.4", false),
            ("^0", "0.9.0", true),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("~1", "1.9.0", true),
            ("1.2.x", "1.2.7", true),
            ("1.2.x", "1.3.0", false),
            ("1.x.x", "1.3.0", true),
            ("!=1.2.x", "1.2.5", false),
            ("!=1.2.x", "1.3.5", true),
            (">11", "11.1.0", false),
            (">11", "12.0.0", true),
            ("<=11", "11.9.0", true),
            ("1.2 - 1.4", "1.4.0", true),
            ("1.2 - 1.4", "1.4.9", true),
            ("1.2.0 - 1.4.0", "1.4.9", false),
            ("^1.0 || ^3.0", "3.1.0", true),
            ("^1.0 || ^3.0", "2.1.0", false),
            ("=1.2.3", "1.2.3+build", true),
            ("~0.0.0", "5.0.0", true),
            ("", "1.0.0", false),
            (">=1.0<2.0", "1.5.0", false),
            ("latest", "1.5.0", false),
        ] {
            assert_eq!(is_compatible(range, version), expected, "{range:?} {version:?}");
        }
    }

    #[test]
    fn an_unreadable_range_is_named() {
        let error = Constraint::parse("~ >1").unwrap_err();
        assert_eq!(error, "improper constraint: \"~ >1\"");
    }
}
