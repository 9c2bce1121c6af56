//! Suffixes of generated names that change with their content.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use inhaul_yaml::{Dialect, Node};

use crate::collection::Collection;
use crate::error::{Context, Result};
use crate::resource::Resource;

/// Appends a string as Go's `encoding/json` writes it, HTML characters escaped.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Appends JSON as Go writes it: sorted keys, no spaces, or lines with an indentation of two.
pub(crate) fn write_json(out: &mut String, value: &Value, indent: Option<usize>) {
    let inner = indent.map(|depth| depth + 1);
    let line = |out: &mut String, depth: Option<usize>| {
        if let Some(depth) = depth {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    };
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() => out.push_str(&inhaul_yaml::go_json_float(value)),
            _ => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, inner);
                write_json(out, item, inner);
            }
            line(out, indent.filter(|_| !items.is_empty()));
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, inner);
                write_string(out, key);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write_json(out, value, inner);
            }
            line(out, indent.filter(|_| !entries.is_empty()));
            out.push('}');
        }
    }
}

/// A field as the hash sees it; a missing one is the empty string.
fn field(resource: &Resource, name: &str) -> Result<Value> {
    match resource.node.get(name) {
        None => Ok(Value::from("")),
        Some(node) => match node.text() {
            Some(text) => Ok(Value::from(text)),
            None => Ok(inhaul_yaml::to_json(node, Dialect::GoV3)?),
        },
    }
}

/// The suffix of a resource.
fn suffix(resource: &Resource) -> Result<String> {
    let mut map = Map::new();
    let kind = resource.kind();
    map.insert("kind".to_owned(), Value::from(kind));
    // The real tool looks for a field of this very name, slash included, and never finds it.
    map.insert("name".to_owned(), Value::from(""));
    map.insert("data".to_owned(), field(resource, "data")?);
    let extra = if kind == "Secret" { "stringData" } else { "binaryData" };
    if kind == "Secret" {
        map.insert("type".to_owned(), field(resource, "type")?);
    }
    if resource.node.get(extra).and_then(Node::entries).is_some() {
        map.insert(extra.to_owned(), field(resource, extra)?);
    }
    let mut text = String::new();
    write_json(&mut text, &Value::Object(map), None);
    Ok(shorten(&hex::encode(Sha256::digest(text))))
}

/// Ten characters that no reader takes for a word.
fn shorten(hexadecimal: &str) -> String {
    let letter = |character| match character {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    hexadecimal.chars().take(10).map(letter).collect()
}

/// Adds the suffixes to the names of generated resources.
pub(crate) fn transform(resources: &mut Collection) -> Result<()> {
    if !resources.list().iter().any(|resource| resource.history.needs_hash) {
        return Ok(());
    }
    for resource in resources.list_mut().iter_mut().filter(|r| r.history.needs_hash) {
        let suffix = suffix(resource).context(|| resource.describe())?;
        resource.store_previous_id();
        resource.set_name(&format!("{}-{suffix}", resource.name()))?;
    }
    Ok(())
}
