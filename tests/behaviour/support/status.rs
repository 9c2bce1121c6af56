//! What a Kustomization's status may say: the predicate that every behaviour test ends with.
//!
//! [`broken_rules`] is asked of every version of the object that the API server ever showed, so that a poller may
//! trust what it sees at any moment; [`untrue_claims`] compares the last version with the cluster.

use serde_json::Value;

use super::cluster::Cluster;

/// Flux's reasons for `Ready=False`, and ours for a held prune.
const REASONS_OF_FAILURE: [&str; 13] = [
    "AccessDenied",
    "ArtifactFailed",
    "BuildFailed",
    "DependencyNotReady",
    "FeatureGateDisabled",
    "HealthCheckCanceled",
    "HealthCheckFailed",
    "InvalidCELExpression",
    "InvalidField",
    "PruneBlocked",
    "PruneFailed",
    "ReconciliationFailed",
    "UnsupportedField",
];
const LONGEST_MESSAGE: usize = 1024;
const LONGEST_HISTORY: usize = 5;

pub(crate) fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == name)
}

pub(crate) fn condition_is(object: &Value, name: &str, status: &str) -> bool {
    condition(object, name).is_some_and(|condition| condition["status"] == status)
}

/// Ready, for this generation, and not at work: what `kubectl wait` and kstatus call current.
pub(crate) fn is_current(object: &Value) -> bool {
    condition_is(object, "Ready", "True")
        && !condition_is(object, "Reconciling", "True")
        && object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

/// The rules that one version of a Kustomization breaks, by itself and as the successor of the version before it.
pub(crate) fn broken_rules(before: Option<&Value>, now: &Value) -> Vec<String> {
    let status = &now["status"];
    let mut broken = Vec::new();
    let mut rule = |holds: bool, text: &str| {
        if !holds {
            broken.push(format!("{text}: {status}"));
        }
    };
    let ready = condition(now, "Ready");
    let is_ready = condition_is(now, "Ready", "True");
    let is_stalled = condition_is(now, "Stalled", "True");
    if is_current(now) {
        let same = status["lastAppliedRevision"] == status["lastAttemptedRevision"];
        rule(same, "a ready object has applied what it attempted");
    }
    rule(
        !(is_stalled && condition_is(now, "Reconciling", "True")),
        "what is stalled does not reconcile",
    );
    rule(!(is_ready && is_stalled), "what is stalled is not ready");
    if condition_is(now, "Ready", "False") {
        let reason = ready.and_then(|ready| ready["reason"].as_str()).unwrap_or_default();
        rule(REASONS_OF_FAILURE.contains(&reason), "the reason of a failure is a known one");
    }
    for condition in status["conditions"].as_array().into_iter().flatten() {
        let message = condition["message"].as_str().unwrap_or_default();
        rule(message.chars().count() <= LONGEST_MESSAGE, "a message is bounded");
        rule(
            !message.chars().any(|c| c.is_control() && c != '\n'),
            "a message has no control characters",
        );
        rule(!message.contains("/tmp/"), "a message names no path of the operator's own");
    }
    check_history(status, &mut rule);
    if let Some(before) =
        before.filter(|before| before["metadata"]["uid"] == now["metadata"]["uid"])
    {
        let changed = |key: &str| before["status"][key] != status[key];
        rule(
            is_ready || !changed("lastAppliedRevision"),
            "the applied revision changes only in success",
        );
        let settled = is_ready || is_stalled;
        rule(
            settled || !changed("observedGeneration"),
            "a generation counts as observed only when ready or stalled",
        );
    }
    broken
}

fn check_history(status: &Value, rule: &mut impl FnMut(bool, &str)) {
    let history = status["history"].as_array().map(Vec::as_slice).unwrap_or_default();
    rule(history.len() <= LONGEST_HISTORY, "the history is bounded");
    let mut keys: Vec<String> = history
        .iter()
        .map(|entry| format!("{} {}", entry["digest"], entry["lastReconciledStatus"]))
        .collect();
    keys.sort();
    keys.dedup();
    rule(keys.len() == history.len(), "the history has each digest and status once");
}

/// What a Kustomization at rest claims, but the cluster does not show.
pub(crate) async fn untrue_claims(cluster: &Cluster, kustomization: &Value) -> Vec<String> {
    let mut untrue = Vec::new();
    if kustomization["spec"]["suspend"] == true {
        return untrue;
    }
    let requested = &kustomization["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
    if !requested.is_null() && kustomization["status"]["lastHandledReconcileAt"] != *requested {
        untrue.push(format!("the request of {requested} was not handled"));
    }
    if condition_is(kustomization, "Ready", "False") {
        let retries = condition(kustomization, "Reconciling");
        let retries =
            retries.is_some_and(|condition| condition["reason"] == "ProgressingWithRetry");
        if !retries && !condition_is(kustomization, "Stalled", "True") {
            untrue.push(
                "a failure is either retried (Reconciling, ProgressingWithRetry) or stalled".into(),
            );
        }
    }
    if is_current(kustomization) {
        untrue.extend(stale_revision(cluster, kustomization).await);
        untrue.extend(missing_objects(cluster, kustomization).await);
    } else if condition_is(kustomization, "Ready", "True") {
        untrue.push("ready, but for an older generation, or at work".into());
    }
    untrue
}

async fn stale_revision(cluster: &Cluster, kustomization: &Value) -> Option<String> {
    let source = &kustomization["spec"]["sourceRef"];
    let own = kustomization["metadata"]["namespace"].as_str().unwrap_or_default();
    let namespace = source["namespace"].as_str().unwrap_or(own);
    let name = source["name"].as_str().unwrap_or_default();
    let source = cluster.get(source["kind"].as_str().unwrap_or_default(), namespace, name).await?;
    let (offered, applied) = (
        &source["status"]["artifact"]["revision"],
        &kustomization["status"]["lastAppliedRevision"],
    );
    (offered != applied).then(|| format!("ready at {applied}, but the source is at {offered}"))
}

async fn missing_objects(cluster: &Cluster, kustomization: &Value) -> Vec<String> {
    let metadata = &kustomization["metadata"];
    let mut missing = Vec::new();
    for entry in kustomization["status"]["inventory"]["entries"].as_array().into_iter().flatten() {
        let id = entry["id"].as_str().unwrap_or_default();
        let Some(object) = cluster.get_by_id(id, entry["v"].as_str().unwrap_or_default()).await
        else {
            missing.push(format!("{id} is in the inventory but not in the cluster"));
            continue;
        };
        let label =
            |key: &str| &object["metadata"]["labels"][format!("kustomize.toolkit.fluxcd.io/{key}")];
        let owned =
            *label("name") == metadata["name"] && *label("namespace") == metadata["namespace"];
        if !owned && !is_left_alone(&object) {
            missing.push(format!("{id} does not carry its owner's labels"));
        }
    }
    missing
}

/// Objects that are in an inventory but that nobody applies.
fn is_left_alone(object: &Value) -> bool {
    let says = |key: &str, value: &str| {
        let of = |map: &str| {
            object["metadata"][map][format!("kustomize.toolkit.fluxcd.io/{key}")].as_str()
        };
        [of("labels"), of("annotations")]
            .into_iter()
            .flatten()
            .any(|found| found.eq_ignore_ascii_case(value))
    };
    says("reconcile", "disabled") || says("ssa", "ignore") || says("ssa", "ifnotpresent")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(ready: &str, reason: &str, status: Value) -> Value {
        let mut object = json!({"metadata": {"uid": "1", "generation": 2}, "status": status});
        object["status"]["conditions"] =
            json!([{"type": "Ready", "status": ready, "reason": reason, "message": ""}]);
        object
    }

    #[test]
    fn a_truthful_version_breaks_no_rule() {
        let status = json!({"observedGeneration": 2, "lastAppliedRevision": "b", "lastAttemptedRevision": "b"});
        let before = version("False", "BuildFailed", json!({"lastAppliedRevision": "a"}));
        let broken =
            broken_rules(Some(&before), &version("True", "ReconciliationSucceeded", status));
        assert!(broken.is_empty(), "{broken:?}");
    }

    #[test]
    fn each_lie_is_found() {
        let applied =
            |revision: &str| json!({"observedGeneration": 2, "lastAppliedRevision": revision});
        let before = version("True", "ReconciliationSucceeded", applied("a"));
        let many: Vec<Value> = (0..6).map(|n| json!({"digest": n})).collect();
        let lies = [
            (
                version("True", "ReconciliationSucceeded", applied("b")),
                "has applied what it attempted",
            ),
            (version("False", "BuildFailed", applied("b")), "changes only in success"),
            (version("False", "Whatever", applied("a")), "a known one"),
            (
                version("False", "BuildFailed", json!({"observedGeneration": 3})),
                "only when ready or stalled",
            ),
            (version("False", "BuildFailed", json!({"history": many})), "the history is bounded"),
        ];
        for (lie, rule) in lies {
            let broken = broken_rules(Some(&before), &lie);
            assert!(broken.iter().any(|text| text.contains(rule)), "{rule}: {broken:?}");
        }
    }
}
