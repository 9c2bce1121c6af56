//! The live index: drift is an edge and waits for no interval, and an app in order costs nothing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, deployment, eventually, write};

/// Long enough that nothing in these tests waits for it.
fn long_interval() -> Value {
    json!({"interval": "1h"})
}

async fn drifted(space: &Space, reason: &str, parts: &[&str]) {
    eventually(&format!("Drifted with reason {reason}"), async || {
        let app = space.find("Kustomization", "app").await;
        let conditions = app["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let drifted = conditions.iter().find(|c| c["type"] == "Drifted");
        let drifted = drifted.cloned().unwrap_or_default();
        let message = drifted["message"].as_str().unwrap_or_default();
        let told = drifted["reason"] == reason && parts.iter().all(|part| message.contains(part));
        if told { Ok(()) } else { Err(app["status"]["conditions"].to_string()) }
    })
    .await;
}

#[test]
fn a_changed_field_a_deleted_object_and_a_lost_label_are_put_back_at_once() {
    behaviour("live-drift").run(async |space| {
        let files = [
            write("a.yaml", config_map("a", "one")),
            write("b.yaml", config_map("b", "one")),
            write("web.yaml", deployment("web", "registry.example.com/web:1.0")),
        ];
        space.app(&files, long_interval()).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        space.delete("ConfigMap", "b").await;
        space.shows("ConfigMap", "b", "/data/key", "one").await;
        let label = "kustomize.toolkit.fluxcd.io/name";
        let lost = json!({"metadata": {"labels": {label: null}}});
        space.edit("Deployment", "web", lost).await;
        let pointer = "/metadata/labels/kustomize.toolkit.fluxcd.io~1name";
        space.shows("Deployment", "web", pointer, "app").await;
    });
}

#[test]
fn an_event_names_the_field_and_who_changed_it_but_no_value_of_a_secret() {
    behaviour("live-event").own_operator().run(async |space| {
        let secret =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {key: declared}\n";
        space.app(&[write("s.yaml", secret)], long_interval()).await;
        space.edit("Secret", "s", json!({"stringData": {"key": "canary-5e1f"}})).await;
        let told = "Secret/";
        eventually("an event tells of the drift", async || {
            let events = space.operator().events.events_in(&space.namespace);
            let text = |event: &Value| event["message"].as_str().unwrap_or_default().to_owned();
            let messages: Vec<String> = events.iter().map(text).collect();
            let tells = |m: &&String| {
                m.contains(told) && m.contains("drift in data.key") && m.contains("kubectl-edit")
            };
            if messages.iter().any(|m| tells(&m)) { Ok(()) } else { Err(messages.join("\n")) }
        })
        .await;
        assert!(!space.operator().log_text().contains("canary-5e1f"));
        let events = space.operator().events.events_in(&space.namespace);
        assert!(!Value::from(events).to_string().contains("canary-5e1f"));
    });
}

#[test]
fn replicas_scaled_by_somebody_are_left_to_the_interval() {
    behaviour("live-scale").run(async |space| {
        let files = [
            write("web.yaml", deployment("web", "registry.example.com/web:1.0")),
            write("a.yaml", config_map("a", "one")),
        ];
        space.app(&files, long_interval()).await;
        let declared = space.find("Deployment", "web").await["spec"]["replicas"].clone();
        let namespace = space.namespace.clone();
        space.kubectl(&["scale", "deployment/web", "--replicas=7", "-n", &namespace], "");
        // A field of another object is put back meanwhile, and that does not touch the scale.
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        space.shows("Deployment", "web", "/spec/replicas", 7).await;
        space.reconcile_and_wait("Kustomization", "app").await;
        space.shows("Deployment", "web", "/spec/replicas", declared).await;
    });
}

#[test]
fn drift_that_is_only_reported_stays_and_is_told() {
    behaviour("live-report").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], long_interval()).await;
        let report = json!({"metadata": {"annotations": {"inhaul.dev/drift": "report"}}});
        space.edit("Kustomization", "app", report).await;
        // The annotation reaches the operator by one watch, the drift by another.
        tokio::time::sleep(Duration::from_secs(2)).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        drifted(space, "DriftDetected", &["ConfigMap/", "data.key", "kubectl-edit"]).await;
        space.shows("ConfigMap", "a", "/data/key", "by hand").await;
        space.ready("Kustomization", "app").await;
        let no_more = json!({"metadata": {"annotations": {"inhaul.dev/drift": null}}});
        space.edit("Kustomization", "app", no_more).await;
        space.reconcile_and_wait("Kustomization", "app").await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
    });
}

#[test]
fn a_fight_slows_down_and_names_the_opponent() {
    behaviour("live-fight").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], long_interval()).await;
        for round in 0..3 {
            let value = format!("by hand {round}");
            space.edit("ConfigMap", "a", json!({"data": {"key": value}})).await;
            space.shows("ConfigMap", "a", "/data/key", "one").await;
        }
        drifted(space, "DriftFight", &["ConfigMap/", "kubectl-edit", "data.key"]).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "once more"}})).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        space.shows("ConfigMap", "a", "/data/key", "once more").await;
    });
}

#[test]
fn drift_made_while_the_operator_was_down_is_found_when_it_starts() {
    behaviour("live-baseline").own_operator().run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], long_interval()).await;
        space.own_operator().kill();
        space.edit("ConfigMap", "a", json!({"data": {"key": "by night"}})).await;
        space.own_operator().start_again().await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
    });
}

#[test]
fn an_app_in_order_is_not_even_tried_at_its_interval() {
    behaviour("live-idle").run(async |space| {
        let files =
            [write("a.yaml", config_map("a", "one")), write("b.yaml", config_map("b", "one"))];
        space.app(&files, json!({"interval": "2s"})).await;
        // The first run after the first apply may still look twice at what it made.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let about_objects = || {
            let requests = space.requests();
            requests.iter().filter(|request| request.resource == "configmaps").count()
        };
        let before = about_objects();
        tokio::time::sleep(Duration::from_secs(7)).await;
        assert_eq!(about_objects(), before, "three intervals cost no request about an object");
    });
}

#[test]
fn a_commit_that_changes_nothing_of_an_app_costs_it_one_status_patch() {
    behaviour("live-untouched").run(async |space| {
        let files = [
            write("app/a.yaml", config_map("a", "one")),
            write("other/b.yaml", config_map("b", "one")),
        ];
        let mut spec = long_interval();
        spec["path"] = json!("./app");
        let app = space.app(&files, spec).await;
        // The first run after the first apply may still look twice at what it made.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let count = |resource: &str| {
            let requests = space.requests();
            let changing = |verb: &str| matches!(verb, "patch" | "update" | "create" | "delete");
            let asked = requests.iter().filter(|r| r.resource == resource && changing(&r.verb));
            asked.count()
        };
        let (objects, patches) = (count("configmaps"), count("kustomizations"));
        let revision = app.commit("other", &[write("other/b.yaml", config_map("b", "two"))]);
        space.synced("app", &revision).await;
        // The audit log is written a little after the answer.
        eventually("the status patch is in the audit log", async || {
            let seen = count("kustomizations");
            if seen > patches { Ok(()) } else { Err(seen.to_string()) }
        })
        .await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(count("configmaps"), objects, "no object was even tried");
        assert_eq!(count("kustomizations"), patches + 1, "one status patch");
        // What the app reads is noticed all the same, a new file too.
        let revision = app.commit("mine", &[write("app/c.yaml", config_map("c", "one"))]);
        space.synced("app", &revision).await;
        space.shows("ConfigMap", "c", "/data/key", "one").await;
    });
}
