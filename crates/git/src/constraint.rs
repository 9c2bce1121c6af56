//! Ranges of versions with the rules of Go's Masterminds/semver v3, which Flux uses.

use semver::{Prerelease, Version};
use std::cmp::Ordering;

/// A range such as `>=1.2.0 <2.0.0`, `~1.4`, `^2.x || 3.1 - 3.4`, `>=1.0.0-0`.
///
/// A pre-release is only taken by a group (what stands between `||`) that names one itself.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Vec<Bound>>,
}

/// Longest text that is read; nobody writes more by hand.
const MAX_LENGTH: usize = 512;

/// The version that a tag names: `1.2.3`, with an optional leading `v`, as Flux reads tags.
pub fn parse_version(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

impl Constraint {
    /// Reads a range.
    ///
    /// # Errors
    /// A text that says which part could not be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("longer than {MAX_LENGTH} bytes"));
        }
        let groups = text.split("||").map(parse_group).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether `version` lies in the range.
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let takes_pre = group.iter().any(|bound| !bound.version.pre.is_empty());
            (version.pre.is_empty() || takes_pre) && group.iter().all(|bound| bound.holds(version))
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// Which part of a version was left open, as in `1.x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Everything,
}

#[derive(Clone, Debug)]
struct Bound {
    operator: Operator,
    version: Version,
    open: Open,
}

impl Bound {
    fn holds(&self, version: &Version) -> bool {
        let bound = &self.version;
        let order = version.cmp_precedence(bound);
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => order == Ordering::Equal,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => match self.open {
                Open::Nothing | Open::Everything => order == Ordering::Greater,
                Open::Patch if version.major == bound.major => version.minor > bound.minor,
                // `>11` leaves out 11.1.0: all of 11 is meant.
                Open::Patch | Open::Minor => version.major > bound.major,
            },
            Operator::Less => order == Ordering::Less,
            Operator::GreaterEqual => order != Ordering::Less,
            Operator::LessEqual => match self.open {
                Open::Nothing => order != Ordering::Greater,
                Open::Minor => version.major <= bound.major,
                Open::Patch | Open::Everything => {
                    (version.major, version.minor) <= (bound.major, bound.minor)
                }
            },
            Operator::Caret => order != Ordering::Less && self.caret(version),
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version.cmp_precedence(bound) == Ordering::Less {
            return false;
        }
        let zero = (bound.major, bound.minor, bound.patch) == (0, 0, 0);
        if zero && matches!(self.open, Open::Nothing | Open::Everything) {
            return true;
        }
        version.major == bound.major && (version.minor == bound.minor || self.open == Open::Minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let bound = &self.version;
        if bound.major > 0 || self.open == Open::Minor {
            return version.major == bound.major;
        }
        if version.major > 0 {
            return false;
        }
        if bound.minor > 0 || self.open == Open::Patch {
            return version.minor == bound.minor;
        }
        version.minor == 0 && version.patch == bound.patch
    }

    fn not_equal(&self, version: &Version) -> bool {
        let bound = &self.version;
        match self.open {
            Open::Nothing | Open::Everything => version.cmp_precedence(bound) != Ordering::Equal,
            Open::Minor => version.major != bound.major,
            // A pre-release in the range is compared although the patch is left open.
            Open::Patch => {
                (version.major, version.minor) != (bound.major, bound.minor)
                    || version.pre != bound.pre
            }
        }
    }
}

fn parse_group(text: &str) -> Result<Vec<Bound>, String> {
    let text = text.trim();
    if let Some((from, to)) = text.split_once(" - ") {
        // A hyphen range: both ends belong to it.
        let from = parse_bound(&format!(">={}", from.trim()))?;
        let to = parse_bound(&format!("<={}", to.trim()))?;
        return Ok(vec![from, to]);
    }
    let mut bounds = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // White space may follow an operator: `>= 1.2`.
        let operator_end = rest.find(|c: char| !is_operator(c)).unwrap_or(rest.len());
        let (operator, after) = rest.split_at(operator_end);
        let after = after.trim_start();
        let version_end = after
            .find(|c: char| c == ',' || c.is_whitespace() || is_operator(c))
            .unwrap_or(after.len());
        let (version, tail) = after.split_at(version_end);
        if version.is_empty() || tail.starts_with(is_operator) {
            return Err(format!("{text:?} needs one version after {operator:?}"));
        }
        bounds.push(parse_bound(&format!("{operator}{version}"))?);
        rest = tail.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    if bounds.is_empty() {
        return Err("an empty range".to_owned());
    }
    Ok(bounds)
}

fn is_operator(c: char) -> bool {
    matches!(c, '=' | '!' | '<' | '>' | '~' | '^')
}

fn parse_bound(text: &str) -> Result<Bound, String> {
    let version_start = text.find(|c: char| !is_operator(c)).unwrap_or(text.len());
    let (operator, version) = text.split_at(version_start);
    let operator = match operator {
        "" | "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" | "=>" => Operator::GreaterEqual,
        "<=" | "=<" => Operator::LessEqual,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        other => return Err(format!("unknown operator {other:?}")),
    };
    let (version, open) =
        parse_partial(version).ok_or_else(|| format!("{version:?} is not a version"))?;
    Ok(Bound { operator, version, open })
}

/// Reads `1`, `1.2`, `1.x`, `*`, `v1.2.3-pre+build`: what is left out counts as 0.
fn parse_partial(text: &str) -> Option<(Version, Open)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = split_suffix(text, '+')?;
    semver::BuildMetadata::new(build).ok()?;
    let (numbers, pre) = split_suffix(text, '-')?;
    let pre = Prerelease::new(pre).ok()?;
    let mut parts = numbers.split('.');
    let mut open = Open::Nothing;
    let mut values = [0u64; 3];
    for (position, value) in values.iter_mut().enumerate() {
        let part = parts.next();
        if open != Open::Nothing {
            // `1.x.3`: what follows an open part is open too.
            if let Some(part) = part.filter(|part| !is_wildcard(part)) {
                part.parse::<u64>().ok()?;
            }
            continue;
        }
        match part {
            Some(part) if !is_wildcard(part) => *value = part.parse().ok()?,
            _ if position == 0 && part.is_none_or(str::is_empty) => return None,
            _ => open = [Open::Everything, Open::Minor, Open::Patch][position],
        }
    }
    if parts.next().is_some() {
        return None;
    }
    let [major, minor, patch] = values;
    let version = Version { major, minor, patch, pre, build: semver::BuildMetadata::EMPTY };
    Some((version, open))
}

