//! The one place where the outcome of a reconcile becomes status, events, numbers and the time of
//! the next look.

use super::{Context, KIND, Run};
use crate::events::{Severity, Subject};
use crate::queue::Next;
use crate::step::{Retry, StepError};
use crate::tracked::{FALLBACK_RETRY, bounded};
use inhaul_api::{Condition, ConditionStatus, Reason, condition_type};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::BTreeMap;

/// Reports the outcome: the path by which the Receiver can be called, or why it cannot.
pub(super) async fn report(
    context: &Context,
    mut run: Run,
    result: Result<String, StepError>,
) -> Next {
    if let Some(requested) = run.requested_at().map(str::to_owned) {
        run.status.last_handled_reconcile_at = Some(requested);
    }
    let interval = run.object.spec.interval();
    let next = match &result {
        Ok(path) => {
            opened(context, &mut run, path);
            interval.map_or(Next::OnChange, |i| Next::After(context.settings.jittered(i)))
        }
        Err(error) => {
            context.registry.close(&run.key.namespace, &run.key.name);
            failed(context, &mut run, error);
            error.next(interval.unwrap_or(FALLBACK_RETRY))
        }
    };
    let seconds = run.started.elapsed().as_secs_f64();
    let outcome = if result.is_ok() { "success" } else { "error" };
    context.metrics.reconciled(KIND, &run.key.namespace, &run.key.name, seconds, outcome);
    match run.store(&context.own, |_, _, _| {}).await {
        Ok(()) => next,
        Err(error) => {
            tracing::error!(%error, "the status was not written");
            error.next(FALLBACK_RETRY)
        }
    }
}

fn opened(context: &Context, run: &mut Run, path: &str) {
    let message = format!("Receiver initialized for path: {path}");
    let is_news = run.stored().webhook_path.as_deref() != Some(path)
        || !Condition::holds(&run.stored().conditions, condition_type::READY);
    run.status.webhook_path = Some(path.to_owned());
    set(run, condition_type::READY, ConditionStatus::True, Reason::Succeeded, &message);
    for gone in [condition_type::RECONCILING, condition_type::STALLED] {
        Condition::remove(&mut run.status.conditions, gone);
    }
    run.status.observed_generation = Some(run.generation());
    if is_news {
        // Not the path: whoever may read events need not be able to call.
        let message = "Receiver initialized";
        publish(context, run, Severity::Info, Reason::Succeeded, message);
    }
}

fn failed(context: &Context, run: &mut Run, error: &StepError) {
    let before = Condition::find(&run.stored().conditions, condition_type::READY);
    let is_news = before
        .is_none_or(|b| b.reason != error.reason.as_str() || b.message != bounded(&error.message));
    tracing::error!(error = %error.message, reason = error.reason.as_str(), "reconciliation failed");
    if is_news {
        publish(context, run, Severity::Error, error.reason, &error.message);
    }
    run.status.webhook_path = None;
    set(run, condition_type::READY, ConditionStatus::False, error.reason, &error.message);
    if error.retry == Retry::OnChange {
        set(run, condition_type::STALLED, ConditionStatus::True, error.reason, &error.message);
        Condition::remove(&mut run.status.conditions, condition_type::RECONCILING);
        run.status.observed_generation = Some(run.generation());
    } else {
        let retrying = Reason::ProgressingWithRetry;
        let yes = ConditionStatus::True;
        set(run, condition_type::RECONCILING, yes, retrying, &error.message);
        Condition::remove(&mut run.status.conditions, condition_type::STALLED);
    }
}

fn set(run: &mut Run, type_: &str, status: ConditionStatus, reason: Reason, message: &str) {
    let now = Time(jiff::Timestamp::now());
    Condition::new(type_, status, reason, bounded(message), now)
        .observed_at(run.generation())
        .set(&mut run.status.conditions);
}

fn publish(context: &Context, run: &Run, severity: Severity, reason: Reason, message: &str) {
    let api_version = "notification.toolkit.fluxcd.io/v1";
    let subject = Subject { api_version, kind: KIND, metadata: &run.object.metadata };
    context.events.publish(&subject, severity, reason, message, BTreeMap::new());
}
