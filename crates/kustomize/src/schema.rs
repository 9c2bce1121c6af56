//! The schema that strategic merges follow: Kubernetes 1.21.2, or the definitions of `openapi.path`.
//!
//! A set of definitions is text: first `apiVersion/Kind` and the number of its definition, an empty line, then one
//! definition per line, its fields apart by spaces. A field is its name, `.`, `[` or `{` for a value, a list or a map,
//! the number of the definition of the value or element, and where it has a merge strategy `|strategy|key+key`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::error::{Error, Result};

/// A set of definitions, read when the first merge needs it.
#[derive(Debug)]
pub(crate) struct Schemas {
    text: Cow<'static, str>,
    index: OnceLock<Index>,
}

/// Where in the text the definitions are.
#[derive(Debug)]
struct Index {
    types: HashMap<String, usize>,
    definitions: Vec<std::ops::Range<usize>>,
}

/// The schema of one value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema<'s> {
    schemas: &'s Schemas,
    shape: Shape,
    /// `strategy|keys`, empty where there is none.
    strategy: &'s str,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Known, and of no further interest.
    Opaque,
    Object(usize),
    List(Option<usize>),
    Map(Option<usize>),
}

impl Schemas {
    /// The built-in definitions.
    pub(crate) fn built_in() -> Arc<Self> {
        static BUILT_IN: OnceLock<Arc<Schemas>> = OnceLock::new();
        let text = Cow::Borrowed(include_str!("tables/schema.txt"));
        Arc::clone(BUILT_IN.get_or_init(|| Arc::new(Self { text, index: OnceLock::new() })))
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let (types, definitions) = self.text.split_once("\n\n").unwrap_or((&self.text, ""));
            let entry = |line: &str| {
                let (name, number) = line.split_once('\t')?;
                Some((name.to_owned(), number.parse().ok()?))
            };
            let mut start = self.text.len() - definitions.len();
            let range = |line: &str| {
                let range = start..start + line.len();
                start = range.end + 1;
                range
            };
            Index {
                types: types.lines().filter_map(entry).collect(),
                definitions: definitions.split('\n').map(range).collect(),
            }
        })
    }

    fn definition(&self, number: usize) -> Option<&str> {
        self.text.get(self.index().definitions.get(number)?.clone())
    }

    /// The schema of a type.
    pub(crate) fn of_type(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        if kind.is_empty() || api_version.is_empty() {
            return None;
        }
        let number = *self.index().types.get(&format!("{api_version}/{kind}"))?;
        Some(Schema { schemas: self, shape: Shape::Object(number), strategy: "" })
    }

    /// Reads an OpenAPI document.
    ///
    /// # Errors
    /// Data without `definitions`.
    pub(crate) fn from_openapi(document: &Value) -> Result<Self> {
        let definitions = document.get("definitions").and_then(Value::as_object);
        let definitions = definitions
            .ok_or_else(|| Error::new("the OpenAPI document of openapi.path has no definitions"))?;
        let mut names: Vec<&String> = definitions.keys().collect();
        names.sort();
        let mut text = String::new();
        for (number, name) in names.iter().enumerate() {
            let types = definitions[*name].get("x-kubernetes-group-version-kind");
            for gvk in types.and_then(Value::as_array).into_iter().flatten() {
                let part = |field: &str| gvk.get(field).and_then(Value::as_str).unwrap_or_default();
                let slash = if part("group").is_empty() { "" } else { "/" };
                let (group, version, kind) = (part("group"), part("version"), part("kind"));
                text.push_str(&format!("{group}{slash}{version}/{kind}\t{number}\n"));
            }
        }
        text.push('\n');
        let mut compiler = Compiler { names, anonymous: Vec::new() };
        let lines: Vec<String> = compiler
            .names
            .clone()
            .iter()
            .map(|name| compiler.line(&definitions[*name], 0))
            .collect();
        for line in lines.into_iter().chain(compiler.anonymous) {
            text.push_str(&line);
            text.push('\n');
        }
        // A document without types begins with the empty line itself.
        let text = if text.starts_with('\n') { format!("\n{text}") } else { text };
        Ok(Self { text: Cow::Owned(text), index: OnceLock::new() })
    }
}

