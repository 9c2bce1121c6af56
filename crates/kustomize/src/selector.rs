//! Which resources a selector accepts: anchored regular expressions, and label selectors.

use std::collections::BTreeMap;

use regex::Regex;

use crate::error::{Context, Error, Result};
use crate::id::{Gvk, Id};
use crate::resource::Resource;
use crate::settings::Selector;

/// One part of an id.
#[derive(Debug)]
enum Pattern {
    Anything,
    /// No character of it means anything to a regular expression.
    Literal(String),
    Regex(Regex),
}

impl Pattern {
    fn new(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::Anything);
        }
        let plain = |character: char| character.is_alphanumeric() || "-_/ ".contains(character);
        if text.chars().all(plain) {
            return Ok(Self::Literal(text.to_owned()));
        }
        Regex::new(&format!("^(?:{text})$"))
            .map(Self::Regex)
            .map_err(|error| Error::new(format!("'{text}' is no regular expression: {error}")))
    }

    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => literal == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A selector, ready to match.
#[derive(Debug)]
pub(crate) struct Matcher {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

impl Matcher {
    pub(crate) fn new(selector: &Selector) -> Result<Self> {
        let Id { gvk: Gvk { group, version, kind }, name, namespace } = &selector.id;
        Ok(Self {
            group: Pattern::new(group)?,
            version: Pattern::new(version)?,
            kind: Pattern::new(kind)?,
            name: Pattern::new(name)?,
            namespace: Pattern::new(namespace)?,
            labels: parse_requirements(&selector.labels)?,
            annotations: parse_requirements(&selector.annotations)?,
        })
    }

    fn accepts_type(&self, gvk: &Gvk) -> bool {
        self.group.accepts(&gvk.group)
            && self.version.accepts(&gvk.version)
            && self.kind.accepts(&gvk.kind)
    }

    /// Whether a patch is for a resource: the current type, the original or the current name and namespace.
    pub(crate) fn accepts(&self, resource: &Resource) -> bool {
        let current = || resource.current_id();
        let (kind, name) = (resource.kind(), resource.name());
        // Most selectors fail on kind and name alone, without an allocation.
        if !self.kind.accepts(kind)
            || (!self.name.accepts(name) && resource.history.previous.is_empty())
        {
            return false;
        }
        let (original, current) = (resource.original_id(), current());
        (self.namespace.accepts(&original.namespace) || self.namespace.accepts(&current.namespace))
            && (self.name.accepts(&original.name) || self.name.accepts(&current.name))
            && self.accepts_type(&current.gvk)
            && self.accepts_metadata(resource)
    }

    /// Whether one id is selected, its namespace as given.
    pub(crate) fn accepts_id(&self, id: &Id) -> bool {
        self.accepts_type(&id.gvk)
            && self.name.accepts(&id.name)
            && self.namespace.accepts(&id.namespace)
    }

    pub(crate) fn accepts_metadata(&self, resource: &Resource) -> bool {
        let all = |requirements: &[Requirement], map: &dyn Fn() -> BTreeMap<String, String>| {
            requirements.is_empty() || {
                let map = map();
                requirements.iter().all(|requirement| requirement.accepts(&map))
            }
        };
        all(&self.labels, &|| resource.labels())
            && all(&self.annotations, &|| resource.annotations())
    }
}

/// One comma-separated part of a label selector.
#[derive(Debug, Clone, PartialEq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl Requirement {
    fn accepts(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Greater(bound) => number().is_some_and(|value| value > *bound),
            Test::Less(bound) => number().is_some_and(|value| value < *bound),
        }
    }
}

/// Splits at commas outside of parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0usize;
    text.split(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .collect()
}

fn parse_requirements(text: &str) -> Result<Vec<Requirement>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    parts(text)
        .into_iter()
        .map(|part| parse(part.trim()).context(|| format!("unable to parse requirement '{text}'")))
        .collect()
}

fn parse(part: &str) -> Result<Requirement> {
    let requirement = |key: &str, test| {
        let key = key.trim();
        let valid = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if key.is_empty() || !key.chars().all(valid) {
            return Err(Error::new(format!("'{key}' is no label key")));
        }
        Ok(Requirement { key: key.to_owned(), test })
    };
    let one = |value: &str| {
        let value = value.trim();
        let valid = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if value.chars().all(valid) {
            Ok(vec![value.to_owned()])
        } else {
            Err(Error::new(format!("'{value}' is no label value")))
        }
    };
    let number = |value: &str| {
        value.trim().parse().map_err(|_| Error::new(format!("'{}' is no number", value.trim())))
    };
    if let Some(key) = part.strip_prefix('!') {
        return requirement(key, Test::Missing);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return requirement(key, Test::NotIn(one(value)?));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return requirement(key, Test::In(one(value)?));
    }
    if let Some((key, value)) = part.split_once('>') {
        return requirement(key, Test::Greater(number(value)?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return requirement(key, Test::Less(number(value)?));
    }
    let Some((head, list)) = part.split_once('(') else { return requirement(part, Test::Exists) };
    let list = list.strip_suffix(')').ok_or_else(|| Error::new(format!("'{part}' has no ')'")))?;
    let values: Vec<String> = list.split(',').map(|value| value.trim().to_owned()).collect();
    match head.trim().rsplit_once(char::is_whitespace) {
        Some((key, "in")) => requirement(key, Test::In(values)),
        Some((key, "notin")) => requirement(key, Test::NotIn(values)),
        _ => Err(Error::new(format!("'{part}' is neither 'key in (…)' nor 'key notin (…)'"))),
    }
}
