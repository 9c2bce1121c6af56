//! Tables of cases, made by the rules of kstatus.

use super::{Health, of};
use proptest::prelude::*;
use serde_json::{Value, json};

fn check(api_version: &str, kind: &str, cases: &[(Value, Value, Health)]) {
    for (spec, status, expected) in cases {
        let object = json!({"apiVersion": api_version, "kind": kind,
            "metadata": {"name": "x", "generation": 2}, "spec": spec, "status": status});
        assert_eq!(of(&object), *expected, "{kind} with spec {spec} and status {status}");
    }
}

fn progress(message: &str) -> Health {
    Health::InProgress(message.to_owned())
}

fn failed(message: &str) -> Health {
    Health::Failed(message.to_owned())
}

fn condition(name: &str, status: &str, reason: &str) -> Value {
    json!([{"type": name, "status": status, "reason": reason, "message": format!("{reason}!")}])
}

#[test]
fn every_kind_obeys_the_generic_rules() {
    let base = |metadata: Value, status: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "status": status});
    let cases = [
        (base(json!({}), json!({})), Health::Current),
        (
            base(json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}), json!({})),
            Health::Terminating("Resource scheduled for deletion".to_owned()),
        ),
        (
            base(json!({"generation": 2}), json!({"observedGeneration": 1})),
            progress("Widget generation is 2, but latest observed generation is 1"),
        ),
        (
            base(json!({"generation": 1}), json!({"observedGeneration": -1})),
            progress("Widget generation is 1, but latest observed generation is -1"),
        ),
        (base(json!({"generation": 2}), json!({})), Health::Current),
        (
            base(json!({}), json!({"conditions": condition("Reconciling", "True", "Busy")})),
            progress("Busy!"),
        ),
        (
            base(json!({}), json!({"conditions": condition("Reconciling", "False", "Busy")})),
            Health::Current,
        ),
        (
            base(json!({}), json!({"conditions": condition("Stalled", "True", "Stuck")})),
            failed("Stuck!"),
        ),
        (
            base(json!({}), json!({"conditions": condition("Ready", "True", "Fine")})),
            Health::Current,
        ),
        (
            base(json!({}), json!({"conditions": condition("Ready", "False", "Broken")})),
            progress("Broken!"),
        ),
        (
            base(json!({}), json!({"conditions": condition("Ready", "Unknown", "Who")})),
            progress("Who!"),
        ),
        (
            base(json!({}), json!({"conditions": condition("Synced", "False", "No")})),
            Health::Current,
        ),
        (json!(null), Health::Current),
    ];
    for (object, expected) in cases {
        assert_eq!(of(&object), expected, "{object}");
    }
}

#[test]
fn services_and_volume_claims() {
    let none = json!({});
    check(
        "v1",
        "Service",
        &[
            (none.clone(), none.clone(), Health::Current),
            (
                json!({"type": "LoadBalancer"}),
                none.clone(),
                progress("ClusterIP not set. Service type: LoadBalancer"),
            ),
            (
                json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"}),
                none.clone(),
                Health::Current,
            ),
        ],
    );
    check(
        "v1",
        "PersistentVolumeClaim",
        &[
            (none.clone(), none.clone(), progress("PVC is not Bound. phase: unknown")),
            (
                none.clone(),
                json!({"phase": "Pending"}),
                progress("PVC is not Bound. phase: Pending"),
            ),
            (none.clone(), json!({"phase": "Bound"}), Health::Current),
        ],
    );
}

#[test]
fn kinds_that_are_always_current() {
    let none = json!({});
    let ready_false = json!({"conditions": condition("Ready", "False", "Broken")});
    for (api_version, kind) in [
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("batch/v1", "CronJob"),
        ("policy/v1", "PodDisruptionBudget"),
    ] {
        check(api_version, kind, &[(none.clone(), ready_false.clone(), Health::Current)]);
    }
}

#[test]
fn definitions() {
    let none = json!({});
    let conditions = |list: Value| json!({"conditions": list});
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &[
            (none.clone(), none.clone(), progress("Install in progress")),
            (
                none.clone(),
                conditions(condition("Established", "False", "Installing")),
                progress("Install in progress"),
            ),
            (
                none.clone(),
                conditions(condition("Established", "False", "NotAccepted")),
                failed("NotAccepted!"),
            ),
            (
                none.clone(),
                conditions(condition("NamesAccepted", "False", "PluralConflict")),
                failed("PluralConflict!"),
            ),
            (
                none.clone(),
                conditions(condition("Established", "True", "InitialNamesAccepted")),
                Health::Current,
            ),
        ],
    );
}

