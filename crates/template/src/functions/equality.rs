//! Go's `reflect.DeepEqual`: types must agree too.

use crate::value::Value;

/// Nesting beyond which two values are not found equal.
const DEEPEST: usize = 1_000;

/// True where both are of one type and hold the same.
pub(super) fn deep_equal(left: &Value, right: &Value) -> bool {
    equal(left, right, 0)
}

fn equal(left: &Value, right: &Value, depth: usize) -> bool {
    if depth > DEEPEST {
        return false;
    }
    match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right))
        | (Value::Int64(left), Value::Int64(right))
        | (Value::Duration(left), Value::Duration(right)) => left == right,
        (Value::Uint8(left), Value::Uint8(right)) => left == right,
        (Value::Uint64(left), Value::Uint64(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "DeepEqual compares floats exactly")]
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::Time(left), Value::Time(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            left.type_info().name == right.type_info().name
                && left.len() == right.len()
                && left
                    .items()
                    .iter()
                    .zip(right.items())
                    .all(|(left, right)| equal(left, right, depth + 1))
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.type_info().name != right.type_info().name {
                return false;
            }
            if left.same(right) {
                return true;
            }
            let (left, right) = (left.read(), right.read());
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| left.0 == right.0 && equal(left.1, right.1, depth + 1))
        }
        (Value::Structure(left), Value::Structure(right)) => {
            left.type_info().name == right.type_info().name
                && left.is_pointer() == right.is_pointer()
                && left
                    .fields()
                    .iter()
                    .zip(right.fields())
                    .all(|(left, right)| equal(&left.1, &right.1, depth + 1))
        }
        _ => false,
    }
}
