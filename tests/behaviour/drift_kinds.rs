//! The ways in which an object can come to differ, and when each of them is put back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, deployment, eventually, holds_for, write};

fn each(seconds: u32) -> Value {
    json!({"interval": format!("{seconds}s")})
}

/// What the operator has written about objects of a kind so far.
fn writes(space: &Space, resource: &str) -> usize {
    let requests = space.requests();
    requests.iter().filter(|r| r.resource == resource && r.writes()).count()
}

/// Nothing is written about these objects for three intervals of a second.
async fn quiet(space: &Space, resource: &str) {
    let mut before = writes(space, resource);
    // What is under way may end first.
    eventually("nothing is written any more", async || {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let now = writes(space, resource);
        let same = now == std::mem::replace(&mut before, now);
        same.then_some(()).ok_or_else(|| format!("{now} writes"))
    })
    .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(writes(space, resource), before, "writes about {resource}");
}

#[test]
fn a_label_and_a_variable_that_kubectl_adds_go_at_the_interval() {
    behaviour("kubectl-adds").run(async |space| {
        let files = [
            write("a.yaml", config_map("a", "one")),
            write("web.yaml", deployment("web", "registry.example.com/web:1.0")),
        ];
        space.app(&files, each(3)).await;
        let namespace = space.namespace.clone();
        space.kubectl(&["label", "configmap/a", "added=1", "-n", &namespace], "");
        space.kubectl(&["set", "env", "deployment/web", "ADDED=1", "-n", &namespace], "");
        space.shows("ConfigMap", "a", "/metadata/labels/added", Value::Null).await;
        let variables = "/spec/template/spec/containers/0/env";
        space.shows("Deployment", "web", variables, Value::Null).await;
    });
}

#[test]
fn what_an_override_manager_adds_goes_and_what_another_adds_stays() {
    behaviour("override").flags(&["--override-manager=dashboard"]).run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], each(3)).await;
        let add = |manager: &str| {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "namespace": space.namespace},
                "data": {manager: "added"}});
            let manager = format!("--field-manager={manager}");
            space.kubectl(&["apply", "--server-side", &manager, "-f", "-"], &object.to_string());
        };
        add("somebody");
        add("dashboard");
        space.shows("ConfigMap", "a", "/data/dashboard", Value::Null).await;
        space.shows("ConfigMap", "a", "/data/somebody", "added").await;
    });
}

#[test]
fn what_a_second_applier_under_our_name_changes_is_put_back() {
    behaviour("second-applier").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "1h"})).await;
        // The API server keeps times in whole seconds.
        tokio::time::sleep(Duration::from_millis(2100)).await;
        let mut object = space.find("ConfigMap", "a").await;
        object["data"]["key"] = json!("another's");
        object["metadata"] = json!({
            "name": "a", "namespace": space.namespace, "labels": object["metadata"]["labels"]});
        let manager = "--field-manager=kustomize-controller";
        space.kubectl(&["apply", "--server-side", manager, "-f", "-"], &object.to_string());
        space.shows("ConfigMap", "a", "/data/key", "one").await;
    });
}

#[test]
fn an_object_whose_managed_fields_were_reset_is_ours_again() {
    behaviour("reset-fields").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "1h"})).await;
        let reset = r#"[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]"#;
        let namespace = space.namespace.clone();
        space.kubectl(&["patch", "configmap/a", "-n", &namespace, "--type=json", "-p", reset], "");
        eventually("the object has an entry of ours", async || {
            let object = space.find("ConfigMap", "a").await;
            let fields = &object["metadata"]["managedFields"];
            let ours = |entry: &Value| entry["manager"] == "kustomize-controller";
            let found = fields.as_array().is_some_and(|entries| entries.iter().any(ours));
            if found { Ok(()) } else { Err(fields.to_string()) }
        })
        .await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
    });
}

#[test]
fn a_secret_that_is_written_as_string_data_is_in_order_and_stays_so() {
    behaviour("string-data").run(async |space| {
        let secret =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {key: declared}\n";
        space.app(&[write("s.yaml", secret)], each(1)).await;
        quiet(space, "secrets").await;
        space.edit("Secret", "s", json!({"data": {"key": "aGFuZA=="}})).await;
        space.shows("Secret", "s", "/data/key", "ZGVjbGFyZWQ=").await;
        quiet(space, "secrets").await;
    });
}

