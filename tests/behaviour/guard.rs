//! The prune guard: a deletion that looks like a mistake is held until somebody approves it.

use serde_json::json;

use crate::prune::{all_stay, count_of_many, many};
use crate::support::{
    Change, Space, behaviour, config_map, eventually, in_namespace, kustomization, remove, write,
};

/// P04, P05: a prune that looks like a mistake is held, all else is applied; the approval of this revision lets it go.
fn held_prune(name: &str, count: usize, changes: &[Change], left: usize) {
    behaviour(name).run(async |space| {
        let app = space.app(&many(count), json!({"path": "./app", "interval": "3s"})).await;
        let good = app.revision();
        let revision = app.commit("mistake", changes);
        let held = (count - left).to_string();
        let object = space.refused("Kustomization", "app", "PruneBlocked", &[&held]).await;
        assert_eq!(object["status"]["lastAppliedRevision"], good);
        all_stay(space, count).await;
        assert_eq!(
            space.inventory("app").await.len(),
            count,
            "what is held stays in the inventory"
        );
        approve(space, &good).await;
        all_stay(space, count).await;
        approve(space, &revision).await;
        space.synced("app", &revision).await;
        assert_eq!(count_of_many(space).await, left);
    });
}

async fn approve(space: &Space, revision: &str) {
    let annotations = json!({"inhaul.dev/allow-prune": revision});
    space.edit("Kustomization", "app", json!({"metadata": {"annotations": annotations}})).await;
}

#[test]
fn p04_an_empty_directory_is_held() {
    let mut changes: Vec<_> = (0..3).map(|n| remove(format!("app/c{n}.yaml"))).collect();
    changes.push(write("app/README.md", "nothing here\n"));
    held_prune("p04-directory", 3, &changes, 0);
}

#[test]
fn p04_an_empty_kustomization_is_held() {
    held_prune("p04-kustomization", 3, &[write("app/kustomization.yaml", kustomization(&[]))], 0);
}

#[test]
fn p04_ignored_files_are_held() {
    held_prune(
        "p04-ignored",
        3,
        &[write(".sourceignore", "app/*.yaml\n"), write("app/README.md", "here\n")],
        0,
    );
}

#[test]
fn p05_more_than_half_is_held() {
    let changes: Vec<_> = (0..11).map(|n| remove(format!("app/c{n}.yaml"))).collect();
    held_prune("p05", 20, &changes, 9);
}

#[test]
fn p05_what_is_new_is_applied_while_a_prune_is_held() {
    behaviour("p05-apply").run(async |space| {
        let app = space.app(&many(12), json!({"path": "./app"})).await;
        let mut changes: Vec<_> = (1..12).map(|n| remove(format!("app/c{n}.yaml"))).collect();
        changes.push(write("app/new.yaml", config_map("new", "1")));
        app.commit("mistake", &changes);
        space.refused("Kustomization", "app", "PruneBlocked", &["11"]).await;
        space.find("ConfigMap", "new").await;
        space.nothing_deleted();
    });
}

#[test]
fn the_guard_can_be_switched_off() {
    behaviour("guard-off").flags(&["--prune-guard=off"]).run(async |space| {
        let app = space.app(&many(12), json!({"path": "./app"})).await;
        let revision = app.commit("empty", &[write("app/kustomization.yaml", kustomization(&[]))]);
        space.synced("app", &revision).await;
        assert_eq!(count_of_many(space).await, 0);
        assert!(space.inventory("app").await.is_empty());
    });
}

fn namespace_manifest(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n")
}

