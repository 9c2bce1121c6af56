//! What a tenant may refer to.

use serde_json::json;

use crate::support::{SHARD_LABEL, behaviour, config_map, write};

/// S13, and the switch that locks tenants in.
#[test]
fn s13_tenants_that_are_locked_in_reach_nothing_in_another_namespace() {
    behaviour("acl").flags(&["--multi-tenant"]).run(async |space| {
        let foreign = format!("{}-foreign", space.namespace);
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": foreign}});
        space.cluster.create(&namespace).await;
        // No operator of this run serves that label.
        let metadata =
            json!({"name": "theirs", "namespace": foreign, "labels": {SHARD_LABEL: foreign}});
        let source = json!({"kind": "GitRepository", "name": "theirs", "namespace": foreign});
        space.cluster.create(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": metadata,
            "spec": {"url": "https://git.example.com/a.git", "interval": "1m"},
        })).await;
        space.cluster.create(&json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata,
            "spec": {"interval": "1m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "theirs"}},
        })).await;
        space.kustomization("source", json!({"sourceRef": source})).await;
        let repository = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &repository, json!({})).await;
        let own = json!({"kind": "GitRepository", "name": "app"});
        let dependency = json!([{"name": "theirs", "namespace": foreign}]);
        space.kustomization("dependency", json!({"sourceRef": own, "dependsOn": dependency})).await;
        for name in ["source", "dependency"] {
            let named = [foreign.as_str(), "theirs", "--no-cross-namespace-refs"];
            space.refused("Kustomization", name, "AccessDenied", &named).await;
        }
        // And nobody has the operator's rights.
        space.kustomization("app", json!({})).await;
        let user = format!("system:serviceaccount:{}:default", space.namespace);
        space.refused("Kustomization", "app", "ReconciliationFailed", &["Forbidden", &user]).await;
        assert!(space.get("ConfigMap", "a").await.is_none());
        let read = space.requests_in(&foreign).into_iter().filter(|request| request.verb == "get");
        let read: Vec<String> = read.map(|request| format!("{request:?}")).collect();
        assert!(read.is_empty(), "read in another namespace: {read:?}");
    });
}
