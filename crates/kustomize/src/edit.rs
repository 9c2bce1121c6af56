//! Changes to a kustomization file that keep its comments, its order and everything else as it is.
//!
//! The text is never written anew: lines are added or values replaced where the parser says that they are.

use inhaul_yaml::{Node, NodeKind, Style};

use crate::error::{Error, Result};

/// Fields that stand for one, in the spelling that the file may have.
fn root(text: &str) -> Result<Option<Node>> {
    let mut nodes = inhaul_yaml::parse(text)?;
    if nodes.len() > 1 {
        return Err(Error::new("a kustomization file has one document"));
    }
    match nodes.pop() {
        None => Ok(None),
        Some(node) if node.is_null() => Ok(None),
        Some(node) if node.entries().is_some() => Ok(Some(node)),
        Some(_) => Err(Error::new("a kustomization is a map")),
    }
}

/// A value as YAML writes it on one line.
fn scalar(text: &str) -> String {
    inhaul_yaml::to_string(&serde_json::Value::from(text)).trim_end().to_owned()
}

/// Lines of a text, each with its break.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push('\n');
    }
    lines
}

fn append(text: &str, addition: &str) -> String {
    lines(text).concat() + addition
}

/// Replaces the scalar that a node is in the text.
fn replace(text: &str, node: &Node, value: &str) -> Result<String> {
    let mut lines = lines(text);
    let at = (node.line as usize).saturating_sub(1);
    let column = usize::from(node.column).saturating_sub(1);
    let refuse = || {
        Error::new(format!(
            "line {}: this value is written in a way that cannot be edited",
            node.line
        ))
    };
    let line = lines.get_mut(at).ok_or_else(refuse)?;
    let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let old = match node.style {
        Style::Plain => node.text().unwrap_or_default().to_owned(),
        Style::SingleQuoted => format!("'{}'", node.text().unwrap_or_default().replace('\'', "''")),
        Style::DoubleQuoted => format!("\"{}\"", node.text().unwrap_or_default()),
        _ => return Err(refuse()),
    };
    if !line[start..].starts_with(&old) {
        return Err(refuse());
    }
    line.replace_range(start..start + old.len(), value);
    Ok(lines.concat())
}

/// The lines that a list of the root takes: the number of the line after its last, from 0, and its items' indentation.
fn list_end(node: &Node) -> Option<(usize, usize)> {
    fn last_line(node: &Node) -> u32 {
        let inner = match &node.kind {
            NodeKind::Scalar(text) => {
                let block = matches!(node.style, Style::Literal | Style::Folded);
                return node.line
                    + if block { u32::try_from(text.lines().count()).unwrap_or(0) } else { 0 };
            }
            NodeKind::Sequence(items) => items.last().map(last_line),
            NodeKind::Mapping(entries) => entries.last().map(|(_, value)| last_line(value)),
        };
        inner.unwrap_or(node.line).max(node.line)
    }
    if node.style == Style::Flow {
        return None;
    }
    node.items()?.last()?;
    Some((last_line(node) as usize, usize::from(node.column).saturating_sub(1)))
}

/// Adds lines, the first of which begins an item, to a list of the root; makes the list if there is none.
fn add_item(text: &str, node: Option<&Node>, field: &str, item: &[String]) -> Result<String> {
    let block = |indent: usize| -> String {
        let pad = " ".repeat(indent);
        let line = |(at, line): (usize, &String)| {
            format!("{pad}{} {line}\n", if at == 0 { "-" } else { " " })
        };
        item.iter().enumerate().map(line).collect()
    };
    match node {
        None => Ok(append(text, &format!("{field}:\n{}", block(0)))),
        Some(node) if node.is_null() => {
            let mut lines = lines(text);
            lines.insert((node.line as usize).min(lines.len()), block(0));
            Ok(lines.concat())
        }
        Some(node) => {
            let (at, indent) = list_end(node).ok_or_else(|| {
                Error::new(format!(
                    "{field} (line {}): write the list one item per line, so that it can be edited",
                    node.line
                ))
            })?;
            let mut lines = lines(text);
            lines.insert(at.min(lines.len()), block(indent));
            Ok(lines.concat())
        }
    }
}

/// Adds a path to `resources`; one that is there already stays as it is.
///
/// # Errors
/// Text that is no kustomization, or a list written so that a line cannot be added.
pub fn add_resource(text: &str, path: &str) -> std::result::Result<String, Error> {
    let root = root(text)?;
    let list = root.as_ref().and_then(|root| root.get("resources"));
    let items = list.and_then(Node::items).unwrap_or_default();
    if items.iter().any(|item| item.text() == Some(path)) {
        return Ok(lines(text).concat());
    }
    add_item(text, list, "resources", &[scalar(path)])
}

/// Sets `namespace`.
///
/// # Errors
/// As [`add_resource`].
pub fn set_namespace(text: &str, namespace: &str) -> std::result::Result<String, Error> {
    let root = root(text)?;
    match root.as_ref().and_then(|root| root.get("namespace")) {
        Some(node) if !node.is_null() => replace(text, node, &scalar(namespace)),
        Some(node) => {
            Err(Error::new(format!("namespace (line {}) has no value to replace", node.line)))
        }
        None => Ok(append(text, &format!("namespace: {}\n", scalar(namespace)))),
    }
}

/// What [`set_image`] sets: `NAME=NEW_NAME:TAG@DIGEST`, of which only the name is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageChange {
    /// The image to change, as manifests name it.
    pub name: String,
    /// Another name.
    pub new_name: Option<String>,
    /// A tag.
    pub new_tag: Option<String>,
    /// A digest with its algorithm.
    pub digest: Option<String>,
}

