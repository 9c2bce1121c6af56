//! Every case of the template corpus: what Go 1.26 with sprig 3.3.0, and Helm 4.3.1, answered.

use std::{fs, path::PathBuf};

use inhaul_template::{
    Budget, FunctionLibrary, Host, Map, MissingKey, SeededHost, TemplateSet, TypeInfo, Value, helm,
    on_deep_stack, sprig,
};
use serde_json::Value as Json;

/// Cases that differ, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("h1333", "the YAML parser finds another fault first in text that has several"),
    ("h1341", "TOML errors have the line, but are worded by another parser"),
];

/// Areas whose objects the helm crate makes; its own test runs them.
const OF_THE_CHART: &[&str] = &["builtin", "files"];

static VALUES: TypeInfo = TypeInfo::plain("common.Values", "interface {}");

fn corpus() -> Option<Vec<Json>> {
    let root = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    let text = fs::read_to_string(root.join("template/cases.jsonl")).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn text<'c>(case: &'c Json, key: &str) -> &'c str {
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
    let out = set.execute(name, data, host, Budget::default()).map_err(|error| error.to_string())?;
    Ok(out.to_str().into_owned())
}

/// Whole numbers are `int`, as the corpus's reference program reads them.
fn go_data(json: &Json) -> Value {
    Value::decode(json, &|number| {
        number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int)
    })
}

fn run_plain(case: &Json) -> Result<String, String> {
    let library = sprig().without(&["env", "expandenv"]);
    run(library, MissingKey::Invalid, "t", text(case, "template"), &go_data(&case["data"]))
}

fn run_helm(case: &Json) -> Result<String, String> {
    let values = inhaul_yaml::from_str(text(case, "values_yaml"), inhaul_yaml::Dialect::GoV2);
    let values = Value::from_json(&values.unwrap());
    let typed = |map: &Map| Value::Map(map.retyped(&VALUES));
    let name = "c/templates/t.txt";
    let data = Value::map([
        ("Values", typed(values.as_map().unwrap())),
        (
            "Release",
            Value::map([("Name", Value::from("rel")), ("Namespace", Value::from("ns"))]),
        ),
        ("Chart", Value::map([("Name", Value::from("c")), ("Version", Value::from("1.2.3"))])),
        ("Template", Value::map([("Name", Value::from(name))])),
        (
            "Capabilities",
            Value::map([("KubeVersion", Value::map([("GitVersion", Value::from("v1.34.0"))]))]),
        ),
    ]);
    let rendered = run(helm(), MissingKey::Zero, name, text(case, "template"), &data)?;
    Ok(rendered.replace("<no value>", ""))
}

/// Helm tells errors over several lines, or without the place: each part must be in ours.
fn names_the_same(expected: &str, found: &str) -> bool {
    let expected = expected.replace("execution error at (", "").replace("parse error at (", "");
    let expected = expected.replace("): ", "\n");
    expected.lines().all(|line| found.contains(line.trim()))
}

fn check(case: &Json) -> Result<(), String> {
    let is_plain = text(case, "mode") == "plain";
    let found = if is_plain { run_plain(case) } else { run_helm(case) };
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

#[test]
fn every_case_gives_the_reference_answer() {
    let Some(cases) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let (mut passed, mut left_out, mut failed) = ([0, 0], 0, Vec::new());
    on_deep_stack(|| {
        for case in &cases {
            if OF_THE_CHART.contains(&text(case, "area")) {
                left_out += 1;
                continue;
            }
            let id = text(case, "id");
            let is_exception = EXCEPTIONS.iter().any(|(known, _)| *known == id);
            match check(case) {
                Ok(()) if is_exception => failed.push(format!("{id} passes: not an exception")),
                Ok(()) => passed[usize::from(text(case, "mode") == "helm")] += 1,
                Err(_) if is_exception => {}
                Err(why) => {
                    failed.push(format!("{id} {:?}\n{why}", text(case, "template")));
                }
            }
        }
    })
    .unwrap();
    println!("plain {}, helm {}, left to the helm crate {left_out}", passed[0], passed[1]);
    println!("failed {}", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
