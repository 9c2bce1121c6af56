//! Values from and to JSON.

use serde_json::Value as Json;

use super::{Key, Value};

/// Nesting beyond which a value is not turned into JSON: it is a loop, or an attack.
const DEEPEST: usize = 1_000;

/// A value that JSON cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Nested more than 1,000 deep, or a map that holds itself.
    #[error("value is nested too deeply, or holds itself")]
    Depth,
    /// Not a number or infinite.
    #[error("json: unsupported value: {0}")]
    Number(String),
    /// A type without a JSON form.
    #[error("json: unsupported type: {0}")]
    Type(&'static str),
}

impl Value {
    /// A value from JSON as Go decodes it into `interface {}`: every number is a `float64`.
    pub fn from_json(json: &Json) -> Self {
        Self::decode(json, &|number| Self::Float(number.as_f64().unwrap_or(f64::NAN)))
    }

    /// A value from JSON as Kubernetes' unstructured objects decode it: integers are `int64`, other
    /// numbers `float64`.
    pub fn from_json_integers(json: &Json) -> Self {
        Self::decode(json, &|number| {
            number
                .as_i64()
                .map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Int64)
        })
    }

    /// A value from JSON with numbers as `number` reads them.
    pub fn decode(json: &Json, number: &dyn Fn(&serde_json::Number) -> Self) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(value) => number(value),
            Json::String(text) => Self::string(text.as_str()),
            Json::Array(items) => {
                Self::list(items.iter().map(|item| Self::decode(item, number)).collect())
            }
            Json::Object(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, item)| (Key::from(key.as_str()), Self::decode(item, number)))
                    .collect(),
            ),
        }
    }

    /// The value as JSON, as Go's `encoding/json` sees it: floats without a fraction become
    /// integers, byte slices base64, text that is not UTF-8 gets U+FFFD.
    ///
    /// # Errors
    /// Fails for numbers that are not finite and for maps that hold themselves.
    pub fn to_json(&self) -> Result<Json, JsonError> {
        self.encode(0)
    }

    fn encode(&self, depth: usize) -> Result<Json, JsonError> {
        if depth > DEEPEST {
            return Err(JsonError::Depth);
        }
        Ok(match self {
            Self::Nil => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(number) | Self::Int64(number) | Self::Duration(number) => (*number).into(),
            Self::Uint8(number) => (*number).into(),
            Self::Uint64(number) => (*number).into(),
            Self::Float(number) => float(*number)?,
            Self::Complex(..) => return Err(JsonError::Type("complex128")),
            Self::String(text) => Json::String(json_text(text.as_bytes())),
            Self::Bytes(bytes) => Json::String(crate::functions::base64(bytes)),
            Self::List(list) if list.is_nil() => Json::Null,
            Self::List(list) => Json::Array(
                list.items().iter().map(|item| item.encode(depth + 1)).collect::<Result<_, _>>()?,
            ),
            Self::Map(map) if map.is_nil() => Json::Null,
            Self::Map(map) => {
                let mut entries = serde_json::Map::new();
                for (key, item) in map.read().iter() {
                    entries.insert(key.to_string(), item.encode(depth + 1)?);
                }
                Json::Object(entries)
            }
            Self::Structure(structure) => {
                let mut entries = serde_json::Map::new();
                for (name, item) in structure.fields() {
                    if name.starts_with(char::is_uppercase) {
                        entries.insert((*name).to_owned(), item.encode(depth + 1)?);
                    }
                }
                match structure.type_info().text {
                    Some(text) if entries.is_empty() => Json::String(text(self)),
                    _ => Json::Object(entries),
                }
            }
            Self::Time(time) => Json::String(crate::functions::rfc3339(time)),
        })
    }
}

/// The text; each single byte that is not UTF-8 becomes U+FFFD.
fn json_text(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// JSON of a number as Go writes it, which is an integer without an exponent below 1e21: its
/// shortest digits, then zeros.
fn float(number: f64) -> Result<Json, JsonError> {
    let is_zero_below = number == 0.0 && number.is_sign_negative();
    if number.fract() == 0.0 && number.abs() < 1e21 && !is_zero_below {
        let digits = number.to_string();
        if let Ok(integer) = digits.parse::<i64>() {
            return Ok(integer.into());
        }
        if let Ok(integer) = digits.parse::<u64>() {
            return Ok(integer.into());
        }
    }
    serde_json::Number::from_f64(number)
        .map(Json::Number)
        .ok_or_else(|| JsonError::Number(crate::format::float_text(number)))
}