#[test]
fn p05_a_namespace_that_holds_more_than_the_app_is_held() {
    behaviour("p05-namespace").run(async |space| {
        let other = format!("{}-held", space.namespace);
        let files = [
            write("namespace.yaml", namespace_manifest(&other)),
            write("a.yaml", in_namespace(&config_map("a", "1"), &other)),
            write("b.yaml", in_namespace(&config_map("b", "1"), &space.namespace)),
            write("c.yaml", in_namespace(&config_map("c", "1"), &space.namespace)),
        ];
        let app = space.app(&files, json!({"targetNamespace": null, "interval": "3s"})).await;
        let foreign = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign", "namespace": other},
        });
        space.cluster.create(&foreign).await;
        let revision = app.commit("remove", &[remove("namespace.yaml"), remove("a.yaml")]);
        space.refused("Kustomization", "app", "PruneBlocked", &[&other]).await;
        let namespace = space.cluster.get("Namespace", "", &other).await.expect("it is there");
        assert!(namespace["metadata"]["deletionTimestamp"].is_null());
        space.cluster.delete("ConfigMap", &other, "foreign").await;
        approve(space, &revision).await;
        space.synced("app", &revision).await;
    });
}

#[test]
fn an_ordinary_app_with_its_namespace_is_not_held() {
    behaviour("guard-ordinary").run(async |space| {
        let other = format!("{}-app", space.namespace);
        let files = [
            write("namespace.yaml", namespace_manifest(&other)),
            write("a.yaml", in_namespace(&config_map("a", "1"), &other)),
            write("b.yaml", in_namespace(&config_map("b", "1"), &space.namespace)),
            write("c.yaml", in_namespace(&config_map("c", "1"), &space.namespace)),
        ];
        let app = space.app(&files, json!({"targetNamespace": null})).await;
        let revision = app.commit("remove", &[remove("namespace.yaml"), remove("a.yaml")]);
        space.synced("app", &revision).await;
        eventually("the namespace goes", async || {
            let namespace = space.cluster.get("Namespace", "", &other).await;
            let going =
                namespace.is_none_or(|object| !object["metadata"]["deletionTimestamp"].is_null());
            going.then_some(()).ok_or_else(|| "it stays".to_owned())
        })
        .await;
    });
}

/// A Kustomization in the repository counts with all that it brought.
#[test]
fn p05_the_objects_of_a_removed_kustomization_are_counted() {
    behaviour("p05-nested").run(async |space| {
        let inner = space.repository("inner", &many(12));
        space.git_repository("inner", &inner, json!({})).await;
        let nested = format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: inner, namespace: {0}}}
spec:
  interval: 10m
  prune: true
  path: ./app
  targetNamespace: {0}
  sourceRef: {{kind: GitRepository, name: inner}}
",
            space.namespace
        );
        let files = [write("inner.yaml", nested), write("a.yaml", config_map("a", "1"))];
        let app = space.app(&files, json!({"interval": "3s"})).await;
        space.synced("inner", &inner.revision()).await;
        let revision = app.commit("remove the inner one", &[remove("inner.yaml")]);
        space.refused("Kustomization", "app", "PruneBlocked", &["inner"]).await;
        all_stay(space, 12).await;
        approve(space, &revision).await;
        space.synced("app", &revision).await;
        space.gone("Kustomization", "inner").await;
        assert_eq!(count_of_many(space).await, 0);
    });
}

#[test]
fn p05_a_definition_with_instances_is_held() {
    let definition = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gizmos.p05.example.com
spec:
  group: p05.example.com
  names: {kind: Gizmo, plural: gizmos, singular: gizmo, listKind: GizmoList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";
    behaviour("p05-definition").run(async |space| {
        let files = [
            write("crd.yaml", definition),
            write("a.yaml", config_map("a", "1")),
            write("b.yaml", config_map("b", "1")),
        ];
        let app = space.app(&files, json!({"interval": "3s"})).await;
        let gizmo = format!(
            "apiVersion: p05.example.com/v1\nkind: Gizmo\nmetadata: {{name: g, namespace: {}}}\n",
            space.namespace
        );
        space.kubectl(&["apply", "-f", "-"], &gizmo);
        app.commit("remove the definition", &[remove("crd.yaml")]);
        space.refused("Kustomization", "app", "PruneBlocked", &["gizmos.p05.example.com"]).await;
        space.nothing_deleted();
        space.kubectl(&["delete", "-f", "-"], &gizmo);
        space.reconcile("Kustomization", "app").await;
        space.synced("app", &app.revision()).await;
    });
}
