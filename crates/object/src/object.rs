//! A checked Kubernetes object.

use crate::value::{at, integer_at, kind_of, list_at, string_at};
use crate::{GroupVersionKind, Invalid, ObjectId};
use serde_json::{Map, Value};

/// Deeper values are refused, so that everything which walks an object may recurse. The API
/// server's own decoder gives up later, but no schema of it comes near this.
const MAX_DEPTH: usize = 256;

/// A Kubernetes object: a map with a non-empty string as `apiVersion`, `kind` and
/// `metadata.name`, whose other metadata have the types that the API server asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Object(Value);

impl Object {
    /// Checks a value.
    ///
    /// # Errors
    /// [`Invalid`], which names the field that is missing or of a wrong type.
    pub fn from_json(value: Value) -> Result<Self, Invalid> {
        if !value.is_object() {
            return Err(Invalid::NotAMap { found: kind_of(&value) });
        }
        check_depth(&value)?;
        required(&value, &["apiVersion"], "apiVersion")?;
        required(&value, &["kind"], "kind")?;
        if let Some(metadata) = value.get("metadata")
            && !metadata.is_object()
        {
            return Err(wrong_type(&value, "metadata", "a map", metadata));
        }
        check_name(&value)?;
        if let Some(namespace) = at(&value, &["metadata", "namespace"])
            && !(namespace.is_string() || namespace.is_null())
        {
            return Err(wrong_type(&value, "metadata.namespace", "a string", namespace));
        }
        check_texts(&value, "labels")?;
        check_texts(&value, "annotations")?;
        Ok(Self(value))
    }

    /// The value.
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    /// The value, given away.
    pub fn into_json(self) -> Value {
        self.0
    }

    /// The value for the other modules of this crate, which keep what [`Object`] promises.
    pub(crate) fn json_mut(&mut self) -> &mut Value {
        &mut self.0
    }

    /// `apiVersion`, such as `apps/v1`.
    pub fn api_version(&self) -> &str {
        string_at(&self.0, &["apiVersion"]).unwrap_or_default()
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        string_at(&self.0, &["kind"]).unwrap_or_default()
    }

    /// The group of `apiVersion`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// The version of `apiVersion`.
    pub fn version(&self) -> &str {
        self.api_version().split_once('/').map_or(self.api_version(), |(_, version)| version)
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        string_at(&self.0, &["metadata", "name"]).unwrap_or_default()
    }

    /// `metadata.namespace`, if it is set and not empty.
    pub fn namespace(&self) -> Option<&str> {
        string_at(&self.0, &["metadata", "namespace"]).filter(|namespace| !namespace.is_empty())
    }

    /// Sets or removes `metadata.namespace`.
    pub fn set_namespace(&mut self, namespace: Option<&str>) {
        let Some(metadata) = self.metadata_mut() else { return };
        match namespace {
            Some(namespace) => {
                metadata.insert("namespace".to_owned(), Value::from(namespace));
            }
            None => {
                metadata.remove("namespace");
            }
        }
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        string_at(&self.0, &["metadata", "labels", key])
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        string_at(&self.0, &["metadata", "annotations", key])
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) {
        self.set_text("labels", key, value);
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.set_text("annotations", key, value);
    }

    /// Removes an annotation, and the map of annotations with the last one.
    pub fn remove_annotation(&mut self, key: &str) {
        let Some(metadata) = self.metadata_mut() else { return };
        let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
        else {
            return;
        };
        annotations.remove(key);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }

    /// `metadata.uid`, which a live object has.
    pub fn uid(&self) -> Option<&str> {
        string_at(&self.0, &["metadata", "uid"]).filter(|uid| !uid.is_empty())
    }

    /// `metadata.resourceVersion`, which a live object has.
    pub fn resource_version(&self) -> Option<&str> {
        string_at(&self.0, &["metadata", "resourceVersion"]).filter(|version| !version.is_empty())
    }

