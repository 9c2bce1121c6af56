//! Paths of replacements: field names, indexes, `[name=value]`, `*`, and creation of what is missing.

use inhaul_yaml::{Node, NodeKind, Style};
use regex::Regex;

use crate::error::{Context, Error, Result};
use crate::field;

/// The kind of node that a path may create at its end; `None` creates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    Nothing,
    Scalar,
    Sequence,
    Mapping,
}

impl Make {
    /// What is made to take a value.
    pub(crate) fn like(value: &Node) -> Self {
        match value.kind {
            NodeKind::Scalar(_) => Self::Scalar,
            NodeKind::Sequence(_) => Self::Sequence,
            NodeKind::Mapping(_) => Self::Mapping,
        }
    }

    /// An empty node for the part of a path before `next`.
    fn node(self, next: Option<&String>) -> Node {
        match next {
            None if self == Self::Scalar => Node::plain(""),
            None if self == Self::Sequence => Node::sequence(Vec::new()),
            Some(next) if is_index(next) || field::list_selector(next).is_some() => {
                Node::sequence(Vec::new())
            }
            _ => field::empty_mapping(),
        }
    }
}

fn is_index(part: &str) -> bool {
    part.parse::<usize>().is_ok()
}

/// What is done with every node that a path leads to.
pub(crate) type Found<'f> = &'f mut dyn FnMut(&mut Node) -> Result<()>;

/// Visits every node that a path leads to and counts them.
pub(crate) fn visit(
    node: &mut Node,
    path: &[String],
    make: Make,
    found: Found<'_>,
) -> Result<usize> {
    let Some((part, rest)) = path.split_first() else {
        found(node)?;
        return Ok(1);
    };
    if is_index(part) {
        return at_index(node, part, rest, make, found);
    }
    if let Some(selector) = field::list_selector(part) {
        let (name, pattern) = selector?;
        return selected(node, name, pattern, rest, make, found);
    }
    if part == "*" {
        let mut count = 0;
        for item in items(node)? {
            count += visit(item, rest, make, found)?;
        }
        return Ok(count);
    }
    at_field(node, part, rest, make, found)
}

fn items(node: &mut Node) -> Result<&mut [Node]> {
    if node.is_null() {
        return Ok(&mut []);
    }
    if !matches!(node.kind, NodeKind::Sequence(_)) {
        return Err(field::wrong_kind("SequenceNode", node));
    }
    Ok(node.items_mut().map(Vec::as_mut_slice).unwrap_or_default())
}

fn at_field(
    node: &mut Node,
    part: &str,
    rest: &[String],
    make: Make,
    found: Found<'_>,
) -> Result<usize> {
    if node.is_null() {
        return Ok(0);
    }
    if !matches!(node.kind, NodeKind::Mapping(_)) {
        return Err(field::wrong_kind("MappingNode", node));
    }
    if node.get(part).is_none() {
        if make == Make::Nothing {
            return Ok(0);
        }
        field::field_or_create(node, part, make.node(rest.first()))?;
    }
    let Some(value) = node.get_mut(part) else { return Ok(0) };
    let inside_text = value.text().filter(|_| !rest.is_empty()).map(str::to_owned);
    match inside_text {
        // What is found inside a text that could not be written back is found, and lost: as upstream has it.
        Some(text) => {
            let mut nodes = inhaul_yaml::parse(&text)?;
            nodes.first_mut().map_or(Ok(0), |node| visit(node, rest, make, found))
        }
        None => visit(value, rest, make, found),
    }
}

fn at_index(
    node: &mut Node,
    part: &str,
    rest: &[String],
    make: Make,
    found: Found<'_>,
) -> Result<usize> {
    let index: usize = part.parse().map_err(|_| Error::new(format!("'{part}' is no index")))?;
    let count = items(node)?.len();
    if index == count
        && make != Make::Nothing
        && let Some(items) = node.items_mut()
    {
        items.push(make.node(rest.first()));
    }
    let items = items(node)?;
    let count = items.len();
    match items.get_mut(index) {
        Some(item) => visit(item, rest, make, found),
        None => Err(Error::new(format!("index {index} specified but only {count} elements found"))),
    }
}

/// A scalar as YAML shows it: that is what patterns are matched against.
fn shown(node: &Node) -> String {
    let text = node.text().unwrap_or_default();
    match node.style {
        Style::DoubleQuoted => format!("\"{text}\""),
        Style::SingleQuoted => format!("'{text}'"),
        _ => text.trim().to_owned(),
    }
}

fn selected(
    node: &mut Node,
    name: &str,
    pattern: &str,
    rest: &[String],
    make: Make,
    found: Found<'_>,
) -> Result<usize> {
    let regex = Regex::new(pattern).map_err(|error| Error::new(format!("'{pattern}': {error}")))?;
    let mut count = 0;
    for item in items(node)? {
        let value = if name.is_empty() { Some(&*item) } else { item.get(name) };
        if value.is_none_or(|value| !regex.is_match(&shown(value))) {
            continue;
        }
        if name.is_empty() {
            found(item)?;
            count += 1;
        } else {
            count += visit(item, rest, make, found)?;
        }
    }
    if count > 0 || make == Make::Nothing {
        return Ok(count);
    }
    let value = Node::plain(pattern);
    let element =
        if name.is_empty() { value } else { Node::mapping(vec![(field::bare(name), value)]) };
    let Some(items) = node.items_mut() else {
        return Err(field::wrong_kind("SequenceNode", node))
            .context(|| format!("failed to create element for [{name}={pattern}]"));
    };
    items.push(element);
    match items.last_mut() {
        Some(item) if name.is_empty() => found(item).map(|()| 1),
        Some(item) => visit(item, rest, make, found),
        None => Ok(0),
    }
}
