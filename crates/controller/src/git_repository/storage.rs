//! The artifact of a GitRepository: in the store for others, as a snapshot for our own appliers.

use super::compose::{self, Included};
use super::remote::{self, Remote};
use super::{Context, KIND, Run, source_key};
use crate::queue::Key;
use crate::sources::Snapshot;
use crate::step::StepError;
use inhaul_api::{Artifact, Reason};
use inhaul_artifact::{Address, Error, IgnoreRules, IgnoredTree, Links, Store, Stored};
use inhaul_git::{Call, Resolved, Revision};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long restoring what was fetched before may take; nobody waits for it.
const RESTORE: Duration = Duration::from_secs(60);

/// Whether the artifact in the status is the one of `revision`, made by today's rules, and both
/// the store and the appliers have it.
pub(super) async fn is_current(
    context: &Context,
    run: &Run,
    revision: &Revision,
    included: &[Included],
) -> bool {
    let Some(artifact) = &run.status.artifact else { return false };
    let (spec, status) = (&run.object.spec, &run.status);
    let same_includes = status.observed_include == spec.include
        && status.included_artifacts.len() == included.len()
        && status
            .included_artifacts
            .iter()
            .zip(included)
            .all(|(before, now)| before.digest == now.artifact.digest);
    let same_inputs = status.observed_ignore == ignored(run)
        && status.observed_recurse_submodules == spec.recurse_submodules
        && status.observed_sparse_checkout == spec.sparse_checkout;
    if artifact.revision != revision.to_string() || !same_inputs || !same_includes {
        return false;
    }
    let has_snapshot = context.sources.get(&source_key(&run.key), &artifact.digest).is_some();
    has_snapshot && verified(context, artifact).await.is_some()
}

/// `spec.ignore`, unless it is empty.
fn ignored(run: &Run) -> Option<String> {
    run.object.spec.ignore.clone().filter(|ignore| !ignore.is_empty())
}

/// What the store holds of an artifact, if it still is what the status says.
async fn verified(context: &Context, artifact: &Artifact) -> Option<Stored> {
    let store = context.store.clone();
    let (path, digest) = (artifact.path.clone(), artifact.digest.clone());
    let verify = move || store.verify(&Address::parse(&path)?, &digest);
    match tokio::task::spawn_blocking(verify).await {
        Ok(Ok(stored)) => stored,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a stored artifact cannot be verified");
            None
        }
        Err(_) => None,
    }
}

/// Packs a commit, puts it into the store and the status, and shows it to the appliers. Answers
/// whether the status has a new artifact.
pub(super) async fn store(
    context: &Context,
    run: &mut Run,
    fetched: &inhaul_git::Snapshot,
    files: View,
    included: Vec<Included>,
) -> Result<bool, StepError> {
    let revision = fetched.revision.to_string();
    let address = Address::new(
        KIND,
        &run.key.namespace,
        &run.key.name,
        &format!("{}.tar.gz", fetched.revision.commit()),
    );
    let address = address.map_err(|error| failed(&error))?;
    let ignore = ignored(run);
    let (tree, stored) = pack(context.store.clone(), files, ignore.clone(), address).await?;
    let snapshot = Snapshot {
        revision: revision.clone(),
        digest: stored.digest.clone(),
        committed: Some(fetched.commit.committer.seconds),
        tree,
    };
    let key = source_key(&run.key);
    context.sources.keep(key.clone(), snapshot);
    let same = run.status.artifact.as_ref().is_some_and(|artifact| {
        artifact.revision == revision
            && artifact.digest == stored.digest
            && artifact.url == stored.url
    });
    observe(run, ignore, included);
    if same {
        // After a start: the status does not change, so nothing else tells the appliers.
        context.sources.announce(key);
        return Ok(false);
    }
    run.status.artifact = Some(Artifact {
        path: stored.path,
        url: stored.url,
        revision,
        digest: stored.digest,
        checksum: None,
        last_update_time: Time(jiff::Timestamp::now()),
        size: i64::try_from(stored.size).ok(),
        metadata: BTreeMap::new(),
    });
    Ok(true)
}

