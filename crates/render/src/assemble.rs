//! From what the engine built to objects that can be applied.

use crate::instructions::Instructions;
use crate::{Error, RenderedObject};
use inhaul_object::{Object, ObjectId, normalise};
use serde_json::Value;
use std::collections::HashMap;

const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";

/// A value that the engine built, and the file it came from.
pub(crate) struct Built {
    pub(crate) value: Value,
    pub(crate) origin: Option<String>,
}

/// Unwraps lists, drops kustomize's own configuration, checks, labels and normalises, keeping the
/// order. Fails on the first object that cannot be applied.
pub(crate) fn assemble(
    built: Vec<Built>,
    instructions: &Instructions,
) -> Result<Vec<RenderedObject>, Error> {
    let mut objects: Vec<RenderedObject> = Vec::with_capacity(built.len());
    let mut known: HashMap<ObjectId, usize> = HashMap::new();
    for Built { value, origin } in built.into_iter().flat_map(unwrap_list) {
        if is_engine_configuration(&value) {
            continue;
        }
        let from = || origin.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        let mut object =
            Object::from_json(value).map_err(|error| Error::build(format!("{}{error}", from())))?;
        if object.is_encrypted() {
            return Err(Error::build(format!(
                "{}{} is encrypted with SOPS and spec.decryption is not set; it is not applied encrypted",
                from(),
                object.id()
            )));
        }
        if let Some(first) = known.insert(object.id(), objects.len()) {
            let first = objects.get(first).and_then(|object| object.origin.clone());
            return Err(twice(&object.id(), first.as_deref(), origin.as_deref()));
        }
        add_metadata(&mut object, instructions);
        normalise::normalise(&mut object);
        objects.push(RenderedObject { object, origin });
    }
    Ok(objects)
}

fn unwrap_list(built: Built) -> Vec<Built> {
    let Built { mut value, origin } = built;
    let is_list =
        value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    let items = value.get_mut("items").filter(|_| is_list).and_then(Value::as_array_mut);
    match items.map(std::mem::take) {
        None => vec![Built { value, origin }],
        Some(items) => {
            items.into_iter().map(|value| Built { value, origin: origin.clone() }).collect()
        }
    }
}

/// Whether a value configures kustomize itself, which no API server knows.
fn is_engine_configuration(value: &Value) -> bool {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    text("kind").eq_ignore_ascii_case("Kustomization")
        && text("apiVersion").starts_with("kustomize.config.k8s.io/")
}

fn twice(id: &ObjectId, first: Option<&str>, second: Option<&str>) -> Error {
    let from = match (first, second) {
        (Some(first), Some(second)) if first == second => format!(", both times from {first}"),
        (Some(first), Some(second)) => format!(", from {first} and from {second}"),
        (Some(file), None) | (None, Some(file)) => format!(", once from {file}"),
        (None, None) => String::new(),
    };
    Error::build(format!("{id} is rendered twice{from}"))
}

/// The common metadata win over what the object says, and the owner labels over everything.
fn add_metadata(object: &mut Object, instructions: &Instructions) {
    for (key, value) in &instructions.common_metadata.labels {
        object.set_label(key, value);
    }
    for (key, value) in &instructions.common_metadata.annotations {
        object.set_annotation(key, value);
    }
    let owner = &instructions.owner;
    if !owner.name.is_empty() {
        object.set_label(OWNER_NAME, &owner.name);
        object.set_label(OWNER_NAMESPACE, &owner.namespace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CommonMetadata, Owner};
    use serde_json::json;

    fn config_map(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
    }

    fn built(value: Value, file: &str) -> Built {
        Built { value, origin: Some(file.to_owned()) }
    }

    fn error(values: Vec<Built>) -> String {
        assemble(values, &Instructions::default()).unwrap_err().message
    }

    #[test]
    fn common_metadata_and_owner_labels_are_set_on_every_object() {
        let instructions = Instructions {
            owner: Owner { name: "apps".into(), namespace: "flux-system".into() },
            common_metadata: CommonMetadata {
                labels: [("team", "a"), (OWNER_NAME, "forged")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
                annotations: [("note".to_owned(), "b".to_owned())].into(),
            },
            ..Instructions::default()
        };
        let mut value = config_map("a");
        value["metadata"]["labels"] = json!({"team": "z", "kept": "1"});
        let objects = assemble(vec![built(value, "a.yaml")], &instructions).unwrap();
        assert_eq!(
            objects[0].object.as_json()["metadata"],
            json!({
                "name": "a",
                "annotations": {"note": "b"},
                "labels": {"team": "a", "kept": "1", OWNER_NAME: "apps",
                    OWNER_NAMESPACE: "flux-system"},
            })
        );
        assert_eq!(objects[0].origin.as_deref(), Some("a.yaml"));
    }

    #[test]
    fn lists_are_unwrapped_and_kustomize_configuration_is_dropped() {
        let list = json!({"apiVersion": "v1", "kind": "List",
            "items": [config_map("a"), config_map("b")]});
        let own = json!({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"});
        let flux = json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "c"}});
        let values = [list, own, flux].map(|value| built(value, "x.yaml"));
        let objects = assemble(values.into(), &Instructions::default()).unwrap();
        let names: Vec<&str> = objects.iter().map(|object| object.object.name()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn the_same_object_twice_names_both_files() {
        let deployment = |version: &str| json!({"apiVersion": version, "kind": "Deployment", "metadata": {"name": "a"}});
        assert_eq!(
            error(vec![
                built(deployment("apps/v1"), "one.yaml"),
                built(deployment("apps/v1beta1"), "two.yaml")
            ]),
            "Deployment/a is rendered twice, from one.yaml and from two.yaml"
        );
        let both = vec![built(config_map("a"), "one.yaml"), built(config_map("a"), "one.yaml")];
        assert_eq!(error(both), "ConfigMap/a is rendered twice, both times from one.yaml");
        let unknown = || Built { value: config_map("a"), origin: None };
        assert_eq!(error(vec![unknown(), unknown()]), "ConfigMap/a is rendered twice");
    }

    #[test]
    fn what_is_no_object_or_is_encrypted_is_refused_by_name() {
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "db", "namespace": "apps"}, "data": {"password": "ENC[x]"}});
        secret["sops"] = json!({"version": "3.9.0"});
        assert_eq!(
            error(vec![built(secret, "db.yaml")]),
            "db.yaml: Secret/apps/db is encrypted with SOPS and spec.decryption is not set; it is not applied encrypted"
        );
        assert_eq!(
            error(vec![built(json!({"kind": "Pod"}), "x.yaml")]),
            "x.yaml: Pod: apiVersion is missing or empty"
        );
    }
}
