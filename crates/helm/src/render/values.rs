//! The methods of `.Values`.

use inhaul_template::{Function, Map, Outcome, Parameter, Runtime, TypeInfo, Value};

/// The type of `.Values`, of a chart's scope, and of what they hand out.
pub(super) static VALUES: TypeInfo = TypeInfo {
    name: "common.Values",
    element: "interface {}",
    methods: &[
        Function::fixed("AsMap", &[], as_map),
        Function::fixed("YAML", &[], yaml),
        Function::fixed("Table", &[Parameter::String], table),
        Function::fixed("PathValue", &[Parameter::String], path_value),
    ],
    text: None,
};

static PLAIN: TypeInfo = TypeInfo::plain("map[string]interface {}", "interface {}");

fn receiver(arguments: &[Value]) -> Result<&Map, String> {
    match arguments.first() {
        Some(Value::Map(map)) => Ok(map),
        _ => Err("not a table of values".to_owned()),
    }
}

fn path_argument(arguments: &[Value]) -> String {
    let text = arguments.get(1).and_then(Value::as_text);
    text.map(|text| text.to_str().into_owned()).unwrap_or_default()
}

fn as_map(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    Ok(receiver(arguments)?.retyped(&PLAIN).into())
}

fn yaml(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let json = Value::Map(receiver(arguments)?.clone()).to_json()?;
    Ok(inhaul_yaml::to_string(&json).into())
}

fn table(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let found = walk(receiver(arguments)?, &path_argument(arguments))?;
    Ok(found.retyped(&VALUES).into())
}

fn walk(from: &Map, path: &str) -> Result<Map, String> {
    let mut at = from.clone();
    for element in path.split('.') {
        at = match at.get(element) {
            Some(Value::Map(next)) => next,
            _ => return Err(format!("{element:?} is not a table")),
        };
    }
    Ok(at)
}

fn path_value(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let path = path_argument(arguments);
    if path.is_empty() {
        return Err("YAML path cannot be empty".into());
    }
    let (parents, key) =
        path.rsplit_once('.').map_or((None, path.as_str()), |(parents, key)| (Some(parents), key));
    let missing = || format!("{key:?} is not a value");
    let receiver = receiver(arguments)?;
    let table = match parents {
        None => receiver.clone(),
        Some(parents) => walk(receiver, parents).map_err(|_| missing())?,
    };
    match table.get(key) {
        Some(value) if value.as_map().is_none() => Ok(value),
        _ => Err(missing().into()),
    }
}
