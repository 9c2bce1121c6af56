//! Watches that lose, repeat or refuse events, and an API server that lags behind.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Fault, behaviour, config_map, eventually, remove, within, write};

const WATCHES: &str = "watch=(true|1)";

#[test]
fn k05_what_a_watch_never_told_is_found_at_the_interval() {
    behaviour("k05").behind_faults().run(async |space| {
        let files =
            [write("a.yaml", config_map("a", "one")), write("b/b.yaml", config_map("b", "one"))];
        let app = space.app(&files, json!({"interval": "4s", "path": "./"})).await;
        // A watch that begins anew lists first, so those that are open must go on, deaf.
        space.own_operator().kill();
        space.faults().set(&[Fault::on(&["GET"], WATCHES).drop_events("MODIFIED|DELETED")]).await;
        space.own_operator().start_again().await;
        let revision = app.commit("deaf", &[write("a.yaml", config_map("a", "two"))]);
        space.synced("app", &revision).await;
        space.edit("Kustomization", "app", json!({"spec": {"path": "./b"}})).await;
        space.gone("ConfigMap", "a").await;
        space.shows("ConfigMap", "b", "/data/key", "one").await;
    });
}

#[test]
fn k05_drift_that_the_index_missed_is_found_by_the_audit_and_counted() {
    behaviour("k05-audit").flags(&["--audit-interval=4s"]).behind_faults().run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "3s"})).await;
        space.own_operator().kill();
        let deaf = Fault::on(&["GET"], &format!("configmaps.*{WATCHES}"));
        space.faults().set(&[deaf.drop_events("MODIFIED")]).await;
        space.own_operator().start_again().await;
        space.reconcile_and_wait("Kustomization", "app").await;
        // What is edited before the index has listed its kind is no miss of the index.
        eventually("the index has listed", async || {
            let metrics = space.operator().metrics().await;
            let indexed = |line: &&str| line.starts_with("inhaul_indexed_objects ");
            let line = metrics.lines().find(indexed).unwrap_or_default().to_owned();
            if line.is_empty() || line.ends_with(" 0") { Err(line) } else { Ok(()) }
        })
        .await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        eventually("the audit counts what the index missed", async || {
            let metrics = space.operator().metrics().await;
            let missed = |line: &&str| line.starts_with("inhaul_drift_missed_total{");
            let line = metrics.lines().find(missed).unwrap_or_default().to_owned();
            if line.is_empty() || line.ends_with(" 0") { Err(line) } else { Ok(()) }
        })
        .await;
    });
}

#[test]
fn k06_a_watch_whose_version_is_too_old_again_and_again_loses_nothing() {
    behaviour("k06").behind_faults().run(async |space| {
        let files =
            [write("a.yaml", config_map("a", "one")), write("b.yaml", config_map("b", "one"))];
        let app = space.app(&files, json!({"interval": "1h"})).await;
        space
            .faults()
            .set(&[
                Fault::on(&["GET"], WATCHES).status(410, "Expired").times(5),
                Fault::on(&["GET"], WATCHES).expire_after(1).times(15),
            ])
            .await;
        space.own_operator().kill();
        space.own_operator().start_again().await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        space.delete("ConfigMap", "b").await;
        // Each watch that fails is begun again a little later than the one before.
        within(Duration::from_secs(180), "the deleted object is back", async || {
            space.get("ConfigMap", "b").await.map(|_| ()).ok_or_else(|| "it is gone".to_owned())
        })
        .await;
        let revision = app.commit("go on", &[remove("b.yaml")]);
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "b").await;
    });
}

#[test]
fn events_that_arrive_twice_cost_nothing() {
    behaviour("twice").behind_faults().run(async |space| {
        space.faults().set(&[Fault::on(&["GET"], WATCHES).duplicate_events()]).await;
        space.own_operator().kill();
        space.own_operator().start_again().await;
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "1h"})).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let requests = space.requests();
        let writes = requests.iter().filter(|r| r.resource == "configmaps" && r.writes()).count();
        // The fields of kubectl are taken over by a write of its own.
        assert!(writes <= 3, "it was created, and put back once: {writes}");
    });
}