/// Splits at the first `separator`; what follows it must not be empty.
fn split_suffix(text: &str, separator: char) -> Option<(&str, &str)> {
    match text.split_once(separator) {
        Some((_, "")) => None,
        Some(parts) => Some(parts),
        None => Some((text, "")),
    }
}

fn is_wildcard(part: &str) -> bool {
    matches!(part, "x" | "X" | "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Masterminds/semver v3.5 to `range@version`: true, false, or bad.
    const ORACLE: &str = include_str!("constraint/oracle.txt");

    #[test]
    fn ranges_take_what_masterminds_semver_takes() {
        for line in ORACLE.lines() {
            let fields: Vec<&str> = line.split('@').collect();
            let [range, version, expected] = fields[..] else { panic!("{line}") };
            let found = match Constraint::parse(range) {
                Err(_) => "bad",
                Ok(constraint) if constraint.matches(&parse_version(version).unwrap()) => "true",
                Ok(_) => "false",
            };
            assert_eq!(found, expected, "{line}");
        }
        assert!(ORACLE.lines().count() > 1000);
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for range in [
            "",
            "foo",
            "1.2.3.4",
            "><1",
            ">=",
            "1.2.3 || ",
            ">=1.2<3.0.0",
            "1.-",
            "99999999999999999999",
        ] {
            assert!(Constraint::parse(range).is_err(), "{range}");
        }
    }

    #[test]
    fn tags_are_versions_with_or_without_v() {
        assert_eq!(parse_version("v1.2.3"), parse_version("1.2.3"));
        for tag in ["1.2", "release-1.2.3", "V1.2.3", "vv1.2.3", "01.2.3"] {
            assert!(parse_version(tag).is_none(), "{tag}");
        }
    }
}
