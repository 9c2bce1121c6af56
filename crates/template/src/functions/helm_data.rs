//! Helm's YAML and JSON functions.

use inhaul_yaml::Dialect;

use super::{
    argument::{any, text},
    json_reader,
    registry::{
        Function,
        Parameter::{Any, String as Str},
    },
    yaml_pretty,
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{Entries, List, Map, NIL_MAP, Value, json::JsonError},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("toYaml", &[Any], |runtime, arguments| {
        to_yaml(runtime, any(arguments, 0), |_| Ok(Value::from("")))
    }),
    Function::fixed("mustToYaml", &[Any], |runtime, arguments| {
        to_yaml(runtime, any(arguments, 0), |error| {
            Err(format!("error marshaling into JSON: {error}").into())
        })
    }),
    Function::fixed("toYamlPretty", &[Any], |_, arguments| {
        yaml_pretty::write(any(arguments, 0)).map(Value::from).map_err(|error| match error {
            JsonError::Type(kind) => format!("cannot marshal type: {kind}").into(),
            other => other.into(),
        })
    }),
    Function::fixed("fromYaml", &[Str], |runtime, arguments| {
        from_yaml(runtime, &text(arguments, 0))
    }),
    Function::fixed("fromYamlArray", &[Str], |runtime, arguments| {
        from_yaml_array(runtime, &text(arguments, 0))
    }),
    Function::fixed("fromJson", &[Str], |_, arguments| {
        let read = json_reader::read(&text(arguments, 0));
        Ok(read
            .and_then(|value| as_map(value, "json: "))
            .unwrap_or_else(|error| failed_map(&error)))
    }),
    Function::fixed("fromJsonArray", &[Str], |_, arguments| {
        let read = json_reader::read(&text(arguments, 0));
        let list = read.and_then(|value| as_list(value, "json: "));
        Ok(list.unwrap_or_else(|error| Value::list(vec![error.into()])))
    }),
];

fn to_yaml(runtime: &mut Runtime<'_>, value: &Value, failed: fn(JsonError) -> Outcome) -> Outcome {
    let json = match value.to_json() {
        Ok(json) => json,
        Err(error) => return failed(error),
    };
    let mut text = inhaul_yaml::to_string(&json);
    if text.ends_with('\n') {
        text.pop();
    }
    runtime.charge(text.len() / 16)?;
    Ok(text.into())
}

/// YAML as Helm reads it: through JSON, so that every number is a `float64`.
fn read_yaml(runtime: &mut Runtime<'_>, text: &str) -> Result<Result<Value, String>, Failure> {
    runtime.charge(text.len() / 16)?;
    Ok(match inhaul_yaml::from_str(text, Dialect::GoV2) {
        Ok(json) => Ok(Value::from_json(&json)),
        Err(error) => Err(format!("error converting YAML to JSON: yaml: {error}")),
    })
}

const DECODING: &str = "error unmarshaling JSON: while decoding JSON: json: ";

fn from_yaml(runtime: &mut Runtime<'_>, text: &str) -> Outcome {
    let read = read_yaml(runtime, text)?;
    let read =
        read.map(|value| if value.is_nil() { Value::Map(Map::new(Entries::new())) } else { value });
    Ok(read.and_then(|value| as_map(value, DECODING)).unwrap_or_else(|error| failed_map(&error)))
}

fn from_yaml_array(runtime: &mut Runtime<'_>, text: &str) -> Outcome {
    let read = read_yaml(runtime, text)?;
    let read = read.map(|value| if value.is_nil() { Value::list(Vec::new()) } else { value });
    let list = read.and_then(|value| as_list(value, DECODING));
    Ok(list.unwrap_or_else(|error| Value::list(vec![error.into()])))
}

/// Only a map will do; null gives a map that takes no entries, as Go's JSON decoder does.
fn as_map(value: Value, prefix: &str) -> Result<Value, String> {
    match value {
        Value::Map(_) => Ok(value),
        Value::Nil => Ok(Value::Map(Map::typed(&NIL_MAP, Entries::new()))),
        other => Err(mismatch(&other, prefix, "map[string]interface {}")),
    }
}

fn as_list(value: Value, prefix: &str) -> Result<Value, String> {
    match value {
        Value::List(_) => Ok(value),
        Value::Nil => Ok(Value::List(List::nil())),
        other => Err(mismatch(&other, prefix, "[]interface {}")),
    }
}

fn mismatch(value: &Value, prefix: &str, wanted: &str) -> String {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        _ => "object",
    };
    format!("{prefix}cannot unmarshal {found} into Go value of type {wanted}")
}

fn failed_map(error: &str) -> Value {
    Value::map([("Error", Value::from(error))])
}
