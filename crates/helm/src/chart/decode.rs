//! Chart files read into fields as Go's JSON decoder does it: names without regard to case,
//! scalars turned into text where text is wanted.

use serde_json::{Map, Value};

use crate::{Error, values::load};

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
        other => Err(mismatch(&other, &format!("value of type v2.{structure}"))),
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(entries: &'a Map<String, Value>, structure: &'static str) -> Self {
        Self { entries, structure }
    }

    /// The value of a field; where several spellings are present, the last in byte order wins.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        let spellings = self.entries.iter().filter(|(key, value)| {
            !value.is_null() && key.to_lowercase() == name.to_lowercase()
        });
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
        match value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Number(number) => Ok(number_text(number)),
            other => Err(self.mismatch(other, name, "string")),
        }
    }

    fn mismatch(&self, found: &Value, name: &str, wanted: &str) -> Error {
        mismatch(found, &format!("struct field {}.{name} of type {wanted}", self.structure))
    }
}

fn mismatch(found: &Value, target: &str) -> Error {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Error::Chart(format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go {target}"
    ))
}

/// A number where text was wanted (`appVersion: 1.10` is `1.1`), as Go's `%g` writes it.
fn number_text(number: &serde_json::Number) -> String {
    let float = match number.as_f64() {
        Some(float) if number.is_f64() => float,
        _ => return number.to_string(),
    };
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{float}"),
    }
}
