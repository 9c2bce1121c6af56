//! What the status says while a reconcile is under way.

use super::Context;
use super::conditions::set;
use super::run::Run;
use crate::step::StepError;
use inhaul_api::{Condition, ConditionStatus, Reason, condition_type};
use inhaul_plan::Plan;
use std::time::Duration;

/// Stores what is about to happen before anything happens: where a crash interrupts it, the
/// inventory still names every object that was made. A run that brings nothing new stores nothing.
pub(super) async fn write_ahead(
    context: &Context,
    run: &mut Run,
    plan: &Plan,
) -> Result<(), StepError> {
    if run.was_ready && plan.ahead == run.inventory() {
        return Ok(());
    }
    run.set_inventory(&plan.ahead);
    run.status.last_attempted_revision = run.revision.clone();
    let message = format!("applying revision {}", run.revision.as_deref().unwrap_or_default());
    let unknown = ConditionStatus::Unknown;
    set(run, condition_type::RECONCILING, ConditionStatus::True, Reason::Progressing, &message);
    set(run, condition_type::READY, unknown, Reason::Progressing, "reconciliation in progress");
    Condition::remove(&mut run.status.conditions, condition_type::STALLED);
    run.store(context).await
}

/// Says that everything is applied and not yet healthy.
pub(super) async fn waiting(
    context: &Context,
    run: &mut Run,
    timeout: Duration,
) -> Result<(), StepError> {
    let revision = run.revision.as_deref().unwrap_or_default();
    let timeout = timeout.as_secs();
    let message =
        format!("running health checks for revision {revision} with a timeout of {timeout}s");
    let (yes, unknown) = (ConditionStatus::True, ConditionStatus::Unknown);
    set(run, condition_type::RECONCILING, yes, Reason::Progressing, &message);
    set(run, condition_type::READY, unknown, Reason::Progressing, "reconciliation in progress");
    set(run, condition_type::HEALTHY, unknown, Reason::Progressing, &message);
    run.store(context).await
}
