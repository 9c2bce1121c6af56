//! dependsOn: who waits is woken by what it waits for, and by nothing else. The operators here would look again by
//! themselves only after ten minutes.

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, eventually, write};

const NO_TIMERS: [&str; 1] = ["--requeue-dependency=10m"];

/// One repository with a directory for each name, each with a ConfigMap of that name.
async fn apps(space: &Space, names: &[&str]) -> String {
    let files: Vec<_> =
        names.iter().map(|name| write(format!("{name}/a.yaml"), config_map(name, "1"))).collect();
    let repository = space.repository("apps", &files);
    space.git_repository("apps", &repository, json!({})).await;
    repository.revision()
}

async fn app(space: &Space, name: &str, depends_on: Value) {
    let spec = json!({"path": format!("./{name}"), "sourceRef": {"name": "apps"},
        "dependsOn": depends_on, "retryInterval": "10m"});
    space.kustomization(name, spec).await;
}

#[test]
fn a_dependency_that_becomes_ready_wakes_its_dependents() {
    behaviour("wakes-dependents").flags(&NO_TIMERS).run(async |space| {
        let revision = apps(space, &["a", "b", "c"]).await;
        app(space, "c", json!([{"name": "b"}])).await;
        space.refused("Kustomization", "c", "DependencyNotReady", &["/b' not found"]).await;
        app(space, "b", json!([{"name": "a"}])).await;
        space.refused("Kustomization", "b", "DependencyNotReady", &["/a' not found"]).await;
        app(space, "a", json!([])).await;
        for name in ["a", "b", "c"] {
            space.synced(name, &revision).await;
        }
    });
}

#[test]
fn a_ready_expression_decides_instead_of_the_built_in_check() {
    behaviour("ready-expr").flags(&NO_TIMERS).run(async |space| {
        let revision = apps(space, &["dep", "app"]).await;
        app(space, "dep", json!([])).await;
        space.synced("dep", &revision).await;
        let expression = "dep.metadata.labels['stage'] == 'done' && self.metadata.name == 'app'";
        app(space, "app", json!([{"name": "dep", "readyExpr": expression}])).await;
        space.refused("Kustomization", "app", "DependencyNotReady", &["readyExpr"]).await;
        space
            .edit("Kustomization", "dep", json!({"metadata": {"labels": {"stage": "early"}}}))
            .await;
        space
            .refused("Kustomization", "app", "DependencyNotReady", &["according to readyExpr"])
            .await;
        space
            .edit("Kustomization", "dep", json!({"metadata": {"labels": {"stage": "done"}}}))
            .await;
        space.synced("app", &revision).await;
    });
}

#[test]
fn an_expression_that_is_none_stalls_until_it_is_mended() {
    behaviour("bad-expr").run(async |space| {
        let revision = apps(space, &["dep", "app"]).await;
        app(space, "dep", json!([])).await;
        space.synced("dep", &revision).await;
        app(space, "app", json!([{"name": "dep", "readyExpr": "dep.status."}])).await;
        let prefix = "Reconciliation failed terminally due to configuration error";
        let wrong = ["InvalidCELExpression", prefix, "dep.status."];
        let object = space.refused("Kustomization", "app", wrong[0], &wrong[1..]).await;
        assert!(object["status"].to_string().contains("\"Stalled\""), "{}", object["status"]);
        let mended = json!([{"name": "dep", "readyExpr": "has(dep.status)"}]);
        space.edit("Kustomization", "app", json!({"spec": {"dependsOn": mended}})).await;
        space.synced("app", &revision).await;
    });
}

#[test]
fn a_cycle_is_reported_and_ends_when_it_is_cut() {
    behaviour("cycle").flags(&NO_TIMERS).run(async |space| {
        let revision = apps(space, &["a", "b", "c", "self"]).await;
        app(space, "self", json!([{"name": "self"}])).await;
        space.refused("Kustomization", "self", "DependencyNotReady", &["depends on itself"]).await;
        app(space, "a", json!([{"name": "b"}])).await;
        app(space, "b", json!([{"name": "c"}])).await;
        app(space, "c", json!([{"name": "a"}])).await;
        space
            .refused("Kustomization", "c", "DependencyNotReady", &["cycle", "/a -> ", "/b -> "])
            .await;
        space.edit("Kustomization", "c", json!({"spec": {"dependsOn": []}})).await;
        for name in ["c", "b", "a"] {
            space.synced(name, &revision).await;
        }
    });
}

#[test]
fn an_object_of_any_kind_can_be_depended_on_and_wakes_who_waits() {
    behaviour("any-kind").flags(&NO_TIMERS).run(async |space| {
        let revision = apps(space, &["app"]).await;
        let gate = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "gate",
            "readyExpr": "dep.data.open == 'yes'"}]);
        app(space, "app", gate).await;
        space
            .refused(
                "Kustomization",
                "app",
                "DependencyNotReady",
                &["ConfigMap/", "/gate' not found"],
            )
            .await;
        let gate = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"open": "no"},
            "metadata": {"name": "gate", "namespace": space.namespace}});
        space.cluster.create(&gate).await;
        space
            .refused("Kustomization", "app", "DependencyNotReady", &["according to readyExpr"])
            .await;
        space.edit("ConfigMap", "gate", json!({"data": {"open": "yes"}})).await;
        space.synced("app", &revision).await;
    });
}

#[test]
fn a_dependency_in_another_namespace_is_refused_where_references_must_not_cross() {
    behaviour("no-cross").flags(&["--no-cross-namespace-refs"]).run(async |space| {
        apps(space, &["app"]).await;
        app(space, "app", json!([{"name": "x", "namespace": "kube-system"}])).await;
        space.refused("Kustomization", "app", "AccessDenied", &["kube-system/x"]).await;
        eventually("nothing is applied", async || {
            let applied = space.get("ConfigMap", "app").await;
            applied.map_or(Ok(()), |_| Err("it is applied".to_owned()))
        })
        .await;
    });
}
