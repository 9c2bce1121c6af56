//! The kustomization of a directory: its own, or one that lists what lies below it.

use crate::Error;
use inhaul_tree::{Kind, Tree, TreePath};
use inhaul_yaml::Dialect;
use serde_json::{Map, Value};

/// The names of a kustomization file.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization before the spec is merged into it.
pub(crate) struct Kustomization {
    /// Where it came from, for error texts.
    pub(crate) file: String,
    /// Its fields.
    pub(crate) fields: Map<String, Value>,
    /// The files that a generated one lists; none for a file of the tree.
    pub(crate) generated_from: Vec<TreePath>,
}

/// Reads the kustomization file of a directory, or generates one as Flux does.
pub(crate) fn kustomization(tree: &dyn Tree, directory: &TreePath) -> Result<Kustomization, Error> {
    let mut found = Vec::new();
    for name in FILE_NAMES {
        let path = directory.child(name);
        if matches!(inhaul_tree::kind(tree, &path)?, Some(Kind::File { .. })) {
            found.push(path);
        }
    }
    match found.as_slice() {
        [] => generate(tree, directory),
        [file] => read(tree, file),
        [first, second, ..] => {
            Err(Error::build(format!("{first}: {second} is there too; keep one of them")))
        }
    }
}

fn read(tree: &dyn Tree, file: &TreePath) -> Result<Kustomization, Error> {
    let bytes = inhaul_tree::read(tree, file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Error::build(format!("{file}: not UTF-8 text: {error}")))?;
    let value = inhaul_yaml::from_str(text, Dialect::GoV2)
        .map_err(|error| Error::build(format!("{file}: {error}")))?;
    let mut fields = match value {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        _ => return Err(Error::build(format!("{file}: a kustomization must be a map"))),
    };
    if lists_nothing(&fields) {
        // Flux does so to keep kustomize from refusing the file. Whoever has a kustomization of
        // generators alone has these annotations on the objects.
        fields.retain(|key, _| !key.eq_ignore_ascii_case("buildMetadata"));
        fields.insert("buildMetadata".to_owned(), Value::from(vec!["originAnnotations"]));
    }
    Ok(Kustomization { file: file.to_string(), fields, generated_from: Vec::new() })
}

/// Whether there is nothing under `resources`.
fn lists_nothing(fields: &Map<String, Value>) -> bool {
    fields
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case("resources"))
        .all(|(_, value)| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}

/// Lists every YAML file below the directory, and instead of what lies below a directory with a
/// kustomization file of its own that directory.
fn generate(tree: &dyn Tree, directory: &TreePath) -> Result<Kustomization, Error> {
    // Two callbacks fill one list, whose order is that of the walk.
    let found = std::cell::RefCell::new(Vec::new());
    inhaul_tree::walk::<Error>(
        tree,
        directory,
        &mut |path| {
            let own = has_own_kustomization(tree, path)?;
            if own {
                found.borrow_mut().push((path.clone(), Listed::Directory));
            }
            Ok(!own)
        },
        &mut |path| {
            // Go's filepath.Ext: the end of the name, in this case only.
            let name = path.name().unwrap_or_default();
            if name.ends_with(".yaml") || name.ends_with(".yml") {
                found.borrow_mut().push((path.clone(), Listed::File));
            }
            Ok(())
        },
    )?;
    let found = found.into_inner();
    let resources: Vec<Value> =
        found.iter().map(|(path, _)| Value::from(below(directory, path))).collect();
    let files = found.into_iter().filter(|(_, listed)| *listed == Listed::File);
    let generated_from: Vec<TreePath> = files.map(|(path, _)| path).collect();
    let mut fields = Map::new();
    if !resources.is_empty() {
        fields.insert("resources".to_owned(), Value::Array(resources));
    }
    Ok(Kustomization {
        file: format!("{directory} (generated kustomization)"),
        fields,
        generated_from,
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Listed {
    Directory,
    File,
}

/// Links are not looked at: where a directory is walked, they are not there.
fn has_own_kustomization(tree: &dyn Tree, directory: &TreePath) -> Result<bool, Error> {
    for name in FILE_NAMES {
        if matches!(tree.kind(&directory.child(name))?, Some(Kind::File { .. })) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn below(directory: &TreePath, path: &TreePath) -> String {
    let relative = path.as_str().strip_prefix(directory.as_str()).unwrap_or(path.as_str());
    format!("./{}", relative.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_tree::MemoryTree;

    fn resources(tree: &MemoryTree, directory: &str) -> Vec<String> {
        let generated = kustomization(tree, &TreePath::parse(directory).unwrap()).unwrap();
        let list = generated.fields.get("resources").and_then(Value::as_array).cloned();
        list.unwrap_or_default().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_generated_kustomization_lists_what_the_walk_meets() {
        let tree = MemoryTree::builder()
            .file("apps/b.yaml", "")
            .file("apps/a.yml", "")
            .file("apps/README.md", "")
            .file("apps/upper.YAML", "")
            .file("apps/.hidden/c.yaml", "")
            .file("apps/.dot.yaml", "")
            .file("apps/base/kustomization.yaml", "")
            .file("apps/base/deep/d.yaml", "")
            .file("apps/kust/Kustomization", "")
            .file("apps/plain/e.yaml", "")
            .file("apps/plain/nested/kustomization.yml", "")
            .file("other/f.yaml", "")
            .link("apps/link.yaml", "../other/f.yaml")
            .link("apps/linked", "../other")
            .link("apps/plain/kustomization.yaml", "../base/kustomization.yaml")
            .build()
            .unwrap();
        assert_eq!(
            resources(&tree, "apps"),
            [
                "./.dot.yaml",
                "./.hidden/c.yaml",
                "./a.yml",
                "./b.yaml",
                "./base",
                "./kust",
                "./plain/e.yaml",
                "./plain/nested"
            ]
        );
        assert_eq!(resources(&tree, "other"), ["./f.yaml"]);
        assert_eq!(resources(&tree, "").last().unwrap(), "./other/f.yaml");
    }

    #[test]
    fn an_existing_file_is_used_and_two_are_refused() {
        let tree = MemoryTree::builder()
            .file(
                "a/kustomization.yml",
                "namePrefix: x-\nnamespace: yes\nbuildmetadata: []\n---\nnot: read\n",
            )
            .file("a/other.yaml", "")
            .file("b/kustomization.yaml", "")
            .file("b/Kustomization", "")
            .file("c/kustomization.yaml", "- a\n")
            .file("d/kustomization.yaml", "a: [\n")
            .file("e/kustomization.yaml", "# nothing\n")
            .build()
            .unwrap();
        let at = |text: &str| kustomization(&tree, &TreePath::parse(text).unwrap());
        let a = at("a").unwrap();
        assert_eq!(
            Value::Object(a.fields),
            serde_json::json!({"namePrefix": "x-", "namespace": true,
                "buildMetadata": ["originAnnotations"]})
        );
        assert_eq!(a.file, "a/kustomization.yml");
        let only = serde_json::json!({"buildMetadata": ["originAnnotations"]});
        assert_eq!(Value::Object(at("e").unwrap().fields), only);
        let message = |text| at(text).err().map(|error| error.message).unwrap_or_default();
        assert_eq!(
            message("b"),
            "b/kustomization.yaml: b/Kustomization is there too; keep one of them"
        );
        assert_eq!(message("c"), "c/kustomization.yaml: a kustomization must be a map");
        assert!(message("d").starts_with("d/kustomization.yaml: line "), "{}", message("d"));
    }
}
