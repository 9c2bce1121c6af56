//! A commit becomes cluster state.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    behaviour, config_map, deployment, eventually, holds_for, kustomization, remove, write,
};

#[test]
fn a_commit_becomes_cluster_state() {
    behaviour("sync").run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "two"))]);
        space.synced("app", &revision).await;
        space.shows("ConfigMap", "a", "/data/key", "two").await;
        let revision =
            app.commit("b for a", &[write("b.yaml", config_map("b", "b")), remove("a.yaml")]);
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "a").await;
        assert_eq!(space.inventory("app").await, [format!("{}_b__ConfigMap", space.namespace)]);
    });
}

#[test]
fn the_status_says_what_flux_says() {
    behaviour("flux-status").run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        let revision = app.revision();
        let source = space.find("GitRepository", "app").await;
        let ready = &source["status"]["conditions"][0];
        assert_eq!(
            ready["message"],
            format!("stored artifact for revision '{revision}'"),
            "{source}"
        );
        assert_eq!(source["status"]["artifact"]["revision"], revision);
        let object = space.find("Kustomization", "app").await;
        let conditions = object["status"]["conditions"].as_array().expect("there are conditions");
        let ready =
            conditions.iter().find(|condition| condition["type"] == "Ready").expect("one is Ready");
        assert_eq!(ready["message"], format!("Applied revision: {revision}"));
        assert_eq!(ready["reason"], "ReconciliationSucceeded");
        assert_eq!(ready["observedGeneration"], object["metadata"]["generation"]);
        assert_eq!(object["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
        assert_eq!(object["status"]["inventory"]["entries"][0]["v"], "v1");
        let map = space.find("ConfigMap", "a").await;
        assert_eq!(map["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"], "app");
        let managers =
            map["metadata"]["managedFields"].as_array().expect("the API server tells managers");
        assert_eq!(managers[0]["manager"], "kustomize-controller");
        assert_eq!(managers[0]["operation"], "Apply");
    });
}

#[test]
fn overlays_components_and_generators_are_rendered() {
    let base = "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [web.yaml]
configMapGenerator:
- name: settings
  literals: [colour=blue]
";
    let overlay = "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namePrefix: prod-
resources: [../base]
images:
- name: registry.example.com/web
  newTag: '2.0'
replicas:
- name: web
  count: 0
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      template:
        spec:
          containers:
          - name: main
            envFrom: [{configMapRef: {name: settings}}]
";
    behaviour("overlays").run(async |space| {
        let files = [
            write("base/kustomization.yaml", base),
            write("base/web.yaml", deployment("web", "registry.example.com/web:1.0")),
            write("prod/kustomization.yaml", overlay),
        ];
        let app = space.app(&files, json!({"path": "./prod", "wait": true})).await;
        let container = "/spec/template/spec/containers/0";
        let image = format!("{container}/image");
        let web =
            space.shows("Deployment", "prod-web", &image, "registry.example.com/web:2.0").await;
        let reference = web.pointer(&format!("{container}/envFrom/0/configMapRef/name")).cloned();
        let name =
            reference.as_ref().and_then(|name| name.as_str()).expect("the reference is there");
        assert!(name.starts_with("prod-settings-"), "{name} has the prefix and a hash");
        space.shows("ConfigMap", name, "/data/colour", "blue").await;
        let changed = base.replace("blue", "green");
        let revision = app.commit("green", &[write("base/kustomization.yaml", changed)]);
        space.synced("app", &revision).await;
        space.gone("ConfigMap", name).await;
    });
}

#[test]
fn a_plain_directory_is_applied_with_its_subdirectories() {
    behaviour("plain-directory").run(async |space| {
        let files = [
            write("app/a.yaml", config_map("a", "1")),
            write("app/deep/er/b.yml", config_map("b", "1")),
            write("app/own/kustomization.yaml", kustomization(&["c.yaml"])),
            write("app/own/c.yaml", config_map("c", "1")),
            write("app/own/unlisted.yaml", config_map("unlisted", "1")),
            write("outside.yaml", config_map("outside", "1")),
        ];
        space.app(&files, json!({"path": "./app"})).await;
        for name in ["a", "b", "c"] {
            space.find("ConfigMap", name).await;
        }
        for name in ["unlisted", "outside"] {
            assert!(space.get("ConfigMap", name).await.is_none(), "{name} must not be applied");
        }
    });
}

#[test]
fn target_namespace_and_prefix_move_everything() {
    behaviour("target-namespace").run(async |space| {
        let manifest =
            config_map("a", "1").replace("  name: a\n", "  name: a\n  namespace: elsewhere\n");
        space
            .app(&[write("a.yaml", manifest)], json!({"namePrefix": "my-", "nameSuffix": "-x"}))
            .await;
        space.find("ConfigMap", "my-a-x").await;
    });
}

#[test]
fn the_newest_revision_wins_over_a_wait() {
    behaviour("newest-wins").run(async |space| {
        let stuck =
            deployment("web", "registry.example.com/web:1.0").replace("replicas: 0", "replicas: 1");
        let app = space.repository("app", &[write("web.yaml", &stuck)]);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"wait": true, "timeout": "10m"})).await;
        eventually("the health check runs", async || {
            let object = space.find("Kustomization", "app").await;
            let waits = object["status"].to_string().contains("health check");
            waits.then_some(()).ok_or_else(|| object["status"].to_string())
        })
        .await;
        let revision = app
            .commit("fix", &[write("web.yaml", deployment("web", "registry.example.com/web:1.1"))]);
        space.synced("app", &revision).await;
    });
}

#[test]
fn nothing_happens_while_suspended() {
    behaviour("suspend").run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        space.edit("Kustomization", "app", json!({"spec": {"suspend": true}})).await;
        app.commit("two", &[write("a.yaml", config_map("a", "two"))]);
        space.reconcile("Kustomization", "app").await;
        holds_for(Duration::from_secs(6), "a suspended app stays as it is", async || {
            let value = space.find("ConfigMap", "a").await["data"]["key"].clone();
            if value == "one" { Ok(()) } else { Err(value.to_string()) }
        })
        .await;
        space.edit("Kustomization", "app", json!({"spec": {"suspend": false}})).await;
        space.synced("app", &app.revision()).await;
        space.shows("ConfigMap", "a", "/data/key", "two").await;
    });
}

#[test]
fn a_request_is_handled_at_once_and_recorded() {
    behaviour("requested-at").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.reconcile_and_wait("Kustomization", "app").await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        space.reconcile_and_wait("GitRepository", "app").await;
    });
}

#[test]
fn a_quiet_app_is_not_written_to() {
    behaviour("quiet").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "3s"})).await;
        // Whatever the first run still had to say: events are written after the status.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let seen = space.requests().len();
        tokio::time::sleep(Duration::from_secs(8)).await;
        let later = space.requests();
        let writes: Vec<_> = later[seen..].iter().filter(|request| request.writes()).collect();
        let foreign =
            writes.iter().filter(|request| !request.resource.starts_with("kustomizations"));
        assert_eq!(foreign.count(), 0, "an app in order is not applied: {writes:?}");
        assert!(writes.len() <= 4, "at most one status patch at an interval: {writes:?}");
    });
}
