//! The one place where the outcome of a reconcile becomes status, events, numbers and the time of
//! the next look.

use super::{Context, KIND, Run, source_key};
use crate::events::{Severity, Subject};
use crate::queue::Next;
use crate::step::{Retry, StepError};
use crate::tracked::{FALLBACK_RETRY, bounded};
use inhaul_api::{Condition, ConditionStatus, Reason, condition_type};
use inhaul_git::Revision;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::BTreeMap;
use std::time::Duration;

const GROUP: &str = "source.toolkit.fluxcd.io";

/// How a reconcile ended well.
pub(super) enum Outcome {
    /// The artifact is the newest already.
    Unchanged,
    /// There is a new artifact.
    Stored {
        /// The first line of the commit's message.
        summary: String,
    },
}

/// Says that a newer revision is on its way.
pub(super) async fn progressing(
    context: &Context,
    run: &mut Run,
    revision: &Revision,
) -> Result<(), StepError> {
    let same = run.status.artifact.as_ref().is_some_and(|a| a.revision == revision.to_string());
    let (message, reason) = if same {
        ("the artifact is made of other inputs than the last one".to_owned(), Reason::IncludeChange)
    } else {
        (format!("new upstream revision '{revision}'"), Reason::NewRevision)
    };
    let (yes, unknown) = (ConditionStatus::True, ConditionStatus::Unknown);
    if run.status.artifact.is_some() {
        set(run, condition_type::ARTIFACT_OUTDATED, yes, reason, &message);
    }
    let working = "reconciliation in progress";
    set(run, condition_type::RECONCILING, yes, Reason::Progressing, &message);
    set(run, condition_type::READY, unknown, Reason::Progressing, working);
    Condition::remove(&mut run.status.conditions, condition_type::STALLED);
    run.store(&context.own, |_, _, _| {}).await
}

/// Reports the outcome.
pub(super) async fn report(
    context: &Context,
    mut run: Run,
    result: Result<Outcome, StepError>,
) -> Next {
    if let Some(requested) = run.requested_at().map(str::to_owned) {
        run.status.last_handled_reconcile_at = Some(requested);
    }
    let interval = run.object.spec.interval();
    let next = match &result {
        Ok(outcome) => {
            succeeded(context, &mut run, outcome);
            interval.map_or(Next::OnChange, |i| Next::After(context.settings.jittered(i)))
        }
        Err(error) => {
            failed(context, &mut run, error);
            let interval = interval.unwrap_or(FALLBACK_RETRY);
            // A source is asked again within minutes, however rarely it is polled.
            match error.retry {
                Retry::Interval => Next::After(context.settings.jittered(interval)),
                _ => error.next(interval.max(Duration::from_secs(300))),
            }
        }
    };
    let seconds = run.started.elapsed().as_secs_f64();
    let outcome = if result.is_ok() { "success" } else { "error" };
    context.metrics.reconciled(KIND, &run.key.namespace, &run.key.name, seconds, outcome);
    store(context, run, next).await
}

/// Writes the status and tells when to look again.
pub(super) async fn store(context: &Context, mut run: Run, next: Next) -> Next {
    match run.store(&context.own, |_, _, _| {}).await {
        Ok(()) => {
            context.sources.publish(&source_key(&run.key), run.status.artifact.as_ref());
            next
        }
        Err(error) => {
            tracing::error!(%error, "the status was not written");
            error.next(FALLBACK_RETRY)
        }
    }
}

fn set(run: &mut Run, type_: &str, status: ConditionStatus, reason: Reason, message: &str) {
    let now = Time(jiff::Timestamp::now());
    Condition::new(type_, status, reason, bounded(message), now)
        .observed_at(run.generation())
        .set(&mut run.status.conditions);
}

fn remove(run: &mut Run, types: &[&str]) {
    types.iter().for_each(|type_| Condition::remove(&mut run.status.conditions, type_));
}

