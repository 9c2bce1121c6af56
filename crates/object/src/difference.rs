//! Which fields of two states of one object differ.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What tells the items of a list apart, in the lists of the Kubernetes API. The first one that
/// is there and unique in both lists is taken.
const ITEM_KEYS: [&str; 8] =
    ["name", "containerPort", "port", "mountPath", "devicePath", "ip", "key", "type"];

/// The paths of the fields that differ between a live object and the wanted state (what the API
/// server answered to a dry-run), in order. Flux's drift test: labels, annotations, and anything
/// outside `metadata` and `status`; an absent map of labels and an empty one are the same, so are
/// an absent field and null. No values are shown, so the paths of a Secret are safe to print.
///
/// Both values come from an API server or were checked by [`crate::Object`], which bounds their
/// depth.
pub fn changed_paths(live: &Value, wanted: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for field in ["annotations", "labels"] {
        let [live, wanted] = [live, wanted].map(|value| {
            value
                .get("metadata")
                .and_then(|metadata| metadata.get(field))
                .and_then(Value::as_object)
        });
        let empty = Map::new();
        let path = format!("metadata.{field}");
        compare_maps(&path, live.unwrap_or(&empty), wanted.unwrap_or(&empty), &mut paths);
    }
    match (live.as_object(), wanted.as_object()) {
        (Some(live), Some(wanted)) => {
            let compared = |key: &&String| !matches!(key.as_str(), "metadata" | "status");
            let keys: BTreeSet<&String> =
                live.keys().chain(wanted.keys()).filter(compared).collect();
            for key in keys {
                compare_field(&field_path("", key), live.get(key), wanted.get(key), &mut paths);
            }
        }
        _ if live != wanted => paths.push(".".to_owned()),
        _ => {}
    }
    paths
}

fn compare_field(
    path: &str,
    live: Option<&Value>,
    wanted: Option<&Value>,
    paths: &mut Vec<String>,
) {
    let [live, wanted] = [live, wanted].map(|value| value.filter(|value| !value.is_null()));
    match (live, wanted) {
        (Some(Value::Object(live)), Some(Value::Object(wanted))) => {
            compare_maps(path, live, wanted, paths);
        }
        (Some(Value::Array(live)), Some(Value::Array(wanted))) => {
            compare_lists(path, live, wanted, paths);
        }
        (live, wanted) if live != wanted => paths.push(path.to_owned()),
        _ => {}
    }
}

fn compare_maps(
    path: &str,
    live: &Map<String, Value>,
    wanted: &Map<String, Value>,
    paths: &mut Vec<String>,
) {
    let keys: BTreeSet<&String> = live.keys().chain(wanted.keys()).collect();
    for key in keys {
        compare_field(&field_path(path, key), live.get(key), wanted.get(key), paths);
    }
}

fn compare_lists(path: &str, live: &[Value], wanted: &[Value], paths: &mut Vec<String>) {
    for key in ITEM_KEYS {
        if let (Some(live_names), Some(wanted_names)) = (names(live, key), names(wanted, key)) {
            let before = paths.len();
            let all: BTreeSet<&String> = live_names.iter().chain(&wanted_names).collect();
            for name in all {
                let find = |names: &[String], items: &[Value]| {
                    names.iter().position(|n| n == name).and_then(|at| items.get(at)).cloned()
                };
                let [live, wanted] = [find(&live_names, live), find(&wanted_names, wanted)];
                let path = format!("{path}[{key}={name}]");
                compare_field(&path, live.as_ref(), wanted.as_ref(), paths);
            }
            if paths.len() == before && live_names != wanted_names {
                // The same items in another order, which means something in a list.
                paths.push(path.to_owned());
            }
            return;
        }
    }
    for index in 0..live.len().max(wanted.len()) {
        let path = format!("{path}[{index}]");
        compare_field(&path, live.get(index), wanted.get(index), paths);
    }
    if live.len() != wanted.len() && !paths.iter().any(|known| known.starts_with(path)) {
        // Lists that differ by nulls only.
        paths.push(path.to_owned());
    }
}

