//! What a reconcile starts from: the source's files, and the dependencies.

use super::Context;
use super::run::Run;
use crate::sources::{Snapshot, SourceKey};
use crate::step::{Retry, StepError};
use inhaul_api::{Artifact, Kustomization, Reason, SourceKind};

/// The key of the source that a Kustomization refers to.
pub(super) fn source_key(object: &Kustomization, own_namespace: &str) -> SourceKey {
    let reference = &object.spec.source_ref;
    SourceKey {
        kind: reference.kind.clone(),
        namespace: reference.namespace.clone().unwrap_or_else(|| own_namespace.to_owned()),
        name: reference.name.clone(),
    }
}

/// The files of the source that the Kustomization refers to.
pub(super) async fn snapshot(context: &Context, run: &mut Run) -> Result<Snapshot, StepError> {
    let kind = run.object.spec.source_kind();
    let kind = kind.map_err(|e| StepError::stalled(Reason::InvalidField, e.to_string()))?;
    let key = source_key(&run.object, &run.key.namespace);
    allowed(context, run, &key.namespace, &key.to_string())?;
    let artifact = match context.sources.published(&key) {
        Some(artifact) => artifact,
        None => artifact(context, &key).await?,
    };
    run.revision = Some(artifact.revision.clone());
    run.digest.clone_from(&artifact.digest);
    run.origin_revision = artifact.metadata.get("org.opencontainers.image.revision").cloned();
    let snapshot = match context.sources.get(&key, &artifact.digest) {
        Some(snapshot) => snapshot,
        None if kind == SourceKind::GitRepository && context.settings.serves_sources => {
            // This very process serves it, and is about to: it tells when.
            let message = format!("{key}: its files are being restored");
            let retry = Retry::Quietly(context.settings.requeue_dependency);
            return Err(StepError { reason: Reason::ArtifactFailed, message, retry });
        }
        None => {
            let snapshot = context.downloads.fetch(&key, &artifact).await?;
            context.sources.keep(key, snapshot.clone());
            snapshot
        }
    };
    run.committed = snapshot.committed;
    Ok(snapshot)
}

/// Refuses to look at what is in another namespace, where that is forbidden.
pub(super) fn allowed(
    context: &Context,
    run: &Run,
    namespace: &str,
    what: &str,
) -> Result<(), StepError> {
    if !context.settings.no_cross_namespace_refs || namespace == run.key.namespace {
        return Ok(());
    }
    let message = format!(
        "can't access '{what}', cross-namespace references have been blocked \
         (--no-cross-namespace-refs)"
    );
    Err(StepError::stalled(Reason::AccessDenied, message))
}

/// The artifact in the status of a source.
async fn artifact(context: &Context, key: &SourceKey) -> Result<Artifact, StepError> {
    let failed = |message: String| StepError::passing(Reason::ArtifactFailed, message);
    let source = context.own.source(&key.kind, &key.namespace, &key.name).await;
    let source = source
        .map_err(|e| StepError::cluster(Reason::ArtifactFailed, &format!("cannot read {key}"), &e))?
        .ok_or_else(|| failed(format!("Source '{key}' not found")))?;
    let artifact = &source["status"]["artifact"];
    if artifact.is_null() {
        let retry = Retry::After(context.settings.requeue_dependency);
        let message = format!("Source artifact not found, retrying in {}s", {
            context.settings.requeue_dependency.as_secs()
        });
        return Err(StepError { reason: Reason::ArtifactFailed, message, retry });
    }
    serde_json::from_value(artifact.clone())
        .map_err(|error| failed(format!("{key}: status.artifact cannot be read: {error}")))
}
