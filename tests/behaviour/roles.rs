//! `--controllers` and the other flags of Flux's controllers.

use serde_json::json;

use crate::support::{behaviour, config_map, remove, write};

#[test]
fn a_source_of_another_process_is_read_from_its_artifact() {
    behaviour("roles").flags(&["--controllers=source"]).run(async |space| {
        let _applier = space.another_operator("kustomize", &["--controllers=kustomize"]).await;
        let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
        let app = space.app(&files, json!({})).await;
        let revision =
            app.commit("two", &[write("a.yaml", config_map("a", "2")), remove("b.yaml")]);
        space.synced("app", &revision).await;
        space.shows("ConfigMap", "a", "/data/key", "2").await;
        space.gone("ConfigMap", "b").await;
        space.status_is_true("app").await;
    });
}

#[test]
fn fluxs_flags_are_taken_and_unknown_ones_are_named() {
    let flags = [
        "--log-encoding=json",
        "--requeue-dependency=5s",
        "--no-cross-namespace-refs=true",
        "--min-retry-delay=750ms",
        "--max-retry-delay=15m",
        "--concurrent=2",
        "--interval-jitter-percentage=5",
        "--artifact-retention-records=2",
        "--kube-api-qps=500",
        "--watch-all-namespaces=true",
        "--helm-cache-max-size=10",
        "--some-flag-of-tomorrow=1",
    ];
    behaviour("flags").flags(&flags).run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        let log = space.operator().log_text();
        for name in ["--some-flag-of-tomorrow", "--kube-api-qps"] {
            let warned = log.lines().any(|line| line.contains(name));
            assert!(warned, "a warning names {name}:\n{log}");
        }
    });
}

#[test]
fn a_reference_to_another_namespace_can_be_forbidden() {
    behaviour("cross-namespace").flags(&["--no-cross-namespace-refs=true"]).run(async |space| {
        let source = json!({"kind": "GitRepository", "name": "app", "namespace": "default"});
        space.kustomization("app", json!({"sourceRef": source})).await;
        let object = space.refused("Kustomization", "app", "AccessDenied", &["default"]).await;
        let stalled =
            object["status"]["conditions"].as_array().expect("there are conditions").iter();
        assert!(stalled.clone().any(|condition| condition["type"] == "Stalled"), "{stalled:?}");
    });
}
