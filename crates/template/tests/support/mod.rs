//! Running a template as the reference programs ran it.

use inhaul_template::{
    Budget, FunctionLibrary, Host, Map, MissingKey, SeededHost, TemplateSet, TypeInfo, Value, helm,
    sprig,
};
use serde_json::Value as Json;

static VALUES: TypeInfo = TypeInfo::plain("common.Values", "interface {}");

pub(crate) fn text<'c>(case: &'c Json, key: &str) -> &'c str {
    case[key].as_str().unwrap_or_default()
}

fn run(
    library: FunctionLibrary,
    missing_key: MissingKey,
    name: &str,
    template: &str,
    data: &Value,
) -> Result<String, String> {
    let mut set = TemplateSet::new(library, missing_key);
    set.parse(name, template).map_err(|error| error.to_string())?;
    let host = SeededHost::new(1, "2026-01-02T03:04:05Z".parse().unwrap());
    let host: &dyn Host = &host;
    let out =
        set.execute(name, data, host, Budget::default()).map_err(|error| error.to_string())?;
    Ok(out.to_str().into_owned())
}

/// Whole numbers are `int`, as the corpus's reference program reads them.
fn go_data(json: &Json) -> Value {
    Value::decode(json, &|number| {
        number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int)
    })
}

pub(crate) fn run_plain(case: &Json) -> Result<String, String> {
    let data = match case.get("data") {
        Some(data) => go_data(data),
        None => Value::map(std::iter::empty::<(&str, Value)>()),
    };
    let library = sprig().without(&["env", "expandenv"]);
    run(library, MissingKey::Invalid, "t", text(case, "template"), &data)
}

pub(crate) fn run_helm(case: &Json, values: &Value) -> Result<String, String> {
    let typed = |map: &Map| Value::Map(map.retyped(&VALUES));
    let name = "c/templates/t.txt";
    let scope = Value::map([
        ("Values", typed(values.as_map().unwrap())),
        ("Release", Value::map([("Name", Value::from("rel")), ("Namespace", Value::from("ns"))])),
        ("Chart", Value::map([("Name", Value::from("c")), ("Version", Value::from("1.2.3"))])),
        ("Template", Value::map([("Name", Value::from(name))])),
        (
            "Capabilities",
            Value::map([("KubeVersion", Value::map([("GitVersion", Value::from("v1.34.0"))]))]),
        ),
    ]);
    // The scope itself is of the type of the values.
    let data = typed(scope.as_map().unwrap());
    let rendered = run(helm(), MissingKey::Zero, name, text(case, "template"), &data)?;
    Ok(rendered.replace("<no value>", ""))
}

/// Helm tells errors over several lines, or without the place: each part must be in ours.
pub(crate) fn names_the_same(expected: &str, found: &str) -> bool {
    let expected = expected.replace("execution error at (", "").replace("parse error at (", "");
    let expected = expected.replace("): ", "\n");
    expected.lines().all(|line| found.contains(line.trim()))
}

/// The reference's answer, exactly; of Helm's errors each part.
///
/// # Errors
/// Shows both answers.
pub(crate) fn check(case: &Json, found: Result<String, String>) -> Result<(), String> {
    let is_plain = text(case, "mode") == "plain";
    match (case.get("error").and_then(Json::as_str), found) {
        (None, Ok(found)) if found == text(case, "expected") => Ok(()),
        (Some(error), Err(found)) if is_plain && found == error => Ok(()),
        (Some(error), Err(found)) if !is_plain && names_the_same(error, &found) => Ok(()),
        (error, found) => {
            let expected = error.unwrap_or(text(case, "expected"));
            Err(format!("expected {expected:?}\n   found {found:?}"))
        }
    }
}
