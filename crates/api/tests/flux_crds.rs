//! The generated CRDs against Flux's own, field by field.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use inhaul_api::{LEGACY_FIELDS, SERVED_VERSIONS, STORED_VERSION, custom_resource_definitions};
use serde_json::{Map, Value, json};

/// The folder with Flux's CRDs, without their descriptions.
fn flux_crds() -> Option<PathBuf> {
    let corpus = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    let folder = corpus.parent()?.join("flux-crds");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} does not exist", folder.display());
    None
}

/// Our CRD of a kind, and Flux's.
fn pair(kind: &str, file: &str) -> Option<(Value, Value)> {
    let text = std::fs::read_to_string(flux_crds()?.join(file)).unwrap();
    let flux = serde_json::from_str(&text).unwrap();
    Some((ours(kind), flux))
}

fn ours(kind: &str) -> Value {
    let crds = custom_resource_definitions();
    let crd = crds.iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    serde_json::to_value(crd).unwrap()
}

const KINDS: [(&str, &str); 3] = [
    ("GitRepository", "source.toolkit.fluxcd.io_gitrepositories.json"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io_kustomizations.json"),
    ("Receiver", "notification.toolkit.fluxcd.io_receivers.json"),
];

/// Optional fields that Flux does not have, by kind and path.
const ADDED: [(&str, &str); 2] =
    [("Kustomization", "spec.dependsOn[].apiVersion"), ("Kustomization", "spec.dependsOn[].kind")];

/// A schema without descriptions, and with lists whose order means nothing sorted.
fn comparable(mut schema: Value) -> Value {
    fn walk(schema: &mut Value) {
        let Some(schema) = schema.as_object_mut() else { return };
        schema.remove("description");
        if let Some(Value::Array(names)) = schema.get_mut("required") {
            names.sort_by_key(ToString::to_string);
        }
        for name in ["items", "additionalProperties"] {
            schema.get_mut(name).into_iter().for_each(walk);
        }
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.values_mut().for_each(walk);
        }
    }
    walk(&mut schema);
    schema
}

fn schema_of(version: &Value) -> Value {
    comparable(version["schema"]["openAPIV3Schema"].clone())
}

/// Steps to the properties that hold the last field of a path such as `status.artifact.checksum`.
fn properties_at<'a>(
    schema: &'a mut Value,
    path: &str,
) -> Option<(&'a mut Map<String, Value>, String)> {
    let mut steps = path.split('.').peekable();
    let mut here = schema;
    loop {
        let step = steps.next()?;
        let properties = here.get_mut("properties")?.as_object_mut()?;
        if steps.peek().is_none() {
            return Some((properties, step.to_owned()));
        }
        here = match step.strip_suffix("[]") {
            Some(list) => properties.get_mut(list)?.get_mut("items")?,
            None => properties.get_mut(step)?,
        };
    }
}

/// Every difference, by path, so that a failure says where to look.
fn differences(path: &str, ours: &Value, flux: &Value, found: &mut Vec<String>) {
    match (ours, flux) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let path = format!("{path}/{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => differences(&path, one, other, found),
                    (Some(one), None) => found.push(format!("{path}: only ours: {one}")),
                    (None, other) => found.push(format!("{path}: only Flux's: {other:?}")),
                }
            }
        }
        // The API's types hold a minimum as a float: 0.0 is 0.
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if ours == flux => {}
        _ => found.push(format!("{path}: ours {ours}, Flux's {flux}")),
    }
}

fn assert_same(path: &str, ours: &Value, flux: &Value) {
    let mut found = Vec::new();
    differences(path, ours, flux, &mut found);
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_schema_is_that_of_flux_once_legacy_and_added_fields_are_taken_away() {
    for (kind, file) in KINDS {
        let Some((crd, flux)) = pair(kind, file) else { return };
        let mut schema = schema_of(&crd["spec"]["versions"][0]);
        let legacy = LEGACY_FIELDS.iter().filter(|field| field.kind == kind);
        let added = ADDED.iter().filter(|(of, _)| *of == kind).map(|(_, path)| *path);
        for path in legacy.map(|field| field.path).chain(added) {
            let (properties, name) = properties_at(&mut schema, path)
                .unwrap_or_else(|| panic!("{kind} {path}: no such path"));
            let removed = properties.remove(&name);
            assert!(removed.is_some(), "{kind} {path} is not in the schema");
        }
        assert_same(kind, &schema, &schema_of(&flux["versions"][0]));
    }
}

#[test]
fn no_legacy_field_is_one_that_flux_still_has() {
    for (kind, file) in KINDS {
        let Some((_, flux)) = pair(kind, file) else { return };
        let mut schema = schema_of(&flux["versions"][0]);
        for field in LEGACY_FIELDS.iter().filter(|field| field.kind == kind) {
            let (properties, name) = properties_at(&mut schema, field.path).unwrap();
            assert!(!properties.contains_key(&name), "{kind} {}", field.path);
        }
    }
}

#[test]
fn names_scope_and_columns_are_those_of_flux() {
    for (kind, file) in KINDS {
        let Some((crd, flux)) = pair(kind, file) else { return };
        for field in ["group", "names", "scope"] {
            assert_same(&format!("{kind}/{field}"), &crd["spec"][field], &flux[field]);
        }
        for field in ["additionalPrinterColumns", "subresources", "name", "served", "storage"] {
            let (ours, flux) = (&crd["spec"]["versions"][0][field], &flux["versions"][0][field]);
            assert_same(&format!("{kind}/{field}"), ours, flux);
        }
    }
}

#[test]
fn the_older_versions_are_served_with_the_schema_of_the_stored_one() {
    for (kind, _) in KINDS {
        let crd = ours(kind);
        let versions = crd["spec"]["versions"].as_array().unwrap();
        let names: Vec<&Value> = versions.iter().map(|version| &version["name"]).collect();
        assert_eq!(names, SERVED_VERSIONS);
        for version in versions {
            assert_eq!(version["served"], json!(true));
            assert_eq!(version["storage"], json!(version["name"] == STORED_VERSION));
            for same in ["schema", "additionalPrinterColumns", "subresources"] {
                assert_eq!(version[same], versions[0][same], "{kind} {same}");
            }
        }
        assert_eq!(crd["spec"]["conversion"], json!({ "strategy": "None" }));
    }
}

#[test]
fn the_crds_carry_what_the_flux_command_looks_for() {
    for (kind, _) in KINDS {
        let metadata = &ours(kind)["metadata"];
        assert_eq!(
            metadata["annotations"]["kustomize.toolkit.fluxcd.io/substitute"],
            json!("disabled")
        );
        assert_eq!(metadata["labels"]["app.kubernetes.io/part-of"], json!("flux"));
        for label in ["version", "managed-by"] {
            let value = &metadata["labels"][format!("app.kubernetes.io/{label}")];
            assert!(value.is_string(), "{kind} {label}");
        }
    }
}

#[test]
fn every_field_says_what_it_is_for() {
    fn walk(path: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if property.get("description").is_none() {
                found.push(path.clone());
            }
            walk(&path, property, found);
            walk(&path, &property["items"], found);
        }
    }
    for (kind, _) in KINDS {
        let schema = ours(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"].take();
        let mut found = Vec::new();
        for part in ["spec", "status"] {
            walk(part, &schema["properties"][part], &mut found);
        }
        assert!(found.is_empty(), "{kind}: no description: {}", found.join(", "));
    }
}
