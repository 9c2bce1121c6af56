//! What somebody changed in the cluster is put back.

use serde_json::json;

use crate::support::{behaviour, config_map, deployment, eventually, write};

#[test]
fn drift_is_put_back_at_the_interval() {
    behaviour("drift").run(async |space| {
        let files = [
            write("a.yaml", config_map("a", "one")),
            write("b.yaml", config_map("b", "one")),
            write("web.yaml", deployment("web", "registry.example.com/web:1.0")),
        ];
        space.app(&files, json!({"interval": "3s"})).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.delete("ConfigMap", "b").await;
        space
            .edit(
                "Deployment",
                "web",
                json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": null}}}),
            )
            .await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        space.shows("ConfigMap", "b", "/data/key", "one").await;
        let owner = "/metadata/labels/kustomize.toolkit.fluxcd.io~1name";
        space.shows("Deployment", "web", owner, "app").await;
    });
}

#[test]
fn drift_is_counted() {
    behaviour("drift-metrics").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "3s"})).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        for name in ["inhaul_drift_detected_total", "inhaul_drift_corrected_total"] {
            eventually(&format!("{name} counts"), async || {
                let metrics = space.operator().metrics().await;
                let mine = |line: &&str| line.starts_with(name) && line.contains(&space.namespace);
                let line = metrics.lines().find(mine).ok_or("there is no such metric")?;
                let value: f64 = line
                    .rsplit(' ')
                    .next()
                    .and_then(|value| value.parse().ok())
                    .unwrap_or_default();
                if value >= 1.0 { Ok(()) } else { Err(line.to_owned()) }
            })
            .await;
        }
        let metrics = space.operator().metrics().await;
        let now = |line: &str| {
            line.starts_with("inhaul_drift_objects") && line.contains(&space.namespace)
        };
        let line =
            metrics.lines().find(|line| now(line)).expect("the number of drifted objects is there");
        assert!(line.ends_with(" 0"), "nothing differs now: {line}");
    });
}

#[test]
fn fields_that_others_add_stay_theirs() {
    behaviour("foreign-fields").run(async |space| {
        space.app(&[write("web.yaml", deployment("web", "registry.example.com/web:1.0"))], json!({})).await;
        let foreign = json!({"metadata": {"annotations": {"example.com/seen": "yes"}}, "spec": {"paused": true}});
        let parameters = kube::api::PatchParams { field_manager: Some("autoscaler".into()), ..Default::default() };
        let api = space.cluster.api("Deployment", &space.namespace);
        api.patch("web", &parameters, &kube::api::Patch::Merge(foreign)).await.expect("the test may patch");
        space.reconcile_and_wait("Kustomization", "app").await;
        space.shows("Deployment", "web", "/spec/paused", true).await;
        space.shows("Deployment", "web", "/metadata/annotations/example.com~1seen", "yes").await;
    });
}

#[test]
fn what_a_person_added_with_kubectl_is_taken_over() {
    behaviour("take-over").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        // Under kubectl-edit, one of the managers that are overridden.
        space.edit("ConfigMap", "a", json!({"data": {"extra": "by hand"}})).await;
        space.reconcile_and_wait("Kustomization", "app").await;
        eventually("the addition is removed", async || {
            let data = space.find("ConfigMap", "a").await["data"].clone();
            if data == json!({"key": "one"}) { Ok(()) } else { Err(data.to_string()) }
        })
        .await;
    });
}
