//! JSON patches (RFC 6902) with the leniency of the library that kustomize uses.
//!
//! A missing key can be replaced, indexes can be negative, a path's first element before the slash is ignored, and all
//! numbers of the patched object become 64-bit floats.

use inhaul_yaml::{Dialect, Node, Tag, go_float};
use serde_json::{Map, Value};

use crate::error::{Context, Error, Result};
use crate::resource::{Resource, from_json};

/// Bytes of JSON that the copies of one patch may add to one object; without a bound each could double it.
const MOST_COPIED: usize = 8 << 20;

const ORIGIN: &str = "config.kubernetes.io/origin";

/// A patch, decoded once for all its targets.
#[derive(Debug, Clone, Default)]
pub(crate) struct JsonPatch {
    operations: Vec<Map<String, Value>>,
}

fn missing(message: String) -> Error {
    Error::new(format!("{message}: missing value"))
}

impl JsonPatch {
    /// Reads a patch written in JSON or YAML.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::new("empty json patch operations"));
        }
        // What begins as JSON has to be JSON: words without quotes are none.
        let value = if text.starts_with('[') {
            serde_json::from_str(text).map_err(|error| Error::new(error.to_string()))?
        } else {
            inhaul_yaml::from_str(text, Dialect::GoV2)?
        };
        let operations = match value {
            Value::Array(operations) => operations,
            Value::Null => Vec::new(),
            _ => return Err(Error::new("a JSON patch is a list of operations")),
        };
        let object = |value| match value {
            Value::Object(map) => Ok(map),
            Value::Null => Ok(Map::new()),
            _ => Err(Error::new("an operation of a JSON patch is an object")),
        };
        Ok(Self { operations: operations.into_iter().map(object).collect::<Result<_>>()? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Patches one resource.
    pub(crate) fn apply(&self, resource: &mut Resource) -> Result<()> {
        crate::folded::refold(&mut resource.node);
        // kustomize keeps its notes in annotations, so that patches find them there whether they exist or not.
        let noted =
            resource.history != crate::resource::History::default() || resource.origin.is_some();
        if noted {
            // To write a note makes strings of all annotations.
            let annotations = resource.annotations();
            resource.set_annotations(&annotations)?;
        }
        let mut document = inhaul_yaml::to_json(&resource.node, Dialect::GoV3)?;
        let metadata = document.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata.filter(|_| noted) {
            let annotations = metadata.entry("annotations").or_insert(Value::Null);
            if annotations.is_null() {
                *annotations = Value::Object(Map::new());
            }
            if let Some(map) = annotations.as_object_mut().filter(|_| resource.origin.is_some()) {
                map.insert(ORIGIN.to_owned(), Value::from(""));
            }
        }
        let mut copied = 0;
        for operation in &self.operations {
            copied += apply(&mut document, operation).context(|| resource.describe())?;
            if copied > MOST_COPIED {
                let message = format!("copy operations add more than {MOST_COPIED} bytes");
                return Err(Error::new(message).context(resource.describe()));
            }
        }
        if !document.is_object() {
            return Err(
                Error::new("a patched resource must be an object").context(resource.describe())
            );
        }
        let kept =
            document.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
        if kept.and_then(Value::as_object_mut).is_none_or(|map| map.remove(ORIGIN).is_none()) {
            // Unlike the other notes, origins do not come back when a patch replaces what holds them.
            resource.origin = None;
            resource.transformations.clear();
        }
        let line = resource.node.line;
        resource.node = with_floats(from_json(&document, false));
        resource.node.line = line;
        let annotations = resource.annotations();
        resource.set_annotations(&annotations)
    }
}

/// Numbers as they come back from a JSON decoder that only knows floats.
fn with_floats(mut node: Node) -> Node {
    use inhaul_yaml::NodeKind;
    match &mut node.kind {
        NodeKind::Scalar(text) if matches!(node.tag, Tag::Int | Tag::None) => {
            if let Ok(number) = text.parse::<f64>() {
                *text = go_float(number).into();
                let integer = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
                node.tag = if integer { Tag::Int } else { Tag::Float };
            }
        }
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => {
            *items = std::mem::take(items).into_iter().map(with_floats).collect();
        }
        NodeKind::Mapping(entries) => {
            let value = |(key, value)| (key, with_floats(value));
            *entries = std::mem::take(entries).into_iter().map(value).collect();
        }
    }
    node
}

fn text<'a>(operation: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    operation.get(field).and_then(Value::as_str)
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// The place in a list that a key names; `length` is one past the last valid place.
fn index(key: &str, length: usize) -> Result<usize> {
    let number: i64 = key
        .parse()
        .map_err(|_| Error::new(format!("value was not a proper array index: '{key}'")))?;
    let signed = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if number < 0 { number + signed } else { number };
    usize::try_from(at).ok().filter(|&at| at < length).ok_or_else(|| {
        Error::new(format!("Unable to access invalid index: {number}: invalid index referenced"))
    })
}

/// The container that a path leads into, and the key in it.
fn find<'d>(document: &'d mut Value, path: &str) -> Option<(&'d mut Value, String)> {
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() < 2 {
        return None;
    }
    let key = unescape(parts.pop()?);
    let mut current = document;
    for part in &parts[1..] {
        let part = unescape(part);
        current = match current {
            Value::Object(map) => map.get_mut(&part)?,
            Value::Array(items) => {
                let at = index(&part, items.len()).ok()?;
                items.get_mut(at)?
            }
            _ => return None,
        };
    }
    (current.is_object() || current.is_array()).then_some((current, key))
}

