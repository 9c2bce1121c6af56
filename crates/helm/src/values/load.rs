//! Values files: YAML streams whose documents are merged, later ones winning.

use inhaul_yaml::Dialect;
use serde_json::{Number, Value};

use super::Table;
use crate::go_json;

/// Reads one YAML document as the Go tools do.
pub(crate) fn yaml(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "error converting YAML to JSON: yaml: invalid UTF-8".to_owned())?;
    inhaul_yaml::from_str(text, Dialect::GoV2)
        .map_err(|error| format!("error converting YAML to JSON: yaml: {error}"))
}

/// Reads a values file; several documents are merged in order.
pub(crate) fn values(bytes: &[u8]) -> Result<Table, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "cannot unmarshal yaml document: yaml: invalid UTF-8".to_owned())?;
    let mut merged = Table::new();
    for document in split_documents(text)? {
        let mut value = yaml(document.as_bytes())
            .map_err(|error| format!("cannot unmarshal yaml document: {error}"))?;
        floats(&mut value);
        match value {
            Value::Null => {}
            Value::Object(table) => merge(&mut merged, table),
            other => {
                let target = "value of type map[string]interface {}";
                return Err(format!(
                    "cannot unmarshal yaml document: {}",
                    go_json::mismatch(&other, target)
                ));
            }
        }
    }
    Ok(merged)
}

/// Splits at lines that begin with `---`; anything but a comment behind the dashes is an error.
fn split_documents(text: &str) -> Result<Vec<&str>, String> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(format!(
                    "error reading yaml document: invalid Yaml document separator: {rest}"
                ));
            }
            if at > start {
                documents.push(&text[start..at]);
            }
            start = at;
        }
        at += line.len();
    }
    documents.push(&text[start..]);
    Ok(documents)
}

/// Makes every number a float, which is what Go's JSON decoder does.
pub(crate) fn floats(value: &mut Value) {
    match value {
        Value::Number(number) if !number.is_f64() => {
            if let Some(float) = number.as_f64().and_then(Number::from_f64) {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(floats),
        Value::Object(table) => table.values_mut().for_each(floats),
        _ => {}
    }
}

/// Puts `over` on top of `base`: tables are merged, everything else is replaced, null included.
pub(crate) fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_merged_in_order_and_numbers_are_floats() {
        let got = values(b"a: {x: 1, z: 2}\nb: 3\n--- # next\na: {z: ~}\nb: [1]\n").unwrap();
        let expected = json!({"a": {"x": 1.0, "z": null}, "b": [1.0]});
        assert_eq!(Value::Object(got), expected);
    }

    #[test]
    fn an_empty_file_has_no_values() {
        for text in ["", "# nothing\n", "---\n", "null\n"] {
            assert!(values(text.as_bytes()).unwrap().is_empty(), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_a_table_is_refused() {
        for (text, expected) in [
            ("- a", "cannot unmarshal array into Go value of type map[string]interface {}"),
            ("a", "cannot unmarshal string into Go value of type map[string]interface {}"),
            ("a: 1\n--- b\n", "invalid Yaml document separator: b"),
            ("a: [", "cannot unmarshal yaml document: error converting YAML to JSON: yaml: "),
        ] {
            let error = values(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