    /// Whether the API server has been told to delete the object.
    pub fn is_deleting(&self) -> bool {
        string_at(&self.0, &["metadata", "deletionTimestamp"]).is_some_and(|at| !at.is_empty())
    }

    /// `metadata.finalizers`.
    pub fn finalizers(&self) -> Vec<&str> {
        list_at(&self.0, &["metadata", "finalizers"]).iter().filter_map(Value::as_str).collect()
    }

    /// `metadata.generation`, which a live object may have.
    pub fn generation(&self) -> Option<i64> {
        integer_at(&self.0, &["metadata", "generation"])
    }

    /// Whether the object is still encrypted by SOPS, which leaves its own top-level field in
    /// what it encrypts. Such an object is never applied.
    pub fn is_encrypted(&self) -> bool {
        self.0.get("sops").is_some_and(|sops| !sops.is_null())
    }

    /// What names the object in an inventory. The namespace is empty where the object does not
    /// say one.
    pub fn id(&self) -> ObjectId {
        ObjectId {
            namespace: self.namespace().unwrap_or_default().to_owned(),
            name: self.name().to_owned(),
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
        }
    }

    /// The group, version and kind.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind {
            group: self.group().to_owned(),
            version: self.version().to_owned(),
            kind: self.kind().to_owned(),
        }
    }

    fn metadata_mut(&mut self) -> Option<&mut Map<String, Value>> {
        self.0.get_mut("metadata")?.as_object_mut()
    }

    fn set_text(&mut self, field: &str, key: &str, value: &str) {
        let Some(metadata) = self.metadata_mut() else { return };
        let texts = metadata.entry(field).or_insert(Value::Null);
        if let Some(texts) = texts.as_object_mut() {
            texts.insert(key.to_owned(), Value::from(value));
        } else {
            // Null, since anything else is refused when an object is made.
            *texts = Value::Object(Map::from_iter([(key.to_owned(), Value::from(value))]));
        }
    }
}

/// What is known of an object that may not be one, for error texts.
fn describe(value: &Value) -> String {
    let kind = string_at(value, &["kind"]).filter(|kind| !kind.is_empty());
    let name = string_at(value, &["metadata", "name"]).filter(|name| !name.is_empty());
    match (kind, name) {
        (Some(kind), Some(name)) => format!("{kind}/{name}"),
        (Some(kind), None) => kind.to_owned(),
        (None, Some(name)) => format!("object {name}"),
        (None, None) => "object".to_owned(),
    }
}

fn wrong_type(value: &Value, field: &str, expected: &'static str, found: &Value) -> Invalid {
    let object = describe(value);
    Invalid::WrongType { object, field: field.to_owned(), expected, found: kind_of(found) }
}

fn required(value: &Value, path: &[&str], field: &'static str) -> Result<(), Invalid> {
    match at(value, path) {
        Some(Value::String(text)) if !text.is_empty() => Ok(()),
        None | Some(Value::Null | Value::String(_)) => {
            Err(Invalid::Missing { object: describe(value), field })
        }
        Some(found) => Err(wrong_type(value, field, "a string", found)),
    }
}

fn check_name(value: &Value) -> Result<(), Invalid> {
    match required(value, &["metadata", "name"], "metadata.name") {
        Err(Invalid::Missing { object, .. })
            if at(value, &["metadata", "generateName"]).is_some_and(|name| !name.is_null()) =>
        {
            Err(Invalid::GenerateName { object })
        }
        outcome => outcome,
    }
}

fn check_texts(value: &Value, field: &str) -> Result<(), Invalid> {
    match at(value, &["metadata", field]) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(texts)) => {
            // In order, so that the same key is named whatever the order of the map.
            let wrong = texts.iter().filter(|(_, text)| !(text.is_string() || text.is_null()));
            match wrong.min_by_key(|(key, _)| key.as_str()) {
                None => Ok(()),
                Some((key, found)) => {
                    let field = format!("metadata.{field}[{key}]");
                    Err(wrong_type(value, &field, "a string (write it in quotes)", found))
                }
            }
        }
        Some(found) => Err(wrong_type(value, &format!("metadata.{field}"), "a map", found)),
    }
}

