//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;

use super::{
    argument::{any, rest},
    registry::{Function, Parameter::Reflect},
};
use crate::{
    error::Failure,
    format::{value_as_string, value_text},
    value::{BasicKind, RawKind, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::variadic("eq", &[Reflect], Reflect, |_, arguments| {
        Ok(Value::Bool(equal_any(any(arguments, 0), rest(arguments, 1))?))
    }),
    Function::fixed("ne", &[Reflect, Reflect], |_, arguments| {
        Ok(Value::Bool(!equal_any(any(arguments, 0), rest(arguments, 1))?))
    }),
    Function::fixed("lt", &[Reflect, Reflect], |_, arguments| {
        Ok(Value::Bool(less(any(arguments, 0), any(arguments, 1))?))
    }),
    Function::fixed("le", &[Reflect, Reflect], |_, arguments| {
        Ok(Value::Bool(less_or_equal(any(arguments, 0), any(arguments, 1))?))
    }),
    Function::fixed("gt", &[Reflect, Reflect], |_, arguments| {
        Ok(Value::Bool(!less_or_equal(any(arguments, 0), any(arguments, 1))?))
    }),
    Function::fixed("ge", &[Reflect, Reflect], |_, arguments| {
        Ok(Value::Bool(!less(any(arguments, 0), any(arguments, 1))?))
    }),
];

/// True where the first equals any of the others.
fn equal_any(first: &Value, others: &[Value]) -> Result<bool, Failure> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value) -> Result<bool, Failure> {
    let (left_kind, right_kind) = (left.basic_kind(), right.basic_kind());
    if left_kind == BasicKind::Invalid && right_kind == BasicKind::Invalid {
        return equal_raw(left, right);
    }
    if let Some(order) = order_integers(left, right) {
        return Ok(order == Ordering::Equal);
    }
    if left_kind != right_kind {
        if !left.is_nil() && !right.is_nil() {
            return Err(incompatible(left, right));
        }
        return Ok(false);
    }
    Ok(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "the language compares floats exactly")]
        (Value::Float(left), Value::Float(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "the language compares floats exactly")]
        (Value::Complex(real, imaginary), Value::Complex(other_real, other_imaginary)) => {
            real == other_real && imaginary == other_imaginary
        }
        (Value::String(left), Value::String(right)) => left == right,
        _ => false,
    })
}

/// Values of no basic kind: nil, slices, maps, structs.
fn equal_raw(left: &Value, right: &Value) -> Result<bool, Failure> {
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() && right.is_nil());
    }
    if left.raw_kind() != right.raw_kind() {
        let (left_text, right_text) = (value_as_string(left), value_text(right));
        let (left, right) = (left.type_name(), right.type_name());
        return Err(
            format!("non-comparable types {left_text}: {left}, {right}: {right_text}").into()
        );
    }
    match (left, right) {
        (Value::Time(left), Value::Time(right)) => Ok(left == right),
        (Value::Structure(left), Value::Structure(right)) => Ok(if right.is_pointer() {
            std::sync::Arc::ptr_eq(left, right)
        } else {
            left.type_info().name == right.type_info().name
                && left
                    .fields()
                    .iter()
                    .zip(right.fields())
                    .all(|(left, right)| equal(&left.1, &right.1).unwrap_or(false))
        }),
        _ if matches!(right.raw_kind(), RawKind::Slice | RawKind::Map) => {
            let text = value_as_string(right);
            Err(format!("non-comparable type {text}: {}", right.type_name()).into())
        }
        _ => Ok(false),
    }
}

fn incompatible(left: &Value, right: &Value) -> Failure {
    let (left, right) = (left.type_name(), right.type_name());
    format!("incompatible types for comparison: {left} and {right}").into()
}

/// The order of integers, signed or not; `None` where one is none.
fn order_integers(left: &Value, right: &Value) -> Option<Ordering> {
    let wide =
        |value: &Value| value.signed().map(i128::from).or_else(|| value.unsigned().map(i128::from));
    Some(wide(left)?.cmp(&wide(right)?))
}

fn less(left: &Value, right: &Value) -> Result<bool, Failure> {
    let (left_kind, right_kind) = (left.basic_kind(), right.basic_kind());
    if left_kind == BasicKind::Invalid || right_kind == BasicKind::Invalid {
        return Err("invalid type for comparison".into());
    }
    if let Some(order) = order_integers(left, right) {
        return Ok(order == Ordering::Less);
    }
    if left_kind != right_kind {
        return Err(incompatible(left, right));
    }
    match (left, right) {
        (Value::Float(left), Value::Float(right)) => Ok(left < right),
        (Value::String(left), Value::String(right)) => Ok(left < right),
        _ => Err("invalid type for comparison".into()),
    }
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, Failure> {
    Ok(less(left, right)? || equal(left, right)?)
}
