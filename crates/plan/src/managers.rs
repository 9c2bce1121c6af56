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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ManagerEntry {
    /// The version of the API that the fields are named in.
    pub api_version: String,
    /// When it changed last, as the API server wrote it.
    pub time: String,
    /// The fields, as compact JSON: most objects in the world are looked at by comparing this.
    pub fields: Box<str>,
}

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
        fields: entry["fieldsV1"].to_string().into(),
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

/// What became of fields that were in our entry and are not any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The fields, as paths.
    pub fields: Vec<String>,
    /// Who owns them now; nobody if they were removed.
    pub managers: Vec<String>,
    /// Whether every one of them was taken through a subresource, such as `scale`.
    pub through_subresource: bool,
}

/// Compares our entry as it was with the managed fields of the live object.
pub fn taken(before: &ManagerEntry, live: &Value) -> Taken {
    let before: Value = serde_json::from_str(&before.fields).unwrap_or_default();
    let ours = entries(live).iter().find(|entry| is_ours(entry));
    let now = ours.map_or(&Value::Null, |entry| &entry["fieldsV1"]);
    let mut lost = Vec::new();
    lost_leaves(&before, now, &mut Vec::new(), &mut lost);
    let mut taken = Taken { through_subresource: !lost.is_empty(), ..Taken::default() };
    for path in &lost {
        let mut through_subresource = false;
        for entry in entries(live).iter().filter(|entry| !is_ours(entry) && holds(entry, path)) {
            through_subresource |= !entry["subresource"].as_str().unwrap_or_default().is_empty();
            let manager = entry["manager"].as_str().unwrap_or_default().to_owned();
            if !taken.managers.contains(&manager) {
                taken.managers.push(manager);
            }
        }
        taken.through_subresource &= through_subresource;
        taken.fields.push(shown(path));
    }
    taken
}

fn lost_leaves(before: &Value, now: &Value, path: &mut Vec<String>, lost: &mut Vec<Vec<String>>) {
    let children = before.as_object().filter(|map| map.keys().any(|key| key != "."));
    let Some(children) = children else {
        if now.is_null() {
            lost.push(path.clone());
        }
        return;
    };
    for (key, below) in children.iter().filter(|(key, _)| *key != ".") {
        path.push(key.clone());
        lost_leaves(below, now.get(key).unwrap_or(&Value::Null), path, lost);
        path.pop();
    }
}

fn holds(entry: &Value, path: &[String]) -> bool {
    let mut fields = &entry["fieldsV1"];
    path.iter().all(|key| {
        fields = &fields[key.as_str()];
        !fields.is_null()
    })
}

/// A path of managed fields as people write it: `f:spec`, `k:{"name":"web"}` become
/// `spec[name=web]`.
fn shown(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        if let Some(field) = step.strip_prefix("f:") {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(field);
        } else if let Some(Value::Object(keys)) =
            step.strip_prefix("k:").and_then(|keys| serde_json::from_str(keys).ok())
        {
            let value = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
            let keys: Vec<String> =
                keys.iter().map(|(key, of)| format!("{key}={}", value(of))).collect();
            text.push_str(&format!("[{}]", keys.join(",")));
        } else {
            // An item of a set is named by its value, which is not for everybody's eyes.
            text.push_str("[]");
        }
    }
    text
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
        assert_eq!(managers[1]["fieldsV1"], json!({"f:data": {"f:a": {}, "f:b": {}, "f:c": {}}}));
        assert_eq!(
            patch[2]["path"],
            "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"
        );
    }

    #[test]
    fn who_took_a_field_is_told_and_whether_through_a_subresource() {
        let declared = json!({"f:spec": {".": {}, "f:replicas": {}, "f:template": {"f:spec": {
            "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}});
        let mut kept = declared.clone();
        kept["f:spec"].as_object_mut().unwrap().remove("f:replicas");
        let mut scale = entry("autoscaler", "Update", json!({"f:spec": {"f:replicas": {}}}));
        scale["subresource"] = json!("scale");
        let before = |fields: &Value| ManagerEntry {
            api_version: "apps/v1".into(),
            time: String::new(),
            fields: fields.to_string().into(),
        };
        let live = json!({"metadata": {"managedFields": [
            entry(FIELD_MANAGER, "Apply", kept.clone()), scale]}});
        let found = taken(&before(&declared), &live);
        assert_eq!(found.fields, ["spec.replicas"]);
        assert_eq!(found.managers, ["autoscaler"]);
        assert!(found.through_subresource);

        let edit = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"web\"}": {"f:image": {}}}}}}});
        let ours = json!({"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {
            "f:containers": {"k:{\"name\":\"web\"}": {".": {}}}}}}});
        let live = json!({"metadata": {"managedFields": [
            entry(FIELD_MANAGER, "Apply", ours), entry("kubectl-edit", "Update", edit)]}});
        let found = taken(&before(&declared), &live);
        assert_eq!(found.fields, ["spec.template.spec.containers[name=web].image"]);
        assert_eq!(found.managers, ["kubectl-edit"]);
        assert!(!found.through_subresource);
    }

    #[test]
    fn an_object_of_ours_alone_has_nothing_to_take_over() {
        let live = json!({"metadata": {"managedFields": [
            entry(FIELD_MANAGER, "Apply", json!({})), entry("someone", "Update", json!({}))]}});
        assert!(!overridden(&live, &[]));
        assert!(overridden(&live, &["someone".to_owned()]));
    }
}
