//! `values.schema.json`.

use jsonschema::{
    PatternOptions, Retrieve, Uri, ValidationError, error::ValidationErrorKind as Kind,
};
use serde_json::Value;

use super::{Table, go_type};
use crate::{Error, chart::Chart};

/// Checks the values of a chart and of the charts inside it against their schemas.
///
/// # Errors
/// [`Error::Schema`] with every violation of every chart.
pub(crate) fn validate(chart: &Chart, values: &Table) -> Result<(), Error> {
    let mut report = String::new();
    check(chart, values, &mut report);
    if report.is_empty() {
        return Ok(());
    }
    Err(Error::Schema(format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{report}"
    )))
}

fn check(chart: &Chart, values: &Table, report: &mut String) {
    let name = &chart.metadata.name;
    if let Some(schema) = &chart.schema
        && let Err(violations) = check_one(schema, values)
    {
        report.push_str(&format!("{name}:\n{violations}\n"));
    }
    for child in &chart.dependencies {
        let name = &child.metadata.name;
        match values.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(below)) => check(child, below, report),
            Some(other) => report.push_str(&format!(
                "{name}:\ninvalid type for values: expected object (map), got {}\n",
                go_type(other)
            )),
        }
    }
}

fn check_one(schema: &[u8], values: &Table) -> Result<(), String> {
    let schema: Value = serde_json::from_slice(schema).map_err(|error| error.to_string())?;
    let validator = jsonschema::options()
        .with_retriever(NothingRemote)
        // As Go's: linear time, no look-around.
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .map_err(|error| format!("the schema itself cannot be used: {error}"))?;
    let mut instance = Value::Object(values.clone());
    whole_numbers(&mut instance);
    let mut violations: Vec<String> = Vec::new();
    for error in validator.iter_errors(&instance) {
        describe(&error, "", &mut violations);
    }
    if violations.is_empty() { Ok(()) } else { Err(violations.join("\n")) }
}

/// References are resolved inside the schema only; a render does not use the network.
struct NothingRemote;

impl Retrieve for NothingRemote {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        // Helm accepts anything where a URN cannot be resolved.
        if uri.scheme().as_str() == "urn" {
            return Ok(Value::Bool(true));
        }
        Err(format!("{uri} is not part of the chart, and schemas are not fetched").into())
    }
}