/// Notes what the artifact was made of.
fn observe(run: &mut Run, ignore: Option<String>, included: Vec<Included>) {
    let spec = run.object.spec.clone();
    run.status.observed_ignore = ignore;
    run.status.observed_recurse_submodules = spec.recurse_submodules;
    run.status.observed_sparse_checkout = spec.sparse_checkout;
    run.status.observed_include = spec.include;
    run.status.included_artifacts =
        included.into_iter().map(|included| included.artifact).collect();
}

type View = Arc<dyn inhaul_tree::Tree>;

async fn pack(
    store: Store,
    files: View,
    ignore: Option<String>,
    address: Address,
) -> Result<(View, Stored), StepError> {
    let work = move || {
        let rules = IgnoreRules::load(&files, ignore.as_deref())?;
        // Links stay for our own renders, which follow them inside the tree; packing leaves them
        // out.
        let tree: View = Arc::new(IgnoredTree::new(files, rules, Links::Kept));
        let stored = store.store(&address, &tree)?;
        if let Err(error) = store.collect(&address) {
            tracing::warn!(%error, "old artifacts were not removed");
        }
        Ok::<_, Error>((tree, stored))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| failed(&error)),
        Err(_) => {
            let message = "packing the artifact was broken off";
            Err(StepError::passing(Reason::ArchiveOperationFailed, message))
        }
    }
}

fn failed(error: &Error) -> StepError {
    let reason = match error {
        Error::Tree(_) => Reason::InvalidGitObject,
        Error::Ignore { .. } => Reason::SourceIgnoreError,
        _ => Reason::ArchiveOperationFailed,
    };
    StepError::passing(reason, error.to_string())
}

/// Serves on what was fetched before, although the remote cannot be asked. What is lost leaves the
/// status: a source without files must not claim to have them.
pub(super) async fn restore(context: &Context, run: &mut Run, remote: &Remote) {
    let Some(artifact) = run.status.artifact.clone() else { return };
    if context.sources.get(&source_key(&run.key), &artifact.digest).is_some()
        && verified(context, &artifact).await.is_some()
    {
        return;
    }
    let Ok(revision) = artifact.revision.parse::<Revision>() else { return };
    if let Err(error) = build_again(context, run, remote, revision).await {
        tracing::warn!(%error, "the files of {} are lost", artifact.revision);
        run.status.artifact = None;
    }
}

async fn build_again(
    context: &Context,
    run: &mut Run,
    remote: &Remote,
    revision: Revision,
) -> Result<bool, StepError> {
    let call = Call::within(RESTORE);
    let fetched = remote.mirror.fetch(&Resolved::from(revision), &call).await;
    let fetched = fetched.map_err(|error| remote::failed(&error))?;
    let included = compose::includes(&context.own, run).await?;
    let files = compose::files(context, run, &fetched.tree, &included, remote, &call).await?;
    store(context, run, &fetched, files, included).await
}

/// Serves on what a suspended GitRepository had, after a start.
pub(super) async fn keep_serving(context: &Context, run: &mut Run) {
    match remote::connect(context, &run.object, &Call::within(RESTORE)).await {
        Ok(remote) => restore(context, run, &remote).await,
        Err(error) => tracing::warn!(%error, "the files of a suspended source are not served"),
    }
}

/// Removes everything of a GitRepository that is deleted.
pub(super) async fn remove(context: &Context, key: &Key) {
    context.sources.remove(&source_key(key));
    let (store, key) = (context.store.clone(), key.clone());
    let removed =
        tokio::task::spawn_blocking(move || store.remove(KIND, &key.namespace, &key.name)).await;
    if let Ok(Err(error)) = removed {
        tracing::warn!(%error, "the artifacts of a deleted source were not removed");
    }
}
