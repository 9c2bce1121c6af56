//! Managed fields: which of them are ours, and taking over those of tools that people used before.

use serde_json::{Map, Value, json};

/// The field manager that objects are applied with: Flux's name, so that one can move between the
/// two without an object changing hands.
pub const FIELD_MANAGER: &str = "kustomize-controller";

/// What `kubectl apply` leaves on an object; it goes once the object is ours.
pub const LAST_APPLIED_ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Managers whose fields are always taken over (spec/flux.md 2.6), by the beginning of their
/// name.
const ALWAYS_OVERRIDDEN: [&str; 2] = ["kubectl", "before-first-apply"];

/// Our own entry of an object's managed fields. Whoever takes a field of ours changes it;
/// whoever writes other fields leaves it alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagerEntry {
    /// The version of the API that the fields are named in.
    pub api_version: String,
    /// When it changed last, as the API server wrote it.
    pub time: String,
    /// The fields.
    pub fields: Value,
}

impl Eq for ManagerEntry {}

fn entries(live: &Value) -> &[Value] {
    live["metadata"]["managedFields"].as_array().map_or(&[], Vec::as_slice)
}

fn is_ours(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER
        && entry["operation"] == "Apply"
        && entry["subresource"].as_str().unwrap_or_default().is_empty()
}

/// Our entry in the managed fields of a live object, if there is one.
pub fn own_entry(live: &Value) -> Option<ManagerEntry> {
    let entry = entries(live).iter().find(|entry| is_ours(entry))?;
    Some(ManagerEntry {
        api_version: entry["apiVersion"].as_str()?.to_owned(),
        time: entry["time"].as_str().unwrap_or_default().to_owned(),
        fields: entry["fieldsV1"].clone(),
    })
}

/// Whether the entry belongs to a manager that inhaul takes over from. Fields written through a
/// subresource, such as a status or a scale, are left to whoever wrote them.
fn is_overridden(entry: &Value, override_managers: &[String]) -> bool {
    let manager = entry["manager"].as_str().unwrap_or_default();
    if !entry["subresource"].as_str().unwrap_or_default().is_empty() {
        return false;
    }
    let legacy = manager == FIELD_MANAGER && entry["operation"] == "Update";
    legacy
        || ALWAYS_OVERRIDDEN.iter().any(|name| manager.starts_with(name))
        || override_managers.iter().any(|name| name == manager)
}

/// Whether there is anything to take over from a live object.
pub fn overridden(live: &Value, override_managers: &[String]) -> bool {
    entries(live).iter().any(|entry| is_overridden(entry, override_managers))
        || live["metadata"]["annotations"].get(LAST_APPLIED_ANNOTATION).is_some()
}

/// The JSON patch that gives us the fields of the managers that are taken over; an apply that
/// follows removes those of them that the source does not declare. It fails if the object changes
/// before it arrives.
pub fn taken_over(live: &Value, override_managers: &[String]) -> Value {
    let mut ours = entries(live).iter().find(|entry| is_ours(entry)).cloned();
    let mut kept = Vec::new();
    for entry in entries(live) {
        if is_ours(entry) {
            continue;
        }
        if !is_overridden(entry, override_managers) {
            kept.push(entry.clone());
            continue;
        }
        let target = ours.get_or_insert_with(|| {
            let mut empty = entry.clone();
            empty["manager"] = json!(FIELD_MANAGER);
            empty["operation"] = json!("Apply");
            empty["fieldsV1"] = json!({});
            empty
        });
        merge_fields(&mut target["fieldsV1"], &entry["fieldsV1"]);
    }
    kept.extend(ours);
    let mut patch = vec![
        json!({"op": "test", "path": "/metadata/resourceVersion",
               "value": live["metadata"]["resourceVersion"]}),
        json!({"op": "replace", "path": "/metadata/managedFields", "value": kept}),
    ];
    if live["metadata"]["annotations"].get(LAST_APPLIED_ANNOTATION).is_some() {
        let key = LAST_APPLIED_ANNOTATION.replace('/', "~1");
        patch.push(json!({"op": "remove", "path": format!("/metadata/annotations/{key}")}));
    }
    Value::Array(patch)
}

fn merge_fields(into: &mut Value, from: &Value) {
    let Value::Object(from) = from else { return };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(into) = into else { return };
    for (field, below) in from {
        merge_fields(into.entry(field.clone()).or_insert_with(|| json!({})), below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1",
               "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    #[test]
    fn fields_of_kubectl_become_ours_and_those_of_others_stay_theirs() {
        let mut status = entry("kubectl-patch", "Update", json!({"f:status": {}}));
        status["subresource"] = json!("status");
        let live = json!({"metadata": {
            "resourceVersion": "5",
            "annotations": {LAST_APPLIED_ANNOTATION: "{}"},
            "managedFields": [
                entry(FIELD_MANAGER, "Apply", json!({"f:data": {"f:a": {}}})),
                entry("kubectl-edit", "Update", json!({"f:data": {"f:b": {}}})),
                entry("autoscaler", "Update", json!({"f:data": {"f:c": {}}})),
                status,
            ]}});
        assert!(overridden(&live, &[]));
        let patch = taken_over(&live, &["autoscaler".to_owned()]);
        assert_eq!(patch[0]["value"], "5");
        let managers = patch[1]["value"].as_array().unwrap();
        let names: Vec<_> = managers.iter().map(|m| m["manager"].as_str().unwrap()).collect();
        assert_eq!(names, ["kubectl-patch", FIELD_MANAGER]);
        assert_eq!(
            managers[1]["fieldsV1"],
            json!({"f:data": {"f:a": {}, "f:b": {}, "f:c": {}}})
        );
        assert_eq!(
            patch[2]["path"],
            "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"
        );
    }

    #[test]
    fn an_object_of_ours_alone_has_nothing_to_take_over() {
        let live = json!({"metadata": {"managedFields": [
            entry(FIELD_MANAGER, "Apply", json!({})), entry("someone", "Update", json!({}))]}});
        assert!(!overridden(&live, &[]));
        assert!(overridden(&live, &["someone".to_owned()]));
    }
}