#[test]
fn k04_an_api_server_that_lags_behind_makes_nobody_delete_the_successor() {
    behaviour("k04").behind_faults().run(async |space| {
        let files =
            [write("a.yaml", config_map("a", "one")), write("b.yaml", config_map("b", "one"))];
        let app = space.app(&files, json!({"interval": "3s"})).await;
        // What its lists say is kept while `b` has its first uid, ...
        space.own_operator().kill();
        let lists = "/(configmaps|kustomizations|gitrepositories)(\\?|$)";
        space.faults().set(&[Fault::on(&["GET"], lists).record()]).await;
        space.own_operator().start_again().await;
        space.reconcile_and_wait("Kustomization", "app").await;
        space.own_operator().kill();
        // ... and told again after it was replaced.
        space.delete("ConfigMap", "b").await;
        let successor = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "b", "namespace": space.namespace}, "data": {"key": "another's"}});
        let made = space.cluster.create(&successor).await;
        space.faults().set(&[Fault::on(&["GET"], lists).replay()]).await;
        space.own_operator().start_again().await;
        let taken = space.shows("ConfigMap", "b", "/data/key", "one").await;
        assert_eq!(taken["metadata"]["uid"], made["metadata"]["uid"], "it was not made anew");
        space.nothing_deleted();
        space.faults().set(&[]).await;
        let revision = app.commit("go on", &[write("c.yaml", config_map("c", "one"))]);
        space.synced("app", &revision).await;
    });
}

#[test]
fn f17_an_api_that_takes_no_events_holds_nothing_up() {
    behaviour("f17").behind_faults().run(async |space| {
        let refused = Fault::on(&["POST", "PATCH"], "/events").status(403, "Forbidden");
        space.faults().set(&[refused]).await;
        let app = space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "two"))]);
        space.synced("app", &revision).await;
        eventually("the metric counts them", async || {
            let metrics = space.operator().metrics().await;
            let failed = |line: &&str| line.starts_with("inhaul_events_failed_total ");
            let line = metrics.lines().find(failed).unwrap_or_default().to_owned();
            if line.is_empty() || line.ends_with(" 0") { Err(line) } else { Ok(()) }
        })
        .await;
    });
}

#[test]
fn f07_a_write_whose_answer_comes_too_late_is_not_made_twice_in_effect() {
    behaviour("f07").behind_faults().run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        let before = space.find("ConfigMap", "a").await["metadata"]["uid"].clone();
        let lost = Fault::on(&["PATCH"], "/configmaps/[ab]\\?").drop_after().times(6);
        space.faults().set(&[lost]).await;
        let files =
            [write("a.yaml", config_map("a", "two")), write("b.yaml", config_map("b", "two"))];
        let revision = app.commit("two", &files);
        space.synced("app", &revision).await;
        assert_eq!(space.find("ConfigMap", "a").await["metadata"]["uid"], before);
        let managers = space.find("ConfigMap", "b").await["metadata"]["managedFields"].clone();
        assert_eq!(managers.as_array().map(Vec::len), Some(1), "{managers}");
        space.nothing_deleted();
    });
}

fn webhook(space: &crate::support::Space, path: &str, policy: &str) -> Value {
    let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": space.namespace}});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": space.namespace},
        "webhooks": [{
            "name": "mutate.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "failurePolicy": policy, "timeoutSeconds": 2, "namespaceSelector": selector,
            "clientConfig": {
                "url": format!("{}/webhook/{path}", space.faults().server),
                "caBundle": space.certificate_authority()},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
                       "operations": ["CREATE", "UPDATE"]}]}]})
}

fn apply(space: &crate::support::Space, object: &Value) {
    space.kubectl(&["apply", "--server-side", "-f", "-"], &object.to_string());
}

fn writes(space: &crate::support::Space) -> usize {
    let requests = space.requests();
    requests.iter().filter(|r| r.resource == "configmaps" && r.writes()).count()
}

#[test]
fn a_webhook_that_rewrites_our_field_is_not_fought() {
    behaviour("webhook-same").behind_faults().run(async |space| {
        apply(space, &webhook(space, "same", "Fail"));
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "1s"})).await;
        space.shows("ConfigMap", "a", "/data/key", "rewritten").await;
        let before = writes(space);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let more = writes(space) - before;
        assert!(more <= 1, "{more} writes in five intervals");
        space.kubectl(&["delete", "mutatingwebhookconfiguration", &space.namespace], "");
    });
}

#[test]
fn f09_a_webhook_that_is_away_is_waited_for_and_one_that_is_never_content_is_not_fought() {
    behaviour("f09").behind_faults().run(async |space| {
        let app =
            space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "2s"})).await;
        let mut away = webhook(space, "same", "Fail");
        away["webhooks"][0]["clientConfig"]["url"] = json!("https://127.0.0.1:1/webhook");
        apply(space, &away);
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "two"))]);
        space
            .refused("Kustomization", "app", "ReconciliationFailed", &["ConfigMap/", "webhook"])
            .await;
        space.nothing_deleted();
        apply(space, &webhook(space, "other", "Fail"));
        space.synced("app", &revision).await;
        let before = writes(space);
        tokio::time::sleep(Duration::from_secs(8)).await;
        let more = writes(space) - before;
        assert!(more <= 4, "{more} writes in four intervals");
        space.kubectl(&["delete", "mutatingwebhookconfiguration", &space.namespace], "");
    });
}
