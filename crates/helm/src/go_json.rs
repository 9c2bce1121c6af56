//! What Go's JSON decoder says, and how its YAML library turns scalars into text.

use serde_json::Value;

/// The message for a value that does not fit where Go would put it. `target` is Go's name of the
/// place: `value of type T`, or `struct field S.f of type T`.
pub(crate) fn mismatch(found: &Value, target: &str) -> String {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go \
         {target}"
    )
}

/// A scalar where text is wanted: `1.10` is `1.1`, `yes` is `true`; `None` for what is no scalar.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() => inhaul_yaml::go_float(float),
            _ => number.to_string(),
        }),
        Value::Array(_) | Value::Object(_) => None,
    }
}
