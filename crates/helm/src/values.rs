//! Values: read from files and arguments, merged, checked against a schema.
//!
//! Values are JSON trees. Their numbers follow Go's kinds: what came from YAML or JSON is a float,
//! as Helm decodes it; only `--set` makes integers.

pub(crate) mod coalesce;
pub(crate) mod load;
pub(crate) mod options;
pub(crate) mod path;
pub(crate) mod schema;
pub(crate) mod strvals;

pub use options::{FileReader, ValueOptions};

use serde_json::{Map, Value};

/// One level of values.
pub(crate) type Table = Map<String, Value>;

/// The key whose table every chart of a release sees.
pub(crate) const GLOBAL: &str = "global";

/// Collects what Helm would print as a warning, each text once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    pub(crate) fn add(&mut self, message: String) {
        if !self.0.contains(&message) {
            self.0.push(message);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// The name that Go gives a value's type.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
