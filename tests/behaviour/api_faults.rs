//! An API server that fails: nothing is lost, nothing is believed that was not said.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Fault, Space, behaviour, config_map, eventually, remove, write};

const STATUS: &str = "/kustomizations/app/status";

/// F01: every kind of failure on every verb, at random, while commits come in.
fn random_faults(name: &str, duration: Duration) {
    behaviour(name).behind_faults().run(async |space| {
        let app =
            space.app(&[write("a.yaml", config_map("a", "0"))], json!({"interval": "3s"})).await;
        space
            .faults()
            .set(&[
                Fault::on(&[], "").status(500, "InternalError").probability(0.04),
                Fault::on(&[], "").status(503, "ServiceUnavailable").probability(0.04),
                Fault::on(&[], "").status(504, "Timeout").probability(0.04),
                Fault::on(&[], "").drop_before().probability(0.04),
                Fault::on(&["GET", "PATCH", "POST", "DELETE"], "").drop_after().probability(0.05),
            ])
            .await;
        let end = Instant::now() + duration;
        let mut round = 0;
        while Instant::now() < end {
            round += 1;
            let value = round.to_string();
            app.commit(
                &value,
                &[
                    write("a.yaml", config_map("a", &value)),
                    write("b.yaml", config_map("b", &value)),
                ],
            );
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        space.nothing_deleted();
        let revision =
            app.commit("remove b", &[remove("b.yaml"), write("a.yaml", config_map("a", "last"))]);
        tokio::time::sleep(Duration::from_secs(4)).await;
        space.faults().set(&[]).await;
        // Whatever back-off it is in ends with a request.
        space.reconcile("GitRepository", "app").await;
        space.reconcile("Kustomization", "app").await;
        space.synced("app", &revision).await;
        space.shows("ConfigMap", "a", "/data/key", "last").await;
        space.gone("ConfigMap", "b").await;
        let deleted: Vec<String> =
            space.deletes().into_iter().map(|request| request.name).collect();
        assert!(deleted.iter().all(|name| name == "b"), "only b may be deleted: {deleted:?}");
        assert!(space.own_operator().is_running());
    });
}

#[test]
fn f01_random_failures_lose_nothing() {
    random_faults("f01", Duration::from_secs(20));
}

#[test]
#[ignore = "soak: five minutes"]
fn f01_five_minutes_of_random_failures_lose_nothing() {
    random_faults("f01-soak", Duration::from_secs(300));
}

#[test]
fn f02_a_request_to_wait_is_honoured_and_others_flow() {
    behaviour("f02").behind_faults().run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        let slow_down = Fault::on(&["PATCH"], "/configmaps/a")
            .status(429, "TooManyRequests")
            .retry_after(7)
            .times(1);
        space.faults().set(&[slow_down]).await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        let other = space.repository("other", &[write("b.yaml", config_map("b", "1"))]);
        space.git_repository("other", &other, json!({})).await;
        space.kustomization("other", json!({})).await;
        space.synced("other", &other.revision()).await;
        space.synced("app", &revision).await;
        let requests = space.faults().requests().await;
        let to_a: Vec<&Value> = requests.iter().filter(|request| is_patch_of_a(request)).collect();
        let refused =
            to_a.iter().position(|request| request["fault"] == true).expect("one was refused");
        let pause = seconds(&to_a[refused + 1]["time"]) - seconds(&to_a[refused]["time"]);
        assert!(pause >= 7.0, "asked again after {pause} s instead of 7");
    });
}

fn is_patch_of_a(request: &Value) -> bool {
    request["method"] == "PATCH"
        && request["uri"].as_str().unwrap_or_default().contains("/configmaps/a")
}

/// The seconds of the day in an RFC 3339 time.
fn seconds(time: &Value) -> f64 {
    let text = time.as_str().expect("a time is text");
    let clock = text.split(['T', 'Z', '+']).nth(1).expect("it has a clock time");
    clock.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().expect("a number"))
}

#[test]
fn f03_a_conflict_on_the_status_is_resolved() {
    behaviour("f03").behind_faults().run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        space
            .faults()
            .set(&[Fault::on(&["PATCH", "PUT"], STATUS).status(409, "Conflict").times(3)])
            .await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        space.synced("app", &revision).await;
    });
}

#[test]
fn f04_half_a_list_is_no_list() {
    behaviour("f04").behind_faults().run(async |space| {
        let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
        let app = space.app(&files, json!({"interval": "3s"})).await;
        space.own_operator().kill();
        let kinds = "/(kustomizations|gitrepositories)\\?";
        space
            .faults()
            .set(&[
                Fault::on(&["GET"], "continue=").status(410, "Expired").times(2),
                Fault::on(&["GET"], kinds).truncate(400).times(3),
                Fault::on(&["GET"], kinds).status(500, "InternalError").times(2),
                Fault::on(&["GET"], "/configmaps").truncate(120).times(3),
            ])
            .await;
        space.own_operator().start_again().await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        space.synced("app", &revision).await;
        space.find("ConfigMap", "b").await;
        space.nothing_deleted();
    });
}