#[test]
fn deployments() {
    let deadline = json!({"replicas": 2, "progressDeadlineSeconds": 600});
    let full = |conditions: Value| {
        json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2,
            "availableReplicas": 2, "conditions": conditions})
    };
    let both = json!([
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}]);
    let status = |counts: Value| counts;
    check(
        "apps/v1",
        "Deployment",
        &[
            (deadline.clone(), json!({}), progress("Replicas: 0/2")),
            (json!({}), json!({}), progress("Replicas: 0/1")),
            (deadline.clone(), status(json!({"replicas": 2})), progress("Updated: 0/2")),
            (
                deadline.clone(),
                status(json!({"replicas": 3, "updatedReplicas": 2})),
                progress("Pending termination: 1"),
            ),
            (
                deadline.clone(),
                status(json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1})),
                progress("Available: 1/2"),
            ),
            (
                deadline.clone(),
                status(json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
                    "readyReplicas": 1})),
                progress("Ready: 1/2"),
            ),
            (deadline.clone(), full(json!([])), progress("ReplicaSet not Available")),
            (json!({"replicas": 2}), full(json!([])), progress("Deployment not Available")),
            (deadline.clone(), full(both.clone()), Health::Current),
            (
                deadline.clone(),
                full(condition("Progressing", "False", "ProgressDeadlineExceeded")),
                failed("Progress deadline exceeded"),
            ),
            (json!({"replicas": 0}), json!({"conditions": both}), Health::Current),
        ],
    );
}

#[test]
fn replica_sets() {
    let two = json!({"replicas": 2});
    check(
        "apps/v1",
        "ReplicaSet",
        &[
            (two.clone(), json!({}), progress("Labelled: 0/2")),
            (
                two.clone(),
                json!({"conditions": condition("ReplicaFailure", "True", "FailedCreate")}),
                progress("Replica Failure condition. Check Pods"),
            ),
            (two.clone(), json!({"fullyLabeledReplicas": 2}), progress("Available: 0/2")),
            (
                two.clone(),
                json!({"fullyLabeledReplicas": 2, "availableReplicas": 2}),
                progress("Ready: 0/2"),
            ),
            (
                two.clone(),
                json!({"fullyLabeledReplicas": 2, "availableReplicas": 2, "readyReplicas": 2,
                    "replicas": 5}),
                progress("Pending termination: 3"),
            ),
            (
                two.clone(),
                json!({"fullyLabeledReplicas": 2, "availableReplicas": 2, "readyReplicas": 2,
                    "replicas": 2}),
                Health::Current,
            ),
        ],
    );
}

#[test]
fn stateful_sets() {
    let three = json!({"replicas": 3});
    let partition = json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}});
    check(
        "apps/v1",
        "StatefulSet",
        &[
            (json!({"updateStrategy": {"type": "OnDelete"}}), json!({}), Health::Current),
            (three.clone(), json!({}), progress("Replicas: 0/3")),
            (three.clone(), json!({"replicas": 3, "readyReplicas": 1}), progress("Ready: 1/3")),
            (
                three.clone(),
                json!({"replicas": 4, "readyReplicas": 3}),
                progress("Pending termination: 1"),
            ),
            (
                partition.clone(),
                json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1}),
                progress("updated: 1/2"),
            ),
            (
                partition,
                json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 2}),
                Health::Current,
            ),
            (
                three.clone(),
                json!({"replicas": 3, "readyReplicas": 3, "currentReplicas": 1}),
                progress("current: 1/3"),
            ),
            (
                three.clone(),
                json!({"replicas": 3, "readyReplicas": 3, "currentReplicas": 3,
                    "currentRevision": "a", "updateRevision": "b"}),
                progress("Waiting for updated revision to match current"),
            ),
            (
                three,
                json!({"replicas": 3, "readyReplicas": 3, "currentReplicas": 3,
                    "currentRevision": "b", "updateRevision": "b"}),
                Health::Current,
            ),
        ],
    );
}

