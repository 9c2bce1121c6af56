//! What a reconcile starts from: the source's files, and the dependencies.

use super::Context;
use super::run::Run;
use crate::sources::{Snapshot, SourceKey};
use crate::step::{Retry, StepError};
use inhaul_api::{Artifact, Condition, Kustomization, Reason, SourceKind, condition_type};
use kube::runtime::reflector::ObjectRef;

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
fn allowed(context: &Context, run: &Run, namespace: &str, what: &str) -> Result<(), StepError> {
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

/// Makes sure that everything the Kustomization depends on is ready.
pub(super) fn dependencies(
    context: &Context,
    run: &Run,
    snapshot: &Snapshot,
) -> Result<(), StepError> {
    let own_source = source_key(&run.object, &run.key.namespace);
    for dependency in &run.object.spec.depends_on {
        let namespace = dependency.namespace.as_deref().unwrap_or(&run.key.namespace);
        let name = format!("{namespace}/{}", dependency.name);
        allowed(context, run, namespace, &format!("Kustomization/{name}"))?;
        let not_ready = |why: String| StepError {
            reason: Reason::DependencyNotReady,
            message: format!("dependency '{name}' {why}"),
            retry: Retry::After(context.settings.requeue_dependency),
        };
        if namespace == run.key.namespace && dependency.name == run.key.name {
            let message = format!("dependency '{name}' is this Kustomization itself");
            return Err(StepError::stalled(Reason::DependencyNotReady, message));
        }
        let found = context.kustomizations.get(&ObjectRef::new(&dependency.name).within(namespace));
        let found = found.ok_or_else(|| not_ready("not found".to_owned()))?;
        let status = found.status.clone().unwrap_or_default();
        if status.observed_generation != found.metadata.generation
            || !Condition::holds(&status.conditions, condition_type::READY)
        {
            return Err(not_ready("is not ready".to_owned()));
        }
        let same_source = source_key(&found, namespace) == own_source;
        if same_source && status.last_applied_revision.as_ref() != Some(&snapshot.revision) {
            return Err(not_ready("revision is not up to date".to_owned()));
        }
    }
    Ok(())
}
