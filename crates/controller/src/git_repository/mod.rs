//! The controller of GitRepositories.

mod credentials;
mod remote;
mod report;
mod storage;
mod supported;
mod triggers;

use crate::events::Events;
use crate::metrics::Metrics;
use crate::queue::{Key, Next, Permit};
use crate::settings::Settings;
use crate::sources::{SourceKey, Sources};
use crate::step::StepError;
use crate::tracked::Tracked;
use inhaul_api::{GitRepository, Reason};
use inhaul_artifact::Store;
use inhaul_cluster::Own;
use inhaul_git::{Call, ErrorKind, Mirrors};
use report::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use triggers::follow;

/// The kind, as events and metrics name it.
pub const KIND: &str = "GitRepository";
/// The manager that status patches are written under, as in Flux.
pub const STATUS_MANAGER: &str = "gotk-source-controller";
/// GitRepositories that come due together share one question to their remote.
const SHARED_LISTING: Duration = Duration::from_secs(1);

/// What the controller works with.
pub struct Context {
    /// GitRepositories and their status.
    pub own: Own,
    /// The object databases.
    pub mirrors: Mirrors,
    /// The artifacts that others download.
    pub store: Store,
    /// The snapshots that appliers read.
    pub sources: Arc<Sources>,
    /// Where events go.
    pub events: Events,
    /// Where numbers go.
    pub metrics: Arc<Metrics>,
    /// What the flags say.
    pub settings: Settings,
}

type Run = Tracked<GitRepository>;

/// Reconciles one GitRepository and tells when to look at it again.
pub async fn reconcile(
    context: Arc<Context>,
    key: Key,
    preempted: CancellationToken,
    mut permit: Permit,
) -> Next {
    let span = crate::reconcile_span("source.toolkit.fluxcd.io", KIND, &key);
    async {
        let mut run: Run = match Tracked::read(&context.own, key.clone()).await {
            Ok(Some(run)) => run,
            Ok(None) => return context.forget(&key),
            Err(next) => return next,
        };
        if run.is_deleting() {
            return finalize(&context, &run).await;
        }
        if run.object.spec.suspend {
            tracing::info!("reconciliation is suspended for this object");
            storage::keep_serving(&context, &mut run).await;
            return report::store(&context, run, Next::OnChange).await;
        }
        if let Err(next) = run.add_finalizer(&context.own).await {
            return next;
        }
        // Fetching waits for the network most of the time; the mirrors have a door of their own.
        let result = permit.release_during(steps(&context, &mut run, &preempted)).await;
        report::report(&context, run, result).await
    }
    .instrument(span)
    .await
}

/// The way of a commit into the store.
async fn steps(
    context: &Context,
    run: &mut Run,
    preempted: &CancellationToken,
) -> Result<Outcome, StepError> {
    supported::check(&run.object)?;
    let timeout = run.object.spec.timeout();
    let timeout =
        timeout.map_err(|error| StepError::stalled(Reason::InvalidField, error.to_string()))?;
    let call = Call { cancel: preempted.clone(), ..Call::within(timeout) };
    let mirror = remote::mirror(context, &run.object, &call).await?;
    let reference = remote::reference(&run.object);
    let requested = run.requested_at() != run.stored().last_handled_reconcile_at.as_deref();
    let max_age = if requested { Duration::ZERO } else { SHARED_LISTING };
    let resolved = match mirror.resolve(&reference, max_age, &call).await {
        Ok(resolved) => resolved,
        Err(error) => {
            if error.kind() == ErrorKind::Unauthorized {
                context.mirrors.forget_token(&mirror);
            }
            // What was fetched before is served on.
            storage::restore(context, run, &mirror).await;
            return Err(remote::failed(&error));
        }
    };
    if storage::is_current(context, run, resolved.revision()).await {
        return Ok(Outcome::Unchanged);
    }
    report::progressing(context, run, resolved.revision()).await?;
    let snapshot = mirror.fetch(&resolved, &call).await.map_err(|error| remote::failed(&error))?;
    let summary = snapshot.commit.summary.clone();
    let new = storage::store(context, run, snapshot).await?;
    Ok(if new { Outcome::Stored { summary } } else { Outcome::Unchanged })
}

async fn finalize(context: &Context, run: &Run) -> Next {
    if !run.has_finalizer() {
        return context.forget(&run.key);
    }
    storage::remove(context, &run.key).await;
    match run.remove_finalizer(&context.own).await {
        Ok(()) => context.forget(&run.key),
        Err(next) => next,
    }
}

fn source_key(key: &Key) -> SourceKey {
    SourceKey { kind: KIND.to_owned(), namespace: key.namespace.clone(), name: key.name.clone() }
}

impl Context {
    fn forget(&self, key: &Key) -> Next {
        self.sources.remove(&source_key(key));
        self.metrics.forget(KIND, &key.namespace, &key.name);
        Next::Forget
    }
}
