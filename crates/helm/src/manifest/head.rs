//! The few fields of a manifest that Helm itself reads.

use inhaul_yaml::Dialect;
use serde_json::{Map, Value};

use super::quick;
use crate::go_json::{mismatch, scalar_text};

/// Kind, name and annotations of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.annotations`, sorted by key.
    pub annotations: Vec<(String, String)>,
}

impl Head {
    /// Reads a document; a blank one has an empty head.
    ///
    /// # Errors
    /// What is wrong with the YAML, or which field is not text.
    pub(super) fn parse(document: &str) -> Result<Self, String> {
        quick::head(document).map_or_else(|| Self::read(document), Ok)
    }

    /// Reads a document with the YAML reader.
    pub(super) fn read(document: &str) -> Result<Self, String> {
        let value = inhaul_yaml::from_str(document, Dialect::GoV2)
            .map_err(|error| format!("error converting YAML to JSON: yaml: {error}"))?;
        let top = match &value {
            Value::Null => return Ok(Self::default()),
            Value::Object(top) => top,
            other => return Err(mismatch(other, "value of type util.SimpleHead")),
        };
        let empty = Map::new();
        let metadata = match top.get("metadata") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(metadata)) => metadata,
            Some(other) => return Err(field_mismatch(other, "metadata")),
        };
        Ok(Self {
            api_version: text(top, "apiVersion", "apiVersion")?,
            kind: text(top, "kind", "kind")?,
            name: text(metadata, "name", "metadata.name")?,
            annotations: annotations(metadata)?,
        })
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }
}

fn annotations(metadata: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let mut found = match metadata.get("annotations") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(annotations)) => annotations
            .keys()
            .map(|key| Ok((key.clone(), text(annotations, key, "metadata.annotations")?)))
            .collect::<Result<Vec<_>, String>>()?,
        Some(other) => return Err(field_mismatch(other, "metadata.annotations")),
    };
    found.sort();
    Ok(found)
}

fn text(map: &Map<String, Value>, key: &str, path: &str) -> Result<String, String> {
    let value = map.get(key).unwrap_or(&Value::Null);
    scalar_text(value).ok_or_else(|| field_mismatch(value, path))
}

fn field_mismatch(found: &Value, path: &str) -> String {
    mismatch(found, &format!("struct field SimpleHead.{path} of type string"))
}
