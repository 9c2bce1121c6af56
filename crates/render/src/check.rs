//! Finding the file that a failed build is about.

use inhaul_tree::{Tree, TreePath};
use inhaul_yaml::{Dialect, Limits, Node};
use std::collections::HashMap;

const HINT: &str = "every *.yaml and *.yml below spec.path must hold Kubernetes objects; \
    a kustomization.yaml that lists the files to use lifts that";

/// What is wrong with the files of a generated kustomization: the first that does not hold
/// Kubernetes objects, with its line, or two that hold the same object. `None` where the files
/// themselves are in order. Flux looks through every file before a build; here only a build that
/// failed is worth a second reading.
pub(crate) fn diagnose(tree: &dyn Tree, files: &[TreePath]) -> Option<String> {
    let mut places = HashMap::new();
    files.iter().find_map(|file| match documents(tree, file) {
        Err(problem) => Some(problem),
        Ok(documents) => documents.iter().find_map(|document| {
            if let Some(missing) = missing(document) {
                return Some(format!("{file}: line {}: {missing}; {HINT}", document.line.max(1)));
            }
            let first = places.insert(identity(document)?, file)?;
            let text = |keys: &[&str]| text_at(document, keys).unwrap_or_default();
            let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
            Some(if first == file {
                format!("{file}: {kind}/{name} is in this file twice")
            } else {
                format!("{file}: {kind}/{name} is in {first} too")
            })
        }),
    })
}

fn documents(tree: &dyn Tree, file: &TreePath) -> Result<Vec<Node>, String> {
    let bytes = inhaul_tree::read(tree, file).map_err(|error| error.to_string())?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_| format!("{file}: not UTF-8 text; {HINT}"))?;
    inhaul_yaml::parse_with(text, Dialect::GoV3, Limits::default())
        .map_err(|error| format!("{file}: {error}"))
}

fn text_at<'a>(document: &'a Node, keys: &[&str]) -> Option<&'a str> {
    let node = keys.iter().try_fold(document, |node, key| node.get(key))?;
    node.text().filter(|text| !text.is_empty() && !node.is_null())
}

/// What kustomize tells objects apart by; `None` for what has no name. An absent namespace is
/// `default` for it.
fn identity(document: &Node) -> Option<[String; 4]> {
    let name = text_at(document, &["metadata", "name"])?;
    let text = |keys: &[&str]| text_at(document, keys).unwrap_or_default().to_owned();
    let namespace = text_at(document, &["metadata", "namespace"]).unwrap_or("default").to_owned();
    Some([text(&["apiVersion"]), text(&["kind"]), namespace, name.to_owned()])
}

/// What keeps a document from being a Kubernetes object.
fn missing(document: &Node) -> Option<&'static str> {
    if document.is_null() {
        return None;
    }
    if document.entries().is_none() {
        return Some("not a Kubernetes object: expected a map");
    }
    if text_at(document, &["apiVersion"]).is_none() {
        return Some("not a Kubernetes object: apiVersion is missing");
    }
    let Some(kind) = text_at(document, &["kind"]) else {
        return Some("not a Kubernetes object: kind is missing");
    };
    let is_list = kind.ends_with("List") && document.get("items").is_some();
    if is_list || text_at(document, &["metadata", "name"]).is_some() {
        return None;
    }
    let generated = document.get("metadata").and_then(|metadata| metadata.get("generateName"));
    Some(match generated {
        Some(_) => "metadata.generateName is not supported; set metadata.name",
        None => "metadata.name is missing",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_tree::MemoryTree;

    fn problem(text: &str) -> Option<String> {
        let tree = MemoryTree::builder().file("a/x.yaml", text.to_owned()).build().unwrap();
        let file = TreePath::parse("a/x.yaml").unwrap();
        diagnose(&tree, &[file])
            .map(|problem| problem.strip_suffix(HINT).unwrap_or(&problem).to_owned())
    }

    #[test]
    fn the_document_that_is_no_object_is_named() {
        let good = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
        let cases = [
            (format!("# c\n---\n{good}---\n"), None),
            ("apiVersion: v1\nkind: PodList\nitems: []\n".to_owned(), None),
            (
                format!("{good}---\nreplicas: 3\n"),
                Some("a/x.yaml: line 6: not a Kubernetes object: apiVersion is missing; "),
            ),
            (
                "apiVersion: v1\n".to_owned(),
                Some("a/x.yaml: line 1: not a Kubernetes object: kind is missing; "),
            ),
            (
                "apiVersion: v1\nkind: Pod\n".to_owned(),
                Some("a/x.yaml: line 1: metadata.name is missing; "),
            ),
            (
                "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n".to_owned(),
                Some(
                    "a/x.yaml: line 1: metadata.generateName is not supported; set metadata.name; ",
                ),
            ),
            (
                "- a\n".to_owned(),
                Some("a/x.yaml: line 1: not a Kubernetes object: expected a map; "),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problem(&text).as_deref(), expected, "{text}");
        }
        let broken = problem("a: b\n c: [\n").unwrap();
        assert!(broken.starts_with("a/x.yaml: line "), "{broken}");
    }

    #[test]
    fn the_same_object_in_two_files_is_named_with_both() {
        let object = |version: &str, rest: &str| {
            format!("apiVersion: {version}\nkind: Pod\nmetadata:\n  name: a\n{rest}")
        };
        let tree = MemoryTree::builder()
            .file("a.yaml", object("v1", ""))
            .file("b.yaml", object("v2", ""))
            .file("c.yaml", object("v1", "  namespace: c\n"))
            .file("d.yaml", object("v1", "  namespace: default\n"))
            .file("e.yaml", format!("{0}---\n{0}", object("v1", "  namespace: e\n")))
            .build()
            .unwrap();
        let among = |names: &[&str]| {
            let files: Vec<_> = names.iter().map(|name| TreePath::parse(name).unwrap()).collect();
            diagnose(&tree, &files)
        };
        assert_eq!(among(&["a.yaml", "b.yaml", "c.yaml"]), None);
        assert_eq!(among(&["a.yaml", "d.yaml"]).unwrap(), "d.yaml: Pod/a is in a.yaml too");
        assert_eq!(among(&["e.yaml"]).unwrap(), "e.yaml: Pod/a is in this file twice");
    }
}
