//! Whether a live object has become what it asks for, by the rules of kstatus.
//!
//! Behaviour taken from kstatus as Flux 2.9 uses it (its fork of cli-utils, and its own reader for
//! Jobs, for which a running Job is in progress and a suspended one current). No clock is read: a bare Pod that cannot be scheduled is
//! in progress here, where kstatus calls it failed after 15 seconds.

mod conditions;
mod workloads;

use crate::value::{integer_at, list_at, string_at};
use conditions::Condition;
use serde_json::Value;

/// The health of an object, with a message for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// It is what it asks for.
    Current,
    /// It is on the way.
    InProgress(String),
    /// It will not get there without help.
    Failed(String),
    /// It is being deleted.
    Terminating(String),
}

impl Health {
    /// The word that Flux's messages use: `Current`, `InProgress`, `Failed` or `Terminating`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress(_) => "InProgress",
            Self::Failed(_) => "Failed",
            Self::Terminating(_) => "Terminating",
        }
    }

    /// The message; empty for [`Health::Current`].
    pub fn message(&self) -> &str {
        match self {
            Self::Current => "",
            Self::InProgress(message) | Self::Failed(message) | Self::Terminating(message) => {
                message
            }
        }
    }
}

/// The health of a live object.
pub fn of(object: &Value) -> Health {
    let conditions = conditions::of(object);
    if let Some(decided) = generic(object, &conditions) {
        return decided;
    }
    let kind = string_at(object, &["kind"]).unwrap_or_default();
    let api_version = string_at(object, &["apiVersion"]).unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        ("", "Service") => service(object),
        ("", "Pod") => workloads::pod(object, &conditions),
        ("", "PersistentVolumeClaim") => volume_claim(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => workloads::daemon_set(object),
        ("apps" | "extensions", "Deployment") => workloads::deployment(object, &conditions),
        ("apps" | "extensions", "ReplicaSet") => workloads::replica_set(object, &conditions),
        ("batch", "Job") => workloads::job(object, &conditions),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(&conditions),
        ("", "Secret" | "ConfigMap") | ("policy", "PodDisruptionBudget") | ("batch", "CronJob") => {
            Health::Current
        }
        _ => by_ready(&conditions),
    }
}

/// What holds for every kind: deletion, the observed generation, and the two conditions that
/// kstatus defines.
fn generic(object: &Value, conditions: &[Condition<'_>]) -> Option<Health> {
    if string_at(object, &["metadata", "deletionTimestamp"]).is_some_and(|at| !at.is_empty()) {
        return Some(Health::Terminating("Resource scheduled for deletion".to_owned()));
    }
    if let Some(generation) = integer_at(object, &["metadata", "generation"])
        && let Some(observed) = integer_at(object, &["status", "observedGeneration"])
        && observed != generation
    {
        let kind = string_at(object, &["kind"]).unwrap_or_default();
        return Some(Health::InProgress(format!(
            "{kind} generation is {generation}, but latest observed generation is {observed}"
        )));
    }
    conditions.iter().filter(|condition| condition.status == "True").find_map(|condition| {
        match condition.name {
            "Reconciling" => Some(Health::InProgress(condition.message.to_owned())),
            "Stalled" => Some(Health::Failed(condition.message.to_owned())),
            _ => None,
        }
    })
}

fn by_ready(conditions: &[Condition<'_>]) -> Health {
    conditions
        .iter()
        .filter(|condition| condition.name == "Ready")
        .find_map(|condition| match condition.status {
            "True" => Some(Health::Current),
            "False" | "Unknown" => Some(Health::InProgress(condition.message.to_owned())),
            _ => None,
        })
        .unwrap_or(Health::Current)
}

fn service(object: &Value) -> Health {
    let balancer = string_at(object, &["spec", "type"]) == Some("LoadBalancer");
    let address = string_at(object, &["spec", "clusterIP"]).unwrap_or_default();
    if balancer && address.is_empty() {
        let message = "ClusterIP not set. Service type: LoadBalancer";
        return Health::InProgress(message.to_owned());
    }
    Health::Current
}

fn volume_claim(object: &Value) -> Health {
    match string_at(object, &["status", "phase"]).unwrap_or("unknown") {
        "Bound" => Health::Current,
        phase => Health::InProgress(format!("PVC is not Bound. phase: {phase}")),
    }
}

fn definition(conditions: &[Condition<'_>]) -> Health {
    for condition in conditions {
        let failed = || Health::Failed(condition.message.to_owned());
        match (condition.name, condition.status) {
            ("NamesAccepted", "False") => return failed(),
            ("Established", "False") if condition.reason != "Installing" => return failed(),
            ("Established", "True") => return Health::Current,
            _ => {}
        }
    }
    Health::InProgress("Install in progress".to_owned())
}

/// The names of the containers of a Pod that crash again and again.
fn crash_looping(object: &Value) -> Vec<&str> {
    list_at(object, &["status", "containerStatuses"])
        .iter()
        .filter(|container| {
            string_at(container, &["state", "waiting", "reason"]) == Some("CrashLoopBackOff")
        })
        .filter_map(|container| string_at(container, &["name"]))
        .collect()
}

#[cfg(test)]
mod tests;