/// Turns OpenAPI into lines; inline objects become definitions after the named ones.
struct Compiler<'a> {
    names: Vec<&'a String>,
    anonymous: Vec<String>,
}

/// Objects within objects that a document may have without references.
const DEEPEST: usize = 64;

impl Compiler<'_> {
    fn line(&mut self, definition: &Value, depth: usize) -> String {
        let properties = definition.get("properties").and_then(Value::as_object);
        let mut fields: Vec<String> = Vec::new();
        for (name, property) in properties.into_iter().flatten() {
            if depth < DEEPEST && !name.contains([' ', '.', '[', '{']) {
                fields.push(format!("{name}{}", self.field(property, depth)));
            }
        }
        fields.join(" ")
    }

    fn field(&mut self, property: &Value, depth: usize) -> String {
        let (mark, inner) = if let Some(items) = property.get("items") {
            ('[', Some(items))
        } else if let Some(values) = property.get("additionalProperties").filter(|v| v.is_object())
        {
            ('{', Some(values))
        } else {
            ('.', Some(property))
        };
        let number = inner.and_then(|inner| self.number(inner, depth));
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let text = |name: &str| property.get(name).and_then(Value::as_str).unwrap_or_default();
        let strategy = text("x-kubernetes-patch-strategy");
        if strategy.is_empty() {
            return format!("{mark}{number}");
        }
        let list = property.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
        let keys = list.map_or_else(
            || text("x-kubernetes-patch-merge-key").to_owned(),
            |list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+"),
        );
        format!("{mark}{number}|{strategy}|{keys}")
    }

    fn number(&mut self, value: &Value, depth: usize) -> Option<usize> {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next()?;
            return self.names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        }
        value.get("properties")?;
        let line = self.line(value, depth + 1);
        self.anonymous.push(line);
        Some(self.names.len() + self.anonymous.len() - 1)
    }
}

impl<'s> Schema<'s> {
    /// A list whose strategy and keys a comment gives; what its elements are stays unknown.
    pub(crate) fn commented(schemas: &'s Schemas, strategy: &'s str) -> Self {
        Self { schemas, shape: Shape::List(None), strategy }
    }

    fn with(self, shape: Shape, strategy: &'s str) -> Self {
        Self { schemas: self.schemas, shape, strategy }
    }

    fn of_number(self, number: Option<usize>) -> Self {
        self.with(number.map_or(Shape::Opaque, Shape::Object), "")
    }

    /// The schema of a field.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        let definition = match self.shape {
            Shape::Object(number) => self.schemas.definition(number)?,
            Shape::Map(number) => return Some(self.of_number(number)),
            Shape::Opaque | Shape::List(_) => return None,
        };
        let bytes = definition.as_bytes();
        for at in memchr::memmem::find_iter(bytes, name.as_bytes()) {
            if at > 0 && bytes[at - 1] != b' ' {
                continue;
            }
            let rest = &definition[at + name.len()..];
            let Some(mark @ ('.' | '[' | '{')) = rest.chars().next() else { continue };
            let rest = &rest[..memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len())];
            let (number, strategy) = rest[1..].split_once('|').unwrap_or((&rest[1..], ""));
            let number = number.parse().ok();
            let shape = match mark {
                '[' => Shape::List(number),
                '{' => Shape::Map(number),
                _ => number.map_or(Shape::Opaque, Shape::Object),
            };
            return Some(self.with(shape, strategy));
        }
        None
    }

    /// The schema of the elements of a list.
    pub(crate) fn elements(self) -> Option<Self> {
        match self.shape {
            Shape::List(number) => Some(self.of_number(number)),
            _ => None,
        }
    }

    /// Whether elements are merged by key, or as a set.
    pub(crate) fn merges(self) -> bool {
        let (strategy, _) = self.strategy.split_once('|').unwrap_or_default();
        strategy.split(',').any(|part| part == "merge")
    }

    /// The fields that identify an element; none for a set of scalars.
    pub(crate) fn keys(self) -> Vec<&'s str> {
        let (_, keys) = self.strategy.split_once('|').unwrap_or_default();
        keys.split('+').filter(|key| !key.is_empty()).collect()
    }
}
