//! Fields of nodes, read and written with kyaml's rules for style and tag.
//!
//! A setter keeps the style of what it overwrites and mostly carries no tag: that is why a quoted name stays a string
//! and a bare one may turn into a number. Users' repositories depend on the result.

use inhaul_yaml::{Node, NodeKind, Style, Tag, is_non_string};

use crate::error::{Error, Result};
use crate::shared;

/// What kyaml calls the kind of a node.
pub(crate) fn kind_name(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Scalar(_) => "ScalarNode",
        NodeKind::Sequence(_) => "SequenceNode",
        NodeKind::Mapping(_) => "MappingNode",
    }
}

pub(crate) fn wrong_kind(expected: &str, node: &Node) -> Error {
    let mut contents = String::new();
    if inhaul_yaml::emit(node, &mut contents).is_err() {
        contents = node.text().unwrap_or_default().to_owned();
    }
    let line = if node.line > 0 { format!(" (line {})", node.line) } else { String::new() };
    Error::new(format!(
        "wrong node kind: expected {expected} but got {}{line}: node contents:\n{contents}",
        kind_name(node)
    ))
}

/// Null, `{}` or `[]`.
pub(crate) fn is_nil_or_empty(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Scalar(_) => node.is_null(),
        NodeKind::Sequence(items) => items.is_empty(),
        NodeKind::Mapping(entries) => entries.is_empty(),
    }
}

/// A string to kyaml: tagged so, or without any tag.
pub(crate) fn is_string(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Scalar(_)) && matches!(node.tag, Tag::Str | Tag::None)
}

/// A scalar without a tag, as most setters make it.
pub(crate) fn bare(text: &str) -> Node {
    Node::plain(text)
}

/// Overwrites a scalar in place, keeping its style.
pub(crate) fn set_scalar(node: &mut Node, text: &str, tag: Tag) -> Result<()> {
    if !matches!(node.kind, NodeKind::Scalar(_)) {
        return Err(wrong_kind("ScalarNode", node));
    }
    node.kind = NodeKind::Scalar(text.into());
    node.tag = tag;
    shared::changed(node);
    Ok(())
}

/// Gives quotes to a bare string that YAML 1.1 would read as something else.
pub(crate) fn quote_if_needed(node: &mut Node) {
    if node.style == Style::Plain && is_string(node) && node.text().is_some_and(is_non_string) {
        node.style = Style::DoubleQuoted;
    }
}

/// Sets a field of a mapping: a null value removes it, an existing one passes its style on.
pub(crate) fn set_field(map: &mut Node, name: &str, mut value: Node) -> Result<()> {
    let NodeKind::Mapping(entries) = &mut map.kind else {
        return Err(wrong_kind("MappingNode", map));
    };
    let at = entries.iter().position(|(key, _)| key.text() == Some(name));
    if value.is_null() {
        if let Some(at) = at {
            entries.remove(at);
        }
        return Ok(());
    }
    if let Some(at) = at {
        value.style = entries[at].1.style;
        shared::overwrite(&mut entries[at].1, value);
        return Ok(());
    }
    quote_if_needed(&mut value);
    entries.push((bare(name), value));
    Ok(())
}

/// The field of a mapping, made if it is missing.
pub(crate) fn field_or_create<'a>(
    map: &'a mut Node,
    name: &str,
    new: Node,
) -> Result<&'a mut Node> {
    if !matches!(map.kind, NodeKind::Mapping(_)) {
        return Err(wrong_kind("MappingNode", map));
    }
    if map.get(name).is_none() {
        set_created(map, name, new);
    }
    map.get_mut(name).ok_or_else(|| Error::new(format!("cannot create field {name}")))
}

/// Appends a field that is known to be missing, whatever its value.
fn set_created(map: &mut Node, name: &str, value: Node) {
    if let Some(entries) = map.entries_mut() {
        entries.push((bare(name), value));
    }
}

/// An empty node that a path creates on its way.
pub(crate) fn empty_mapping() -> Node {
    Node::mapping(Vec::new())
}

/// Splits a path at a delimiter; a backslash before the delimiter keeps it.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts = path.split(delimiter).peekable();
    if path.starts_with(delimiter) && path.len() > delimiter.len_utf8() {
        parts.next();
    }
    let mut result: Vec<String> = Vec::new();
    for part in parts {
        match result.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => result.push(part.to_owned()),
        }
    }
    result
}

/// Splits as [`split_path`] and keeps `[a.b]` and `[name=a.b]` together.
pub(crate) fn split_bracketed(path: &str) -> Vec<String> {
    let mut result = Vec::new();
    let mut parts = split_path(path, '.').into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut joined = part;
        for more in parts.by_ref() {
            joined.push('.');
            joined.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        let key = !joined.contains('=');
        result.push(if key { joined.trim_matches(['[', ']']).to_owned() } else { joined });
    }
    result
}

/// `[name=value]` as its two halves; the name is empty for a list of scalars.
pub(crate) fn list_selector(part: &str) -> Option<Result<(&str, &str)>> {
    let inner = part.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.split_once('=').ok_or_else(|| {
        Error::new("list path element must contain fieldName=fieldValue for element to match")
    }))
}

fn element<'a>(items: &'a [Node], name: &str, value: &str) -> Option<&'a Node> {
    items.iter().find(|item| {
        let scalar = if name.is_empty() { Some(*item) } else { item.get(name) };
        scalar.and_then(Node::text) == Some(value)
    })
}

/// Follows a path as kyaml's `Lookup` does: field names, list indexes, `-`, `[name=value]`.
pub(crate) fn lookup<'a, T: AsRef<str>>(node: &'a Node, path: &[T]) -> Result<Option<&'a Node>> {
    let mut current = node;
    for part in path.iter().map(|part| part.as_ref().trim()).filter(|part| !part.is_empty()) {
        if current.is_null() {
            return Ok(None);
        }
        let sequence = || current.items().ok_or_else(|| wrong_kind("SequenceNode", current));
        let next = if let Ok(index) = part.parse::<i64>() {
            let index = usize::try_from(index)
                .map_err(|_| Error::new(format!("array index {index} cannot be negative")))?;
            sequence()?.get(index)
        } else if part == "-" {
            sequence()?.last()
        } else if part == "*" {
            return Err(Error::new("wildcard is not supported in PathGetter"));
        } else if let Some(selector) = list_selector(part) {
            let (name, value) = selector?;
            element(sequence()?, name, value)
        } else if current.entries().is_some() {
            current.get(part)
        } else {
            return Err(wrong_kind("MappingNode", current));
        };
        match next {
            Some(node) => current = node,
            None => return Ok(None),
        }
    }
    Ok(Some(current))
}

/// As [`lookup`], for a change; the path is known to exist.
pub(crate) fn lookup_mut<'a, T: AsRef<str>>(
    node: &'a mut Node,
    path: &[T],
) -> Option<&'a mut Node> {
    let mut current = node;
    for part in path.iter().map(|part| part.as_ref().trim()).filter(|part| !part.is_empty()) {
        current = if let Ok(index) = part.parse::<usize>() {
            current.items_mut()?.get_mut(index)?
        } else if part == "-" {
            current.items_mut()?.last_mut()?
        } else if let Some(selector) = list_selector(part) {
            let (name, value) = selector.ok()?;
            current.items_mut()?.iter_mut().find(|item| {
                let scalar = if name.is_empty() { Some(&**item) } else { item.get(name) };
                scalar.and_then(Node::text) == Some(value)
            })?
        } else {
            current.get_mut(part)?
        };
    }
    Some(current)
}