fn succeeded(context: &Context, run: &mut Run, outcome: &Outcome) {
    let revision = run.status.artifact.as_ref().map(|a| a.revision.clone()).unwrap_or_default();
    let digest = run.status.artifact.as_ref().map(|a| a.digest.clone()).unwrap_or_default();
    let message = format!("stored artifact for revision '{revision}'");
    let yes = ConditionStatus::True;
    set(run, condition_type::READY, yes, Reason::Succeeded, &message);
    set(run, condition_type::ARTIFACT_IN_STORAGE, yes, Reason::Succeeded, &message);
    remove(
        run,
        &[
            condition_type::RECONCILING,
            condition_type::STALLED,
            condition_type::FETCH_FAILED,
            condition_type::INCLUDE_UNAVAILABLE,
            condition_type::STORAGE_OPERATION_FAILED,
            condition_type::ARTIFACT_OUTDATED,
        ],
    );
    run.status.observed_generation = Some(run.generation());
    let was_failing = Condition::find(&run.stored().conditions, condition_type::READY)
        .is_some_and(|ready| ready.status == ConditionStatus::False);
    let metadata = BTreeMap::from([
        (format!("{GROUP}/revision"), revision),
        (format!("{GROUP}/digest"), digest),
    ]);
    match outcome {
        Outcome::Stored { summary } => {
            let message = format!("stored artifact for commit '{summary}'");
            publish(context, run, Severity::Info, Reason::NewArtifact, &message, metadata);
        }
        Outcome::Unchanged if was_failing => {
            publish(context, run, Severity::Info, Reason::Succeeded, &message, metadata);
        }
        Outcome::Unchanged => {}
    }
}

fn failed(context: &Context, run: &mut Run, error: &StepError) {
    let (yes, no) = (ConditionStatus::True, ConditionStatus::False);
    let before = Condition::find(&run.stored().conditions, condition_type::READY);
    let is_news = before
        .is_none_or(|b| b.reason != error.reason.as_str() || b.message != bounded(&error.message));
    tracing::error!(error = %error.message, reason = error.reason.as_str(), "reconciliation failed");
    if is_news {
        let message = &error.message;
        publish(context, run, Severity::Error, error.reason, message, BTreeMap::new());
    }
    remove(
        run,
        &[
            condition_type::FETCH_FAILED,
            condition_type::INCLUDE_UNAVAILABLE,
            condition_type::STORAGE_OPERATION_FAILED,
        ],
    );
    if let Some(failure) = failure(run, error) {
        set(run, failure, yes, error.reason, &error.message);
    }
    set(run, condition_type::READY, no, error.reason, &error.message);
    if error.retry == Retry::OnChange {
        set(run, condition_type::STALLED, yes, error.reason, &error.message);
        remove(run, &[condition_type::RECONCILING]);
        run.status.observed_generation = Some(run.generation());
    } else {
        let retrying = Reason::ProgressingWithRetry;
        set(run, condition_type::RECONCILING, yes, retrying, &error.message);
        remove(run, &[condition_type::STALLED]);
    }
    if run.status.artifact.is_none() {
        remove(run, &[condition_type::ARTIFACT_IN_STORAGE, condition_type::ARTIFACT_OUTDATED]);
    }
}

/// The condition that tells of a failure; that of a signature was set where it was found.
fn failure(run: &Run, error: &StepError) -> Option<&'static str> {
    let verified = Condition::find(&run.status.conditions, condition_type::SOURCE_VERIFIED);
    if verified
        .is_some_and(|c| c.reason == error.reason.as_str() && c.message == bounded(&error.message))
    {
        return None;
    }
    Some(match error.reason {
        Reason::NotFound | Reason::NoArtifact => condition_type::INCLUDE_UNAVAILABLE,
        Reason::ArchiveOperationFailed
        | Reason::DirectoryCreationFailed
        | Reason::IllegalPath
        | Reason::CopyFailure
        | Reason::StatOperationFailed => condition_type::STORAGE_OPERATION_FAILED,
        _ => condition_type::FETCH_FAILED,
    })
}

/// Notes whose signatures were found.
pub(super) fn verified(run: &mut Run, message: &str) {
    set(run, condition_type::SOURCE_VERIFIED, ConditionStatus::True, Reason::Succeeded, message);
}

/// Notes why the revision does not count as signed.
pub(super) fn not_verified(run: &mut Run, error: &StepError) {
    let no = ConditionStatus::False;
    set(run, condition_type::SOURCE_VERIFIED, no, error.reason, &error.message);
}

fn publish(
    context: &Context,
    run: &Run,
    severity: Severity,
    reason: Reason,
    message: &str,
    metadata: BTreeMap<String, String>,
) {
    let api_version = "source.toolkit.fluxcd.io/v1";
    let subject = Subject { api_version, kind: KIND, metadata: &run.object.metadata };
    context.events.publish(&subject, severity, reason, message, metadata);
}
