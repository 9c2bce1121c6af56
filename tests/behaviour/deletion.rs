//! What becomes of the objects when their Kustomization is deleted.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, eventually, within, write};

/// Applies two ConfigMaps, deletes the Kustomization, waits for its end, and says whether they are still there.
async fn objects_outlive(space: &Space, spec: Value) -> bool {
    let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
    space.app(&files, spec).await;
    space.delete("Kustomization", "app").await;
    space.gone("Kustomization", "app").await;
    let (a, b) = (space.get("ConfigMap", "a").await, space.get("ConfigMap", "b").await);
    assert_eq!(a.is_some(), b.is_some(), "both or none");
    a.is_some()
}

#[test]
fn mirror_prune_deletes_where_prune_is_set() {
    behaviour("delete-mirror").run(async |space| {
        assert!(!objects_outlive(space, json!({})).await);
    });
}

#[test]
fn mirror_prune_leaves_where_prune_is_not_set() {
    behaviour("delete-mirror-off").run(async |space| {
        assert!(objects_outlive(space, json!({"prune": false})).await);
    });
}

#[test]
fn delete_deletes_even_without_prune() {
    behaviour("delete-delete").run(async |space| {
        assert!(!objects_outlive(space, json!({"prune": false, "deletionPolicy": "Delete"})).await);
    });
}

#[test]
fn orphan_leaves_the_objects() {
    behaviour("delete-orphan").run(async |space| {
        assert!(objects_outlive(space, json!({"deletionPolicy": "Orphan"})).await);
        space.nothing_deleted();
    });
}

#[test]
fn a_suspended_kustomization_leaves_its_objects() {
    behaviour("delete-suspended").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        space.edit("Kustomization", "app", json!({"spec": {"suspend": true}})).await;
        space.delete("Kustomization", "app").await;
        space.gone("Kustomization", "app").await;
        space.find("ConfigMap", "a").await;
        space.nothing_deleted();
    });
}

async fn hold_with_finalizer(space: &Space, finalizers: Value) {
    space.edit("ConfigMap", "a", json!({"metadata": {"finalizers": finalizers}})).await;
}

#[test]
fn wait_for_termination_waits_for_finalizers() {
    behaviour("delete-wait").run(async |space| {
        let spec = json!({"deletionPolicy": "WaitForTermination", "timeout": "2m"});
        space.app(&[write("a.yaml", config_map("a", "1"))], spec).await;
        hold_with_finalizer(space, json!(["example.com/held"])).await;
        space.delete("Kustomization", "app").await;
        eventually("the object is going", async || {
            let object = space.find("ConfigMap", "a").await;
            let going = !object["metadata"]["deletionTimestamp"].is_null();
            going.then_some(()).ok_or_else(|| object["metadata"].to_string())
        })
        .await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        space.find("Kustomization", "app").await;
        hold_with_finalizer(space, Value::Null).await;
        space.gone("Kustomization", "app").await;
    });
}

#[test]
fn wait_for_termination_gives_up_at_its_timeout() {
    behaviour("delete-wait-timeout").run(async |space| {
        let spec = json!({"deletionPolicy": "WaitForTermination", "timeout": "6s"});
        space.app(&[write("a.yaml", config_map("a", "1"))], spec).await;
        hold_with_finalizer(space, json!(["example.com/held"])).await;
        space.delete("Kustomization", "app").await;
        within(Duration::from_secs(40), "it is not stuck for ever", async || {
            match space.get("Kustomization", "app").await {
                None => Ok(()),
                Some(object) => Err(object["status"].to_string()),
            }
        })
        .await;
        hold_with_finalizer(space, Value::Null).await;
    });
}

#[test]
fn deletion_needs_no_source() {
    behaviour("delete-sourceless").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        space.delete("GitRepository", "app").await;
        space.gone("GitRepository", "app").await;
        space.delete("Kustomization", "app").await;
        space.gone("Kustomization", "app").await;
        space.gone("ConfigMap", "a").await;
    });
}
