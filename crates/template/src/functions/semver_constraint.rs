//! Constraints on versions: `^1.2`, `>=1.19-0 <2`, `1.x || 2.x`.

use std::sync::LazyLock;

use regex::Regex;

use super::semver::{Version, compare_prereleases};
use crate::format::quote;

/// Bytes and alternatives beyond which constraints are refused.
const LONGEST: usize = 512;
const MOST_GROUPS: usize = 32;

struct Grammar {
    one: Regex,
    range: Regex,
    find: Regex,
    all: Regex,
}

static GRAMMAR: LazyLock<Option<Grammar>> = LazyLock::new(|| {
    let number = r"[0-9|xX*]+";
    let parts = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*";
    let version = format!(r"v?{number}(?:\.{number})?(?:\.{number})?(?:-{parts})?(?:\+{parts})?");
    let grouped =
        format!(r"v?({number})(?:\.({number}))?(?:\.({number}))?(-{parts})?(?:\+{parts})?");
    let operators = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
    let one = format!(r"(?:{operators})\s*(?:{version})");
    Some(Grammar {
        one: Regex::new(&format!(r"^\s*({operators})\s*({grouped})\s*$")).ok()?,
        range: Regex::new(&format!(r"\s*({version})\s+-\s+({version})\s*")).ok()?,
        find: Regex::new(&one).ok()?,
        all: Regex::new(&format!(r"^(?:\s*{one}\s*)(?:(?:\s+|,\s*){one}\s*)*$")).ok()?,
    })
});

/// Alternatives of constraints that must all hold.
pub(super) struct Constraints(Vec<Vec<Constraint>>);

struct Constraint {
    operator: String,
    version: Version,
    /// Which parts were left out or `x`.
    minor_open: bool,
    patch_open: bool,
    open: bool,
}

impl Constraints {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("constraint string is too long (max {LONGEST} bytes)"));
        }
        let grammar = GRAMMAR.as_ref().ok_or("constraint parser error")?;
        let text = grammar.range.replace_all(text, ">= $1, <= $2 ");
        let groups: Vec<&str> = text.split("||").collect();
        if groups.len() > MOST_GROUPS {
            return Err(format!("too many constraint groups (max {MOST_GROUPS})"));
        }
        let parse_group = |group: &&str| {
            if !grammar.all.is_match(group) {
                return Err(format!("improper constraint: {}", quote(group)));
            }
            grammar.find.find_iter(group).map(|found| parse_one(grammar, found.as_str())).collect()
        };
        groups.iter().map(parse_group).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn check(&self, version: &Version) -> bool {
        self.0.iter().any(|group| {
            let with_prereleases = group.iter().any(|one| !one.version.prerelease.is_empty());
            let is_eligible = version.prerelease.is_empty() || with_prereleases;
            is_eligible && group.iter().all(|constraint| constraint.check(version))
        })
    }
}

fn parse_one(grammar: &Grammar, text: &str) -> Result<Constraint, String> {
    let groups = grammar.one.captures(text);
    let groups = groups.ok_or_else(|| format!("improper constraint: {}", quote(text)))?;
    let group = |index: usize| groups.get(index).map_or("", |group| group.as_str());
    let is_open = |part: &str| matches!(part, "" | "x" | "X" | "*");
    let (major, minor, patch, prerelease) = (group(3), group(4), group(5), group(6));
    let (mut minor_open, mut patch_open, mut open) = (false, false, true);
    let plain = if is_open(major) {
        format!("0.0.0{prerelease}")
    } else if is_open(minor) {
        minor_open = true;
        format!("{major}.0.0{prerelease}")
    } else if is_open(patch) {
        patch_open = true;
        format!("{major}.{minor}.0{prerelease}")
    } else {
        open = false;
        group(2).to_owned()
    };
    let version = Version::parse(&plain).map_err(|_| "constraint parser error")?;
    Ok(Constraint { operator: group(1).to_owned(), version, minor_open, patch_open, open })
}

impl Constraint {
    fn check(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator.as_str() {
            "!=" => self.differs(version),
            ">" => self.is_exceeded_by(version),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" => self.is_not_exceeded_by(version),
            "~" | "~>" => self.tilde(version),
            "^" => self.caret(version),
            _ if self.open => self.tilde(version),
            _ => order.is_eq(),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.open {
            if own.major != version.major {
                return true;
            }
            if self.minor_open {
                return false;
            }
            if own.minor != version.minor {
                return true;
            }
            if self.patch_open {
                let has_prerelease = !version.prerelease.is_empty() || !own.prerelease.is_empty();
                return has_prerelease
                    && compare_prereleases(&version.prerelease, &own.prerelease).is_ne();
            }
            if own.patch != version.patch {
                return true;
            }
        }
        version.compare(own).is_ne()
    }

    fn is_exceeded_by(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.open {
            return version.compare(own).is_gt();
        }
        if version.major != own.major {
            return version.major > own.major;
        }
        if self.minor_open {
            return false;
        }
        if self.patch_open {
            return version.minor > own.minor;
        }
        version.compare(own).is_gt()
    }

    fn is_not_exceeded_by(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.open {
            return version.compare(own).is_le();
        }
        version.major < own.major
            || (version.major == own.major && (self.minor_open || version.minor <= own.minor))
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own).is_lt() {
            return false;
        }
        let is_zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if is_zero && !self.minor_open && !self.patch_open {
            return true;
        }
        version.major == own.major && (self.minor_open || version.minor == own.minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own).is_lt() {
            return false;
        }
        if own.major > 0 || self.minor_open || version.major > 0 {
            return version.major == own.major;
        }
        if own.minor > 0 || self.patch_open || version.minor > 0 {
            return version.minor == own.minor;
        }
        version.patch == own.patch
    }
}
