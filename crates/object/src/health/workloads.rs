//! The health of what runs containers.

use super::conditions::Condition;
use super::{Health, crash_looping};
use crate::value::{integer_at, string_at};
use serde_json::Value;

/// What the Deployment controller takes for "no deadline".
const NO_DEADLINE: i64 = i32::MAX as i64;

fn spec(object: &Value, key: &str, default: i64) -> i64 {
    integer_at(object, &["spec", key]).unwrap_or(default)
}

fn status(object: &Value, key: &str) -> i64 {
    integer_at(object, &["status", key]).unwrap_or(0)
}

fn in_progress(message: &str) -> Health {
    Health::InProgress(message.to_owned())
}

/// The first of `counts` (name, have, want) with too few, as a message.
fn too_few(counts: &[(&str, i64, i64)]) -> Option<Health> {
    let (name, have, want) = counts.iter().find(|(_, have, want)| want > have)?;
    Some(Health::InProgress(format!("{name}: {have}/{want}")))
}

fn too_many(have: i64, want: i64) -> Option<Health> {
    let surplus = have.saturating_sub(want);
    (have > want).then(|| Health::InProgress(format!("Pending termination: {surplus}")))
}

pub(super) fn deployment(object: &Value, conditions: &[Condition<'_>]) -> Health {
    // Without a deadline its controller never says Progressing.
    let mut progressing = spec(object, "progressDeadlineSeconds", NO_DEADLINE) == NO_DEADLINE;
    let mut available = false;
    for condition in conditions {
        match condition.name {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return Health::Failed("Progress deadline exceeded".to_owned());
            }
            "Progressing" => {
                progressing |=
                    condition.status == "True" && condition.reason == "NewReplicaSetAvailable";
            }
            "Available" => available |= condition.status == "True",
            _ => {}
        }
    }
    let wanted = spec(object, "replicas", 1);
    let [have, updated, ready, usable] =
        ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
            .map(|key| status(object, key));
    too_few(&[("Replicas", have, wanted), ("Updated", updated, wanted)])
        .or_else(|| too_many(have, wanted))
        .or_else(|| too_few(&[("Available", usable, updated), ("Ready", ready, wanted)]))
        .or_else(|| (!progressing).then(|| in_progress("ReplicaSet not Available")))
        .or_else(|| (!available).then(|| in_progress("Deployment not Available")))
        .unwrap_or(Health::Current)
}

pub(super) fn replica_set(object: &Value, conditions: &[Condition<'_>]) -> Health {
    if conditions.iter().any(|c| c.name == "ReplicaFailure" && c.status == "True") {
        return in_progress("Replica Failure condition. Check Pods");
    }
    let wanted = spec(object, "replicas", 1);
    let [have, ready, usable, labelled] =
        ["replicas", "readyReplicas", "availableReplicas", "fullyLabeledReplicas"]
            .map(|key| status(object, key));
    too_few(&[
        ("Labelled", labelled, wanted),
        ("Available", usable, wanted),
        ("Ready", ready, wanted),
    ])
    .or_else(|| too_many(have, wanted))
    .unwrap_or(Health::Current)
}

pub(super) fn stateful_set(object: &Value) -> Health {
    if string_at(object, &["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        // Whoever chose this strategy updates by hand.
        return Health::Current;
    }
    let wanted = spec(object, "replicas", 1);
    let [have, ready, current, updated] =
        ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas"]
            .map(|key| status(object, key));
    let counted = too_few(&[("Replicas", have, wanted), ("Ready", ready, wanted)])
        .or_else(|| too_many(have, wanted));
    if let Some(counted) = counted {
        return counted;
    }
    let partition = integer_at(object, &["spec", "updateStrategy", "rollingUpdate", "partition"]);
    if let Some(partition) = partition.filter(|partition| *partition != -1) {
        let wanted = wanted.saturating_sub(partition);
        return too_few(&[("updated", updated, wanted)]).unwrap_or(Health::Current);
    }
    if let Some(counted) = too_few(&[("current", current, wanted)]) {
        return counted;
    }
    let revision = |key| string_at(object, &["status", key]).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        return in_progress("Waiting for updated revision to match current");
    }
    Health::Current
}

pub(super) fn daemon_set(object: &Value) -> Health {
    for (part, key) in [("metadata", "generation"), ("status", "observedGeneration")] {
        if integer_at(object, &[part, key]).is_none() {
            return Health::InProgress(format!("DaemonSet {part}.{key} not found"));
        }
    }
    let Some(wanted) = integer_at(object, &["status", "desiredNumberScheduled"]) else {
        return in_progress("Missing .status.desiredNumberScheduled");
    };
    too_few(&[
        ("Current", status(object, "currentNumberScheduled"), wanted),
        ("Updated", status(object, "updatedNumberScheduled"), wanted),
        ("Available", status(object, "numberAvailable"), wanted),
        ("Ready", status(object, "numberReady"), wanted),
    ])
    .unwrap_or(Health::Current)
}

pub(super) fn pod(object: &Value, conditions: &[Condition<'_>]) -> Health {
    let has = |name, status| conditions.iter().any(|c| c.name == name && c.status == status);
    match string_at(object, &["status", "phase"]).unwrap_or_default() {
        // A Pod that ended is done with, well or not: who waits for success runs a Job.
        "Succeeded" | "Failed" => Health::Current,
        "Running" if has("Ready", "True") => Health::Current,
        "Running" => match crash_looping(object) {
            names if names.is_empty() => in_progress("Pod is running but is not Ready"),
            names => Health::Failed(format!("Containers in CrashLoop state: {}", names.join(","))),
        },
        "Pending" if unschedulable(conditions) => in_progress("Pod has not been scheduled"),
        "Pending" => in_progress("Pod is in the Pending phase"),
        "" => in_progress("Pod phase not available"),
        phase => Health::InProgress(format!("unknown phase {phase}")),
    }
}

fn unschedulable(conditions: &[Condition<'_>]) -> bool {
    let refused = conditions.iter().find(|c| c.name == "PodScheduled" && c.status == "False");
    refused.is_some_and(|condition| condition.reason == "Unschedulable")
}

/// As Flux's own reader does it, for which only a Job that ended is current.
pub(super) fn job(object: &Value, conditions: &[Condition<'_>]) -> Health {
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Health::Current;
    }
    let [succeeded, active, failed] =
        ["succeeded", "active", "failed"].map(|key| status(object, key));
    let parallelism = spec(object, "parallelism", 1);
    for condition in conditions.iter().filter(|condition| condition.status == "True") {
        match condition.name {
            "Complete" => return Health::Current,
            "Failed" => {
                let wanted = spec(object, "completions", parallelism);
                let mut message = format!("Job Failed. failed: {failed}/{wanted}");
                if !condition.message.is_empty() {
                    message = format!("{message} error: {}", condition.message);
                }
                return Health::Failed(message);
            }
            _ => {}
        }
    }
    if string_at(object, &["status", "startTime"]).unwrap_or_default().is_empty() {
        return Health::InProgress(format!("Job not started. active: 0/{parallelism}"));
    }
    Health::InProgress(format!(
        "Job in progress. success:{succeeded}, active: {active}, failed: {failed}"
    ))
}