impl ImageChange {
    /// Reads the argument of `edit set image`.
    ///
    /// # Errors
    /// Text that changes nothing.
    pub fn parse(text: &str) -> std::result::Result<Self, Error> {
        let (name, image) = match text.split_once('=') {
            Some((name, image)) => (Some(name), image),
            None => (None, text),
        };
        let (image, digest) = match image.split_once('@') {
            Some((image, digest)) => (image, Some(digest.to_owned())),
            None => (image, None),
        };
        let host = image.rfind('/').map_or(0, |at| at + 1);
        let (image, tag) = match image[host..].split_once(':') {
            Some((last, tag)) => (&image[..host + last.len()], Some(tag.to_owned())),
            None => (image, None),
        };
        let own = name.unwrap_or(image);
        let new_name =
            name.filter(|name| *name != image && !image.is_empty()).map(|_| image.to_owned());
        if own.is_empty() || (new_name.is_none() && tag.is_none() && digest.is_none()) {
            return Err(Error::new(format!(
                "'{text}' sets nothing: write NAME=NEW_NAME:TAG, NAME:TAG or NAME@DIGEST"
            )));
        }
        Ok(Self { name: own.to_owned(), new_name, new_tag: tag, digest })
    }

    fn fields(&self) -> [(&'static str, Option<&String>); 3] {
        [
            ("newName", self.new_name.as_ref()),
            ("newTag", self.new_tag.as_ref()),
            ("digest", self.digest.as_ref()),
        ]
    }
}

/// Sets an entry of `images`, which is added if it is not there.
///
/// # Errors
/// As [`add_resource`]; an entry that has a tag where a digest is to be set, or the other way round.
pub fn set_image(text: &str, change: &ImageChange) -> std::result::Result<String, Error> {
    let find = |root: &Option<Node>| -> Option<Node> {
        let items = root.as_ref()?.get("images")?.items()?;
        items.iter().find(|i| i.get("name").and_then(Node::text) == Some(&change.name)).cloned()
    };
    let parsed = root(text)?;
    let Some(entry) = find(&parsed) else {
        let mut item = vec![format!("name: {}", scalar(&change.name))];
        for (field, value) in change.fields() {
            item.extend(value.map(|value| format!("{field}: {}", scalar(value))));
        }
        let list = parsed.as_ref().and_then(|root| root.get("images"));
        return add_item(text, list, "images", &item);
    };
    let clash = [
        ("newTag", change.digest.is_some(), change.new_tag.is_none()),
        ("digest", change.new_tag.is_some(), change.digest.is_none()),
    ];
    for (field, sets_other, leaves) in clash {
        if sets_other && leaves && entry.get(field).is_some() {
            return Err(Error::new(format!(
                "image {} (line {}) has {field} already; remove it first",
                change.name, entry.line
            )));
        }
    }
    let mut result = text.to_owned();
    for (field, value) in change.fields() {
        let Some(value) = value else { continue };
        // Each change moves what follows, so that the entry is looked up again.
        let Some(entry) = find(&root(&result)?) else { continue };
        result = match (entry.get(field), entry.entries()) {
            (Some(old), _) => replace(&result, old, &scalar(value))?,
            (None, Some([(first, _), ..])) if entry.style != Style::Flow => {
                let mut lines = lines(&result);
                let indent = usize::from(first.column).saturating_sub(1);
                let line = format!("{}{field}: {}\n", " ".repeat(indent), scalar(value));
                lines.insert((first.line as usize).min(lines.len()), line);
                lines.concat()
            }
            _ => {
                return Err(Error::new(format!(
                    "image {} (line {}): write the entry one field per line, so that it can be edited",
                    change.name, entry.line
                )));
            }
        };
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# the app\nresources:\n  - a.yaml # first\n\nnamespace: old # here\nimages:\n- name: nginx # web\n  newTag: \"1\"\n# end\n";

    #[test]
    fn a_namespace_is_replaced_in_its_line() {
        let text = set_namespace(FILE, "new").unwrap();
        assert_eq!(text, FILE.replace("old", "new"));
        assert_eq!(set_namespace("resources: []\n", "x").unwrap(), "resources: []\nnamespace: x\n");
    }

    #[test]
    fn a_resource_is_added_once_under_the_others() {
        let text = add_resource(FILE, "b.yaml").unwrap();
        assert_eq!(text, FILE.replace("# first\n", "# first\n  - b.yaml\n"));
        assert_eq!(add_resource(&text, "b.yaml").unwrap(), text);
        assert_eq!(add_resource("", "b.yaml").unwrap(), "resources:\n- b.yaml\n");
        assert!(add_resource("resources: [a]\n", "b").is_err());
    }

    #[test]
    fn an_image_is_changed_or_added() {
        let change = ImageChange::parse("nginx=my.reg:5000/nginx:2").unwrap();
        assert_eq!(change.new_name.as_deref(), Some("my.reg:5000/nginx"));
        let text = set_image(FILE, &change).unwrap();
        let wanted = FILE
            .replace("# web\n", "# web\n  newName: my.reg:5000/nginx\n")
            .replace("\"1\"", "\"2\"");
        assert_eq!(text, wanted);
        let added = set_image(FILE, &ImageChange::parse("redis:7").unwrap()).unwrap();
        assert_eq!(added, FILE.replace("\"1\"\n", "\"1\"\n- name: redis\n  newTag: \"7\"\n"));
        assert!(ImageChange::parse("nginx").is_err());
        assert!(set_image(FILE, &ImageChange::parse("nginx@sha256:0").unwrap()).is_err());
    }
}
