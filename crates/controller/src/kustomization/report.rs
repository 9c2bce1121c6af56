//! The one place where the outcome of a reconcile becomes status, events, numbers and the time of
//! the next look.

use super::conditions::{applied, now, set};
use super::records::Extent;
use super::run::Run;
use super::{Context, KIND, drift, events};
use crate::queue::Next;
use crate::step::{Retry, StepError};
use crate::tracked::bounded;
use inhaul_api::{
    Condition, ConditionStatus, HistoryEntry, Reason, condition_type, record_history,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// How soon to look again for objects that wait for their finalizers.
const GOING_POLL: Duration = Duration::from_secs(5);
/// How soon to look again at what changed while it was applied.
const AGAIN: Duration = Duration::from_millis(50);

/// Reports the outcome.
pub(super) async fn report(context: &Context, mut run: Run, result: Result<(), StepError>) -> Next {
    if let Err(error) = &result
        && matches!(error.retry, Retry::Quietly(_) | Retry::AfterOthers)
    {
        tracing::debug!("{error}");
        return error.next(run.retry_interval());
    }
    let requested = run.requested_at().map(str::to_owned);
    if requested.is_some() {
        run.status.last_handled_reconcile_at = requested;
    }
    let was_ready = run.was_ready;
    let next = match &result {
        Ok(()) => succeeded(context, &mut run),
        Err(error) => failed(context, &mut run, error),
    };
    events::changes(context, &run, was_ready);
    let news = match &result {
        Ok(()) => !was_ready || !run.changes.is_empty() || !run.deleted.is_empty(),
        Err(error) => is_news(&run, error),
    };
    // Putting drift back is no new chapter: what was changed is told, and the status is as it was.
    let news = news && !(was_ready && result.is_ok());
    if news {
        events::outcome(context, &run, &result, next);
    }
    if news && run.revision.is_some() {
        history(&mut run, &result);
    }
    let seconds = run.started.elapsed().as_secs_f64();
    let outcome = if result.is_ok() { "success" } else { "error" };
    context.metrics.reconciled(KIND, &run.key.namespace, &run.key.name, seconds, outcome);
    match run.store(context).await {
        Ok(()) => next,
        Err(error) => {
            tracing::error!(%error, "the status was not written");
            error.next(run.retry_interval())
        }
    }
}

fn succeeded(context: &Context, run: &mut Run) -> Next {
    let revision = run.revision.clone().unwrap_or_default();
    let mut message = applied(&revision);
    if !run.going.is_empty() {
        message.push_str(&going(run));
    }
    set(
        run,
        condition_type::READY,
        ConditionStatus::True,
        Reason::ReconciliationSucceeded,
        &message,
    );
    Condition::remove(&mut run.status.conditions, condition_type::RECONCILING);
    Condition::remove(&mut run.status.conditions, condition_type::STALLED);
    health(run);
    run.status.observed_generation = Some(run.generation());
    let new_revision = run.stored().last_applied_revision.as_ref() != Some(&revision);
    run.status.last_applied_revision = Some(revision.clone());
    run.status.last_attempted_revision = Some(revision);
    run.status.last_applied_origin_revision = run.origin_revision.clone();
    let (namespace, name) = (&run.key.namespace, &run.key.name);
    context.metrics.in_sync(KIND, namespace, name);
    if let (true, Some(committed)) = (new_revision, run.committed) {
        let age = jiff::Timestamp::now().as_second().saturating_sub(committed);
        context.metrics.applied(KIND, namespace, name, age.max(0) as f64);
    }
    drift::report(context, run);
    match run.object.spec.interval() {
        Ok(interval) => Next::After(next_look(context, run, context.settings.jittered(interval))),
        Err(_) => Next::OnChange,
    }
}

fn health(run: &mut Run) {
    let asked_for = run.object.spec.wait || !run.object.spec.health_checks.is_empty();
    if run.health_checked.is_some() {
        // A message that does not change from run to run costs no write.
        let (yes, passed) = (ConditionStatus::True, "Health check passed");
        set(run, condition_type::HEALTHY, yes, Reason::Succeeded, passed);
    } else if !asked_for {
        Condition::remove(&mut run.status.conditions, condition_type::HEALTHY);
    }
}

/// How long all is well.
fn next_look(context: &Context, run: &Run, interval: Duration) -> Duration {
    let rest = match run.extent {
        Extent::Full => {
            context.records.start_interval(&run.key, interval);
            interval
        }
        Extent::Drift { left } => left,
    };
    let soon = if run.again { AGAIN } else { rest };
    let gone = if run.going.is_empty() { rest } else { GOING_POLL };
    rest.min(soon).min(gone)
}

fn going(run: &Run) -> String {
    let named = run.going.iter().take(3).map(|going| {
        if going.finalizers.is_empty() {
            going.id.to_string()
        } else {
            format!("{} (finalizers: {})", going.id, going.finalizers.join(", "))
        }
    });
    let names: Vec<String> = named.collect();
    let more = if run.going.len() > names.len() { ", ..." } else { "" };
    format!("; {} objects are still being deleted: {}{more}", run.going.len(), names.join(", "))
}

fn failed(context: &Context, run: &mut Run, error: &StepError) -> Next {
    tracing::error!(error = %error.message, reason = error.reason.as_str(), "reconciliation failed");
    let generation = run.generation();
    if run.revision.is_some() {
        run.status.last_attempted_revision = run.revision.clone();
    }
    if error.retry == Retry::OnChange {
        let message =
            format!("Reconciliation failed terminally due to configuration error: {error}");
        set(run, condition_type::STALLED, ConditionStatus::True, error.reason, &error.message);
        set(run, condition_type::READY, ConditionStatus::False, error.reason, &message);
        Condition::remove(&mut run.status.conditions, condition_type::RECONCILING);
        run.status.observed_generation = Some(generation);
    } else {
        let retrying = Reason::ProgressingWithRetry;
        set(run, condition_type::RECONCILING, ConditionStatus::True, retrying, &error.message);
        set(run, condition_type::READY, ConditionStatus::False, error.reason, &error.message);
        Condition::remove(&mut run.status.conditions, condition_type::STALLED);
    }
    if matches!(error.reason, Reason::HealthCheckFailed | Reason::HealthCheckCanceled) {
        let unhealthy = ConditionStatus::False;
        set(run, condition_type::HEALTHY, unhealthy, error.reason, &error.message);
    }
    context.metrics.out_of_sync(KIND, &run.key.namespace, &run.key.name);
    error.next(run.retry_interval())
}

/// Whether a failure says something that the status did not say before.
fn is_news(run: &Run, error: &StepError) -> bool {
    let before = Condition::find(&run.stored().conditions, condition_type::READY);
    before.is_none_or(|ready| {
        ready.reason != error.reason.as_str()
            || !ready.message.contains(bounded(&error.message).trim_end_matches('…'))
    })
}

fn history(run: &mut Run, result: &Result<(), StepError>) {
    let status = match result {
        Ok(()) => Reason::ReconciliationSucceeded,
        Err(error) => error.reason,
    };
    let took = run.started.elapsed();
    let digest = run.digest.clone();
    let mut entry = HistoryEntry::once(digest, status.as_str().to_owned(), took, now());
    entry.metadata =
        BTreeMap::from([("revision".to_owned(), run.revision.clone().unwrap_or_default())]);
    if let Some(origin) = &run.origin_revision {
        entry.metadata.insert("originRevision".to_owned(), origin.clone());
    }
    record_history(&mut run.status.history, entry);
}
