//! A Kustomization is deleted: what becomes of its objects.

use super::apply::not_deleted;
use super::identity::identity;
use super::run::Run;
use super::{Context, events};
use crate::events::Severity;
use crate::queue::Next;
use crate::step::StepError;
use inhaul_api::{ConditionStatus, DeletionPolicy, Reason, condition_type};
use inhaul_cluster::{PruneOptions, Pruned, Target};
use inhaul_plan::Approval;
use std::time::Duration;
use tokio::time::Instant;

const TERMINATION_POLL: Duration = Duration::from_secs(2);

/// Deletes what the policy says, then lets the Kustomization go. It needs neither the source nor
/// a render: the inventory is enough.
pub(super) async fn finalize(context: &Context, mut run: Run) -> Next {
    if let Some(policy) = deletes(&run) {
        let target = match identity(&run.object, &run.key.namespace, &context.settings) {
            Ok(identity) => context.targets.local(&identity),
            Err(error) => return nobody(context, &run, &error).await,
        };
        let mut pruned = delete_all(context, &target, &run).await;
        if policy == DeletionPolicy::WaitForTermination {
            pruned = wait_for_termination(context, &target, &run, pruned).await;
        }
        if !pruned.failed.is_empty() {
            return held_up(context, &mut run, &pruned).await;
        }
        if !pruned.deleted.is_empty() {
            let lines: Vec<String> =
                pruned.deleted.iter().map(|id| format!("{id} deleted")).collect();
            events::finalized(context, &run, Severity::Info, &lines.join("\n"));
        }
    }
    match run.remove_finalizer(&context.own).await {
        Ok(()) => context.forget(&run.key),
        Err(next) => next,
    }
}

/// Nobody has the rights that were asked for: the objects stay, and are told.
async fn nobody(context: &Context, run: &Run, error: &StepError) -> Next {
    let ids: Vec<String> = run.inventory().iter().map(|(id, _)| id.to_string()).collect();
    let message = format!("not deleted, because {error}: {}", ids.join(", "));
    events::finalized(context, run, Severity::Error, &message);
    match run.remove_finalizer(&context.own).await {
        Ok(()) => context.forget(&run.key),
        Err(next) => next,
    }
}

/// The policy, if it deletes anything.
fn deletes(run: &Run) -> Option<DeletionPolicy> {
    // An unreadable policy deletes nothing.
    let policy = run.object.spec.deletion_policy().unwrap_or(DeletionPolicy::Orphan);
    let wanted = match policy {
        DeletionPolicy::MirrorPrune => run.object.spec.prune,
        DeletionPolicy::Delete | DeletionPolicy::WaitForTermination => true,
        DeletionPolicy::Orphan => false,
    };
    (wanted && !run.object.spec.suspend && !run.inventory().is_empty()).then_some(policy)
}

async fn delete_all(context: &Context, target: &Target, run: &Run) -> Pruned {
    let options = PruneOptions {
        owner: run.owner(),
        revision: String::new(),
        approval: Approval::GuardOff,
        protected_namespaces: context.settings.protected_namespaces.clone(),
    };
    let mut pruned = target.pruner.finalize(&run.inventory(), &options).await;
    // A namespace of the system stays; that is no reason to keep the Kustomization.
    pruned.failed.retain(|(id, _)| {
        let protected = inhaul_object::protect::is_protected_namespace(&id.name)
            || context.settings.protected_namespaces.contains(&id.name);
        !(id.kind == "Namespace" && id.group.is_empty() && protected)
    });
    pruned
}

async fn wait_for_termination(
    context: &Context,
    target: &Target,
    run: &Run,
    mut pruned: Pruned,
) -> Pruned {
    let deadline = Instant::now() + run.timeout().unwrap_or(Duration::from_secs(60));
    let deleted = pruned.deleted.clone();
    while !pruned.going.is_empty() && Instant::now() < deadline {
        tokio::time::sleep(TERMINATION_POLL).await;
        pruned = delete_all(context, target, run).await;
    }
    if !pruned.going.is_empty() {
        let names: Vec<String> = pruned
            .going
            .iter()
            .map(|going| format!("{} (finalizers: {})", going.id, going.finalizers.join(", ")))
            .collect();
        let message = format!("timeout waiting for the termination of {}", names.join(", "));
        events::finalized(context, run, Severity::Error, &message);
    }
    Pruned { deleted, ..pruned }
}

async fn held_up(context: &Context, run: &mut Run, pruned: &Pruned) -> Next {
    let message = crate::tracked::bounded(&not_deleted(&pruned.failed));
    tracing::error!(error = %message, "the objects of a deleted Kustomization are still there");
    let mut inventory = inhaul_plan::Inventory::default();
    for (id, version) in &pruned.remaining {
        inventory.insert(id.clone(), version.clone());
    }
    run.set_inventory(&inventory);
    let reason = Reason::PruneFailed;
    super::conditions::set(run, condition_type::READY, ConditionStatus::False, reason, &message);
    events::finalized(context, run, Severity::Error, &message);
    if let Err(error) = run.store(context).await {
        tracing::error!(%error, "the status was not written");
    }
    Next::BackOff(run.retry_interval())
}
