//! Arguments by position. They were checked before: what is not there is empty.

use std::borrow::Cow;

use crate::{
    error::Failure,
    format::value_bytes,
    value::{Map, Text, Value},
};

static NIL: Value = Value::Nil;

pub(super) fn any(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&NIL)
}

pub(super) fn text(arguments: &[Value], index: usize) -> Cow<'_, str> {
    match arguments.get(index) {
        Some(Value::String(text)) => text.to_str(),
        _ => Cow::Borrowed(""),
    }
}

pub(super) fn bytes(arguments: &[Value], index: usize) -> &[u8] {
    match arguments.get(index) {
        Some(Value::String(text)) => text.as_bytes(),
        _ => &[],
    }
}

pub(super) fn int(arguments: &[Value], index: usize) -> i64 {
    arguments.get(index).and_then(Value::signed).unwrap_or(0)
}

pub(super) fn map(arguments: &[Value], index: usize) -> Option<&Map> {
    arguments.get(index).and_then(Value::as_map)
}

pub(super) fn rest(arguments: &[Value], from: usize) -> &[Value] {
    arguments.get(from..).unwrap_or_default()
}

/// sprig's text of a value: strings and byte slices as they are, the rest as `%v`.
pub(super) fn string_of(value: &Value) -> Result<Text, Failure> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) => Text::from(std::sync::Arc::clone(bytes)),
        other => Text::from(value_bytes(other)?),
    })
}

/// What Go says of a nil where it needs a value's type.
pub(super) const NIL_POINTER: &str =
    "runtime error: invalid memory address or nil pointer dereference";

/// The items of a slice.
///
/// # Errors
/// Fails for another kind: `Cannot ACTION on type KIND`; `message` is the part before the kind.
pub(super) fn items<'a>(value: &'a Value, message: &str) -> Result<Cow<'a, [Value]>, Failure> {
    match value.items() {
        Some(items) => Ok(items),
        None if value.is_nil() => Err(NIL_POINTER.into()),
        None => Err(format!("{message} {}", value.kind()).into()),
    }
}