#[test]
fn f05_a_group_that_cannot_be_discovered_is_named_and_nothing_is_pruned() {
    let job = "apiVersion: batch/v1
kind: Job
metadata:
  name: once
spec:
  suspend: true
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: registry.example.com/job}]
";
    behaviour("f05").behind_faults().run(async |space| {
        let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
        let app = space.app(&files, json!({"interval": "3s"})).await;
        space.own_operator().kill();
        space
            .faults()
            .set(&[
                Fault::on(&["GET"], "^/apis/batch(/v1)?/?(\\?.*)?$")
                    .status(503, "ServiceUnavailable"),
                Fault::on(&["GET"], "^/apis/?(\\?.*)?$").status(503, "ServiceUnavailable"),
                Fault::on(&["GET"], "^/openapi").status(500, "InternalError"),
            ])
            .await;
        space.own_operator().start_again().await;
        let revision = app.commit("a job for b", &[write("job.yaml", job), remove("b.yaml")]);
        space
            .refused("Kustomization", "app", "ReconciliationFailed", &["Job/", "once", "batch/v1"])
            .await;
        space.find("ConfigMap", "b").await;
        space.nothing_deleted();
        space.faults().set(&[]).await;
        space.synced("app", &revision).await;
        space.find("Job", "once").await;
        space.gone("ConfigMap", "b").await;
    });
}

/// What becomes of a request.
type Failure = fn(Fault) -> Fault;

#[test]
fn k02_a_status_that_cannot_be_written_loses_no_object() {
    behaviour("k02").behind_faults().run(async |space| {
        let app = space.app(&[write("keep.yaml", config_map("keep", "1"))], json!({})).await;
        let faults: [(&str, Failure); 4] = [
            ("internal", |fault| fault.status(500, "InternalError")),
            ("conflict", |fault| fault.status(409, "Conflict")),
            ("large", |fault| fault.status(413, "RequestEntityTooLarge")),
            ("lost", Fault::drop_after),
        ];
        let mut previous = None;
        for (name, fault) in faults {
            let mut changes = vec![write(format!("{name}.yaml"), config_map(name, "1"))];
            changes.extend(previous.map(|name: &str| remove(format!("{name}.yaml"))));
            space.faults().set(&[fault(Fault::on(&["PATCH", "PUT"], STATUS).times(3))]).await;
            let revision = app.commit(name, &changes);
            space.synced("app", &revision).await;
            space.find("ConfigMap", name).await;
            if let Some(previous) = previous {
                space.gone("ConfigMap", previous).await;
            }
            previous = Some(name);
        }
    });
}

#[test]
fn k02_an_object_is_in_the_inventory_before_it_is_in_the_cluster() {
    behaviour("k02-ahead").behind_faults().run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        // The write itself, not its dry-run, is executed, but its answer never comes.
        let crash = Fault::on(&["PATCH"], "/configmaps/new\\?([^d]|d[^r])*$").drop_after();
        space.faults().set(&[crash]).await;
        app.commit("add one", &[write("new.yaml", config_map("new", "1"))]);
        appears(space, "new").await;
        let id = format!("{}_new__ConfigMap", space.namespace);
        assert!(space.inventory("app").await.contains(&id), "what is written must be known before");
        space.own_operator().kill();
        app.git(&["revert", "--no-edit", "HEAD"]);
        let revision = app.push(&["HEAD"]);
        space.faults().set(&[]).await;
        space.own_operator().start_again().await;
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "new").await;
    });
}

async fn appears(space: &Space, name: &str) {
    eventually(&format!("ConfigMap {name} appears"), async || {
        space.get("ConfigMap", name).await.map(|_| ()).ok_or_else(|| "it is not there".to_owned())
    })
    .await;
}

#[test]
fn k11_the_result_of_an_older_spec_is_not_taken_for_the_newer_one() {
    behaviour("k11").behind_faults().run(async |space| {
        let files =
            [write("one/a.yaml", config_map("a", "1")), write("two/b.yaml", config_map("b", "1"))];
        let app = space.app(&files, json!({"path": "./one"})).await;
        space.faults().set(&[Fault::on(&["PATCH"], "/configmaps/a").delay(3000).times(1)]).await;
        let revision = app.commit("change a", &[write("one/a.yaml", config_map("a", "2"))]);
        eventually("the apply of a is under way", async || {
            let requests = space.faults().requests().await;
            let under_way =
                requests.iter().any(|request| is_patch_of_a(request) && request["fault"] == true);
            under_way.then_some(()).ok_or_else(|| format!("{} requests", requests.len()))
        })
        .await;
        space.edit("Kustomization", "app", json!({"spec": {"path": "./two"}})).await;
        let object = space.synced("app", &revision).await;
        assert_eq!(object["metadata"]["generation"], 2);
        assert!(space.get("ConfigMap", "b").await.is_some(), "the newer spec is what was observed");
        space.gone("ConfigMap", "a").await;
    });
}

#[test]
fn a_killed_operator_goes_on_where_it_was() {
    behaviour("restart").own_operator().run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        space.own_operator().kill();
        let revision =
            app.commit("b for a", &[write("b.yaml", config_map("b", "1")), remove("a.yaml")]);
        space.own_operator().start_again().await;
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "a").await;
        space.find("ConfigMap", "b").await;
    });
}
