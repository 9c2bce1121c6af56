//! The plan of a reconcile, and its way into the cluster.

use super::Context;
use super::run::Run;
use super::wait;
use crate::queue::Permit;
use crate::step::{Retry, StepError};
use inhaul_api::Reason;
use inhaul_cluster::{
    Action, ApplyError, Change, DRIFT, Error, Knowledge, PruneOptions, Target, asks_for_report,
};
use inhaul_object::{GroupVersionKind, ObjectId};
use inhaul_plan::{
    Approval, Inventory, Options, Plan, PlannedObject, defined_kinds, rendered_scopes,
};
use inhaul_render::Rendered;
use std::collections::HashSet;
use std::time::Duration;

/// How long a stage of definitions or classes may take to become usable.
const STAGE_READY: Duration = Duration::from_secs(60);
/// How many objects a message names.
const NAMED: usize = 10;

/// Makes the plan for what was rendered.
pub(super) async fn plan(
    context: &Context,
    target: &Target,
    run: &Run,
    rendered: Rendered,
) -> Result<Plan, StepError> {
    let mut scopes = rendered_scopes(&rendered);
    let kinds: HashSet<GroupVersionKind> =
        rendered.objects().iter().map(|rendered| rendered.object.gvk()).collect();
    for gvk in kinds {
        match target.discovery.resource(&gvk).await {
            Ok(resource) => {
                scopes.insert(gvk, resource.scope);
            }
            // The plan names the objects, unless the source itself defines the kind.
            Err(Error::UnknownKind { .. }) => {}
            Err(error) => {
                let of_kind = rendered.objects().iter().filter(|r| r.object.gvk() == gvk);
                let named: Vec<String> =
                    of_kind.take(NAMED).map(|r| r.object.id().to_string()).collect();
                let (named, version) = (named.join(", "), gvk.api_version());
                let what = format!("{named}: cannot tell whether {version} is served");
                return Err(StepError::cluster(Reason::ReconciliationFailed, &what, &error));
            }
        }
    }
    let options = Options { custom_stage_kinds: context.settings.custom_stage_kinds.clone() };
    inhaul_plan::plan(rendered, &run.inventory(), &scopes, &options).map_err(|error| {
        // A kind may appear, so this is tried again; the rest is up to the source.
        match error {
            inhaul_plan::PlanError::UnknownKinds(_) => {
                StepError::passing(Reason::ReconciliationFailed, error.to_string())
            }
            _ => StepError::lasting(Reason::ReconciliationFailed, error.to_string()),
        }
    })
}

/// Puts back what drifted of an app that is in order.
pub(super) async fn correct(
    context: &Context,
    target: &Target,
    run: &mut Run,
    objects: &[PlannedObject],
) -> Result<(), StepError> {
    let ids: HashSet<ObjectId> = objects.iter().map(|planned| planned.object.id()).collect();
    let audit = context.settings.audit_interval;
    let mut knowledge = context.records.begin(&run.key, run.extent, audit, Some(&ids));
    knowledge.was_in_order = true;
    knowledge.report_drift = run.annotation(DRIFT).is_some_and(asks_for_report);
    let result = match target.applier.correct(objects, &knowledge).await {
        Ok(changes) => {
            note(context, run, &knowledge, changes);
            Ok(())
        }
        Err(error) => {
            note(context, run, &knowledge, error.done.clone());
            Err(failed(&error))
        }
    };
    if context.records.end(&run.key, &context.index, None) {
        run.again = true;
    }
    result
}

/// Applies the stages one after another.
pub(super) async fn stages(
    context: &Context,
    target: &Target,
    run: &mut Run,
    plan: &Plan,
    permit: &mut Permit,
) -> Result<(), StepError> {
    let audit = context.settings.audit_interval;
    let mut knowledge = context.records.begin(&run.key, run.extent, audit, None);
    knowledge.was_in_order = run.was_ready;
    knowledge.report_drift = run.annotation(DRIFT).is_some_and(asks_for_report);
    let result = apply_all(context, target, run, plan, &knowledge, permit).await;
    let wanted = |id: &ObjectId| plan.wanted.contains(id);
    if context.records.end(&run.key, &context.index, Some(&wanted)) {
        run.again = true;
    }
    result
}

