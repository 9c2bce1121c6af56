//! A look at an app that is in order, at nothing but what may have changed.
//!
//! Its revision is applied and its render is known, so nothing is rendered and nothing planned:
//! only objects that the live index suspects, whose audit is due, or that it cannot see, are
//! looked at. Where it suspects none, that costs no request.

use super::instructions::configured;
use super::records::Extent;
use super::run::Run;
use super::wait::{self, Expected};
use super::{Context, apply, untouched};
use crate::queue::Permit;
use crate::sources::Snapshot;
use crate::step::StepError;
use inhaul_cluster::Target;
use inhaul_object::ObjectId;
use inhaul_plan::PlannedObject;
use std::collections::HashSet;
use tokio_util::sync::CancellationToken;

/// Looks at what may have changed. `None` means that everything must be looked at.
pub(super) async fn look(
    context: &Context,
    target: &Target,
    run: &mut Run,
    snapshot: &Snapshot,
    preempted: &CancellationToken,
    permit: &mut Permit,
) -> Option<Result<(), StepError>> {
    let applied = untouched::in_order(run).filter(|applied| *applied == snapshot.revision)?;
    // The same commit may come with other files: of an include, or another choice of directories.
    context.memos.is_of(&run.key, snapshot).then_some(())?;
    let instructions = configured(context, &run.object);
    context.memos.observations(&run.key, &applied, &instructions)?;
    let inventory = run.inventory();
    let wanted: Vec<ObjectId> = inventory.iter().map(|(id, _)| id.clone()).collect();
    let audit = context.settings.audit_interval;
    let suspects = context.records.suspects(&run.key, run.extent, &context.index, &wanted, audit);
    let mut objects = Vec::new();
    if !suspects.is_empty() {
        let found = context.memos.find(&run.key, &applied, &instructions, &suspects)?;
        objects = planned(target, found, &suspects).await?;
    }
    Some(correct(context, target, run, &objects, preempted, permit).await)
}

/// The suspects as a plan would have them. `None` where one is missing.
async fn planned(
    target: &Target,
    found: Vec<inhaul_render::RenderedObject>,
    suspects: &HashSet<ObjectId>,
) -> Option<Vec<PlannedObject>> {
    let mut objects = Vec::with_capacity(suspects.len());
    for rendered in found {
        let resource = target.discovery.resource(&rendered.object.gvk()).await.ok()?;
        let planned = PlannedObject::of(rendered, resource.scope);
        if suspects.contains(&planned.object.id()) {
            objects.push(planned);
        }
    }
    (objects.len() == suspects.len()).then_some(objects)
}

async fn correct(
    context: &Context,
    target: &Target,
    run: &mut Run,
    objects: &[PlannedObject],
    preempted: &CancellationToken,
    permit: &mut Permit,
) -> Result<(), StepError> {
    // Without an object, too: the look itself ends a suspicion.
    let mut result = apply::correct(context, target, run, objects).await;
    let all_looked_at = matches!(run.extent, Extent::Full);
    if result.is_ok() && (all_looked_at || !run.changes.is_empty()) {
        let expected = Expected::of_applied(context, run);
        let waiting = wait::wait(context, target, run, &expected, preempted);
        result = permit.release_during(waiting).await;
    }
    result
}
