//! Text to resources, as kyaml's reader and kustomize's factory do it together.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use inhaul_yaml::{Dialect, Limits, Node, NodeKind, parse_with};

use crate::error::{Error, Result};
use crate::field::is_nil_or_empty;
use crate::resource::{Resource, from_json, is_mapping};

/// One document of a stream and the line on which it begins, from 0.
struct Document<'a> {
    text: Cow<'a, str>,
    line: usize,
}

/// Splits at lines that begin with `---`; only a comment may follow on such a line.
fn split(text: &str) -> Result<Vec<Document<'_>>> {
    let mut documents = Vec::new();
    let (mut start, mut search, mut line) = (0, 0, 0);
    while let Some(found) = text[search..].find("\n---") {
        let at = search + found;
        let Some(end) = text[at + 1..].find('\n').map(|length| at + 1 + length) else { break };
        let rest = text[at + 4..end].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let line = text[..=at].matches('\n').count() + 1;
            return Err(Error::new(format!(
                "invalid document separator: --- {rest} (line {line}; content must start on the next line)"
            )));
        }
        documents.push(Document { text: Cow::Borrowed(&text[start..=at]), line });
        line += text[start..=end].matches('\n').count();
        start = end + 1;
        // The line break that ends a separator does not begin the next one.
        search = start;
    }
    documents.push(Document { text: Cow::Borrowed(&text[start..]), line });
    Ok(documents)
}

/// Moves the line numbers of a document to where they are in the file.
fn shift(node: &mut Node, lines: u32) {
    node.line += lines;
    match &mut node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => items.iter_mut().for_each(|item| shift(item, lines)),
        NodeKind::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
            key.line += lines;
            shift(value, lines);
        }),
    }
}

fn parse(document: &Document<'_>, last_key_wins: bool) -> Result<Option<Node>> {
    let limits = Limits { documents: Some(1), last_key_wins, ..Limits::default() };
    let mut nodes = parse_with(&document.text, Dialect::GoV3, limits).map_err(|mut error| {
        if error.line > 0 {
            error.line += document.line;
        }
        Error::malformed(format!("MalformedYAMLError: yaml: {error}"))
    })?;
    if nodes.is_empty() || nodes[0].is_null() {
        return Ok(None);
    }
    let mut node = nodes.swap_remove(0);
    if document.line > 0 {
        shift(&mut node, u32::try_from(document.line).unwrap_or(0));
    }
    Ok(Some(node))
}

/// Reads every object of a text.
///
/// # Errors
/// Text that is no YAML, documents that are no objects or have no kind or name.
pub(crate) fn resources(text: &str) -> Result<Vec<Resource>> {
    read(text, false)
}

/// Reads patches: as [`resources`], but of two equal keys the last one wins, because patches are never written out.
pub(crate) fn patches(text: &str) -> Result<Vec<Resource>> {
    read(text, true)
}

fn read(text: &str, last_key_wins: bool) -> Result<Vec<Resource>> {
    let text = if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let documents = split(&text)?;
    let mut nodes = Vec::new();
    for document in &documents {
        let Some(mut node) = parse(document, last_key_wins)? else { continue };
        let wrapped = documents.len() == 1
            && matches!(kind(&node), "List" | "ResourceList")
            && (node.get("items").is_some() || node.get("functionConfig").is_some());
        if !wrapped {
            nodes.push(node);
        } else if let Some(NodeKind::Sequence(items)) = node.remove("items").map(|node| node.kind) {
            nodes.extend(items);
        }
    }
    let nodes = keep_valid(nodes)?;
    let comments = schema_comments(&text);
    let resource = |node| Resource { comments: comments.clone(), ..Resource::new(node) };
    Ok(inline_lists(nodes)?.into_iter().map(resource).collect())
}

fn kind(node: &Node) -> &str {
    node.get("kind").filter(|kind| !kind.is_null()).and_then(Node::text).unwrap_or_default()
}

fn keep_valid(nodes: Vec<Node>) -> Result<Vec<Node>> {
    let mut kept = Vec::with_capacity(nodes.len());
    for node in nodes {
        if is_nil_or_empty(&node) {
            continue;
        }
        validate(&node)?;
        kept.push(node);
    }
    Ok(kept)
}

