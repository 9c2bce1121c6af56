//! What left the repository leaves the cluster; nothing else does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Change, Fault, Repository, Space, behaviour, config_map, eventually, holds_for, in_namespace,
    remove, write,
};

/// `count` ConfigMaps named c0, c1, …, in one file each below app/.
pub(crate) fn many(count: usize) -> Vec<Change> {
    (0..count).map(|n| write(format!("app/c{n}.yaml"), config_map(&format!("c{n}"), "1"))).collect()
}

pub(crate) async fn count_of_many(space: &Space) -> usize {
    let maps = space.cluster.list("ConfigMap", &space.namespace).await;
    let name = |map: &Value| map["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    maps.iter().filter(|map| name(map).starts_with('c')).count()
}

/// Through a time with several intervals nothing is deleted, and nothing is missing.
pub(crate) async fn all_stay(space: &Space, count: usize) {
    holds_for(Duration::from_secs(12), "every object stays", async || {
        let found = count_of_many(space).await;
        if found == count { Ok(()) } else { Err(format!("{found} of {count} are there")) }
    })
    .await;
    space.nothing_deleted();
}

/// P01: whatever happens to the source, the last good objects stay, and the next good revision is taken.
fn source_lost(
    name: &str,
    lose: impl AsyncFnOnce(&Space, &Repository),
    recover: impl AsyncFnOnce(&Space, &Repository),
) {
    behaviour(name).run(async |space| {
        let app = space.app(&many(30), json!({"path": "./app", "interval": "3s"})).await;
        lose(space, &app).await;
        all_stay(space, 30).await;
        recover(space, &app).await;
        let revision = app.commit("again", &[write("app/more.yaml", config_map("more", "1"))]);
        space.synced("app", &revision).await;
        assert_eq!(count_of_many(space).await, 30);
        space.nothing_deleted();
    });
}

async fn fetch_fails(space: &Space, reason: &str) {
    space.refused("GitRepository", "app", reason, &[]).await;
}

#[test]
fn p01_a_failing_git_server_deletes_nothing() {
    source_lost(
        "p01-server",
        async |space, app| {
            app.fail("status", json!({"status": 500})).await;
            fetch_fails(space, "GitOperationFailed").await;
        },
        async |_, app| app.recover().await,
    );
}

#[test]
fn p01_refused_credentials_delete_nothing() {
    source_lost(
        "p01-refused",
        async |space, app| {
            app.fail("basic", json!({"user": "u", "password": "p"})).await;
            fetch_fails(space, "AuthenticationFailed").await;
        },
        async |_, app| app.recover().await,
    );
}

#[test]
fn p01_an_unknown_host_deletes_nothing() {
    source_lost(
        "p01-host",
        async |space, _| {
            space
                .edit(
                    "GitRepository",
                    "app",
                    json!({"spec": {"url": "http://nowhere.invalid/app.git"}}),
                )
                .await;
            fetch_fails(space, "GitOperationFailed").await;
        },
        async |space, app| {
            space.edit("GitRepository", "app", json!({"spec": {"url": app.url}})).await;
        },
    );
}

#[test]
fn p01_a_deleted_branch_deletes_nothing() {
    source_lost(
        "p01-branch",
        async |space, app| {
            app.git_in_bare(&["branch", "other", "main"]);
            app.git_in_bare(&["update-ref", "-d", "refs/heads/main"]);
            fetch_fails(space, "GitOperationFailed").await;
        },
        async |_, _| {},
    );
}

#[test]
fn p01_an_emptied_repository_deletes_nothing() {
    source_lost(
        "p01-empty",
        async |space, app| {
            app.git_in_bare(&["update-ref", "-d", "refs/heads/main"]);
            fetch_fails(space, "EmptyGitRepository").await;
        },
        async |_, _| {},
    );
}

#[test]
fn p01_a_deleted_source_object_deletes_nothing() {
    source_lost(
        "p01-object",
        async |space, _| {
            space.delete("GitRepository", "app").await;
            space.refused("Kustomization", "app", "ArtifactFailed", &["app"]).await;
        },
        async |space, app| {
            space.git_repository("app", app, json!({})).await;
        },
    );
}

/// A commit that cannot be rendered: the reason and the offender are named, nothing is applied and nothing deleted.
fn broken_commit(name: &str, changes: &[Change], reason: &str, fragments: &[&str]) {
    behaviour(name).run(async |space| {
        let app = space.app(&many(12), json!({"path": "./app", "interval": "3s"})).await;
        let good = app.revision();
        app.commit("break", changes);
        let object = space.refused("Kustomization", "app", reason, fragments).await;
        assert_eq!(object["status"]["lastAppliedRevision"], good);
        all_stay(space, 12).await;
        assert!(
            space.get("ConfigMap", "new").await.is_none(),
            "nothing of a broken commit is applied"
        );
        app.git(&["revert", "--no-edit", "HEAD"]);
        let revision = app.push(&["HEAD"]);
        space.synced("app", &revision).await;
    });
}

#[test]
fn p02_a_file_that_is_no_yaml_changes_nothing() {
    let changes = [
        write("app/new.yaml", config_map("new", "1")),
        write("app/c3.yaml", "kind: [ConfigMap\nmetadata"),
    ];
    broken_commit("p02-yaml", &changes, "BuildFailed", &["c3.yaml"]);
}

#[test]
fn p02_a_patch_without_a_target_changes_nothing() {
    let file = "resources: [c0.yaml, new.yaml]\npatches:\n- target: {kind: ConfigMap, name: absent}\n  patch: |-\n    - {op: remove, path: /data/key}\n- patch: |-\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: missing}, data: {a: b}}\n";
    let changes =
        [write("app/new.yaml", config_map("new", "1")), write("app/kustomization.yaml", file)];
    broken_commit("p02-patch", &changes, "BuildFailed", &["missing"]);
}

#[test]
fn p03_a_removed_path_deletes_nothing() {
    let changes = [remove("app"), write("other/new.yaml", config_map("new", "1"))];
    broken_commit("p03", &changes, "ArtifactFailed", &["kustomization path not found", "app"]);
}

/// Admission that refuses to delete the ConfigMaps c0, c1 and c2 of one namespace.
fn no_deletion_policy(namespace: &str) -> [Value; 2] {
    let name = format!("keep-{namespace}");
    let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}});
    let rule = json!({
        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"],
    });
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"namespaceSelector": selector, "resourceRules": [rule]},
            "validations": [{"expression": "!(request.name in ['c0', 'c1', 'c2'])", "message": "kept by the test"}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]},
    });
    [policy, binding]
}

