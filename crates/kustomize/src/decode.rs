//! JSON data into typed settings with the rules of Go's `encoding/json`.
//!
//! Names are matched without regard to case, null leaves the default, wrong types are errors that name the field.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result};

/// How forgiving a file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder {
    /// Unknown fields are errors.
    pub(crate) strict: bool,
    /// Numbers and booleans pass as strings: `sigs.k8s.io/yaml` does so where it knows the target's type.
    pub(crate) lenient_text: bool,
}

/// `kustomization.yaml`.
pub(crate) const KUSTOMIZATION: Decoder = Decoder { strict: true, lenient_text: false };
/// Files of `configurations`.
pub(crate) const CONFIGURATION: Decoder = Decoder { strict: true, lenient_text: true };
/// Settings of plugins and files of replacements.
pub(crate) const PLUGIN: Decoder = Decoder { strict: false, lenient_text: true };

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong(value: &Value, at: &str, wanted: &str) -> Error {
    Error::new(format!(
        "json: cannot unmarshal {} into Go struct field {at} of type {wanted}",
        type_name(value)
    ))
}

/// The shape of a setter for the fields of a structure: the name in lower case, the value, the full path.
pub(crate) type Field<'f> = &'f mut dyn FnMut(&str, &Value, &str) -> Result<bool>;

impl Decoder {
    /// Hands every field of an object to `set`, which says whether it knows it.
    pub(crate) fn fields(self, value: &Value, at: &str, set: Field<'_>) -> Result<()> {
        let map = match value {
            Value::Null => return Ok(()),
            Value::Object(map) => map,
            _ => return Err(wrong(value, at, at.rsplit('.').next().unwrap_or(at))),
        };
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in entries {
            let known = set(&name.to_lowercase(), value, &format!("{at}.{name}"))?;
            if !known && self.strict {
                return Err(Error::new(format!("json: unknown field {name:?}")));
            }
        }
        Ok(())
    }

    pub(crate) fn text(self, value: &Value, at: &str) -> Result<String> {
        match value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Number(_) if self.lenient_text => Ok(match value.as_f64() {
                Some(number) if value.is_f64() => inhaul_yaml::go_float(number),
                _ => value.to_string(),
            }),
            _ => Err(wrong(value, at, "string")),
        }
    }

    /// Text in a structure that is embedded in another: there the real tool lets nothing but text pass.
    pub(crate) fn embedded_text(self, value: &Value, at: &str) -> Result<String> {
        Self { lenient_text: false, ..self }.text(value, at)
    }

    pub(crate) fn flag(self, value: &Value, at: &str) -> Result<bool> {
        match value {
            Value::Null => Ok(false),
            Value::Bool(flag) => Ok(*flag),
            _ => Err(wrong(value, at, "bool")),
        }
    }

    pub(crate) fn integer(self, value: &Value, at: &str) -> Result<i64> {
        match value {
            Value::Null => Ok(0),
            Value::Number(number) if number.is_i64() => Ok(number.as_i64().unwrap_or_default()),
            Value::Number(number) => {
                Err(wrong(&Value::Null, at, "int64").context(format!("number {number}")))
            }
            _ => Err(wrong(value, at, "int64")),
        }
    }

    pub(crate) fn list<T>(
        self,
        value: &Value,
        at: &str,
        item: impl Fn(Self, &Value, &str) -> Result<T>,
    ) -> Result<Vec<T>> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => items.iter().map(|value| item(self, value, at)).collect(),
            _ => Err(wrong(value, at, "[]")),
        }
    }

    pub(crate) fn texts(self, value: &Value, at: &str) -> Result<Vec<String>> {
        self.list(value, at, Self::text)
    }

    pub(crate) fn object(self, value: &Value, at: &str) -> Result<serde_json::Map<String, Value>> {
        match value {
            Value::Null => Ok(serde_json::Map::new()),
            Value::Object(map) => Ok(map.clone()),
            _ => Err(wrong(value, at, "map[string]interface {}")),
        }
    }

    pub(crate) fn map(self, value: &Value, at: &str) -> Result<BTreeMap<String, String>> {
        match value {
            Value::Null => Ok(BTreeMap::new()),
            Value::Object(map) => {
                map.iter().map(|(name, value)| Ok((name.clone(), self.text(value, at)?))).collect()
            }
            _ => Err(wrong(value, at, "map[string]string")),
        }
    }
}
