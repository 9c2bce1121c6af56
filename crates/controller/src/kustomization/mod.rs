//! The controller of Kustomizations.

mod apply;
mod conditions;
mod dependencies;
mod drift;
mod events;
mod finalize;
mod identity;
mod instructions;
mod memo;
mod observe;
mod progress;
mod records;
mod report;
mod run;
mod supported;
mod targeted;
mod triggers;
mod untouched;
mod wait;
mod wakes;
mod watchdog;

use crate::events::Events;
use crate::metrics::Metrics;
use crate::queue::{Key, Next, Permit};
use crate::settings::Settings;
use crate::sources::Sources;
use crate::step::StepError;
use crate::tracked::Opened;
use inhaul_api::Kustomization;
use inhaul_cluster::{Index, Own, Targets};
use kube::runtime::reflector::Store;
use run::Run;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use wait::Expected;

pub use crate::tracked::Written;
pub use instructions::instructions;
pub use memo::Memos;
pub use records::Records;
pub use supported::unsupported;
pub use triggers::{follow, follow_index};
pub use wakes::Wakes;
pub use watchdog::{Visits, watch_over};

/// The kind, as events and metrics name it.
pub const KIND: &str = "Kustomization";
/// The manager that status patches are written under, as in Flux.
pub const STATUS_MANAGER: &str = "gotk-kustomize-controller";

/// What the controller works with.
pub struct Context {
    /// Kustomizations and their status.
    pub own: Own,
    /// What is done to clusters, as whom.
    pub targets: Targets,
    /// All Kustomizations, as the watch sees them.
    pub kustomizations: Store<Kustomization>,
    /// Downloads what other processes serve.
    pub downloads: crate::download::Downloads,
    /// The snapshots of sources.
    pub sources: Arc<Sources>,
    /// Where events go.
    pub events: Events,
    /// Where numbers go.
    pub metrics: Arc<Metrics>,
    /// What the flags say.
    pub settings: Settings,
    /// The live index.
    pub index: Index,
    /// What is known of applied objects.
    pub records: Arc<Records>,
    /// What was rendered, and from what.
    pub memos: Arc<Memos>,
    /// How many renders may run at once.
    pub renders: Arc<Semaphore>,
    /// What wakes those that wait for something.
    pub wakes: Wakes,
    /// When each was looked at last.
    pub visits: Visits,
    /// What we wrote of our own objects.
    pub written: Written,
}

/// Reconciles one Kustomization and tells when to look at it again.
pub async fn reconcile(
    context: Arc<Context>,
    key: Key,
    preempted: CancellationToken,
    mut permit: Permit,
) -> Next {
    let span = crate::reconcile_span("kustomize.toolkit.fluxcd.io", KIND, &key);
    async {
        context.visits.note(&key);
        let mut run = match run::open(&context, key.clone()).await {
            Ok(Opened::Due(tracked)) => Run::new(tracked),
            Ok(Opened::Deleting(tracked)) => {
                return finalize::finalize(&context, Run::new(tracked)).await;
            }
            Ok(Opened::Suspended(_)) => {
                context.metrics.suspended(KIND, &key.namespace, &key.name);
                return Next::OnChange;
            }
            Ok(Opened::Gone) => return context.forget(&key),
            Err(next) => return next,
        };
        let result = steps(&context, &mut run, &preempted, &mut permit).await;
        report::report(&context, run, result).await
    }
    .instrument(span)
    .await
}

/// The way of a revision into the cluster.
async fn steps(
    context: &Context,
    run: &mut Run,
    preempted: &CancellationToken,
    permit: &mut Permit,
) -> Result<(), StepError> {
    supported::check(&run.object)?;
    let identity = identity::identity(&run.object, &run.key.namespace, &context.settings)?;
    run.health_rules = wait::rules(&run.object)?;
    let snapshot = observe::snapshot(context, run).await?;
    run.size_up(context);
    let target = context.targets.local(&identity);
    dependencies::check(context, &target, run, &snapshot).await?;
    if untouched::is_untouched(context, run, &snapshot).await {
        if permit.yields() {
            return Err(StepError::after_others());
        }
        context.memos.carry_over(&run.key, &snapshot);
        return Ok(());
    }
    if let Some(done) = targeted::look(context, &target, run, &snapshot, preempted, permit).await {
        return done;
    }
    let rendered = instructions::render(context, run, &snapshot).await?;
    let plan = apply::plan(context, &target, run, rendered).await?;
    progress::write_ahead(context, run, &plan).await?;
    apply::stages(context, &target, run, &plan, permit).await?;
    apply::prune(context, &target, run, &plan).await?;
    let expected = Expected::of_plan(&plan, run);
    permit.release_during(wait::wait(context, &target, run, &expected, preempted)).await
}

impl Context {
    fn forget(&self, key: &Key) -> Next {
        self.records.forget(key);
        self.memos.forget(key);
        self.written.forget(key);
        self.visits.forget(key);
        self.wakes.clear(key);
        self.metrics.forget(KIND, &key.namespace, &key.name);
        Next::Forget
    }
}
