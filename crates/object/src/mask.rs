//! Keeping the values of Secrets out of what people read.

use crate::Object;
use crate::value::map_at;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeSet;

/// What stands for a value. Never compare by it: a Secret may hold this very text.
const MASK: &str = "***";

/// Holds the values of a Secret once more, in plain JSON.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Shorter values are masked only where they stand alone: a Secret may hold `a` or `0`, and an
/// error text in which every `a` is masked helps nobody.
const SHORT: usize = 4;

/// The object with every value of a Secret replaced by `***`: `data`, `stringData` and the
/// annotation in which `kubectl apply` repeats them. Other kinds are returned as they are.
pub fn masked(object: &Object) -> Value {
    let mut value = object.as_json().clone();
    if !is_secret(object) {
        return value;
    }
    for field in ["data", "stringData"] {
        match value.get_mut(field) {
            Some(Value::Object(values)) => {
                values.values_mut().for_each(|value| *value = Value::from(MASK));
            }
            Some(Value::Null) | None => {}
            Some(other) => *other = Value::from(MASK),
        }
    }
    if let Some(annotations) = map_at(&mut value, &["metadata", "annotations"])
        && let Some(repeated) = annotations.get_mut(LAST_APPLIED)
    {
        *repeated = Value::from(MASK);
    }
    value
}

/// `text` without any value of the Secret: plain, in base64, and as JSON and Go quote them. Error
/// texts of an API server and of admission webhooks may repeat what they were sent. A `secret` of
/// another kind changes nothing.
pub fn mask_text(text: &str, secret: &Object) -> String {
    if !is_secret(secret) {
        return text.to_owned();
    }
    let mut forms = BTreeSet::new();
    for field in ["data", "stringData"] {
        collect(secret.as_json().get(field), &mut forms);
    }
    let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    // A value may be a part of another one: the longest goes first.
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.iter().fold(text.to_owned(), |text, form| {
        if form.chars().count() < SHORT {
            replace_alone(&text, form)
        } else {
            text.replace(form.as_str(), MASK)
        }
    })
}

fn is_secret(object: &Object) -> bool {
    object.group().is_empty() && object.kind().eq_ignore_ascii_case("Secret")
}

fn collect(values: Option<&Value>, forms: &mut BTreeSet<String>) {
    match values {
        Some(Value::Object(fields)) => {
            fields.values().for_each(|value| collect(Some(value), forms));
        }
        Some(Value::Array(items)) => items.iter().for_each(|item| collect(Some(item), forms)),
        Some(Value::String(text)) => add_forms(text, forms),
        Some(Value::Null) | None => {}
        Some(other) => {
            forms.insert(other.to_string());
        }
    }
}

fn add_forms(text: &str, forms: &mut BTreeSet<String>) {
    let decoded = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    for plain in [Some(text.to_owned()), decoded].into_iter().flatten() {
        forms.insert(STANDARD.encode(&plain).trim_end_matches('=').to_owned());
        // Quoted once in a message, twice where JSON stands inside JSON.
        let once = quoted(&plain);
        forms.insert(quoted(&once));
        forms.insert(once);
        let lines = plain.lines().map(str::trim).filter(|line| line.len() >= SHORT);
        forms.extend(lines.map(str::to_owned));
        forms.insert(plain.trim().to_owned());
        forms.insert(plain);
    }
}

fn quoted(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
}

fn replace_alone(text: &str, form: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(at) = rest.find(form) {
        let (head, tail) = rest.split_at(at);
        let after = tail.get(form.len()..).unwrap_or_default();
        let previous = head.chars().next_back().or(before);
        let inside =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '*'));
        masked.push_str(head);
        let alone = !inside(previous) && !inside(after.chars().next());
        masked.push_str(if alone { MASK } else { form });
        before = form.chars().next_back();
        rest = after;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn secret(fields: Value) -> Object {
        let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}});
        for (key, field) in fields.as_object().unwrap() {
            value[key] = field.clone();
        }
        Object::from_json(value).unwrap()
    }

    #[test]
    fn a_masked_secret_shows_keys_only() {
        let object = secret(json!({"data": {"a": "c2VjcmV0"}, "stringData": {"b": 7},
            "metadata": {"name": "x", "annotations": {LAST_APPLIED: "{secret}", "kept": "1"}}}));
        let masked = masked(&object);
        assert_eq!(masked["data"], json!({"a": "***"}));
        assert_eq!(masked["stringData"], json!({"b": "***"}));
        assert_eq!(masked["metadata"]["annotations"], json!({LAST_APPLIED: "***", "kept": "1"}));
        let odd = super::masked(&secret(json!({"data": "c2VjcmV0"})));
        assert_eq!(odd["data"], "***");
    }

    #[test]
    fn other_kinds_are_not_masked() {
        let value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"},
            "data": {"a": "text"}});
        let object = Object::from_json(value.clone()).unwrap();
        assert_eq!(masked(&object), value);
        assert_eq!(mask_text("text", &object), "text");
    }

    #[test]
    fn every_form_of_a_value_leaves_a_text() {
        let object = secret(json!({"data": {"a": "aHVudGVyMg=="},
            "stringData": {"b": "line one\nline \"two\"", "c": 4711, "d": "x", "e": ""}}));
        let cases = [
            ("got hunter2.", "got ***."),
            ("got aHVudGVyMg== there", "got *** there"),
            ("got aHVudGVyMg there", "got *** there"),
            ("got \"line one\\nline \\\"two\\\"\"", "got \"***\""),
            ("got line one\nand more", "got ***\nand more"),
            (
                "expected string, got &value.valueUnstructured{Value:4711}",
                "expected string, got &value.valueUnstructured{Value:***}",
            ),
            ("invalid value \"x\" in xml: exit x", "invalid value \"***\" in xml: exit ***"),
            ("nothing here", "nothing here"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask_text(text, &object), expected);
        }
    }

    proptest! {
        #[test]
        fn no_value_survives_in_a_text(
            value in "[a-zA-Z0-9 :/\"{}=-]{4,20}", before in "[a-z ]{0,10}", after in "[a-z ]{0,10}",
        ) {
            prop_assume!(value.trim().len() >= SHORT);
            let object = secret(json!({"stringData": {"k": value}}));
            let text = format!("{before}{value}{after} {} {value:?}", STANDARD.encode(&value));
            let masked = mask_text(&text, &object);
            prop_assert!(!masked.contains(value.trim()), "{}", masked);
            prop_assert!(!masked.contains(&STANDARD.encode(&value)));
        }
    }
}
