//! A commit that changes nothing of what a Kustomization was rendered from.

use super::Context;
use super::conditions::applied as applied_message;
use super::instructions::configured;
use super::memo::still_hold;
use super::records::Extent;
use super::run::Run;
use crate::sources::Snapshot;
use inhaul_api::{Condition, ConditionStatus, condition_type};

/// Whether a new revision brings nothing for a Kustomization that is in order: then it needs its
/// new revision in the status, and neither render nor apply.
pub(super) async fn is_untouched(context: &Context, run: &mut Run, snapshot: &Snapshot) -> bool {
    let Some(applied) = in_order(run) else { return false };
    // At the interval everything is looked at, whatever the commit says.
    let Some(left) = context.records.quiet_for(&run.key) else { return false };
    let instructions = configured(context, &run.object);
    let memos = &context.memos;
    let Some(observations) = memos.observations(&run.key, &applied, &instructions) else {
        return false;
    };
    let of = snapshot.clone();
    let compare = move || still_hold(&observations, &of);
    let untouched = tokio::task::spawn_blocking(compare).await.unwrap_or(false);
    if untouched {
        run.was_ready = true;
        run.extent = Extent::Drift { left };
    }
    untouched
}

/// The revision that is applied, if all is well with it and nobody asked for another look.
pub(super) fn in_order(run: &Run) -> Option<String> {
    let stored = run.stored();
    let applied = stored.last_applied_revision.clone()?;
    let ready = Condition::find(&stored.conditions, condition_type::READY)?;
    // A message that says more tells of objects that are still being deleted.
    let in_order = ready.status == ConditionStatus::True
        && ready.message == applied_message(&applied)
        && Condition::find(&stored.conditions, condition_type::DRIFTED).is_none()
        && stored.observed_generation == Some(run.generation())
        && run.requested_at() == stored.last_handled_reconcile_at.as_deref();
    in_order.then_some(applied)
}