#[test]
fn daemon_sets() {
    let none = json!({});
    let with = |more: Value| {
        let mut status = json!({"observedGeneration": 2, "desiredNumberScheduled": 2});
        for (key, value) in more.as_object().unwrap() {
            status[key] = value.clone();
        }
        status
    };
    check(
        "apps/v1",
        "DaemonSet",
        &[
            (none.clone(), json!({}), progress("DaemonSet status.observedGeneration not found")),
            (
                none.clone(),
                json!({"observedGeneration": 2}),
                progress("Missing .status.desiredNumberScheduled"),
            ),
            (none.clone(), with(json!({})), progress("Current: 0/2")),
            (none.clone(), with(json!({"currentNumberScheduled": 2})), progress("Updated: 0/2")),
            (
                none.clone(),
                with(json!({"currentNumberScheduled": 2, "updatedNumberScheduled": 2})),
                progress("Available: 0/2"),
            ),
            (
                none.clone(),
                with(json!({"currentNumberScheduled": 2, "updatedNumberScheduled": 2,
                    "numberAvailable": 2, "numberReady": 1})),
                progress("Ready: 1/2"),
            ),
            (
                none,
                with(json!({"currentNumberScheduled": 2, "updatedNumberScheduled": 2,
                    "numberAvailable": 2, "numberReady": 2})),
                Health::Current,
            ),
        ],
    );
}

#[test]
fn pods() {
    let none = json!({});
    let waiting = json!([{"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        {"name": "b", "state": {"running": {}}},
        {"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
    check(
        "v1",
        "Pod",
        &[
            (none.clone(), json!({}), progress("Pod phase not available")),
            (none.clone(), json!({"phase": "Succeeded"}), Health::Current),
            (none.clone(), json!({"phase": "Failed"}), Health::Current),
            (none.clone(), json!({"phase": "Pending"}), progress("Pod is in the Pending phase")),
            (
                none.clone(),
                json!({"phase": "Pending",
                    "conditions": condition("PodScheduled", "False", "Unschedulable")}),
                progress("Pod has not been scheduled"),
            ),
            (
                none.clone(),
                json!({"phase": "Pending",
                    "conditions": condition("PodScheduled", "False", "SchedulingGated")}),
                progress("Pod is in the Pending phase"),
            ),
            (
                none.clone(),
                json!({"phase": "Running"}),
                progress("Pod is running but is not Ready"),
            ),
            (
                none.clone(),
                json!({"phase": "Running", "conditions": condition("Ready", "True", "")}),
                Health::Current,
            ),
            (
                none.clone(),
                json!({"phase": "Running", "containerStatuses": waiting}),
                failed("Containers in CrashLoop state: a,c"),
            ),
            (none, json!({"phase": "Odd"}), progress("unknown phase Odd")),
        ],
    );
}

#[test]
fn jobs() {
    let none = json!({});
    check(
        "batch/v1",
        "Job",
        &[
            (none.clone(), json!({}), progress("Job not started. active: 0/1")),
            (
                none.clone(),
                json!({"startTime": "2026-01-01T00:00:00Z", "active": 1}),
                progress("Job in progress. success:0, active: 1, failed: 0"),
            ),
            (
                none.clone(),
                json!({"conditions": condition("Complete", "True", "")}),
                Health::Current,
            ),
            (json!({"suspend": true}), json!({}), Health::Current),
            (
                json!({"parallelism": 3}),
                json!({"failed": 1, "conditions": condition("Failed", "True", "BackoffLimitExceeded")}),
                failed("Job Failed. failed: 1/3 error: BackoffLimitExceeded!"),
            ),
        ],
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[A-Za-z]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("(type|status|reason|replicas|conditions)", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_makes_health_panic(
        kind in "(Pod|Job|Deployment|StatefulSet|DaemonSet|ReplicaSet|Service|Other)",
        spec in any_json(),
        status in any_json(),
        replicas in any::<i64>(),
    ) {
        let api_version = match kind.as_str() { "Pod" | "Service" => "v1", "Job" => "batch/v1", _ => "apps/v1" };
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": spec.clone(),
            "spec": {"replicas": replicas, "updateStrategy": {"rollingUpdate": {"partition": i64::MIN}}},
            "status": status});
        let _ = of(&object);
        let _ = of(&spec);
    }
}
