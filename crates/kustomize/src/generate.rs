//! ConfigMaps and Secrets made from literals, files and environment files.

mod absorb;
pub(crate) mod iam;
mod sources;

use base64::Engine as _;
use inhaul_yaml::{Node, NodeKind, Style, Tag};

use crate::error::{Error, Result};
use crate::load::Loader;
use crate::resource::{Behavior, Resource, data_value};
use crate::settings::Generator;

/// Characters of a line of encoded data.
const LINE: usize = 70;

/// Base64 as kyaml breaks it: in lines, but only where there is more than one.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    for (at, character) in text.char_indices() {
        if at > 0 && at % LINE == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines.push('\n');
    lines
}

fn base(kind: &str, generator: &Generator) -> Result<Node> {
    if generator.name.is_empty() {
        return Err(Error::new("a configmap must have a name"));
    }
    let mut metadata = vec![(Node::plain("name"), Node::string(generator.name.as_str()))];
    if !generator.namespace.is_empty() {
        metadata.push((Node::plain("namespace"), Node::string(generator.namespace.as_str())));
    }
    Ok(Node::mapping(vec![
        (Node::plain("apiVersion"), Node::string("v1")),
        (Node::plain("kind"), Node::string(kind)),
        (Node::plain("metadata"), Node::mapping(metadata)),
    ]))
}

fn quoted(text: &str) -> Node {
    Node { style: Style::SingleQuoted, ..Node::string(text) }
}

fn finish(node: Node, generator: &Generator) -> Result<Resource> {
    let mut resource = Resource::new(node);
    let options = &generator.options;
    for (field, map) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        if map.is_empty() {
            continue;
        }
        let entries = map.iter().map(|(key, value)| (Node::plain(key.as_str()), quoted(value)));
        let value = Node::mapping(entries.collect());
        if let Some(metadata) = resource.node.get_mut("metadata") {
            metadata.set(field, value);
        }
    }
    if options.immutable {
        resource.node.set("immutable", Node { tag: Tag::Bool, ..Node::plain("true") });
    }
    resource.history.needs_hash = !options.disable_name_suffix_hash;
    resource.history.behavior = Behavior::parse(&generator.behavior);
    Ok(resource)
}

/// Makes a ConfigMap.
///
/// # Errors
/// No name, sources that cannot be read, a key twice.
pub(crate) fn config_map(generator: &Generator, loader: &Loader<'_>) -> Result<Resource> {
    let mut node = base("ConfigMap", generator)?;
    for (key, bytes) in sources::pairs(generator, loader)? {
        let (field, value) = match String::from_utf8(bytes) {
            Ok(text) => ("data", data_value(&text)),
            Err(error) => ("binaryData", data_value(&encode(error.as_bytes()))),
        };
        insert(&mut node, field, &key, value);
    }
    finish(node, generator)
}

/// Makes a Secret.
///
/// # Errors
/// As [`config_map`].
pub(crate) fn secret(generator: &Generator, loader: &Loader<'_>) -> Result<Resource> {
    let mut node = base("Secret", generator)?;
    let kind = if generator.secret_type.is_empty() { "Opaque" } else { &generator.secret_type };
    node.set("type", Node::string(kind));
    node.set("data", Node::mapping(Vec::new()));
    for (key, bytes) in sources::pairs(generator, loader)? {
        insert(&mut node, "data", &key, data_value(&encode(&bytes)));
    }
    finish(node, generator)
}

fn insert(node: &mut Node, field: &str, key: &str, value: Node) {
    if node.get(field).is_none() {
        node.set(field, Node::mapping(Vec::new()));
    }
    if let Some(NodeKind::Mapping(entries)) = node.get_mut(field).map(|node| &mut node.kind) {
        entries.push((Node::plain(key), value));
    }
}