async fn apply_all(
    context: &Context,
    target: &Target,
    run: &mut Run,
    plan: &Plan,
    knowledge: &Knowledge,
    permit: &mut Permit,
) -> Result<(), StepError> {
    let mut new_kinds = HashSet::new();
    for (index, stage) in plan.stages.iter().enumerate() {
        let changes = match target.applier.apply_stage(stage, knowledge, &new_kinds).await {
            Ok(changes) => changes,
            Err(error) => {
                note(context, run, knowledge, error.done.clone());
                let begun = index + usize::from(error.begun);
                take_back(run, &plan.stages[begun..]);
                return Err(failed(&error));
            }
        };
        let written = wait::written(stage, &changes);
        note(context, run, knowledge, changes);
        if index + 1 < plan.stages.len() && !written.is_empty() {
            let ready = target.health.wait(&written, &run.health_rules, STAGE_READY);
            let ready = permit.release_during(ready).await;
            ready.map_err(|unhealthy| {
                StepError::passing(Reason::ReconciliationFailed, unhealthy.to_string())
            })?;
            new_kinds.extend(stage.iter().flat_map(|planned| defined_kinds(&planned.object)));
        }
    }
    Ok(())
}

/// Takes back from the inventory what was put there ahead of a write that was never tried: these
/// objects are not ours, and a tenant may not even be allowed to look at them.
fn take_back(run: &mut Run, untried: &[Vec<PlannedObject>]) {
    let untried: HashSet<ObjectId> = untried.iter().flatten().map(|p| p.object.id()).collect();
    let (before, mut inventory) = (run.inventory_before.clone(), Inventory::default());
    for (id, version) in run.inventory().iter() {
        if !untried.contains(id) || before.contains(id) {
            inventory.insert(id.clone(), version.to_owned());
        }
    }
    run.set_inventory(&inventory);
}

fn note(context: &Context, run: &mut Run, knowledge: &Knowledge, changes: Vec<Change>) {
    for change in changes {
        let is_written = matches!(change.action, Action::Created | Action::Configured);
        // What was only believed keeps the time when it was verified last.
        let verified = is_written
            || !knowledge.records.contains_key(&change.id)
            || knowledge.audit.contains(&change.id);
        let drift = run.was_ready && is_written;
        context.records.note(&run.key, &change, drift, verified);
        match change.action {
            Action::Created | Action::Configured => run.changes.push(change),
            Action::Drifted => run.drifted.push(change),
            Action::Skipped => drop(run.skipped.insert(change.id)),
            Action::Unchanged => {}
        }
    }
}

fn failed(error: &ApplyError) -> StepError {
    let retry = match error.retry_after {
        Some(asked) => Retry::After(asked),
        None => Retry::BackOff,
    };
    StepError { reason: Reason::ReconciliationFailed, message: error.message.clone(), retry }
}

/// Deletes what left the source, as far as the guard and the API server allow it.
pub(super) async fn prune(
    context: &Context,
    target: &Target,
    run: &mut Run,
    plan: &Plan,
) -> Result<(), StepError> {
    let revision = run.revision.clone().unwrap_or_default();
    if !run.object.spec.prune {
        run.set_inventory(&plan.wanted);
        return Ok(());
    }
    if run.was_ready && !plan.stale.is_empty() {
        run.assert_newest(context).await?;
    }
    let total = run.inventory().len();
    let options = PruneOptions {
        owner: run.owner(),
        revision: revision.clone(),
        approval: if context.settings.prune_guard {
            Approval::Annotation(run.allowed_prune().map(str::to_owned))
        } else {
            Approval::GuardOff
        },
        protected_namespaces: context.settings.protected_namespaces.clone(),
    };
    let pruned = target.pruner.prune(plan, total, &options).await;
    let mut inventory = plan.wanted.clone();
    for (id, version) in pruned.remaining {
        inventory.insert(id, version);
    }
    run.set_inventory(&inventory);
    run.deleted = pruned.deleted;
    run.going = pruned.going;
    if let Some(held) = pruned.held {
        return Err(StepError::lasting(Reason::PruneBlocked, held.message(&revision)));
    }
    if pruned.failed.is_empty() {
        return Ok(());
    }
    Err(StepError::passing(Reason::PruneFailed, not_deleted(&pruned.failed)))
}

/// The objects that could not be deleted, with the reasons.
pub(super) fn not_deleted(failed: &[(ObjectId, String)]) -> String {
    let mut lines: Vec<String> =
        failed.iter().take(NAMED).map(|(id, why)| format!("{id} not deleted: {why}")).collect();
    if failed.len() > NAMED {
        lines.push(format!("and {} more", failed.len() - NAMED));
    }
    lines.join("; ")
}
