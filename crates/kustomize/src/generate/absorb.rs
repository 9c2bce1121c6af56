//! What becomes of a generated object when one of its id exists.

use std::collections::BTreeMap;

use inhaul_yaml::Node;

use crate::error::{Error, Result};
use crate::generate::encode;
use crate::resource::{Behavior, Resource, data_value};

type Map = BTreeMap<String, String>;

fn over(old: Map, new: Map) -> Map {
    let mut merged = old;
    merged.extend(new);
    merged
}

impl Resource {
    /// This generated object, merged over an old one or in its place.
    pub(crate) fn merged_over(mut self, old: &Resource, behavior: Behavior) -> Result<Self> {
        self.set_labels(&over(old.labels(), self.labels()))?;
        let needs_hash = self.history.needs_hash && old.history.needs_hash;
        // What kustomize remembers of the old one stays; a hash needs both to want one.
        self.history = old.history.clone();
        self.history.needs_hash = needs_hash;
        self.set_annotations(&over(old.annotations(), self.annotations()))?;
        self.set_name(old.name())?;
        self.set_namespace(old.namespace())?;
        self.variables.clone_from(&old.variables);
        self.transformations.clone_from(&old.transformations);
        if self.origin.is_none() {
            self.origin.clone_from(&old.origin);
        }
        if behavior == Behavior::Merge {
            let is_secret = self.api_version() == "v1" && self.kind() == "Secret";
            let mut data = old.string_map("data");
            if is_secret {
                data.extend(encoded_string_data(old)?);
            }
            let data = over(data, self.string_map("data"));
            let binary = over(old.string_map("binaryData"), self.string_map("binaryData"));
            self.set_data("data", &data);
            self.set_data("binaryData", &binary);
            if old.origin.is_some() {
                self.origin.clone_from(&old.origin);
            }
        }
        Ok(self)
    }

    fn set_data(&mut self, field: &str, map: &Map) {
        self.node.remove(field);
        if !map.is_empty() {
            let entries =
                map.iter().map(|(key, value)| (Node::plain(key.as_str()), data_value(value)));
            self.node.set(field, Node::mapping(entries.collect()));
        }
    }
}

/// The `stringData` of a Secret as it would stand in `data`.
fn encoded_string_data(secret: &Resource) -> Result<Map> {
    let entries = secret.node.get("stringData").and_then(Node::entries).unwrap_or_default();
    let encoded = |(key, value): &(Node, Node)| {
        let key = key.text().unwrap_or_default().to_owned();
        match value.text() {
            Some(_) if value.is_null() => Ok((key, encode(b""))),
            Some(text) => Ok((key, encode(text.as_bytes()))),
            None => Err(Error::new(format!("stringData value for key {key:?} must be a scalar"))),
        }
    };
    entries.iter().map(encoded).collect()
}
