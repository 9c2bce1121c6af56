//! The fields of the spec, merged into a kustomization.

use crate::Error;
use crate::instructions::{Image, Instructions, texts};
use inhaul_tree::{Tree, TreePath};
use serde_json::{Map, Value, json};

/// Merges the fields of `instructions` into the kustomization of `directory`, which was read from
/// `file` (or generated). As Flux's generator: scalars and buildMetadata replace, other lists are
/// appended to, images are merged by name.
pub(crate) fn merge(
    tree: &dyn Tree,
    directory: &TreePath,
    instructions: &Instructions,
    file: &str,
    kustomization: &mut Map<String, Value>,
) -> Result<(), Error> {
    let Instructions {
        owner: _,
        path: _,
        target_namespace,
        name_prefix,
        name_suffix,
        patches,
        patches_strategic_merge,
        patches_json6902,
        images,
        components: _,
        ignore_missing_components: _,
        common_metadata: _,
        build_metadata,
        charts: _,
    } = instructions;
    let mut target = Target { kustomization, file };
    let scalars =
        [("namespace", target_namespace), ("namePrefix", name_prefix), ("nameSuffix", name_suffix)];
    for (field, text) in texts(&scalars) {
        target.set(&field, text);
    }
    let patches = patches.iter().map(|patch| match &patch.target {
        None => json!({"patch": patch.patch}),
        Some(selector) => json!({"patch": patch.patch, "target": selector.to_json()}),
    });
    target.append("patches", patches)?;
    // Both kinds of file take patches as text; JSON is YAML.
    let strategic = patches_strategic_merge.iter().map(|patch| Value::from(patch.to_string()));
    target.append("patchesStrategicMerge", strategic)?;
    let json_patches = patches_json6902
        .iter()
        .map(|patch| json!({"patch": patch.patch.to_string(), "target": patch.target.to_json()}));
    target.append("patchesJson6902", json_patches)?;
    let components = present_components(tree, directory, instructions)?;
    target.append("components", components.into_iter().map(Value::from))?;
    if !build_metadata.is_empty() {
        target.set("buildMetadata", Value::from(build_metadata.clone()));
    }
    merge_images(&mut target, images)
}

/// A kustomization under construction, and where it came from.
struct Target<'a> {
    kustomization: &'a mut Map<String, Value>,
    file: &'a str,
}

impl Target<'_> {
    /// The key that stands for a field: Go's JSON decoder finds fields in any case.
    fn key(&self, field: &str) -> String {
        let mut found: Vec<&String> =
            self.kustomization.keys().filter(|key| key.eq_ignore_ascii_case(field)).collect();
        found.sort();
        found.first().map_or_else(|| field.to_owned(), |key| (*key).clone())
    }

    fn set(&mut self, field: &str, value: Value) {
        self.kustomization.insert(self.key(field), value);
    }

    fn list(&mut self, field: &str) -> Result<&mut Vec<Value>, Error> {
        let key = self.key(field);
        let value = self.kustomization.entry(key).or_insert(Value::Null);
        if value.is_null() {
            *value = Value::Array(Vec::new());
        }
        let file = self.file;
        value.as_array_mut().ok_or_else(|| Error::build(format!("{file}: {field} must be a list")))
    }

    fn append(
        &mut self,
        field: &str,
        items: impl ExactSizeIterator<Item = Value>,
    ) -> Result<(), Error> {
        if items.len() > 0 {
            self.list(field)?.extend(items);
        }
        Ok(())
    }
}

fn merge_images(target: &mut Target<'_>, images: &[Image]) -> Result<(), Error> {
    if images.is_empty() {
        return Ok(());
    }
    let list = target.list("images")?;
    for image in images {
        let Image { name, new_name, new_tag, digest } = image;
        let known = list
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .find(|known| known.get("name").and_then(Value::as_str) == Some(name));
        let version = texts(&[("newTag", new_tag), ("digest", digest)]);
        let renamed = texts(&[("newName", new_name)]);
        if let Some(known) = known {
            // Tag and digest say one thing together: half of the old must not meet half of the new.
            if !version.is_empty() {
                known.remove("newTag");
                known.remove("digest");
            }
            known.extend(version.into_iter().chain(renamed));
        } else {
            let mut new = Map::from_iter([("name".to_owned(), Value::from(name.as_str()))]);
            new.extend(version.into_iter().chain(renamed));
            list.push(Value::Object(new));
        }
    }
    Ok(())
}

/// The components that are there, or all of them if missing ones are an error.
fn present_components(
    tree: &dyn Tree,
    directory: &TreePath,
    instructions: &Instructions,
) -> Result<Vec<String>, Error> {
    let mut present = Vec::new();
    for component in &instructions.components {
        let refuse = |why: &str| Error::build(format!("spec.components: {component:?}: {why}"));
        if component.is_empty() || component.starts_with('/') || is_remote(component) {
            return Err(refuse("must be a local path, relative to spec.path"));
        }
        let path = directory.join(component).map_err(|error| refuse(&error.to_string()))?;
        let found = inhaul_tree::kind(tree, &path).map_err(|error| refuse(&error.to_string()))?;
        if found.is_some() {
            present.push(component.clone());
        } else if !instructions.ignore_missing_components {
            return Err(refuse("no such file or directory"));
        }
    }
    Ok(present)
}

