//! The custom resources, one file per kind.
//!
//! The types follow Flux 2.9's API (groups, fields, defaults, validation) and keep the fields of
//! its older versions beside them ([`LEGACY_FIELDS`]). The CRDs are generated from these types by
//! [`custom_resource_definitions`]; nothing else in the project states a schema.
//!
//! Reading is lenient where a strict reader would let one bad object stop the watch of a whole
//! kind: durations and enumerated strings are kept as written, and the getter that reads one
//! answers with a [`FieldError`] naming the field.

mod artifact;
mod conditions;
mod crds;
mod duration;
mod field;
mod git_repository;
mod history;
mod inventory;
mod kustomization;
mod legacy;
mod patches;
mod reason;
mod receiver;
mod reference;

pub use artifact::Artifact;
pub use conditions::{Condition, ConditionStatus, condition_type};
pub use crds::{FLUX_VERSION, SERVED_VERSIONS, STORED_VERSION, custom_resource_definitions};
pub use duration::{Duration, DurationError};
pub use field::FieldError;
pub use git_repository::{
    AccessFrom, CheckoutTarget, GitProvider, GitReference, GitRepository, GitRepositoryInclude,
    GitRepositorySpec, GitRepositoryStatus, GitVerification, NamespaceSelector, VerificationMode,
};
pub use history::{HISTORY_LIMIT, HistoryEntry, record_history};
pub use inventory::{Inventory, InventoryEntry};
pub use kustomization::{
    CommonMetadata, Decryption, DeletionPolicy, HealthCheckExpression, IgnoreRule, KubeConfig,
    Kustomization, KustomizationSpec, KustomizationStatus, LegacyServiceAccount, PostBuild,
    Snapshot, SnapshotEntry, SourceKind, SubstituteReference, SubstituteStrategy,
};
pub use legacy::{LEGACY_FIELDS, LegacyField, LegacyHandling, legacy_fields_set};
pub use patches::{Image, Json6902Operation, Json6902Patch, Patch, Selector};
pub use reason::Reason;
pub use receiver::{
    OidcProvider, OidcValidation, OidcVariable, Receiver, ReceiverResource, ReceiverSpec,
    ReceiverStatus, ReceiverType,
};
pub use reference::{
    DependencyReference, LocalObjectReference, ObjectReference, SecretKeyReference, SourceReference,
};

/// The finalizer on every object whose deletion has work to do (Flux's own, so that either
/// operator can finish what the other began).
pub const FINALIZER: &str = "finalizers.fluxcd.io";