/// Values hold floats only; for a schema, 3.0 is the integer 3.
fn whole_numbers(value: &mut Value) {
    /// Beyond this a float cannot tell one integer from the next.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() <= EXACT);
            if let Some(whole) = float {
                #[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
                let whole = whole as i64;
                *number = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(table) => table.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// One line for each violation, in the words of the library that Helm uses.
fn describe(error: &ValidationError<'_>, indent: &str, lines: &mut Vec<String>) {
    let at = error.instance_path();
    if let Kind::Required { property } = error.kind()
        && let Some(last) = lines.last_mut()
        && let Some(known) = last.strip_prefix(&format!("{indent}- at '{at}': missing propert"))
    {
        // All that one object misses is told at once.
        let known = known.trim_start_matches("y ").trim_start_matches("ies ");
        let name = property.as_str().unwrap_or_default();
        *last = format!("{indent}- at '{at}': missing properties {known}, '{name}'");
        return;
    }
    let mut line = |message: String| lines.push(format!("{indent}- at '{at}': {message}"));
    let nested = match error.kind() {
        Kind::AnyOf { context } => ("'anyOf' failed", context.as_slice()),
        Kind::OneOfNotValid { context } => ("'oneOf' failed, none matched", context.as_slice()),
        _ => {
            line(message(error));
            return;
        }
    };
    line(nested.0.to_owned());
    for inner in nested.1.iter().flatten() {
        describe(inner, &format!("{indent}  "), lines);
    }
}

fn message(error: &ValidationError<'_>) -> String {
    let got = error.instance();
    match error.kind() {
        Kind::Type { kind } => {
            format!("got {}, want {}", json_type(got), wanted_types(kind))
        }
        Kind::Required { property } => {
            format!("missing property '{}'", property.as_str().unwrap_or_default())
        }
        Kind::AdditionalProperties { unexpected } => {
            let quoted: Vec<_> = unexpected.iter().map(|name| format!("'{name}'")).collect();
            format!("additional properties {} not allowed", quoted.join(", "))
        }
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let shown: Vec<_> = options.iter().map(quoted).collect();
            match shown.as_slice() {
                [only] => format!("value must be {only}"),
                several => format!("value must be one of {}", several.join(", ")),
            }
        }
        Kind::Constant { expected_value } => format!("value must be {}", quoted(expected_value)),
        Kind::Pattern { pattern } => format!("{} does not match pattern '{pattern}'", quoted(got)),
        Kind::Minimum { limit } => format!("minimum: got {got}, want {limit}"),
        Kind::Maximum { limit } => format!("maximum: got {got}, want {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("exclusiveMinimum: got {got}, want {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("exclusiveMaximum: got {got}, want {limit}"),
        Kind::MultipleOf { multiple_of } => format!("multipleOf: got {got}, want {multiple_of}"),
        Kind::MinProperties { limit } => {
            format!("minProperties: got {}, want {limit}", length(got))
        }
        Kind::MaxProperties { limit } => {
            format!("maxProperties: got {}, want {limit}", length(got))
        }
        Kind::MinLength { limit } => format!("minLength: got {}, want {limit}", length(got)),
        Kind::MaxLength { limit } => format!("maxLength: got {}, want {limit}", length(got)),
        Kind::MinItems { limit } => format!("minItems: got {}, want {limit}", length(got)),
        Kind::MaxItems { limit } => format!("maxItems: got {}, want {limit}", length(got)),
        Kind::FalseSchema => "false schema".to_owned(),
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::OneOfMultipleValid { .. } => "'oneOf' failed, more than one matched".to_owned(),
        Kind::Format { format } => format!("{} is not valid {format}", quoted(got)),
        _ => error.to_string(),
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(table) => table.len(),
        _ => 0,
    }
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wanted_types(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(one) => one.to_string(),
        jsonschema::error::TypeKind::Multiple(several) => {
            several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chart(name: &str, schema: &Value) -> Chart {
        let mut chart = Chart::named(name);
        chart.schema = Some(schema.to_string().into_bytes().into());
        chart
    }

    fn report(chart: &Chart, values: Value) -> String {
        let Value::Object(values) = values else { unreachable!("a mapping literal") };
        validate(chart, &values).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn violations_read_as_helm_prints_them() {
        let mut top = chart(
            "top",
            &json!({
                "$schema": "http://json-schema.org/draft-07/schema#",
                "required": ["name", "other"],
                "additionalProperties": false,
                "properties": {
                    "name": {"type": "string"},
                    "count": {"type": "integer", "minimum": 1},
                    "mode": {"enum": ["a", "b"]},
                "other": {},
                    "child": {},
                },
            }),
        );
        top.dependencies.push(chart("child", &json!({"properties": {"x": {"type": "boolean"}}})));
        assert_eq!(report(&top, json!({"name": "n", "other": 1.0, "count": 3.0, "mode": "a"})), "");
        let got = report(&top, json!({"count": 0.0, "mode": "c", "zz": 1.0, "child": {"x": "y"}}));
        for expected in [
            "values don't meet the specifications of the schema(s) in the following chart(s):\ntop:\n",
            "- at '': missing properties 'name', 'other'",
            "- at '': additional properties 'zz' not allowed",
            "- at '/count': minimum: got 0, want 1",
            "- at '/mode': value must be one of 'a', 'b'",
            "child:\n- at '/x': got string, want boolean\n",
        ] {
            assert!(got.contains(expected), "{expected}\nnot in\n{got}");
        }
    }

    #[test]
    fn a_reference_to_the_network_is_refused_by_name() {
        let top = chart("top", &json!({"$ref": "https://example.com/schema.json"}));
        let got = report(&top, json!({}));
        assert!(got.contains("https://example.com/schema.json"), "{got}");
    }

    #[test]
    fn references_inside_the_schema_work() {
        let top = chart(
            "top",
            &json!({
                "$ref": "#/$defs/all",
                "$defs": {"all": {"properties": {"a": {"type": "string"}}}},
            }),
        );
        assert_eq!(report(&top, json!({"a": "x"})), "");
        assert!(report(&top, json!({"a": 1.0})).contains("got number, want string"));
    }
}
