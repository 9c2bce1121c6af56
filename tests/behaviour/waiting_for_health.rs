//! Health waits: what is waited for is followed, whoever waits can be called away, and holds no worker.

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, deployment, eventually, write};

fn never_runs(name: &str) -> String {
    deployment(name, "registry.example.com/web:1.0").replace("replicas: 0", "replicas: 1")
}

async fn it_waits(space: &Space, name: &str) {
    eventually("it waits", async || {
        let object = space.find("Kustomization", name).await;
        let waits = object["status"].to_string().contains("running health checks");
        waits.then_some(()).ok_or_else(|| object["status"].to_string())
    })
    .await;
}

fn gate(space: &Space, state: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"state": state},
        "metadata": {"name": "gate", "namespace": space.namespace}})
}

fn gate_checks(space: &Space) -> Value {
    json!({
        "timeout": "5m",
        "healthChecks": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "gate", "namespace": space.namespace}],
        "healthCheckExprs": [{"apiVersion": "v1", "kind": "ConfigMap", "inProgress": "data.state == 'busy'",
            "failed": "data.state == 'broken'", "current": "data.state == 'done'"}],
    })
}

#[test]
fn health_expressions_decide_when_an_object_is_healthy() {
    behaviour("health-exprs").run(async |space| {
        let app = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.cluster.create(&gate(space, "busy")).await;
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", gate_checks(space)).await;
        it_waits(space, "app").await;
        space.edit("ConfigMap", "gate", json!({"data": {"state": "done"}})).await;
        space.synced("app", &app.revision()).await;
    });
}

#[test]
fn an_object_that_failed_by_its_expression_ends_the_wait_early() {
    behaviour("health-expr-failed").run(async |space| {
        let app = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.cluster.create(&gate(space, "broken")).await;
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", gate_checks(space)).await;
        let named = format!(
            "failed early due to stalled resources: [ConfigMap/{}/gate status: 'Failed']",
            space.namespace
        );
        space
            .refused(
                "Kustomization",
                "app",
                "HealthCheckFailed",
                &["health check failed after", &named],
            )
            .await;
    });
}

#[test]
fn a_health_expression_that_is_none_stalls() {
    behaviour("health-expr-bad").run(async |space| {
        let app = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &app, json!({})).await;
        let wrong = json!([{"apiVersion": "v1", "kind": "ConfigMap", "current": "data.("}]);
        space.kustomization("app", json!({"wait": true, "healthCheckExprs": wrong})).await;
        let prefix = "Reconciliation failed terminally due to configuration error";
        let place = "spec.healthCheckExprs[0]";
        space.refused("Kustomization", "app", "InvalidCELExpression", &[prefix, place]).await;
        assert!(space.get("ConfigMap", "a").await.is_none(), "nothing is applied");
    });
}

#[test]
fn a_new_revision_calls_a_wait_off() {
    behaviour("called-off").run(async |space| {
        let app = space.repository("app", &[write("web.yaml", never_runs("web"))]);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"wait": true, "timeout": "30m"})).await;
        it_waits(space, "app").await;
        let fixed = deployment("web", "registry.example.com/web:1.1");
        app.commit("fix", &[write("web.yaml", fixed)]);
        space.synced("app", &app.revision()).await;
    });
}

#[test]
fn what_is_left_alone_is_not_waited_for() {
    behaviour("wait-skipped").run(async |space| {
        let ignored = never_runs("ignored").replacen(
            "metadata:\n",
            "metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/ssa: Ignore\n",
            1,
        );
        // Somebody else made it, and it never becomes healthy.
        space.kubectl(&["apply", "--namespace", &space.namespace, "-f", "-"], &ignored);
        let files = [write("web.yaml", ignored), write("a.yaml", config_map("a", "1"))];
        let app = space.repository("app", &files);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"wait": true, "timeout": "30m"})).await;
        space.synced("app", &app.revision()).await;
    });
}

#[test]
fn a_job_that_is_deleted_after_it_is_done_counts_as_done() {
    behaviour("wait-job-ttl").run(async |space| {
        let job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: once\nspec:\n  ttlSecondsAfterFinished: 1\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: main\n        image: registry.example.com/once:1\n";
        let app = space.repository("app", &[write("job.yaml", job)]);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"wait": true, "timeout": "30m"})).await;
        it_waits(space, "app").await;
        space.cluster.delete("Job", &space.namespace, "once").await;
        eventually("it is ready without the job", async || {
            let object = space.find("Kustomization", "app").await;
            let done = object["status"]["lastAppliedRevision"] == app.revision();
            done.then_some(()).ok_or_else(|| object["status"].to_string())
        })
        .await;
        // The job is back at the interval; it does not pretend to be there until then.
        space.edit("Kustomization", "app", json!({"spec": {"suspend": true}})).await;
        space.cluster.delete("Kustomization", &space.namespace, "app").await;
    });
}

#[test]
fn waits_hold_no_worker() {
    behaviour("no-worker").flags(&["--concurrent=1"]).run(async |space| {
        let files = [write("slow/web.yaml", never_runs("web")), write("quick/a.yaml", config_map("a", "1"))];
        let app = space.repository("app", &files);
        space.git_repository("app", &app, json!({})).await;
        let slow = |n: u32| json!({"path": "./slow", "nameSuffix": format!("-{n}"), "sourceRef": {"name": "app"}, "wait": true, "timeout": "30m"});
        for n in 0..3 {
            space.kustomization(&format!("slow-{n}"), slow(n)).await;
            it_waits(space, &format!("slow-{n}")).await;
        }
        space.kustomization("quick", json!({"path": "./quick", "sourceRef": {"name": "app"}})).await;
        space.synced("quick", &app.revision()).await;
    });
}
