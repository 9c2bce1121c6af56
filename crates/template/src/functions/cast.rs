//! Any value as a number, as `spf13/cast` reads it: what cannot be read is 0.

use crate::{
    parse::{parse_float, parse_int},
    value::Value,
};

/// `int64` of a value: floats lose their fraction, strings are read in Go's notations.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Uint8(number) => i64::from(*number),
        Value::Uint64(number) => number.cast_signed(),
        Value::Float(number) => truncate(*number),
        Value::String(text) => parse_int(without_zero_fraction(&text.to_str())).unwrap_or(0),
        Value::Bool(flag) => i64::from(*flag),
        _ => 0,
    }
}

/// Floats beyond the range become the smallest number, as the processor does it for Go.
#[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
pub(super) fn truncate(number: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if !(-END..END).contains(&number) {
        return i64::MIN;
    }
    number as i64
}

/// `float64` of a value.
#[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number as f64,
        Value::Uint8(number) => f64::from(*number),
        Value::Uint64(number) => *number as f64,
        Value::Float(number) => *number,
        Value::String(text) => parse_float(&text.to_str()).unwrap_or(0.0),
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        _ => 0.0,
    }
}

/// `1.00` to `1`.
fn without_zero_fraction(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    }
}