#[test]
fn p07_a_denied_deletion_is_kept_in_the_inventory_and_retried() {
    behaviour("p07").run(async |space| {
        let app = space.app(&many(12), json!({"path": "./app", "interval": "3s"})).await;
        for object in no_deletion_policy(&space.namespace) {
            space.cluster.create(&object).await;
        }
        let probe = kube::api::DeleteParams { dry_run: true, ..Default::default() };
        eventually("the policy is in force", async || {
            let answer =
                space.cluster.api("ConfigMap", &space.namespace).delete("c0", &probe).await;
            answer.err().map(|_| ()).ok_or_else(|| "a deletion would pass".to_owned())
        })
        .await;
        let changes: Vec<_> = (0..5).map(|n| remove(format!("app/c{n}.yaml"))).collect();
        let revision = app.commit("remove five", &changes);
        space
            .refused("Kustomization", "app", "PruneFailed", &["c0", "c1", "c2", "kept by the test"])
            .await;
        space.gone("ConfigMap", "c3").await;
        space.gone("ConfigMap", "c4").await;
        let inventory = space.inventory("app").await;
        for name in ["c0", "c1", "c2"] {
            space.find("ConfigMap", name).await;
            assert!(
                inventory.contains(&format!("{}_{name}__ConfigMap", space.namespace)),
                "{inventory:?}"
            );
        }
        let policy = format!("keep-{}", space.namespace);
        space.cluster.delete("ValidatingAdmissionPolicyBinding", "", &policy).await;
        space.cluster.delete("ValidatingAdmissionPolicy", "", &policy).await;
        space.synced("app", &revision).await;
        for name in ["c0", "c1", "c2"] {
            space.gone("ConfigMap", name).await;
        }
    });
}