/// What names each item of a list: the texts at `key`, if every item has one of its own.
fn names(items: &[Value], key: &str) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = items
        .iter()
        .map(|item| match item.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect();
    let names = names?;
    let unique = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    unique.then_some(names)
}

/// The path of a field: `.key`, or `[key]` where the key holds dots, slashes and the like.
fn field_path(parent: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$'));
    match (plain, parent.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{parent}.{key}"),
        (false, _) => format!("{parent}[{key}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(spec: &Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec,
            "metadata": {"name": "web", "resourceVersion": "1", "labels": {"a": "1"}},
            "status": {"replicas": 1}})
    }

    #[test]
    fn the_paths_of_what_differs_are_given_in_order() {
        let containers = |list: Value| json!({"template": {"spec": {"containers": list}}});
        let cases: Vec<(Value, Value, &[&str])> = vec![
            (json!({"replicas": 1}), json!({"replicas": 1}), &[]),
            (json!({"replicas": 2}), json!({"replicas": 1}), &["spec.replicas"]),
            (json!({}), json!({"replicas": 1}), &["spec.replicas"]),
            (json!({"a": null}), json!({}), &[]),
            (json!({"emptyDir": {}}), json!({}), &["spec.emptyDir"]),
            (
                containers(json!([{"name": "side", "image": "s"}, {"name": "web", "image": "1"}])),
                containers(json!([{"name": "side", "image": "s"}, {"name": "web", "image": "2"}])),
                &["spec.template.spec.containers[name=web].image"],
            ),
            (
                containers(json!([{"name": "web"}])),
                containers(json!([{"name": "web"}, {"name": "new"}])),
                &["spec.template.spec.containers[name=new]"],
            ),
            (
                containers(json!([{"name": "a"}, {"name": "b"}])),
                containers(json!([{"name": "b"}, {"name": "a"}])),
                &["spec.template.spec.containers"],
            ),
            (
                json!({"ports": [{"port": 80, "targetPort": 1}, {"port": 81}]}),
                json!({"ports": [{"port": 80, "targetPort": 2}, {"port": 81}]}),
                &["spec.ports[port=80].targetPort"],
            ),
            (
                json!({"args": ["a", "b"]}),
                json!({"args": ["a", "c", "d"]}),
                &["spec.args[1]", "spec.args[2]"],
            ),
            (json!({"args": ["a", null]}), json!({"args": ["a"]}), &["spec.args"]),
            (json!({"a": [1]}), json!({"a": {"b": 1}}), &["spec.a"]),
        ];
        for (live, wanted, expected) in cases {
            let found = changed_paths(&deployment(&live), &deployment(&wanted));
            assert_eq!(found, expected, "{live} against {wanted}");
        }
    }

    #[test]
    fn of_the_metadata_only_labels_and_annotations_count() {
        let live = json!({"metadata": {"name": "a", "resourceVersion": "1", "generation": 1,
            "labels": {"x": "1"}, "annotations": {"example.com/a": "1"}, "finalizers": ["f"]},
            "status": {"a": 1}, "data": {"k.txt": "1"}});
        let wanted = json!({"metadata": {"name": "a", "resourceVersion": "2",
            "labels": {"x": "2", "y": "1"}}, "data": {"k.txt": "2"}});
        assert_eq!(
            changed_paths(&live, &wanted),
            [
                "metadata.annotations[example.com/a]",
                "metadata.labels.x",
                "metadata.labels.y",
                "data[k.txt]"
            ]
        );
        let bare = json!({"metadata": {"labels": {}}});
        assert!(changed_paths(&bare, &json!({})).is_empty());
        assert_eq!(changed_paths(&json!(1), &json!({})), ["."]);
    }
}
