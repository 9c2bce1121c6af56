//! Versions, as Masterminds/semver reads and compares them.

use std::{
    cmp::Ordering,
    sync::{Arc, LazyLock},
};

use regex::Regex;

use super::{
    argument::{any, text},
    registry::{
        Function,
        Parameter::{Any, String as Str},
    },
    semver_constraint::Constraints,
};
use crate::{
    error::Outcome,
    runtime::Runtime,
    value::{Structure, TypeInfo, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("semver", &[Str], |_, arguments| {
        Ok(Version::parse(&text(arguments, 0))?.into_value(true))
    }),
    Function::fixed("semverCompare", &[Str, Str], |_, arguments| {
        let constraints = Constraints::parse(&text(arguments, 0))?;
        let version = Version::parse(&text(arguments, 1))?;
        Ok(Value::Bool(constraints.check(&version)))
    }),
];

static VERSION: TypeInfo = TypeInfo {
    name: "semver.Version",
    element: "",
    methods: METHODS,
    text: Some(|value| Version::of(value).to_string()),
};

static METHODS: &[Function] = &[
    Function::fixed("Major", &[], |_, arguments| Ok(Value::Uint64(receiver(arguments).major))),
    Function::fixed("Minor", &[], |_, arguments| Ok(Value::Uint64(receiver(arguments).minor))),
    Function::fixed("Patch", &[], |_, arguments| Ok(Value::Uint64(receiver(arguments).patch))),
    Function::fixed("Prerelease", &[], |_, arguments| Ok(receiver(arguments).prerelease.into())),
    Function::fixed("Metadata", &[], |_, arguments| Ok(receiver(arguments).metadata.into())),
    Function::fixed("Original", &[], |_, arguments| Ok(receiver(arguments).original.into())),
    Function::fixed("String", &[], |_, arguments| Ok(receiver(arguments).to_string().into())),
    Function::fixed("IncMajor", &[], |_, arguments| increment(arguments, 0)),
    Function::fixed("IncMinor", &[], |_, arguments| increment(arguments, 1)),
    Function::fixed("IncPatch", &[], |_, arguments| increment(arguments, 2)),
    Function::fixed("Compare", &[Any], |runtime, arguments| {
        let order = compare(runtime, arguments)?;
        Ok(Value::Int(order as i64))
    }),
    Function::fixed("LessThan", &[Any], |runtime, arguments| {
        Ok(Value::Bool(compare(runtime, arguments)?.is_lt()))
    }),
    Function::fixed("LessThanEqual", &[Any], |runtime, arguments| {
        Ok(Value::Bool(compare(runtime, arguments)?.is_le()))
    }),
    Function::fixed("GreaterThan", &[Any], |runtime, arguments| {
        Ok(Value::Bool(compare(runtime, arguments)?.is_gt()))
    }),
    Function::fixed("GreaterThanEqual", &[Any], |runtime, arguments| {
        Ok(Value::Bool(compare(runtime, arguments)?.is_ge()))
    }),
    Function::fixed("Equal", &[Any], |runtime, arguments| {
        Ok(Value::Bool(compare(runtime, arguments)?.is_eq()))
    }),
    Function::fixed("SetPrerelease", &[Str], |_, arguments| {
        let prerelease = text(arguments, 1).into_owned();
        Ok(Version { prerelease, ..receiver(arguments) }.renamed().into_value(false))
    }),
    Function::fixed("SetMetadata", &[Str], |_, arguments| {
        let metadata = text(arguments, 1).into_owned();
        Ok(Version { metadata, ..receiver(arguments) }.renamed().into_value(false))
    }),
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) prerelease: String,
    metadata: String,
    original: String,
}

/// Bytes beyond which a version is refused.
const LONGEST: usize = 256;

static LOOSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*";
    Regex::new(&format!(
        r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({parts}))?(?:\+({parts}))?$"
    ))
    .ok()
});

impl Version {
    /// Parses a version; the minor and patch numbers may be missing, and a `v` may come before.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("version string is too long (max {LONGEST} bytes)"));
        }
        let groups = LOOSE.as_ref().and_then(|regex| regex.captures(text));
        let groups = groups.ok_or("invalid semantic version")?;
        let group = |index: usize| groups.get(index).map_or("", |group| group.as_str());
        let number = |index: usize| {
            let digits = group(index);
            if digits.is_empty() {
                return Ok(0);
            }
            digits.parse().map_err(|_| {
                format!(
                    "error parsing version segment: strconv.ParseUint: parsing \"{digits}\": \
                     value out of range"
                )
            })
        };
        let prerelease = group(4).to_owned();
        let is_padded = |part: &str| {
            part.len() > 1
                && part.starts_with('0')
                && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let version = Self {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            metadata: group(5).to_owned(),
            original: text.to_owned(),
            prerelease,
        };
        if version.prerelease.split('.').any(is_padded) {
            return Err("version segment starts with 0".to_owned());
        }
        Ok(version)
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }

    fn into_value(self, pointer: bool) -> Value {
        let fields = vec![
            ("major", Value::Uint64(self.major)),
            ("minor", Value::Uint64(self.minor)),
            ("patch", Value::Uint64(self.patch)),
            ("pre", Value::from(self.prerelease)),
            ("metadata", Value::from(self.metadata)),
            ("original", Value::from(self.original)),
        ];
        Value::Structure(Arc::new(Structure::new(&VERSION, pointer, fields)))
    }

    fn of(value: &Value) -> Self {
        let Value::Structure(structure) = value else { return Self::default() };
        let number = |name| structure.field(name).and_then(Value::unsigned).unwrap_or(0);
        let string = |name| {
            let text = structure.field(name).and_then(Value::as_text);
            text.map(|text| text.to_str().into_owned()).unwrap_or_default()
        };
        Self {
            major: number("major"),
            minor: number("minor"),
            patch: number("patch"),
            prerelease: string("pre"),
            metadata: string("metadata"),
            original: string("original"),
        }
    }

    /// With its own text as the original, but for the `v`.
    fn renamed(mut self) -> Self {
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{prefix}{self}");
        self
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn receiver(arguments: &[Value]) -> Version {
    Version::of(any(arguments, 0))
}

fn compare(_: &mut Runtime<'_>, arguments: &[Value]) -> Result<Ordering, crate::Failure> {
    let other = any(arguments, 1);
    match other {
        Value::Structure(structure) if structure.type_info().name == VERSION.name => {
            Ok(receiver(arguments).compare(&Version::of(other)))
        }
        _ => Err(format!(
            "wrong type for value; expected *semver.Version; got {}",
            other.type_name()
        )
        .into()),
    }
}

fn increment(arguments: &[Value], part: usize) -> Outcome {
    let old = receiver(arguments);
    let overflow =
        || format!("{} version increment would overflow uint64", ["major", "minor", "patch"][part]);
    let next = |number: u64| number.checked_add(1).ok_or_else(overflow);
    let mut new = Version { original: old.original.clone(), ..Version::default() };
    (new.major, new.minor, new.patch) = match part {
        0 => (next(old.major)?, 0, 0),
        1 => (old.major, next(old.minor)?, 0),
        _ if !old.prerelease.is_empty() => (old.major, old.minor, old.patch),
        _ => (old.major, old.minor, next(old.patch)?),
    };
    Ok(new.renamed().into_value(false))
}

pub(super) fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some("")) | (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (Some(left), Some(right)) => compare_parts(left, right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers come before words.
fn compare_parts(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}
