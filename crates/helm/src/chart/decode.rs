//! Chart files read into fields as Go's JSON decoder does it: names without regard to case,
//! scalars turned into text where text is wanted.

use serde_json::{Map, Value};

use crate::{
    Error,
    go_json::{mismatch, scalar_text},
    values::load,
};

/// One mapping of a chart file, with the name that Go would give it in an error.
pub(super) struct Fields<'a> {
    entries: &'a Map<String, Value>,
    structure: &'static str,
}

/// Reads a YAML file whose top is a mapping; an empty file is an empty mapping.
pub(super) fn mapping(bytes: &[u8], structure: &'static str) -> Result<Map<String, Value>, Error> {
    match load::yaml(bytes).map_err(Error::Chart)? {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        other => Err(Error::Chart(mismatch(&other, &format!("value of type v2.{structure}")))),
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(entries: &'a Map<String, Value>, structure: &'static str) -> Self {
        Self { entries, structure }
    }

    /// The value of a field; where several spellings are present, the last in byte order wins.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        let spellings = self
            .entries
            .iter()
            .filter(|(key, value)| !value.is_null() && key.to_lowercase() == name.to_lowercase());
        spellings.max_by(|a, b| a.0.cmp(b.0)).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Error> {
        self.get(name).map_or_else(|| Ok(String::new()), |value| self.scalar(name, value))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.mismatch(other, name, "bool")),
        }
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Error> {
        self.items(name)?
            .map(|items| items.iter().map(|item| self.scalar(name, item)).collect())
            .transpose()
    }

    pub(super) fn items(&self, name: &str) -> Result<Option<&'a Vec<Value>>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.mismatch(other, name, "list")),
        }
    }

    pub(super) fn text_map(&self, name: &str) -> Result<Option<Vec<(String, String)>>, Error> {
        let map = match self.get(name) {
            None => return Ok(None),
            Some(Value::Object(map)) => map,
            Some(other) => return Err(self.mismatch(other, name, "map[string]string")),
        };
        let mut entries = map
            .iter()
            .map(|(key, value)| Ok((key.clone(), self.scalar(name, value)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        entries.sort();
        Ok(Some(entries))
    }

    fn scalar(&self, name: &str, value: &Value) -> Result<String, Error> {
        scalar_text(value).ok_or_else(|| self.mismatch(value, name, "string"))
    }

    fn mismatch(&self, found: &Value, name: &str, wanted: &str) -> Error {
        let target = format!("struct field {}.{name} of type {wanted}", self.structure);
        Error::Chart(mismatch(found, &target))
    }
}