/// Merge strategies and keys that comments give to fields, by the line of the field.
pub(crate) type Comments = HashMap<u32, String>;

/// The schemas in the comments of a text. Nearly no text has any, so that the first look must be cheap.
pub(crate) fn schema_comments(text: &str) -> Option<Arc<Comments>> {
    if !text.contains("x-kubernetes-patch-strategy") {
        return None;
    }
    let mut comments = Comments::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((before, comment)) = line.split_once('#') else { continue };
        let Ok(schema) = serde_json::from_str::<serde_json::Value>(comment) else { continue };
        let text = |field: &str| schema.get(field).and_then(serde_json::Value::as_str);
        let Some(strategy) = text("x-kubernetes-patch-strategy") else { continue };
        let key = text("x-kubernetes-patch-merge-key").unwrap_or_default();
        // A comment on a line of its own belongs to the next one.
        let line = if before.trim().is_empty() { number + 1 } else { number };
        comments.insert(line, format!("{strategy}|{key}"));
    }
    Some(Arc::new(comments)).filter(|comments| !comments.is_empty())
}

/// Every object needs a kind, and unless it is a list a name.
pub(crate) fn validate(node: &Node) -> Result<()> {
    let place = |text: &str| {
        let at = if node.line > 0 { format!(" (line {})", node.line) } else { String::new() };
        Error::new(format!("{text}{at}"))
    };
    let known = |name: &str| node.get(name).is_some_and(|value| !is_nil_or_empty(value));
    if !is_mapping(node) || !(known("apiVersion") || known("kind") || known("metadata")) {
        return Err(place("missing Resource metadata"));
    }
    let kind = kind(node);
    if kind.is_empty() {
        return Err(place(&format!("missing kind in object {}", meta(node))));
    }
    let name = node.get("metadata").and_then(|metadata| metadata.get("name"));
    let named =
        name.is_some_and(|name| !name.is_null() && name.text().is_some_and(|t| !t.is_empty()));
    if !named && !kind.ends_with("List") {
        return Err(place(&format!("missing metadata.name in object {}", meta(node))));
    }
    Ok(())
}

/// The metadata of an object as kustomize prints it in such messages.
fn meta(node: &Node) -> String {
    let text = |node: Option<&Node>| node.and_then(Node::text).unwrap_or_default().to_owned();
    let metadata = node.get("metadata");
    let field = |name: &str| metadata.and_then(|metadata| metadata.get(name));
    let map = |name: &str| {
        let entries = field(name).and_then(Node::entries).unwrap_or_default();
        let pair =
            |(key, value): &(Node, Node)| format!("{}:{}", text(Some(key)), text(Some(value)));
        let mut pairs: Vec<String> = entries.iter().map(pair).collect();
        pairs.sort();
        pairs.join(" ")
    };
    format!(
        "{{{{{} {}}} {{{{{} {}}} map[{}] map[{}]}}}}",
        text(node.get("apiVersion")),
        kind(node),
        text(field("name")),
        text(field("namespace")),
        map("labels"),
        map("annotations")
    )
}

/// Puts the items of lists behind everything else.
fn inline_lists(nodes: Vec<Node>) -> Result<Vec<Node>> {
    let mut queue: std::collections::VecDeque<Node> = nodes.into();
    let mut result = Vec::with_capacity(queue.len());
    while let Some(node) = queue.pop_front() {
        let Some(items) = node.get("items").filter(|_| kind(&node).ends_with("List")) else {
            result.push(node);
            continue;
        };
        let NodeKind::Sequence(items) = &items.kind else {
            if items.is_null() {
                continue;
            }
            let found = if is_mapping(items) { "map[string]interface {}" } else { "a scalar" };
            let kind = kind(&node);
            return Err(Error::new(format!(
                "expected array in {kind}/items, but found {found} (line {})",
                items.line
            )));
        };
        // The items go through JSON, which gives quotes to every string.
        let items = items.iter().map(|item| {
            let mut copy = from_json(&inhaul_yaml::to_json(item, Dialect::GoV3)?, true);
            copy.line = item.line;
            Ok(copy)
        });
        queue.extend(keep_valid(items.collect::<Result<Vec<_>>>()?)?);
    }
    Ok(result)
}