/// A kind with a list of items; `list` are the words about it in the schema.
fn definition(group: &str, list: Value) -> Value {
    let mut items = json!({"type": "array", "items": {"type": "object", "properties": {
        "name": {"type": "string"}, "value": {"type": "string"}}}});
    for (key, value) in list.as_object().into_iter().flatten() {
        items[key] = value.clone();
    }
    if items["x-kubernetes-list-type"] == "map" {
        items["items"]["required"] = json!(["name"]);
    }
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {"items": items}}}}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("boxes.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Box", "plural": "boxes", "singular": "box"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}})
}

fn define(space: &Space, group: &str, list: Value) {
    let object = definition(group, list).to_string();
    space.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &object);
    let name = format!("crd/boxes.{group}");
    space.kubectl(&["wait", "--for=condition=Established", &name, "--timeout=30s"], "");
}

fn read_box(space: &Space, group: &str) -> Value {
    let kind = format!("boxes.{group}/b");
    let text = space.kubectl(&["get", &kind, "-n", &space.namespace, "-o", "json"], "");
    serde_json::from_str(&text).expect("kubectl prints JSON")
}

fn edit_box(space: &Space, group: &str, value: &str) {
    let kind = format!("boxes.{group}/b");
    let patch = json!({"spec": {"items": [{"name": "one", "value": value}]}}).to_string();
    space.kubectl(&["patch", &kind, "-n", &space.namespace, "--type=merge", "-p", &patch], "");
}

async fn box_shows(space: &Space, group: &str, value: &str) {
    eventually(&format!("the box shows {value}"), async || {
        let found = read_box(space, group)["spec"]["items"][0]["value"].clone();
        if found == value { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
}

fn box_file(group: &str) -> String {
    format!(
        "apiVersion: {group}/v1\nkind: Box\nmetadata: {{name: b}}\n\
         spec: {{items: [{{name: one, value: declared}}, {{name: two, value: declared}}]}}\n"
    )
}

#[test]
fn a_list_without_keys_is_put_back_as_a_whole() {
    behaviour("atomic-list").run(async |space| {
        let group = "atomic.example.com";
        define(space, group, json!({}));
        space.app(&[write("b.yaml", box_file(group))], each(1)).await;
        quiet(space, "boxes").await;
        edit_box(space, group, "by hand");
        box_shows(space, group, "declared").await;
        assert_eq!(read_box(space, group)["spec"]["items"].as_array().map(Vec::len), Some(2));
    });
}

#[test]
fn a_list_that_becomes_a_map_stays_in_order_and_is_put_back() {
    behaviour("list-to-map").run(async |space| {
        let group = "keyed.example.com";
        define(space, group, json!({}));
        space.app(&[write("b.yaml", box_file(group))], each(1)).await;
        let keyed =
            json!({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]});
        define(space, group, keyed);
        quiet(space, "boxes").await;
        edit_box(space, group, "by hand");
        box_shows(space, group, "declared").await;
        quiet(space, "boxes").await;
    });
}

#[test]
fn a_job_that_its_time_to_live_removed_waits_for_the_interval() {
    behaviour("job-ttl").run(async |space| {
        let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  \
                   ttlSecondsAfterFinished: 1\n  suspend: true\n  template:\n    spec:\n      \
                   restartPolicy: Never\n      containers:\n      - {name: main, image: registry.example.com/job}\n";
        space.app(&[write("job.yaml", job)], json!({"interval": "1h"})).await;
        space.delete("Job", "once").await;
        space.gone("Job", "once").await;
        holds_for(Duration::from_secs(3), "the Job is not made again", async || {
            space.get("Job", "once").await.map_or(Ok(()), |job| Err(job["metadata"].to_string()))
        })
        .await;
        space.reconcile_and_wait("Kustomization", "app").await;
        space.find("Job", "once").await;
    });
}

#[test]
fn a_rollout_restart_and_a_field_beside_ours_raise_nothing() {
    behaviour("beside-ours").run(async |space| {
        let files = [write("web.yaml", deployment("web", "registry.example.com/web:1.0"))];
        space.app(&files, json!({"interval": "1h"})).await;
        let before = writes(space, "deployments");
        let namespace = space.namespace.clone();
        space.kubectl(&["rollout", "restart", "deployment/web", "-n", &namespace], "");
        for round in 0..30 {
            let annotations = json!({"autoscaler.example.com/round": round.to_string()});
            let beside = json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "web", "namespace": namespace, "annotations": annotations}});
            let manager = "--field-manager=autoscaler";
            space.kubectl(&["apply", "--server-side", manager, "-f", "-"], &beside.to_string());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(writes(space, "deployments"), before, "nobody took a field of ours");
    });
}
