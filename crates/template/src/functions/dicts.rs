//! Maps. `set` and `unset` change theirs in place.

use super::{
    argument::{any, map, rest, string_of, text},
    registry::{
        Function,
        Parameter::{Any, Map as Dict, String as Str},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{Entries, Key, List, Map, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::variadic("dict", &[], Any, dict),
    Function::fixed("get", &[Dict, Str], |_, arguments| {
        let found = map(arguments, 0).and_then(|map| map.get(&text(arguments, 1)));
        Ok(found.unwrap_or_else(|| Value::from("")))
    }),
    Function::fixed("set", &[Dict, Str, Any], |runtime, arguments| {
        let Some(map) = map(arguments, 0).filter(|map| !map.is_nil()) else {
            return Err("assignment to entry in nil map".into());
        };
        let value = any(arguments, 2);
        runtime.changed.note(map, value);
        map.insert(&*text(arguments, 1), value.clone());
        Ok(plain(map))
    }),
    Function::fixed("unset", &[Dict, Str], |_, arguments| {
        let Some(map) = map(arguments, 0) else { return Ok(empty()) };
        map.remove(&text(arguments, 1));
        Ok(plain(map))
    }),
    Function::fixed("hasKey", &[Dict, Str], |_, arguments| {
        let has = map(arguments, 0).is_some_and(|map| map.contains(&text(arguments, 1)));
        Ok(Value::Bool(has))
    }),
    Function::variadic("pluck", &[Str], Dict, |_, arguments| {
        let key = text(arguments, 0);
        let maps = rest(arguments, 1).iter().filter_map(Value::as_map);
        Ok(Value::list(maps.filter_map(|map| map.get(&key)).collect()))
    }),
    Function::variadic("keys", &[], Dict, |_, arguments| {
        let maps = arguments.iter().filter_map(Value::as_map);
        let keys: Vec<Key> =
            maps.flat_map(|map| map.read().keys().cloned().collect::<Vec<_>>()).collect();
        Ok(Value::strings(keys.iter().map(|key| &**key)))
    }),
    Function::fixed("values", &[Dict], |_, arguments| {
        let values = map(arguments, 0).map(|map| map.read().values().cloned().collect());
        Ok(Value::list(values.unwrap_or_default()))
    }),
    Function::variadic("pick", &[Dict], Str, |_, arguments| {
        let Some(map) = map(arguments, 0) else { return Ok(empty()) };
        let keys = rest(arguments, 1).iter().filter_map(Value::as_text);
        let entries =
            keys.filter_map(|key| Some((Key::from(&*key.to_str()), map.get(&key.to_str())?)));
        Ok(Value::Map(entries.collect()))
    }),
    Function::variadic("omit", &[Dict], Str, |_, arguments| {
        let Some(map) = map(arguments, 0) else { return Ok(empty()) };
        let mut entries: Entries = map.read().clone();
        for key in rest(arguments, 1).iter().filter_map(Value::as_text) {
            entries.remove(&*key.to_str());
        }
        Ok(Value::Map(Map::new(entries)))
    }),
    Function::variadic("dig", &[], Any, dig),
    Function::fixed("deepCopy", &[Any], deep_copy),
    Function::fixed("mustDeepCopy", &[Any], deep_copy),
];

fn empty() -> Value {
    Value::Map(Map::new(Entries::new()))
}

/// A function that takes and returns a `map[string]interface {}` gives a map's own type up.
fn plain(map: &Map) -> Value {
    if map.is_nil() {
        return Value::Map(map.clone());
    }
    Value::Map(map.retyped(&crate::value::MAP))
}

fn dict(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let mut entries = Entries::new();
    for pair in arguments.chunks(2) {
        let key = string_of(any(pair, 0))?;
        let value = pair.get(1).cloned().unwrap_or_else(|| Value::from(""));
        entries.insert(Key::from(&*key.to_str()), value);
    }
    Ok(Value::Map(Map::new(entries)))
}

/// How a panic for a wrong dynamic type reads.
fn wrong_type(value: &Value, wanted: &str) -> Failure {
    let found = if value.is_nil() { "nil".into() } else { value.type_name() };
    format!("interface conversion: interface {{}} is {found}, not {wanted}").into()
}

fn dig(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let [keys @ .., default, dict] = arguments else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut found = only_plain(dict)?.clone();
    for key in keys {
        if key.as_text().is_none() {
            return Err(wrong_type(key, "string"));
        }
    }
    for (index, key) in keys.iter().filter_map(Value::as_text).enumerate() {
        let map = only_plain(&found)?;
        let Some(next) = map.get(&key.to_str()) else { return Ok(default.clone()) };
        if index + 1 == keys.len() {
            return Ok(next);
        }
        found = next;
    }
    Ok(found)
}

/// The value itself where it is a `map[string]interface {}`: a map type with a name is another.
fn only_plain(value: &Value) -> Result<&Value, Failure> {
    match value {
        Value::Map(map) if map.type_info().name == crate::value::MAP.name => Ok(value),
        other => Err(wrong_type(other, crate::value::MAP.name)),
    }
}

impl Value {
    fn get(&self, key: &str) -> Option<Value> {
        self.as_map()?.get(key)
    }
}

/// Nesting beyond which a value is not copied.
const DEEPEST: usize = 1_000;

fn deep_copy(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let value = any(arguments, 0);
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    copy(runtime, value, 0)
}

/// A copy that shares no map with the original.
pub(super) fn copy(runtime: &mut Runtime<'_>, value: &Value, depth: usize) -> Outcome {
    if depth > DEEPEST {
        return Err("value is nested too deeply to be copied, or holds itself".into());
    }
    runtime.charge(1)?;
    Ok(match value {
        Value::List(list) => {
            let items: Result<Vec<Value>, Failure> =
                list.items().iter().map(|item| copy(runtime, item, depth + 1)).collect();
            Value::List(List::typed(list.type_info(), items?))
        }
        Value::Map(map) => {
            let mut entries = Entries::new();
            for (key, item) in map.snapshot() {
                entries.insert(key, copy(runtime, &item, depth + 1)?);
            }
            Value::Map(Map::typed(map.type_info(), entries))
        }
        other => other.clone(),
    })
}