/// A value in a container; null where a map lacks it.
fn get(container: &Value, key: &str) -> Result<Option<Value>> {
    match container {
        Value::Object(map) => Ok(map.get(key).cloned()),
        Value::Array(items) => Ok(items.get(index(key, items.len())?).cloned()),
        _ => Ok(None),
    }
}

fn add(container: &mut Value, key: &str, value: Value) -> Result<()> {
    match container {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let at = index(key, items.len() + 1)?;
            items.insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn remove(container: &mut Value, key: &str) -> Result<()> {
    match container {
        Value::Object(map) => {
            let removed = map.remove(key);
            removed.ok_or_else(|| missing(format!("Unable to remove nonexistent key: {key}")))?;
        }
        Value::Array(items) => {
            let at = index(key, items.len())?;
            items.remove(at);
        }
        _ => {}
    }
    Ok(())
}

/// Applies one operation and gives the number of bytes that it copied.
fn apply(document: &mut Value, operation: &Map<String, Value>) -> Result<usize> {
    let name = text(operation, "op").unwrap_or("unknown");
    let decode = |field: &str| {
        text(operation, field)
            .ok_or_else(|| missing(format!("{name} operation failed to decode {field}")))
    };
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    match name {
        "add" => {
            let path = decode("path")?;
            let (container, key) = find(document, path).ok_or_else(|| {
                missing(format!("add operation does not apply: doc is missing path: \"{path}\""))
            })?;
            add(container, &key, value()).context(|| format!("error in add for path: '{path}'"))?;
        }
        "remove" => {
            let path = decode("path")?;
            let (container, key) = find(document, path).ok_or_else(|| {
                missing(format!("remove operation does not apply: doc is missing path: \"{path}\""))
            })?;
            remove(container, &key).context(|| format!("error in remove for path: '{path}'"))?;
        }
        "replace" => replace(document, decode("path")?, value())?,
        "move" | "copy" => {
            return transfer(document, name, decode("from")?, decode("path")?);
        }
        "test" => test(document, decode("path")?, &value())?,
        _ => return Err(Error::new(format!("Unexpected kind: {name}"))),
    }
    Ok(0)
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<()> {
    if path.is_empty() {
        if !value.is_object() && !value.is_array() {
            return Err(Error::new("replace operation value must be object or array"));
        }
        *document = value;
        return Ok(());
    }
    let (container, key) = find(document, path).ok_or_else(|| {
        missing(format!("replace operation does not apply: doc is missing path: {path}"))
    })?;
    match container {
        Value::Object(map) => {
            map.insert(key, value);
        }
        Value::Array(items) => {
            let at = index(&key, items.len()).map_err(|_| {
                missing(format!("replace operation does not apply: doc is missing key: {path}"))
            })?;
            items[at] = value;
        }
        _ => {}
    }
    Ok(())
}

fn transfer(document: &mut Value, name: &str, from: &str, path: &str) -> Result<usize> {
    let (container, key) = find(document, from).ok_or_else(|| {
        missing(format!("{name} operation does not apply: doc is missing from path: {from}"))
    })?;
    let what = || format!("error in {name} for path: '{from}'");
    let value = get(container, &key).context(what)?;
    let mut copied = 0;
    if name == "move" {
        remove(container, &key).context(what)?;
    } else {
        copied = value.as_ref().map_or(0, |value| value.to_string().len());
    }
    let (container, key) = find(document, path).ok_or_else(|| {
        missing(format!("{name} operation does not apply: doc is missing destination path: {path}"))
    })?;
    add(container, &key, value.unwrap_or(Value::Null))
        .context(|| format!("error in {name} for path: '{path}'"))?;
    Ok(copied)
}

fn test(document: &mut Value, path: &str, wanted: &Value) -> Result<()> {
    let failed = || Error::new(format!("testing value {path} failed: test failed"));
    let found = if path.is_empty() {
        Some(document.clone())
    } else {
        let (container, key) = find(document, path).ok_or_else(|| {
            missing(format!("test operation does not apply: is missing path: {path}"))
        })?;
        get(container, &key).context(|| format!("error in test for path: '{path}'"))?
    };
    if found.unwrap_or(Value::Null) == *wanted { Ok(()) } else { Err(failed()) }
}
