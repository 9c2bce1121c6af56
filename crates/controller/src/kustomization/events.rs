//! What is told about a Kustomization.

use super::run::Run;
use super::{Context, KIND, drift};
use crate::events::{Severity, Subject};
use crate::queue::Next;
use crate::step::StepError;
use crate::tracked::humane;
use inhaul_api::Reason;
use inhaul_cluster::Action;
use std::collections::BTreeMap;

const GROUP: &str = "kustomize.toolkit.fluxcd.io";
fn subject(run: &Run) -> Subject<'_> {
    Subject {
        api_version: "kustomize.toolkit.fluxcd.io/v1",
        kind: KIND,
        metadata: &run.object.metadata,
    }
}

fn metadata(run: &Run) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    if let Some(revision) = &run.revision {
        metadata.insert(format!("{GROUP}/revision"), revision.clone());
    }
    if let Some(origin) = &run.origin_revision {
        metadata.insert(format!("{GROUP}/originRevision"), origin.clone());
    }
    metadata
}

/// Tells what was created, configured and deleted, as Flux words it. An object that had drifted
/// from a revision that was in order is told with the fields that differed.
pub(super) fn changes(context: &Context, run: &Run, was_in_order: bool) {
    let mut lines: Vec<String> = Vec::new();
    for change in &run.changes {
        let done = if change.action == Action::Created { "created" } else { "configured" };
        let fields = if was_in_order { drift::fields(change) } else { String::new() };
        lines.push(format!("{} {done}{fields}", change.id));
    }
    lines.extend(run.deleted.iter().map(|id| format!("{id} deleted")));
    if lines.is_empty() {
        return;
    }
    let reason = if was_in_order { Reason::ReconciliationSucceeded } else { Reason::Progressing };
    let message = lines.join("\n");
    tracing::info!(changes = lines.len(), "server-side apply completed\n{message}");
    context.events.publish(&subject(run), Severity::Info, reason, &message, metadata(run));
}

/// Tells how the reconcile ended.
pub(super) fn outcome(context: &Context, run: &Run, result: &Result<(), StepError>, next: Next) {
    let mut metadata = metadata(run);
    match result {
        Ok(()) => {
            let took = humane(run.started.elapsed());
            let next = match next {
                Next::After(after) if !run.again => format!(", next run in {}", humane(after)),
                _ => String::new(),
            };
            let message = format!("Reconciliation finished in {took}{next}");
            tracing::info!("{message}");
            metadata.insert(format!("{GROUP}/commit_status"), "update".to_owned());
            let reason = Reason::ReconciliationSucceeded;
            context.events.publish(&subject(run), Severity::Info, reason, &message, metadata);
            if let Some(took) = run.health_checked {
                let message = format!("Health check passed in {}", humane(took));
                let metadata = self::metadata(run);
                let reason = Reason::ReconciliationSucceeded;
                context.events.publish(&subject(run), Severity::Info, reason, &message, metadata);
            }
        }
        Err(error) => {
            let severity = match error.reason {
                Reason::DependencyNotReady | Reason::HealthCheckCanceled => Severity::Info,
                _ => Severity::Error,
            };
            let message = &error.message;
            context.events.publish(&subject(run), severity, error.reason, message, metadata);
        }
    }
}

/// Tells that the objects of a deleted Kustomization were deleted, or why not.
pub(super) fn finalized(context: &Context, run: &Run, severity: Severity, message: &str) {
    let reason = if severity == Severity::Error { Reason::PruneFailed } else { Reason::Succeeded };
    context.events.publish(&subject(run), severity, reason, message, metadata(run));
}
