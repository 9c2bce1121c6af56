//! What the fields of a Kustomization mean: defaults, choices, and values that cannot be used.

use std::time::Duration;

use super::{KustomizationSpec, PostBuild};
use crate::field::{FieldError, choose};

/// What happens to the applied objects when a Kustomization is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// They are deleted if `prune` is set.
    MirrorPrune,
    /// They are deleted.
    Delete,
    /// They are deleted, and the Kustomization stays until they are gone or the timeout has
    /// passed.
    WaitForTermination,
    /// They stay.
    Orphan,
}

/// The kinds of source that a Kustomization can take files from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// An artifact in an OCI registry.
    OciRepository,
    /// A Git repository.
    GitRepository,
    /// A bucket of an object store.
    Bucket,
    /// An artifact that another controller made.
    ExternalArtifact,
}

impl SourceKind {
    const NAMES: [(&'static str, Self); 4] = [
        ("OCIRepository", Self::OciRepository),
        ("GitRepository", Self::GitRepository),
        ("Bucket", Self::Bucket),
        ("ExternalArtifact", Self::ExternalArtifact),
    ];
}

/// Whether to substitute where there are no variables at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubstituteStrategy {
    /// Only where there are variables.
    WithVariables,
    /// Always, so that defaults in the files take effect.
    Always,
}

/// The shortest deadline of a run, whatever the spec says (as in Flux).
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(30);

impl KustomizationSpec {
    /// How often everything is compared.
    ///
    /// # Errors
    ///
    /// Where `spec.interval` is not a positive duration.
    pub fn interval(&self) -> Result<Duration, FieldError> {
        self.interval.positive_field("spec.interval")
    }

    /// How soon a failed run is tried again: `retryInterval`, or the interval.
    ///
    /// # Errors
    ///
    /// Where the field that counts is not a positive duration.
    pub fn retry_interval(&self) -> Result<Duration, FieldError> {
        match &self.retry_interval {
            Some(interval) => interval.positive_field("spec.retryInterval"),
            None => self.interval(),
        }
    }

    /// Deadline of one run: `timeout`, or the interval less 30 seconds; at least 30 seconds.
    ///
    /// # Errors
    ///
    /// Where the field that counts is not a positive duration.
    pub fn timeout(&self) -> Result<Duration, FieldError> {
        let timeout = match &self.timeout {
            Some(timeout) => timeout.positive_field("spec.timeout")?,
            None => self.interval()?.saturating_sub(Duration::from_secs(30)),
        };
        Ok(timeout.max(SHORTEST_TIMEOUT))
    }

    /// Kind of the source.
    ///
    /// # Errors
    ///
    /// Where `spec.sourceRef.kind` is not one that is known.
    pub fn source_kind(&self) -> Result<SourceKind, FieldError> {
        choose("spec.sourceRef.kind", &self.source_ref.kind, &SourceKind::NAMES)
    }

    /// What happens when the Kustomization is deleted; `MirrorPrune` by default.
    ///
    /// # Errors
    ///
    /// Where `spec.deletionPolicy` is not one that is known. Nothing may be deleted then.
    pub fn deletion_policy(&self) -> Result<DeletionPolicy, FieldError> {
        let table = [
            ("MirrorPrune", DeletionPolicy::MirrorPrune),
            ("Delete", DeletionPolicy::Delete),
            ("WaitForTermination", DeletionPolicy::WaitForTermination),
            ("Orphan", DeletionPolicy::Orphan),
        ];
        match self.deletion_policy.as_deref() {
            None | Some("") => Ok(DeletionPolicy::MirrorPrune),
            Some(policy) => choose("spec.deletionPolicy", policy, &table),
        }
    }

    /// ServiceAccount whose rights are used, if one is named.
    ///
    /// The first v1beta1 named it with a namespace, in `serviceAccount`. That is honoured for the
    /// Kustomization's own namespace (`own_namespace`) only: taking the rights of another
    /// namespace would let a tenant become its neighbour, and ignoring the field would give the
    /// tenant the operator's rights.
    ///
    /// # Errors
    ///
    /// Where `spec.serviceAccount` names another namespace, or another ServiceAccount than
    /// `spec.serviceAccountName`.
    pub fn service_account(&self, own_namespace: &str) -> Result<Option<&str>, FieldError> {
        let refuse = |message: String| FieldError { field: "spec.serviceAccount", message };
        let name = self.service_account_name.as_deref().filter(|name| !name.is_empty());
        let Some(legacy) = &self.service_account else { return Ok(name) };
        if !legacy.namespace.is_empty() && legacy.namespace != own_namespace {
            return Err(refuse(format!(
                "namespace {:?} is not that of the Kustomization ({own_namespace:?}); use spec.serviceAccountName",
                legacy.namespace
            )));
        }
        if legacy.name.is_empty() {
            return Err(refuse("a name is required; use spec.serviceAccountName".to_owned()));
        }
        match name {
            Some(name) if name != legacy.name => Err(refuse(format!(
                "{:?} is not the {name:?} of spec.serviceAccountName; keep the latter only",
                legacy.name
            ))),
            _ => Ok(Some(&legacy.name)),
        }
    }
}

impl PostBuild {
    /// Whether to substitute without variables; `WithVariables` by default.
    ///
    /// # Errors
    ///
    /// Where `spec.postBuild.substituteStrategy` is not one that is known.
    pub fn strategy(&self) -> Result<SubstituteStrategy, FieldError> {
        let table = [
            ("WithVariables", SubstituteStrategy::WithVariables),
            ("Always", SubstituteStrategy::Always),
        ];
        match self.substitute_strategy.as_deref() {
            None | Some("") => Ok(SubstituteStrategy::WithVariables),
            Some(strategy) => choose("spec.postBuild.substituteStrategy", strategy, &table),
        }
    }
}
