//! `merge` and `mergeOverwrite`: the first map takes entries from the others, in place.

use super::{
    argument::{map, rest},
    registry::{Function, Parameter::Map as Dict},
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{Entries, Map, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::variadic("merge", &[Dict], Dict, |runtime, arguments| {
        merge(runtime, arguments, false)
    }),
    Function::variadic("mustMerge", &[Dict], Dict, |runtime, arguments| {
        merge(runtime, arguments, false)
    }),
    Function::variadic("mergeOverwrite", &[Dict], Dict, |runtime, arguments| {
        merge(runtime, arguments, true)
    }),
    Function::variadic("mustMergeOverwrite", &[Dict], Dict, |runtime, arguments| {
        merge(runtime, arguments, true)
    }),
];

/// Nesting beyond which maps are not merged.
const DEEPEST: usize = 1_000;

fn merge(runtime: &mut Runtime<'_>, arguments: &[Value], overwrites: bool) -> Outcome {
    let into = match map(arguments, 0) {
        Some(map) => map.retyped(&crate::value::MAP),
        None => Map::new(Entries::new()),
    };
    for from in rest(arguments, 1).iter().filter_map(Value::as_map) {
        merge_maps(runtime, &into, from, overwrites, 0)?;
    }
    Ok(Value::Map(into))
}

/// Entries that are missing or empty are filled; with `overwrites`, all are replaced. Maps on both
/// sides are merged. A nil replaces, but does not fill.
fn merge_maps(
    runtime: &mut Runtime<'_>,
    into: &Map,
    from: &Map,
    overwrites: bool,
    depth: usize,
) -> Result<(), Failure> {
    if into.same(from) {
        return Ok(());
    }
    if depth > DEEPEST {
        return Err("maps are nested too deeply to be merged, or hold themselves".into());
    }
    for (key, new) in from.snapshot() {
        runtime.charge(1)?;
        if new.is_nil() {
            if overwrites {
                into.insert(key, Value::Nil);
            }
            continue;
        }
        let old = into.get(&key);
        if let (Some(Value::Map(old)), Value::Map(new)) = (&old, &new) {
            merge_maps(runtime, old, new, overwrites, depth + 1)?;
            if !old.is_empty() {
                continue;
            }
        }
        if overwrites || !old.is_some_and(|old| old.truth()) {
            runtime.changed.note(into, &new);
            into.insert(key, new);
        }
    }
    Ok(())
}
