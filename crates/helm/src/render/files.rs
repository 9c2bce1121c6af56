//! `.Files`: the files of a chart that are not templates.

use std::sync::Arc;

use inhaul_template::{Function, Map, Outcome, Parameter, Runtime, TypeInfo, Value};
use serde_json::Value as Json;

use crate::{chart::File, pattern::glob::Glob};

static FILES: TypeInfo = TypeInfo {
    name: "engine.files",
    element: "[]uint8",
    methods: &[
        Function::fixed("Get", &[Parameter::String], get),
        Function::fixed("GetBytes", &[Parameter::String], get_bytes),
        Function::fixed("Glob", &[Parameter::String], glob),
        Function::fixed("Lines", &[Parameter::String], lines),
        Function::fixed("AsConfig", &[], as_config),
        Function::fixed("AsSecrets", &[], as_secrets),
    ],
    text: None,
};

/// The value for some files; their content is shared, not copied.
pub(super) fn files(files: &[File]) -> Value {
    let entries =
        files.iter().map(|file| (file.name.as_str().into(), Value::Bytes(Arc::clone(&file.data))));
    Map::typed(&FILES, entries.collect()).into()
}

fn receiver(arguments: &[Value]) -> Result<&Map, String> {
    match arguments.first() {
        Some(Value::Map(map)) => Ok(map),
        _ => Err("not a set of files".to_owned()),
    }
}

fn text_argument(arguments: &[Value]) -> String {
    let text = arguments.get(1).and_then(Value::as_text);
    text.map(|text| text.to_str().into_owned()).unwrap_or_default()
}

fn content(arguments: &[Value]) -> Result<Option<Arc<[u8]>>, String> {
    match receiver(arguments)?.get(&text_argument(arguments)) {
        Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
        _ => Ok(None),
    }
}

fn get(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let bytes = content(arguments)?.unwrap_or_default();
    Ok(Value::string(bytes))
}

fn get_bytes(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::Bytes(content(arguments)?.unwrap_or_default()))
}

/// Files whose path matches; a malformed pattern matches all, as in Helm.
fn glob(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let files = receiver(arguments)?;
    runtime.charge(files.len())?;
    let pattern = Glob::parse(&text_argument(arguments)).unwrap_or_else(Glob::everything);
    let found = files.snapshot().into_iter().filter(|(name, _)| pattern.matches(name));
    Ok(Map::typed(&FILES, found.collect()).into())
}

fn lines(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let bytes = content(arguments)?.unwrap_or_default();
    if bytes.is_empty() {
        return Ok(Value::strings(Vec::<&str>::new()));
    }
    runtime.charge(bytes.len() / 64)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(Value::strings(text.strip_suffix('\n').unwrap_or(&text).split('\n')))
}

fn as_config(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    as_yaml(runtime, arguments, |bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn as_secrets(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    as_yaml(runtime, arguments, base64)
}

/// A YAML mapping of file names (without their directories) to contents.
fn as_yaml(runtime: &mut Runtime<'_>, arguments: &[Value], show: fn(&[u8]) -> String) -> Outcome {
    let mut entries = serde_json::Map::new();
    for (path, value) in receiver(arguments)?.snapshot() {
        if let Value::Bytes(bytes) = value {
            runtime.charge(bytes.len() / 64)?;
            let name = path.rsplit('/').next().unwrap_or(&path);
            entries.insert(name.to_owned(), Json::String(show(&bytes)));
        }
    }
    let yaml = inhaul_yaml::to_string(&Json::Object(entries));
    Ok(yaml.strip_suffix('\n').unwrap_or(&yaml).into())
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
