//! K01: the operator is killed at each of its writes, and the end is as if it had not been.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Change, Fault, Repository, Space, behaviour, config_map, eventually, remove, write,
};

/// What becomes of the write at which the operator is killed.
type Failure = fn(Fault) -> Fault;

const EXECUTED: Failure = Fault::drop_after;
const LOST: Failure = Fault::drop_before;
const REFUSED: Failure = |fault| fault.status(500, "InternalError");

/// Every write but events and trials.
fn writes() -> Fault {
    let uri = "/(kustomizations|gitrepositories|configmaps|boxes|customresourcedefinitions)/[^?]*(\\?([^d]|d[^r])*)?$";
    Fault::on(&["PATCH", "PUT", "POST", "DELETE"], uri)
}

async fn met(space: &Space) -> usize {
    let requests = space.faults().requests().await;
    requests.iter().filter(|request| request["fault"] == true).count()
}

/// Acts round after round, and kills the operator at the first write of the second round, the second of the third,
/// and so on, in each of these ways. After each round the cluster must be as `ends` says.
fn survives(
    name: &str,
    failures: &[Failure],
    starts: impl AsyncFn(&Space) -> Repository,
    acts: impl AsyncFn(&Space, &Repository, usize),
    ends: impl AsyncFn(&Space, &Repository, usize),
) {
    behaviour(name).flags(&["--enable-leader-election=false"]).behind_faults().run(async |space| {
        let repository = starts(space).await;
        acts(space, &repository, 0).await;
        ends(space, &repository, 0).await;
        // A rule that delays by nothing counts.
        space.faults().set(&[writes().delay(1)]).await;
        acts(space, &repository, 1).await;
        ends(space, &repository, 1).await;
        let count = met(space).await;
        assert!(count > 2, "a round has writes: {count}");
        let mut round = 1;
        for failure in failures {
            for write in 0..count {
                round += 1;
                let before = met(space).await;
                let skipped = u64::try_from(write).expect("a small number");
                space.faults().set(&[failure(writes().skip(skipped).times(1))]).await;
                acts(space, &repository, round).await;
                // Where this round has fewer writes, it is killed at its end.
                for _ in 0..60 {
                    if met(space).await > before {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                space.own_operator().kill();
                space.faults().set(&[]).await;
                space.own_operator().start_again().await;
                ends(space, &repository, round).await;
            }
        }
    });
}

/// An object that stays, one that changes, and one that is another in each round.
fn files(round: usize) -> Vec<Change> {
    let mut files = vec![
        write("app/same.yaml", config_map("same", "1")),
        write("app/changes.yaml", config_map("changes", &round.to_string())),
        write(format!("app/only-{round}.yaml"), config_map(&format!("only-{round}"), "1")),
    ];
    if round > 0 {
        files.push(remove(format!("app/only-{}.yaml", round - 1)));
    }
    files
}

async fn one_app(space: &Space) -> Repository {
    let repository = space.repository("app", &[write("README.md", "apps\n")]);
    space.git_repository("app", &repository, json!({"interval": "1s"})).await;
    repository
}

async fn changed(space: &Space, repository: &Repository, round: usize) {
    space.synced("app", &repository.revision()).await;
    space.shows("ConfigMap", "changes", "/data/key", round.to_string()).await;
    space.find("ConfigMap", "same").await;
    space.find("ConfigMap", &format!("only-{round}")).await;
    if round > 0 {
        space.gone("ConfigMap", &format!("only-{}", round - 1)).await;
    }
    assert_eq!(space.inventory("app").await.len(), 3);
}

fn a_change_survives(name: &str, failures: &[Failure]) {
    let starts = async |space: &Space| {
        let repository = one_app(space).await;
        space.kustomization("app", json!({"path": "./app", "interval": "1h"})).await;
        repository
    };
    let acts = async |_: &Space, repository: &Repository, round: usize| {
        repository.commit(&format!("round {round}"), &files(round));
    };
    survives(name, failures, starts, acts, changed);
}

#[test]
fn k01_a_commit_that_adds_changes_and_removes() {
    a_change_survives("k01-change", &[EXECUTED]);
}

#[test]
#[ignore = "soak: every write fails in two more ways"]
fn k01_a_commit_whose_writes_are_lost_or_refused() {
    a_change_survives("k01-change-more", &[LOST, REFUSED]);
}

/// Installed and deleted again, by turns.
fn installing_and_deleting_survive(name: &str, failures: &[Failure], policy: &'static str) {
    let acts = async |space: &Space, repository: &Repository, round: usize| {
        if round.is_multiple_of(2) {
            repository.commit(&format!("round {round}"), &files(round));
            let spec = json!({"path": "./app", "interval": "1h", "deletionPolicy": policy});
            space.kustomization("app", spec).await;
        } else {
            repository.commit(&format!("round {round}"), &files(round));
            space.delete("Kustomization", "app").await;
        }
    };
    let ends = async |space: &Space, repository: &Repository, round: usize| {
        if round.is_multiple_of(2) {
            space.synced("app", &repository.revision()).await;
            space.find("ConfigMap", "same").await;
            return;
        }
        space.gone("Kustomization", "app").await;
        if policy == "Orphan" {
            space.find("ConfigMap", "same").await;
        } else {
            space.gone("ConfigMap", "same").await;
            space.gone("ConfigMap", "changes").await;
        }
    };
    survives(name, failures, one_app, acts, ends);
}

#[test]
#[ignore = "soak: every write fails"]
fn k01_an_app_is_installed_and_deleted_with_its_objects() {
    installing_and_deleting_survive("k01-delete", &[EXECUTED, LOST, REFUSED], "Delete");
}

#[test]
#[ignore = "soak: every write fails"]
fn k01_an_app_is_installed_and_deleted_and_waits_for_the_end_of_its_objects() {
    let policy = "WaitForTermination";
    installing_and_deleting_survive("k01-wait", &[EXECUTED, LOST, REFUSED], policy);
}

#[test]
#[ignore = "soak: every write fails"]
fn k01_an_app_is_deleted_and_its_objects_stay() {
    installing_and_deleting_survive("k01-orphan", &[EXECUTED, LOST, REFUSED], "Orphan");
}

/// An object moves from one Kustomization to the other and back.
#[test]
#[ignore = "soak: every write fails"]
fn k01_an_object_moves_between_kustomizations() {
    let place =
        |round: usize| if round.is_multiple_of(2) { ("one", "two") } else { ("two", "one") };
    let starts = async |space: &Space| {
        let repository = one_app(space).await;
        for name in ["one", "two"] {
            repository.commit(name, &[write(format!("{name}/stays.yaml"), config_map(name, "1"))]);
            let source = json!({"kind": "GitRepository", "name": "app"});
            let spec = json!({"path": format!("./{name}"), "interval": "1h", "sourceRef": source});
            space.kustomization(name, spec).await;
        }
        repository
    };
    let acts = async |_: &Space, repository: &Repository, round: usize| {
        let (to, from) = place(round);
        let mut changes = vec![write(format!("{to}/moves.yaml"), config_map("moves", "1"))];
        if round > 0 {
            changes.push(remove(format!("{from}/moves.yaml")));
        }
        repository.commit(&format!("round {round}"), &changes);
    };
    let ends = async |space: &Space, repository: &Repository, round: usize| {
        for name in ["one", "two"] {
            space.synced(name, &repository.revision()).await;
        }
        let owner = "/metadata/labels/kustomize.toolkit.fluxcd.io~1name";
        space.shows("ConfigMap", "moves", owner, place(round).0).await;
        let deletes = space.deletes();
        assert!(!deletes.iter().any(|delete| delete.name == "moves"), "it was never deleted");
    };
    survives("k01-move", &[EXECUTED, LOST, REFUSED], starts, acts, ends);
}

/// All names change, as a hash at their end makes them.
#[test]
#[ignore = "soak: every write fails"]
fn k01_everything_is_renamed() {
    let starts = async |space: &Space| {
        let repository = one_app(space).await;
        let files =
            [write("app/a.yaml", config_map("a", "1")), write("app/b.yaml", config_map("b", "1"))];
        repository.commit("two objects", &files);
        space.kustomization("app", json!({"path": "./app", "interval": "1h"})).await;
        repository
    };
    let acts = async |space: &Space, _: &Repository, round: usize| {
        let suffix = format!("-{round}");
        space.edit("Kustomization", "app", json!({"spec": {"nameSuffix": suffix}})).await;
    };
    let ends = async |space: &Space, _: &Repository, round: usize| {
        space.ready("Kustomization", "app").await;
        space.find("ConfigMap", &format!("a-{round}")).await;
        space.find("ConfigMap", &format!("b-{round}")).await;
        if round > 0 {
            space.gone("ConfigMap", &format!("a-{}", round - 1)).await;
        }
    };
    survives("k01-rename", &[EXECUTED, LOST, REFUSED], starts, acts, ends);
}

/// A Kustomization and the one that depends on it.
#[test]
#[ignore = "soak: every write fails"]
fn k01_a_chain_of_dependencies() {
    let starts = async |space: &Space| {
        let repository = one_app(space).await;
        let source = json!({"kind": "GitRepository", "name": "app"});
        let base = json!({"path": "./base", "interval": "1h", "sourceRef": source});
        let mut app = base.clone();
        app["path"] = json!("./app");
        app["dependsOn"] = json!([{"name": "base"}]);
        repository.commit("base", &[write("base/base.yaml", config_map("base", "0"))]);
        space.kustomization("base", base).await;
        space.kustomization("app", app).await;
        repository
    };
    let acts = async |_: &Space, repository: &Repository, round: usize| {
        let mut changes = files(round);
        changes.push(write("base/base.yaml", config_map("base", &round.to_string())));
        repository.commit(&format!("round {round}"), &changes);
    };
    let ends = async |space: &Space, repository: &Repository, round: usize| {
        space.synced("base", &repository.revision()).await;
        space.shows("ConfigMap", "base", "/data/key", round.to_string()).await;
        changed(space, repository, round).await;
    };
    survives("k01-chain", &[EXECUTED, LOST, REFUSED], starts, acts, ends);
}

/// Suspended while it is applied, and resumed.
#[test]
#[ignore = "soak: every write fails"]
fn k01_an_app_is_suspended_while_it_is_applied_and_resumed() {
    let starts = async |space: &Space| {
        let repository = one_app(space).await;
        space.kustomization("app", json!({"path": "./app", "interval": "1h"})).await;
        repository
    };
    let acts = async |space: &Space, repository: &Repository, round: usize| {
        repository.commit(&format!("round {round}"), &files(round));
        tokio::time::sleep(Duration::from_millis(700)).await;
        space.edit("Kustomization", "app", json!({"spec": {"suspend": true}})).await;
        space.edit("Kustomization", "app", json!({"spec": {"suspend": false}})).await;
    };
    survives("k01-suspend", &[EXECUTED, LOST, REFUSED], starts, acts, changed);
}

/// A definition with an instance, and both leave at once.
#[test]
#[ignore = "soak: every write fails"]
fn k01_a_definition_and_its_instance_come_and_go() {
    let group = "crash.example.com";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("boxes.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": "Box", "plural": "boxes", "singular": "box"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let instance: Value = json!({"apiVersion": format!("{group}/v1"), "kind": "Box", "metadata": {"name": "b"}, "spec": {"a": 1}});
    let starts = async |space: &Space| {
        let repository = one_app(space).await;
        repository.commit("same", &[write("app/same.yaml", config_map("same", "1"))]);
        space.kustomization("app", json!({"path": "./app", "interval": "1h"})).await;
        repository
    };
    let acts = async |_: &Space, repository: &Repository, round: usize| {
        let changes = if round.is_multiple_of(2) {
            [
                write("app/crd.yaml", definition.to_string()),
                write("app/b.yaml", instance.to_string()),
            ]
        } else {
            [remove("app/crd.yaml"), remove("app/b.yaml")]
        };
        repository.commit(&format!("round {round}"), &changes);
    };
    let ends = async |space: &Space, repository: &Repository, round: usize| {
        space.synced("app", &repository.revision()).await;
        let entries = if round.is_multiple_of(2) { 3 } else { 1 };
        assert_eq!(space.inventory("app").await.len(), entries);
    };
    survives("k01-definition", &[EXECUTED, LOST, REFUSED], starts, acts, ends);
}

#[test]
fn k03_a_leader_that_slept_writes_nothing_when_it_wakes() {
    behaviour("k03").behind_faults().run(async |space| {
        let app =
            space.app(&[write("a.yaml", config_map("a", "1"))], json!({"interval": "2s"})).await;
        space.faults().set(&[Fault::on(&["PATCH"], "/configmaps/a").delay(4000).times(1)]).await;
        app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        eventually("it is in the middle of an apply", async || {
            let under_way = met(space).await > 0;
            under_way.then_some(()).ok_or_else(|| "not yet".to_owned())
        })
        .await;
        let sleeper = space.own_operator().pid();
        signal(sleeper, "STOP");
        let _successor = space.another_operator("successor", &[]).await;
        let revision = app.commit("three", &[write("a.yaml", config_map("a", "3"))]);
        space.synced("app", &revision).await;
        let before = space.faults().requests().await.len();
        signal(sleeper, "CONT");
        eventually("the sleeper ends", async || {
            let ended = !space.own_operator().is_running();
            ended.then_some(()).ok_or_else(|| "it still runs".to_owned())
        })
        .await;
        // It was meant to.
        space.own_operator().kill();
        let requests = space.faults().requests().await.split_off(before);
        let writes: Vec<&Value> = requests
            .iter()
            .filter(|r| r["method"] != "GET")
            .filter(|r| {
                // Its leases it asks for again; its events change nothing.
                let uri = r["uri"].as_str().unwrap_or_default();
                !uri.contains("/leases") && !uri.contains("/events")
            })
            .collect();
        assert!(writes.is_empty(), "the sleeper wrote: {writes:?}");
        space.shows("ConfigMap", "a", "/data/key", "3").await;
        space.nothing_deleted();
    });
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(status.expect("kill runs").success());
}
