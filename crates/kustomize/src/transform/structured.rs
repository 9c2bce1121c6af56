//! Replacements inside a text that holds JSON or YAML itself.

use inhaul_yaml::{Dialect, Node, NodeKind, Style};

use crate::error::{Error, Result};
use crate::field;
use crate::transform::hash::write_json;
use crate::transform::path::{Found, Make, visit};

/// Replaces inside the first text on a path that is data of its own.
///
/// # Errors
/// No such text, nothing in it, or a result that is no data: the caller then tries the path as it stands.
pub(crate) fn replace(
    target: &mut Node,
    path: &[String],
    make: Make,
    found: Found<'_>,
) -> Result<()> {
    let none = || Error::new("no structured data found in path");
    let is_text = |node: Option<&Node>| node.is_some_and(|node| node.text().is_some());
    let split = (1..path.len())
        .find(|&at| is_text(field::lookup(target, &path[..at]).ok().flatten()))
        .ok_or_else(none)?;
    let (outer, inner) = path.split_at(split);
    let scalar = field::lookup_mut(target, outer).ok_or_else(none)?;
    let text = scalar.text().unwrap_or_default().to_owned();
    let mut nodes = inhaul_yaml::parse(&text)?;
    let data = nodes.first_mut().ok_or_else(none)?;
    if visit(data, inner, make, found)? == 0 {
        return Err(Error::new("unable to find field in structured data"));
    }
    let json = inhaul_yaml::to_json(data, Dialect::GoV3)?;
    let mut result = String::new();
    if text.trim_start().starts_with(['{', '[']) {
        let pretty = text.contains('\n') && text.contains("  ");
        write_json(&mut result, &json, pretty.then_some(0));
    } else {
        write_yaml(&mut result, data, 0, false);
    }
    scalar.kind = NodeKind::Scalar(result.trim().into());
    Ok(())
}

/// Writes YAML in the order of the original, two spaces deep, lists not indented.
fn write_yaml(out: &mut String, node: &Node, indent: usize, inline: bool) {
    match &node.kind {
        NodeKind::Scalar(text) => write_scalar(out, node, text, indent),
        NodeKind::Sequence(items) if items.is_empty() => out.push_str("[]\n"),
        NodeKind::Mapping(entries) if entries.is_empty() => out.push_str("{}\n"),
        _ if node.style == Style::Flow => {
            write_flow(out, node);
            out.push('\n');
        }
        NodeKind::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                pad(out, if at == 0 && inline { 0 } else { indent });
                out.push_str("- ");
                write_yaml(out, item, indent + 2, true);
            }
        }
        NodeKind::Mapping(entries) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                pad(out, if at == 0 && inline { 0 } else { indent });
                out.push_str(&plain_or_quoted(key));
                out.push(':');
                let nested = match &value.kind {
                    _ if value.style == Style::Flow => false,
                    NodeKind::Sequence(items) => !items.is_empty(),
                    NodeKind::Mapping(entries) => !entries.is_empty(),
                    NodeKind::Scalar(_) => false,
                };
                out.push(if nested { '\n' } else { ' ' });
                let list = value.items().is_some();
                write_yaml(out, value, if list { indent } else { indent + 2 }, false);
            }
        }
    }
}

fn write_flow(out: &mut String, node: &Node) {
    let (open, close) = if node.items().is_some() { ('[', ']') } else { ('{', '}') };
    match &node.kind {
        NodeKind::Scalar(_) => {
            out.push_str(&plain_or_quoted(node));
            return;
        }
        NodeKind::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "[" } else { ", " });
                write_flow(out, item);
            }
        }
        NodeKind::Mapping(entries) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "{" } else { ", " });
                out.push_str(&plain_or_quoted(key));
                out.push_str(": ");
                write_flow(out, value);
            }
        }
    }
    if node.items().is_some_and(<[_]>::is_empty) || node.entries().is_some_and(<[_]>::is_empty) {
        out.push(open);
    }
    out.push(close);
}

fn pad(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

fn plain_or_quoted(node: &Node) -> String {
    let text = node.text().unwrap_or_default();
    match node.style {
        Style::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
        Style::DoubleQuoted => serde_json::Value::from(text).to_string(),
        Style::Plain | Style::Tagged if !inhaul_yaml::is_non_string(text) => {
            inhaul_yaml::to_string(&serde_json::Value::from(text)).trim_end().to_owned()
        }
        _ => text.to_owned(),
    }
}

fn write_scalar(out: &mut String, node: &Node, text: &str, indent: usize) {
    if !text.contains('\n') {
        out.push_str(&plain_or_quoted(node));
        out.push('\n');
        return;
    }
    out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
    for line in text.lines() {
        if !line.is_empty() {
            pad(out, indent);
        }
        out.push_str(line);
        out.push('\n');
    }
}
