//! Waiting until what was applied is healthy.

use super::run::Run;
use super::{Context, progress};
use crate::step::StepError;
use crate::tracked::humane;
use inhaul_api::{Kustomization, Reason};
use inhaul_cluster::{Action, Awaited, Change, HealthRules, RuleText, Target};
use inhaul_object::ObjectId;
use inhaul_plan::{Inventory, Plan, PlannedObject};
use std::collections::HashSet;
use tokio_util::sync::CancellationToken;

/// What the Kustomization says about the health of kinds.
pub(super) fn rules(object: &Kustomization) -> Result<HealthRules, StepError> {
    let texts = object.spec.health_check_exprs.iter().map(|check| RuleText {
        api_version: &check.api_version,
        kind: check.kind.as_deref(),
        in_progress: check.in_progress.as_deref(),
        failed: check.failed.as_deref(),
        current: &check.current,
    });
    HealthRules::compile(texts).map_err(|(index, error)| {
        let message = format!("spec.healthCheckExprs[{index}]: {error}");
        StepError::stalled(Reason::InvalidCELExpression, message)
    })
}

/// The objects that `wait: true` is about.
pub(super) struct Expected {
    objects: Inventory,
    /// Jobs that go by themselves when they are done.
    vanishing: HashSet<ObjectId>,
}

impl Expected {
    /// Everything that was applied by a plan.
    pub(super) fn of_plan(plan: &Plan, run: &Run) -> Self {
        let vanishing = plan.stages.iter().flatten().filter(|planned| vanishes(planned));
        let mut objects = Inventory::default();
        for (id, version) in plan.wanted.iter().filter(|(id, _)| !run.skipped.contains(*id)) {
            objects.insert(id.clone(), version.to_owned());
        }
        Self { objects, vanishing: vanishing.map(|planned| planned.object.id()).collect() }
    }

    /// Everything that was applied before. A Job that was healthy then and is gone was done; if somebody deleted it,
    /// it is made again at the interval.
    pub(super) fn of_applied(context: &Context, run: &Run) -> Self {
        let (mut objects, mut vanishing) = (Inventory::default(), HashSet::new());
        for (id, version) in run.inventory().iter() {
            if context.records.has(&run.key, id) {
                objects.insert(id.clone(), version.to_owned());
            }
            if id.group == "batch" && id.kind == "Job" {
                vanishing.insert(id.clone());
            }
        }
        Self { objects, vanishing }
    }
}

/// Whether an object is a Job that the cluster deletes some time after it is done.
fn vanishes(planned: &PlannedObject) -> bool {
    let object = &planned.object;
    object.group() == "batch"
        && object.kind() == "Job"
        && !object.as_json()["spec"]["ttlSecondsAfterFinished"].is_null()
}

/// What a stage has written, to be waited for before the next one.
pub(super) fn written(stage: &[PlannedObject], changes: &[Change]) -> Vec<Awaited> {
    let is_written =
        |change: &&Change| matches!(change.action, Action::Created | Action::Configured);
    let ids: HashSet<&ObjectId> = changes.iter().filter(is_written).map(|c| &c.id).collect();
    let awaited = |planned: &PlannedObject| Awaited {
        id: planned.object.id(),
        version: planned.object.version().into(),
        vanishes: vanishes(planned),
    };
    stage.iter().map(awaited).filter(|awaited| ids.contains(&awaited.id)).collect()
}

/// Waits until what was applied is healthy, where that is asked for.
pub(super) async fn wait(
    context: &Context,
    target: &Target,
    run: &mut Run,
    expected: &Expected,
    preempted: &CancellationToken,
) -> Result<(), StepError> {
    let awaited = awaited(run, expected);
    if awaited.is_empty() {
        return Ok(());
    }
    let timeout = run.timeout()?;
    let started = tokio::time::Instant::now();
    let rules = run.health_rules.clone();
    let waiting = target.health.unhealthy(&awaited, &rules).await;
    if waiting.is_over() {
        run.health_checked = Some(started.elapsed());
        return Ok(());
    }
    progress::waiting(context, run, timeout).await?;
    let healthy = tokio::select! {
        healthy = target.health.follow(waiting, &rules, timeout) => healthy,
        () = preempted.cancelled() => {
            let message = "health check canceled: there is something newer to apply";
            return Err(StepError::passing(Reason::HealthCheckCanceled, message));
        }
    };
    let took = started.elapsed();
    run.health_checked = Some(took);
    healthy.map_err(|unhealthy| {
        let message = format!("health check failed after {}: {unhealthy}", humane(took));
        StepError::passing(Reason::HealthCheckFailed, message)
    })
}

fn awaited(run: &Run, expected: &Expected) -> Vec<Awaited> {
    let spec = &run.object.spec;
    if spec.wait {
        let own = ObjectId {
            namespace: run.key.namespace.clone(),
            name: run.key.name.clone(),
            group: "kustomize.toolkit.fluxcd.io".to_owned(),
            kind: super::KIND.to_owned(),
        };
        let all = expected.objects.iter().filter(|(id, _)| **id != own);
        return all
            .map(|(id, version)| Awaited {
                id: id.clone(),
                version: version.to_owned(),
                vanishes: expected.vanishing.contains(id),
            })
            .collect();
    }
    let checks = spec.health_checks.iter();
    let awaited = checks.map(|check| {
        let api_version = check.api_version.as_deref().filter(|text| !text.is_empty());
        let api_version = api_version.unwrap_or("apps/v1");
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let id = ObjectId {
            namespace: check.namespace.clone().unwrap_or_default(),
            name: check.name.clone(),
            group: group.to_owned(),
            kind: check.kind.clone(),
        };
        let vanishes = expected.vanishing.contains(&id);
        Awaited { id, version: version.to_owned(), vanishes }
    });
    awaited.collect()
}
