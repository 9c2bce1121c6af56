//! What the operator says of its work: events, metrics, leases, ports.

use serde_json::{Value, json};

use crate::support::{behaviour, config_map, eventually, remove, write};

/// The first event about the app's Kustomization or source with this reason.
fn event<'a>(events: &'a [Value], kind: &str, reason: &str) -> Option<&'a Value> {
    let about =
        |event: &&Value| event["involvedObject"]["kind"] == kind && event["reason"] == reason;
    events.iter().find(about)
}

#[test]
fn events_are_posted_as_flux_does() {
    behaviour("events").run(async |space| {
        let app = space
            .app(
                &[write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))],
                json!({}),
            )
            .await;
        let revision =
            app.commit("b goes", &[write("a.yaml", config_map("a", "2")), remove("b.yaml")]);
        space.synced("app", &revision).await;
        app.commit("break", &[write("a.yaml", "kind: [\n")]);
        space.refused("Kustomization", "app", "BuildFailed", &[]).await;
        let posted = eventually("three events are posted", async || {
            let events = space.operator().events.events_in(&space.namespace);
            let all = event(&events, "GitRepository", "NewArtifact").is_some()
                && event(&events, "Kustomization", "ReconciliationSucceeded").is_some()
                && event(&events, "Kustomization", "BuildFailed").is_some();
            if all { Ok(events) } else { Err(format!("{events:?}")) }
        })
        .await;
        let artifact = event(&posted, "GitRepository", "NewArtifact").expect("it was seen");
        assert_eq!(artifact["severity"], "info");
        assert_eq!(artifact["reportingController"], "source-controller");
        assert_eq!(artifact["message"], "stored artifact for commit 'first'");
        let failure = event(&posted, "Kustomization", "BuildFailed").expect("it was seen");
        assert_eq!(failure["severity"], "error");
        assert_eq!(failure["reportingController"], "kustomize-controller");
        let changes: Vec<&str> =
            posted.iter().filter_map(|event| event["message"].as_str()).collect();
        let said = |part: &str| changes.iter().any(|message| message.contains(part));
        let ns = &space.namespace;
        assert!(said(&format!("ConfigMap/{ns}/a created")), "{changes:?}");
        assert!(said(&format!("ConfigMap/{ns}/a configured")), "{changes:?}");
        assert!(said(&format!("ConfigMap/{ns}/b deleted")), "{changes:?}");
        let metadata = &event(&posted, "Kustomization", "ReconciliationSucceeded")
            .expect("it was seen")["metadata"];
        assert!(metadata["kustomize.toolkit.fluxcd.io/revision"].is_string(), "{metadata}");
    });
}

#[test]
fn events_are_kubernetes_events_too() {
    behaviour("kubernetes-events").run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        app.commit("break", &[write("a.yaml", "kind: [\n")]);
        eventually("an event of each kind is there", async || {
            let events = space.cluster.list("Event", &space.namespace).await;
            let failure = event(&events, "Kustomization", "BuildFailed");
            let both = event(&events, "GitRepository", "NewArtifact")
                .is_some_and(|event| event["type"] == "Normal")
                && failure.is_some_and(|event| event["type"] == "Warning");
            if both { Ok(()) } else { Err(format!("{} events", events.len())) }
        })
        .await;
    });
}

#[test]
fn metrics_have_fluxs_names_and_ours() {
    behaviour("metrics").run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        let expected = [
            ("gotk_reconcile_duration_seconds_count", "kind=\"Kustomization\""),
            ("gotk_reconcile_duration_seconds_count", "kind=\"GitRepository\""),
            ("inhaul_commit_to_applied_seconds_count", "kind=\"Kustomization\""),
            ("inhaul_in_sync_timestamp_seconds", "kind=\"Kustomization\""),
        ];
        for (name, label) in expected {
            eventually(&format!("{name} is there"), async || {
                let metrics = space.operator().metrics().await;
                let mine = |line: &str| {
                    line.starts_with(name)
                        && line.contains(label)
                        && line.contains(&format!("namespace=\"{}\"", space.namespace))
                };
                metrics
                    .lines()
                    .any(mine)
                    .then_some(())
                    .ok_or_else(|| format!("{} lines", metrics.lines().count()))
            })
            .await;
        }
    });
}

#[test]
fn the_operator_holds_fluxs_own_leases() {
    behaviour("leases").run(async |space| {
        // Asked for so that the shared operator runs.
        space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        for name in ["source-controller-leader-election", "kustomize-controller-leader-election"] {
            let leases = space.cluster.list("Lease", "flux-system").await;
            // A shard's lease has a suffix.
            let held = leases.iter().any(|lease| {
                lease["metadata"]["name"].as_str().unwrap_or_default().starts_with(name)
                    && !lease["spec"]["holderIdentity"].as_str().unwrap_or_default().is_empty()
            });
            assert!(held, "{name} is held: {leases:?}");
        }
    });
}

#[test]
fn a_lease_of_somebody_else_is_respected() {
    behaviour("foreign-lease").own_operator().run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        space.own_operator().kill();
        // Flux's own controller takes over each lease that is there, for a quarter of an hour.
        for lease in space.cluster.list("Lease", &space.namespace).await {
            let name = lease["metadata"]["name"].as_str().expect("it has a name");
            let now = lease["spec"]["renewTime"].clone();
            let spec =
                json!({"holderIdentity": "flux", "leaseDurationSeconds": 900, "renewTime": now});
            space.edit("Lease", name, json!({"spec": spec})).await;
        }
        space.own_operator().start_again().await;
        app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        let wait = std::time::Duration::from_secs(15);
        crate::support::holds_for(wait, "nothing is done without the lease", async || {
            let value = space.find("ConfigMap", "a").await["data"]["key"].clone();
            if value == "1" { Ok(()) } else { Err(value.to_string()) }
        })
        .await;
        for lease in space.cluster.list("Lease", &space.namespace).await {
            let name = lease["metadata"]["name"].as_str().expect("it has a name");
            space.edit("Lease", name, json!({"spec": {"holderIdentity": ""}})).await;
        }
        space.synced("app", &app.revision()).await;
    });
}

#[test]
fn kubectl_shows_fluxs_columns() {
    behaviour("columns").run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "1"))], json!({})).await;
        let printed = space.kubectl(&["get", "gitrepo,ks", "--namespace", &space.namespace], "");
        for part in ["URL", "READY", "STATUS", "stored artifact for revision", "Applied revision: "]
        {
            assert!(printed.contains(part), "{part} is missing in\n{printed}");
        }
        assert!(printed.contains(&app.revision()), "{printed}");
    });
}