fn check_depth(value: &Value) -> Result<(), Invalid> {
    fn within(value: &Value, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return false };
        match value {
            Value::Array(items) => items.iter().all(|item| within(item, left)),
            Value::Object(fields) => fields.values().all(|field| within(field, left)),
            _ => true,
        }
    }
    if within(value, MAX_DEPTH) {
        return Ok(());
    }
    Err(Invalid::TooDeep { object: describe(value), limit: MAX_DEPTH })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config_map() -> Object {
        let value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        Object::from_json(value).unwrap()
    }

    #[test]
    fn what_is_not_an_object_is_refused_and_the_field_named() {
        let deep = (0..300).fold(json!(1), |inner, _| json!([inner]));
        let cases = [
            (json!([]), "not a Kubernetes object: expected a map, found a list"),
            (json!({}), "object: apiVersion is missing or empty"),
            (json!({"apiVersion": 1}), "object: apiVersion must be a string, found a number"),
            (
                json!({"apiVersion": "v1", "metadata": {"name": "x"}}),
                "object x: kind is missing or empty",
            ),
            (json!({"apiVersion": "v1", "kind": "Pod"}), "Pod: metadata.name is missing or empty"),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": []}),
                "Pod: metadata must be a map, found a list",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 7}}),
                "Pod: metadata.name must be a string, found a number",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}}),
                "Pod: metadata.generateName is not supported, since the object would be created anew at each run; set metadata.name",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": 1}}),
                "Pod/x: metadata.namespace must be a string, found a number",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "labels": {"b": true, "a": 1}}}),
                "Pod/x: metadata.labels[a] must be a string (write it in quotes), found a number",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "annotations": "y"}}),
                "Pod/x: metadata.annotations must be a map, found a string",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": deep}),
                "Pod/x: more than 256 levels of maps and lists",
            ),
        ];
        for (value, message) in cases {
            assert_eq!(Object::from_json(value).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn metadata_are_read_and_written() {
        let mut object = config_map();
        assert_eq!((object.group(), object.version(), object.namespace()), ("", "v1", None));
        object.set_label("l", "1");
        object.set_annotation("example.com/a", "2");
        object.set_namespace(Some("default"));
        assert_eq!((object.label("l"), object.annotation("example.com/a")), (Some("1"), Some("2")));
        assert_eq!(object.id().to_string(), "ConfigMap/default/a");
        object.remove_annotation("example.com/a");
        object.remove_annotation("never there");
        object.set_namespace(None);
        assert_eq!(object.as_json()["metadata"], json!({"name": "a", "labels": {"l": "1"}}));
    }

    #[test]
    fn null_labels_are_as_good_as_none() {
        let value = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "labels": null, "namespace": null}});
        let mut object = Object::from_json(value).unwrap();
        assert_eq!((object.label("l"), object.namespace()), (None, None));
        object.set_label("l", "1");
        assert_eq!(object.label("l"), Some("1"));
        assert_eq!(object.gvk().api_version(), "apps/v1");
    }

    #[test]
    fn what_only_live_objects_have_is_read() {
        let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a",
            "uid": "u", "resourceVersion": "7", "generation": 3, "finalizers": ["f", 1],
            "deletionTimestamp": "2026-01-01T00:00:00Z"}});
        let object = Object::from_json(value).unwrap();
        assert_eq!((object.uid(), object.resource_version()), (Some("u"), Some("7")));
        assert_eq!((object.generation(), object.is_deleting()), (Some(3), true));
        assert_eq!(object.finalizers(), ["f"]);
        assert!(!config_map().is_deleting());
    }

    #[test]
    fn a_top_level_sops_field_marks_what_is_encrypted() {
        let mut value = config_map().into_json();
        assert!(!Object::from_json(value.clone()).unwrap().is_encrypted());
        value["sops"] = json!({"version": "3.9.0"});
        assert!(Object::from_json(value).unwrap().is_encrypted());
    }
}