/// Whether a path is an address of something elsewhere, in one of the ways that kustomize knows.
fn is_remote(path: &str) -> bool {
    let before_path = path.split('/').next().unwrap_or_default();
    path.contains("://")
        || path.starts_with("git::")
        || path.starts_with("github.com/")
        || path.contains("?ref=")
        || before_path.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instructions::{JsonPatch, Patch, Selector};
    use inhaul_tree::MemoryTree;

    fn merged(given: Value, instructions: &Instructions) -> Result<Value, Error> {
        let tree = MemoryTree::builder()
            .directory("apps/web")
            .directory("components/tls")
            .link("apps/web/out", "/etc")
            .build()
            .unwrap();
        let Value::Object(mut kustomization) = given else { panic!("not a map") };
        let directory = TreePath::parse("apps/web").unwrap();
        merge(&tree, &directory, instructions, "apps/web/kustomization.yaml", &mut kustomization)?;
        Ok(Value::Object(kustomization))
    }

    #[test]
    fn scalars_replace_and_lists_are_appended_to() {
        let instructions = Instructions {
            target_namespace: Some("apps".into()),
            name_prefix: Some("a-".into()),
            name_suffix: Some(String::new()),
            patches: vec![
                Patch { patch: "p1".into(), target: None },
                Patch {
                    patch: "p2".into(),
                    target: Some(Selector { kind: Some("Pod".into()), ..Selector::default() }),
                },
            ],
            patches_strategic_merge: vec![json!({"kind": "Pod"})],
            patches_json6902: vec![JsonPatch {
                patch: json!([{"op": "remove", "path": "/a"}]),
                target: Selector { name: Some("x".into()), ..Selector::default() },
            }],
            components: vec!["../../components/tls".into()],
            build_metadata: vec!["originAnnotations".into()],
            ..Instructions::default()
        };
        let given = json!({"namespace": "old", "buildMetadata": ["managedByLabel"], "nameSuffix": "-s", "Patches": [{"path": "p.yaml"}],
            "components": null});
        assert_eq!(
            merged(given, &instructions).unwrap(),
            json!({
                "namespace": "apps", "namePrefix": "a-", "nameSuffix": "-s",
                "Patches": [{"path": "p.yaml"}, {"patch": "p1"},
                    {"patch": "p2", "target": {"kind": "Pod"}}],
                "patchesStrategicMerge": ["{\"kind\":\"Pod\"}"],
                "patchesJson6902": [{"patch": "[{\"op\":\"remove\",\"path\":\"/a\"}]",
                    "target": {"name": "x"}}],
                "components": ["../../components/tls"],
                "buildMetadata": ["originAnnotations"],
            })
        );
    }

    #[test]
    fn nothing_asked_changes_nothing() {
        let given = json!({"resources": ["a.yaml"], "images": [{"name": "a"}]});
        assert_eq!(merged(given.clone(), &Instructions::default()).unwrap(), given);
    }

    #[test]
    fn images_are_merged_by_name_with_tag_and_digest_as_one() {
        let image =
            |name: &str, new_name: Option<&str>, tag: Option<&str>, digest: Option<&str>| {
                let [new_name, new_tag, digest] =
                    [new_name, tag, digest].map(|text| text.map(str::to_owned));
                Image { name: name.into(), new_name, new_tag, digest }
            };
        let instructions = Instructions {
            images: vec![
                image("a", None, Some("2"), None),
                image("b", Some("c"), None, None),
                image("new", None, None, Some("sha256:1")),
            ],
            ..Instructions::default()
        };
        let given = json!({"images": [
            {"name": "a", "newName": "x", "digest": "sha256:0"},
            {"name": "b", "newName": "y", "newTag": "1"}]});
        assert_eq!(
            merged(given, &instructions).unwrap()["images"],
            json!([
                {"name": "a", "newName": "x", "newTag": "2"},
                {"name": "b", "newName": "c", "newTag": "1"},
                {"name": "new", "digest": "sha256:1"}])
        );
    }

    #[test]
    fn components_are_local_and_missing_ones_can_be_left_out() {
        let with = |component: &str, ignore_missing_components| Instructions {
            components: vec![component.to_owned()],
            ignore_missing_components,
            ..Instructions::default()
        };
        for component in [
            "",
            "/etc",
            "https://example.com/x",
            "github.com/org/repository",
            "git@example.com:org/repository",
            "git::ssh://x",
            "../../..",
            "../../../etc",
            "out",
            "out/passwd",
        ] {
            for ignore in [false, true] {
                let error = merged(json!({}), &with(component, ignore)).unwrap_err();
                let message = error.message;
                assert!(message.starts_with("spec.components: "), "{component}: {message}");
            }
        }
        let missing = merged(json!({}), &with("../none", false)).unwrap_err();
        assert_eq!(missing.message, "spec.components: \"../none\": no such file or directory");
        assert_eq!(merged(json!({}), &with("../none", true)).unwrap(), json!({}));
    }

    #[test]
    fn a_field_of_another_type_is_named_with_its_file() {
        let image = Image { name: "x".into(), ..Image::default() };
        let instructions = Instructions { images: vec![image], ..Instructions::default() };
        let error = merged(json!({"images": "x"}), &instructions).unwrap_err();
        assert_eq!(error.message, "apps/web/kustomization.yaml: images must be a list");
    }
}
