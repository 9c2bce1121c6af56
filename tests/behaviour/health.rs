//! `wait` and dependencies: what runs is waited for, what fails is named.

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, deployment, eventually, write};

fn running(name: &str) -> String {
    deployment(name, "registry.example.com/web:1.0").replace("replicas: 0", "replicas: 1")
}

/// Plays the kubelet: every pod of the namespace runs and is ready.
async fn run_pods(space: &Space) {
    let pods = eventually("a pod is made", async || {
        let pods = space.cluster.list("Pod", &space.namespace).await;
        if pods.is_empty() { Err("no pod".to_owned()) } else { Ok(pods) }
    })
    .await;
    for pod in pods {
        let name = pod["metadata"]["name"].as_str().expect("it has a name");
        let conditions = json!([{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]);
        space
            .cluster
            .edit_status(
                "Pod",
                &space.namespace,
                name,
                json!({"phase": "Running", "conditions": conditions}),
            )
            .await;
    }
}

#[test]
fn wait_is_ready_only_when_the_workload_is() {
    behaviour("wait").run(async |space| {
        let app = space.repository(
            "app",
            &[write("web.yaml", running("web")), write("a.yaml", config_map("a", "1"))],
        );
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"wait": true, "timeout": "5m"})).await;
        eventually("it waits", async || {
            let object = space.find("Kustomization", "app").await;
            let waits = object["status"].to_string().contains("health check");
            waits.then_some(()).ok_or_else(|| object["status"].to_string())
        })
        .await;
        space.find("Deployment", "web").await;
        run_pods(space).await;
        let object = space.synced("app", &app.revision()).await;
        let healthy =
            |condition: &Value| condition["type"] == "Healthy" && condition["status"] == "True";
        let conditions = object["status"]["conditions"].as_array().expect("there are conditions");
        assert!(conditions.iter().any(healthy), "{conditions:?}");
    });
}

#[test]
fn a_workload_that_never_runs_is_named_at_the_timeout() {
    behaviour("wait-timeout").run(async |space| {
        let app = space.repository("app", &[write("web.yaml", running("web"))]);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"wait": true, "timeout": "5s"})).await;
        let named = format!("Deployment/{}/web", space.namespace);
        let object = space
            .refused("Kustomization", "app", "HealthCheckFailed", &[&named, "InProgress"])
            .await;
        assert!(object["status"]["lastAppliedRevision"].is_null(), "{}", object["status"]);
    });
}

#[test]
fn health_checks_name_what_to_wait_for() {
    behaviour("health-checks").run(async |space| {
        let app = space.repository(
            "app",
            &[write("web.yaml", running("web")), write("other.yaml", running("other"))],
        );
        space.git_repository("app", &app, json!({})).await;
        let check = json!([{"kind": "Deployment", "name": "absent", "namespace": space.namespace}]);
        space.kustomization("app", json!({"healthChecks": check, "timeout": "5s"})).await;
        space.refused("Kustomization", "app", "HealthCheckFailed", &["absent"]).await;
    });
}

#[test]
fn a_dependency_is_waited_for() {
    behaviour("depends-on").run(async |space| {
        let files = [write("base/web.yaml", running("web")), write("app/a.yaml", config_map("a", "1"))];
        let app = space.repository("app", &files);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("base", json!({"path": "./base", "sourceRef": {"name": "app"}, "wait": true, "timeout": "5m"})).await;
        space.kustomization("app", json!({"path": "./app", "dependsOn": [{"name": "base"}]})).await;
        space.refused("Kustomization", "app", "DependencyNotReady", &["base"]).await;
        assert!(space.get("ConfigMap", "a").await.is_none(), "it is not applied before its dependency");
        run_pods(space).await;
        space.synced("base", &app.revision()).await;
        space.synced("app", &app.revision()).await;
    });
}