#[test]
fn p11_an_object_that_was_made_anew_is_not_deleted() {
    behaviour("p11").behind_faults().run(async |space| {
        let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
        let app = space.app(&files, json!({})).await;
        // The operator has decided, and its DELETE is on the way; meanwhile somebody replaces the object.
        let slow = Fault::on(&["DELETE"], "/configmaps/a").delay(4000).times(1);
        space.faults().set(&[slow]).await;
        let revision = app.commit("remove a", &[remove("a.yaml")]);
        eventually("the deletion is on its way", async || {
            let requests = space.faults().requests().await;
            let found = requests.iter().any(|request| request["method"] == "DELETE" && request["fault"] == true);
            if found { Ok(()) } else { Err(format!("{} requests", requests.len())) }
        })
        .await;
        space.delete("ConfigMap", "a").await;
        let theirs = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": space.namespace},
            "data": {"key": "theirs"},
        });
        let created = space.cluster.create(&theirs).await;
        space.synced("app", &revision).await;
        let found = space.find("ConfigMap", "a").await;
        assert_eq!(found["metadata"]["uid"], created["metadata"]["uid"], "the new object is not ours to delete");
    });
}

#[test]
fn p13_a_namespace_that_holds_the_operator_or_the_system_is_never_deleted() {
    behaviour("p13").own_operator().run(async |space| {
        // The operator's own namespace, the one of the custom resources, and those of the system.
        let own = space.namespace.clone();
        let names = [own.as_str(), "default", "kube-system", "kube-public"];
        let manifest = |name: &&str| {
            write(
                format!("{name}.yaml"),
                format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n"),
            )
        };
        let mut files: Vec<_> = names.iter().map(manifest).collect();
        files.push(write("a.yaml", in_namespace(&config_map("a", "1"), &own)));
        files.push(write("b.yaml", in_namespace(&config_map("b", "1"), &own)));
        // A target namespace would rename the Namespaces too: that is how people lost theirs.
        let app = space.app(&files, json!({"interval": "3s", "targetNamespace": null})).await;
        let changes: Vec<_> = names.iter().map(|name| remove(format!("{name}.yaml"))).collect();
        let revision = app.commit("remove the namespaces", &changes);
        // Even with every approval.
        let annotations = json!({"inhaul.dev/allow-prune": revision});
        space.edit("Kustomization", "app", json!({"metadata": {"annotations": annotations}})).await;
        holds_for(Duration::from_secs(12), "the namespaces stay", async || {
            for name in names {
                let namespace = space.cluster.get("Namespace", "", name).await;
                let alive = namespace
                    .is_some_and(|object| object["metadata"]["deletionTimestamp"].is_null());
                if !alive {
                    return Err(format!("{name} is going or gone"));
                }
            }
            Ok(())
        })
        .await;
    });
}

#[test]
fn objects_that_say_so_are_not_pruned() {
    behaviour("prune-disabled").run(async |space| {
        let kept = config_map("kept", "1").replace(
            "  name: kept\n",
            "  name: kept\n  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n",
        );
        let files = [
            write("kept.yaml", kept),
            write("a.yaml", config_map("a", "1")),
            write("b.yaml", config_map("b", "1")),
        ];
        let app = space.app(&files, json!({})).await;
        let revision = app.commit("remove two", &[remove("kept.yaml"), remove("a.yaml")]);
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "a").await;
        space.find("ConfigMap", "kept").await;
    });
}

#[test]
fn without_prune_nothing_is_deleted() {
    behaviour("no-prune").run(async |space| {
        let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
        let app = space.app(&files, json!({"prune": false})).await;
        let revision = app.commit("remove a", &[remove("a.yaml")]);
        space.synced("app", &revision).await;
        space.find("ConfigMap", "a").await;
        space.nothing_deleted();
    });
}
