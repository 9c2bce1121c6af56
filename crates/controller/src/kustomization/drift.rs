//! What is told about drift.

use super::conditions::set;
use super::run::Run;
use super::{Context, KIND};
use inhaul_api::{Condition, ConditionStatus, Reason, condition_type};
use inhaul_cluster::Change;

/// How many objects a message names.
const NAMED_OBJECTS: usize = 5;
/// How many fields of an object a message names.
const NAMED_FIELDS: usize = 8;

/// Tells of drift that stays, in the condition `Drifted`, and counts what was found and put back.
pub(super) fn report(context: &Context, run: &mut Run) {
    if run.was_ready {
        count(context, run);
    }
    let fights = context.records.fights(&run.key);
    let blind = context.index.blind();
    let blind: Vec<&String> = blind
        .iter()
        .filter(|kind| run.inventory().iter().any(|(id, _)| id.kind == ***kind))
        .collect();
    let (status, reason, message) = if !run.drifted.is_empty() {
        let message = format!(
            "{} objects differ from the source, which is only told ({}): {}",
            run.drifted.len(),
            inhaul_cluster::DRIFT,
            listed(&run.drifted)
        );
        (ConditionStatus::True, Reason::DriftDetected, message)
    } else if !fights.is_empty() {
        (ConditionStatus::True, Reason::DriftFight, fights.join("; "))
    } else if !blind.is_empty() {
        let kinds: Vec<&str> = blind.into_iter().map(String::as_str).collect();
        let message = format!("{} cannot be watched; drift is put back at the interval", {
            kinds.join(", ")
        });
        (ConditionStatus::Unknown, Reason::NotWatched, message)
    } else {
        Condition::remove(&mut run.status.conditions, condition_type::DRIFTED);
        return;
    };
    set(run, condition_type::DRIFTED, status, reason, &message);
}

fn count(context: &Context, run: &Run) {
    let (namespace, name) = (&run.key.namespace, &run.key.name);
    let corrected = run.changes.len();
    context.metrics.drift(KIND, namespace, name, corrected + run.drifted.len(), corrected);
    let missed = run.changes.iter().chain(&run.drifted).filter(|change| change.missed).count();
    context.metrics.drift_missed(KIND, namespace, name, missed);
    if let (true, Some(seen)) = (corrected > 0, run.drift_seen) {
        context.metrics.drift_put_back(KIND, namespace, name, seen.elapsed().as_secs_f64());
    }
}

fn listed(changes: &[Change]) -> String {
    let mut lines: Vec<String> = changes
        .iter()
        .take(NAMED_OBJECTS)
        .map(|change| format!("{}{}", change.id, fields(change)))
        .collect();
    if changes.len() > NAMED_OBJECTS {
        lines.push(format!("and {} more", changes.len() - NAMED_OBJECTS));
    }
    lines.join("; ")
}

/// The fields of an object that differed, and who had changed them, as far as that is known.
pub(super) fn fields(change: &Change) -> String {
    if change.fields.is_empty() {
        return String::new();
    }
    let more = if change.fields.len() > NAMED_FIELDS { ", ..." } else { "" };
    let named = change.fields[..change.fields.len().min(NAMED_FIELDS)].join(", ");
    let by = match change.managers.as_slice() {
        [] => String::new(),
        managers => format!("; by {}", managers.join(", ")),
    };
    format!(" (drift in {named}{more}{by})")
}
