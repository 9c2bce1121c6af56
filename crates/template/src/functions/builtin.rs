//! Go's own functions but for comparisons and escapes.

use super::{
    argument::{any, bytes, rest},
    registry::{
        Body, Function,
        Parameter::{Any, Reflect, String},
    },
};
use crate::{
    error::{Failure, Outcome},
    format::{sprint, sprintf, sprintln},
    runtime::Runtime,
    value::{List, Text, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function { name: "and", parameters: &[Reflect], variadic: Some(Reflect), body: Body::And },
    Function { name: "or", parameters: &[Reflect], variadic: Some(Reflect), body: Body::Or },
    Function { name: "call", parameters: &[Reflect], variadic: Some(Reflect), body: Body::Call },
    Function::fixed("not", &[Reflect], |_, arguments| Ok(Value::Bool(!any(arguments, 0).truth()))),
    Function { name: "len", parameters: &[Reflect], variadic: None, body: Body::Length },
    Function::variadic("index", &[Reflect], Reflect, index),
    Function::variadic("slice", &[Reflect], Reflect, slice),
    Function::variadic("print", &[], Any, |_, arguments| {
        Ok(Value::String(Text::from(sprint(arguments)?)))
    }),
    Function::variadic("println", &[], Any, |_, arguments| {
        Ok(Value::String(Text::from(sprintln(arguments)?)))
    }),
    Function::variadic("printf", &[String], Any, |_, arguments| {
        let printed = sprintf(bytes(arguments, 0), rest(arguments, 1))?;
        Ok(Value::String(Text::from(printed)))
    }),
];

/// `call`, of which no value can be the function.
pub(crate) fn call_value(name: Option<&str>, arguments: &[Value]) -> Outcome {
    let callee = any(arguments, 0);
    if callee.is_nil() {
        return Err("call of nil".into());
    }
    let name = name.map_or_else(
        || match callee {
            Value::String(text) => text.to_str().into_owned(),
            other => format!("<{} Value>", other.type_name()),
        },
        str::to_owned,
    );
    Err(format!("non-function {name} of type {}", callee.type_name()).into())
}

/// `len`; a nil that comes out of a map is worded otherwise than one that comes from nowhere.
pub(crate) fn length(arguments: &[Value], has_interface: bool) -> Outcome {
    let value = any(arguments, 0);
    match value.length() {
        Some(length) => Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX))),
        None if value.is_nil() && has_interface => Err("len of nil pointer".into()),
        None if value.is_nil() => Err("reflect: call of reflect.Value.Type on zero Value".into()),
        // Pointers are followed first.
        None => {
            let name = value.type_name();
            Err(format!("len of type {}", name.trim_start_matches('*')).into())
        }
    }
}

/// An index into a slice or string of this capacity, which may be one past its end.
fn position(index: &Value, capacity: usize) -> Result<usize, Failure> {
    let unsigned = index.unsigned().map(|number| i64::try_from(number).unwrap_or(-1));
    let Some(number) = index.signed().or(unsigned) else {
        return Err(if index.is_nil() {
            "cannot index slice/array with nil".into()
        } else {
            format!("cannot index slice/array with type {}", index.type_name()).into()
        });
    };
    match usize::try_from(number) {
        Ok(position) if position <= capacity => Ok(position),
        _ => Err(format!("index out of range: {number}").into()),
    }
}

fn index(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut item = any(arguments, 0).clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in rest(arguments, 1) {
        item = index_once(&item, index)?;
    }
    Ok(item)
}

fn index_once(item: &Value, index: &Value) -> Outcome {
    let at = |length: usize| -> Result<usize, Failure> {
        let position = position(index, length)?;
        if position >= length {
            return Err("reflect: slice index out of range".into());
        }
        Ok(position)
    };
    match item {
        Value::Nil => Err("index of nil pointer".into()),
        Value::List(list) => Ok(list.items()[at(list.len())?].clone()),
        Value::Bytes(bytes) => Ok(Value::Uint8(bytes[at(bytes.len())?])),
        Value::String(text) => {
            let position = position(index, text.len())?;
            match text.as_bytes().get(position) {
                Some(byte) => Ok(Value::Uint8(*byte)),
                None => Err("reflect: string index out of range".into()),
            }
        }
        Value::Map(map) => match index {
            Value::String(key) => {
                Ok(map.get(&key.to_str()).unwrap_or_else(|| Value::zero(map.type_info().element)))
            }
            Value::Nil => Err("value is nil; should be of type string".into()),
            other => Err(format!("value has type {}; should be string", other.type_name()).into()),
        },
        other => Err(format!("can't index item of type {}", other.type_name()).into()),
    }
}

fn slice(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let item = any(arguments, 0);
    let indexes = rest(arguments, 1);
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()).into());
    }
    let length = match item {
        Value::String(_) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".into());
        }
        Value::String(_) | Value::List(_) | Value::Bytes(_) => item.length().unwrap_or(0),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}").into());
    }
    if end > capacity {
        return Err(format!("invalid slice index: {end} > {capacity}").into());
    }
    Ok(match item {
        Value::String(text) => Value::String(Text::from(&text.as_bytes()[start..end])),
        Value::Bytes(bytes) => Value::Bytes(bytes[start..end].into()),
        Value::List(list) => {
            Value::List(List::typed(list.type_info(), list.items()[start..end].to_vec()))
        }
        other => other.clone(),
    })
}
