//! JSON as CEL sees it: whole numbers are `int`, as in Kubernetes.

use crate::EvaluationError;
use cel::Value as Cel;
use serde_json::Value;
use std::collections::HashMap;

/// What a value costs beside its text.
const EACH: usize = 16;

/// Converts, as long as there is something `left` of the bytes that may be converted.
pub(crate) fn from_json(value: &Value, left: &mut usize) -> Result<Cel, EvaluationError> {
    let size = match value {
        Value::String(text) => text.len(),
        _ => 0,
    };
    *left = left.checked_sub(size + EACH).ok_or(EvaluationError::InputTooLarge)?;
    Ok(match value {
        Value::Null => Cel::Null,
        Value::Bool(truth) => Cel::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Cel::Int(integer),
            (None, Some(large)) => Cel::UInt(large),
            (None, None) => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cel::from(text.as_str()),
        Value::Array(items) => {
            let items: Result<Vec<Cel>, _> =
                items.iter().map(|item| from_json(item, left)).collect();
            Cel::from(items?)
        }
        Value::Object(fields) => {
            let mut map = HashMap::with_capacity(fields.len());
            for (name, field) in fields {
                *left = left.checked_sub(name.len()).ok_or(EvaluationError::InputTooLarge)?;
                map.insert(name.clone(), from_json(field, left)?);
            }
            Cel::from(map)
        }
    })
}
