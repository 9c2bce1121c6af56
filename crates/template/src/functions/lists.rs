//! Lists. None is changed in place.

use super::{
    argument::{NIL_POINTER, any, int, items, rest},
    cast::to_int,
    equality::deep_equal,
    registry::{
        Function,
        Parameter::{Any, Int},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{LISTS, List, Value},
};

/// Each function and its twin that fails instead of panicking, which is the same in a template.
macro_rules! twins {
    ($($name:literal, $must:literal, $parameters:expr, $body:expr;)*) => {
        &[$(
            Function::fixed($name, $parameters, $body),
            Function::fixed($must, $parameters, $body),
        )*]
    };
}

static PAIRS: &[Function] = twins! {
    "append", "mustAppend", &[Any, Any], push;
    "push", "mustPush", &[Any, Any], push;
    "prepend", "mustPrepend", &[Any, Any], prepend;
    "first", "mustFirst", &[Any], |_, arguments| {
        Ok(listed(arguments, "Cannot find first on type")?.first().cloned().unwrap_or_default())
    };
    "last", "mustLast", &[Any], |_, arguments| {
        Ok(listed(arguments, "Cannot find last on type")?.last().cloned().unwrap_or_default())
    };
    "rest", "mustRest", &[Any], |_, arguments| {
        let items = listed(arguments, "Cannot find rest on type")?;
        if items.is_empty() {
            return Ok(Value::List(List::nil()));
        }
        Ok(Value::list(items.get(1..).unwrap_or_default().to_vec()))
    };
    "initial", "mustInitial", &[Any], |_, arguments| {
        let items = listed(arguments, "Cannot find initial on type")?;
        if items.is_empty() {
            return Ok(Value::List(List::nil()));
        }
        Ok(Value::list(items.split_last().map(|(_, items)| items.to_vec()).unwrap_or_default()))
    };
    "reverse", "mustReverse", &[Any], |_, arguments| {
        let items = listed(arguments, "Cannot find reverse on type")?;
        Ok(Value::list(items.iter().rev().cloned().collect()))
    };
    "compact", "mustCompact", &[Any], |_, arguments| {
        let items = listed(arguments, "Cannot compact on type")?;
        Ok(Value::list(items.iter().filter(|item| item.truth()).cloned().collect()))
    };
    "uniq", "mustUniq", &[Any], unique;
    "has", "mustHas", &[Any, Any], has;
    "chunk", "mustChunk", &[Int, Any], chunk;
};

pub(super) static TABLE: &[Function] = &[
    Function::variadic("list", &[], Any, |_, arguments| Ok(Value::list(arguments.to_vec()))),
    Function::variadic("tuple", &[], Any, |_, arguments| Ok(Value::list(arguments.to_vec()))),
    Function::variadic("concat", &[], Any, concat),
    Function::variadic("without", &[Any], Any, without),
    Function::variadic("mustWithout", &[Any], Any, without),
    Function::variadic("slice", &[Any], Any, slice),
    Function::variadic("mustSlice", &[Any], Any, slice),
    PAIRS[0],
    PAIRS[1],
    PAIRS[2],
    PAIRS[3],
    PAIRS[4],
    PAIRS[5],
    PAIRS[6],
    PAIRS[7],
    PAIRS[8],
    PAIRS[9],
    PAIRS[10],
    PAIRS[11],
    PAIRS[12],
    PAIRS[13],
    PAIRS[14],
    PAIRS[15],
    PAIRS[16],
    PAIRS[17],
    PAIRS[18],
    PAIRS[19],
    PAIRS[20],
    PAIRS[21],
    PAIRS[22],
    PAIRS[23],
];

fn listed<'a>(
    arguments: &'a [Value],
    message: &str,
) -> Result<std::borrow::Cow<'a, [Value]>, Failure> {
    items(any(arguments, 0), message)
}

fn push(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut items = listed(arguments, "Cannot push on type")?.into_owned();
    runtime.charge(items.len() / 8)?;
    items.push(any(arguments, 1).clone());
    Ok(Value::list(items))
}

fn prepend(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut items = listed(arguments, "Cannot prepend on type")?.into_owned();
    runtime.charge(items.len() / 8)?;
    items.insert(0, any(arguments, 1).clone());
    Ok(Value::list(items))
}

fn unique(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    for item in listed(arguments, "Cannot find uniq on type")?.iter() {
        runtime.charge(1 + kept.len() / 4)?;
        if !kept.iter().any(|known| deep_equal(item, known)) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn has(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (needle, haystack) = (any(arguments, 0), any(arguments, 1));
    if haystack.is_nil() {
        return Ok(Value::Bool(false));
    }
    let items = items(haystack, "Cannot find has on type")?;
    Ok(Value::Bool(items.iter().any(|item| deep_equal(needle, item))))
}

fn without(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let omitted = rest(arguments, 1);
    let items = listed(arguments, "Cannot find without on type")?;
    runtime.charge(items.len().saturating_mul(omitted.len()))?;
    let kept = items
        .iter()
        .filter(|item| !omitted.iter().any(|omitted| deep_equal(omitted, item)))
        .cloned()
        .collect();
    Ok(Value::list(kept))
}

fn chunk(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let size = int(arguments, 0);
    let value = any(arguments, 1);
    let items = match value.items() {
        Some(items) => items,
        None if value.is_nil() => return Err(NIL_POINTER.into()),
        None => return Err(format!("Cannot chunk type {}", value.kind()).into()),
    };
    let Some(size) = usize::try_from(size).ok().filter(|&size| size > 0) else {
        return odd_chunks(&items, size.unsigned_abs());
    };
    let chunks = items.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect();
    Ok(Value::List(List::typed(&LISTS, chunks)))
}

/// What the original's arithmetic makes of a chunk size that is not positive.
fn odd_chunks(items: &[Value], magnitude: u64) -> Outcome {
    let chunks = match items.len() {
        1 if magnitude > 1 => vec![Value::list(items.to_vec())],
        length @ 2.. if (length as u64 - 1) <= magnitude => Vec::new(),
        _ => return Err("runtime error: makeslice: len out of range".into()),
    };
    Ok(Value::List(List::typed(&LISTS, chunks)))
}

fn concat(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for list in arguments {
        let Some(items) = list.items() else {
            return Err(if list.is_nil() {
                NIL_POINTER.into()
            } else {
                format!("Cannot concat type {} as list", list.kind()).into()
            });
        };
        runtime.charge(items.len() / 8)?;
        all.extend_from_slice(&items);
    }
    if all.is_empty() {
        return Ok(Value::List(List::nil()));
    }
    Ok(Value::list(all))
}

fn slice(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let value = any(arguments, 0);
    let items = items(value, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let indexes = rest(arguments, 1);
    let start = indexes.first().map_or(0, to_int);
    let end = match indexes.get(1) {
        Some(end) => usize::try_from(to_int(end)).ok(),
        None => Some(items.len()),
    };
    let part = usize::try_from(start)
        .ok()
        .zip(end)
        .filter(|(start, end)| start <= end)
        .and_then(|(start, end)| items.get(start..end));
    let Some(part) = part else {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    };
    Ok(match value {
        Value::List(list) => Value::List(List::typed(list.type_info(), part.to_vec())),
        Value::Bytes(bytes) => {
            let start = usize::try_from(start).unwrap_or(0);
            Value::Bytes(bytes[start..start + part.len()].into())
        }
        _ => Value::list(part.to_vec()),
    })
}
