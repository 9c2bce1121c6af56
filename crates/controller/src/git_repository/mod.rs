//! The controller of GitRepositories.

mod compose;
mod credentials;
mod polls;
mod remote;
mod report;
mod storage;
mod supported;
mod triggers;
mod verify;

use crate::download::Downloads;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::queue::{Key, Next, Permit, Queue};
use crate::settings::Settings;
use crate::sources::{SourceKey, Sources};
use crate::step::StepError;
use crate::tracked::{Opened, Tracked};
use inhaul_api::{GitRepository, Reason};
use inhaul_artifact::Store;
use inhaul_cluster::Own;
use inhaul_git::{Call, Mirrors};
use remote::Remote;
use report::Outcome;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use polls::Polls;
pub use triggers::follow;

/// The kind, as events and metrics name it.
pub const KIND: &str = "GitRepository";
/// The manager that status patches are written under, as in Flux.
pub const STATUS_MANAGER: &str = "gotk-source-controller";

/// What the controller works with.
pub struct Context {
    /// GitRepositories and their status.
    pub own: Own,
    /// The object databases.
    pub mirrors: Mirrors,
    /// The artifacts that others download.
    pub store: Store,
    /// Who polls what.
    pub polls: Polls,
    /// What is due; a poll that finds something makes others due.
    pub queue: Arc<Queue>,
    /// Downloads what other processes serve.
    pub downloads: Downloads,
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
        let read = match Tracked::read(&context.own, key.clone()).await {
            Ok(read) => read,
            Err(next) => return next,
        };
        let mut run: Run = match Tracked::open(&context.own, read).await {
            Ok(Opened::Due(run)) => run,
            Ok(Opened::Deleting(run)) => return finalize(&context, &run).await,
            Ok(Opened::Suspended(mut run)) => {
                storage::keep_serving(&context, &mut run).await;
                return report::store(&context, run, Next::OnChange).await;
            }
            Ok(Opened::Gone) => return context.forget(&key),
            Err(next) => return next,
        };
        // Fetching waits for the network most of the time; the mirrors have a door of their own.
        let result = permit.release_during(steps(&context, &mut run, &preempted)).await;
        report::report(&context, run, result).await
    }
    .instrument(span)
    .await
}

/// The way of a commit into the store. Where it ends early, what was fetched before is served on.
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
    let remote = remote::connect(context, &run.object, &call).await?;
    let advanced = advance(context, run, &remote, &call).await;
    if advanced.is_err() {
        storage::restore(context, run, &remote).await;
    }
    advanced
}

/// Asks the remote, and takes what is new.
async fn advance(
    context: &Context,
    run: &mut Run,
    remote: &Remote,
    call: &Call,
) -> Result<Outcome, StepError> {
    let resolved = remote::resolve(context, run, remote, call).await?;
    let included = compose::includes(&context.own, run).await?;
    let is_current = storage::is_current(context, run, resolved.revision(), &included).await;
    if is_current && run.object.spec.verify.is_none() {
        verify::forget(run);
        return Ok(Outcome::Unchanged);
    }
    if !is_current {
        report::progressing(context, run, resolved.revision()).await?;
    }
    let fetched = remote.mirror.fetch(&resolved, call).await;
    let snapshot = fetched.map_err(|error| remote::failed(&error))?;
    verify::verify(context, run, &snapshot).await?;
    if is_current {
        return Ok(Outcome::Unchanged);
    }
    let files = compose::files(context, run, &snapshot.tree, &included, remote, call).await?;
    let new = storage::store(context, run, &snapshot, files, included).await?;
    let summary = snapshot.commit.summary.clone();
    Ok(if new { Outcome::Stored { summary } } else { Outcome::Unchanged })
}

async fn finalize(context: &Context, run: &Run) -> Next {
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
        self.polls.forget(key);
        self.metrics.forget(KIND, &key.namespace, &key.name);
        Next::Forget
    }
}
