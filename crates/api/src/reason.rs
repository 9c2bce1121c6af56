//! Why a condition or an event says what it says.

use std::fmt;

/// The reasons that conditions and events carry: Flux's, and a few of our own.
///
/// The set is closed: a reason is also the label of a metric, and must never come from input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    // Shared by all kinds.
    /// The step succeeded.
    Succeeded,
    /// The step failed, and no other reason says more.
    Failed,
    /// Work is under way.
    Progressing,
    /// An attempt failed and another is under way or planned.
    ProgressingWithRetry,
    /// The object is suspended.
    Suspended,
    /// A dependency is not ready yet.
    DependencyNotReady,
    /// A path does not exist, or leaves the place it must stay in.
    InvalidPath,
    /// An address cannot be parsed.
    InvalidURL,
    /// Plain HTTP is not allowed here.
    InsecureConnectionsDisallowed,
    /// The address needs a protocol that is not supported.
    UnsupportedConnectionType,
    /// Objects that left the source could not be deleted.
    PruneFailed,
    /// The artifact of the source could not be had.
    ArtifactFailed,
    /// The objects could not be rendered.
    BuildFailed,
    /// Applied objects are not healthy.
    HealthCheckFailed,
    /// A newer revision ended the health check.
    HealthCheckCanceled,
    /// Everything was applied.
    ReconciliationSucceeded,
    /// Objects could not be applied.
    ReconciliationFailed,
    /// A CEL expression in the spec does not compile.
    InvalidCELExpression,
    /// The spec needs a feature that is switched off.
    FeatureGateDisabled,
    /// A reference crosses namespaces where that is forbidden.
    AccessDenied,
    // Sources.
    /// The address of the repository cannot be used.
    URLInvalid,
    /// Credentials are missing, unreadable or refused.
    AuthenticationFailed,
    /// A Git operation succeeded.
    GitOperationSucceeded,
    /// A Git operation failed.
    GitOperationFailed,
    /// The repository has no commit.
    EmptyGitRepository,
    /// The signature could not be verified.
    VerificationError,
    /// The verification mode does not fit the reference.
    InvalidVerificationMode,
    /// The object to verify is not what the mode needs.
    InvalidGitObject,
    /// The signature of the tag is not from a trusted key.
    InvalidTagSignature,
    /// The signature of the commit is not from a trusted key.
    InvalidCommitSignature,
    /// An included repository does not exist.
    NotFound,
    /// An included repository has no artifact yet.
    NoArtifact,
    /// An include names a path outside the artifact.
    IllegalPath,
    /// An included artifact could not be copied.
    CopyFailure,
    /// A directory could not be made.
    DirectoryCreationFailed,
    /// A file could not be looked at.
    StatOperationFailed,
    /// A file could not be read.
    ReadOperationFailed,
    /// The artifact is locked by another writer.
    AcquireLockFailed,
    /// The artifact could not be written.
    ArchiveOperationFailed,
    /// The link to the newest artifact could not be moved.
    SymlinkUpdateFailed,
    /// The remote has a revision that is not fetched yet.
    NewRevision,
    /// An included artifact has changed.
    IncludeChange,
    /// A new artifact was stored.
    NewArtifact,
    /// The stored artifact is current.
    ArtifactUpToDate,
    /// The status could not be written.
    PatchOperationFailed,
    /// An ignore file could not be read.
    SourceIgnoreError,
    /// The stored artifact differs from its digest.
    ArtifactVerificationFailed,
    /// Old artifacts were removed.
    GarbageCollectionSucceeded,
    /// Old artifacts could not be removed.
    GarbageCollectionFailed,
    /// The provider and its credentials do not fit.
    InvalidProviderConfiguration,
    // Receivers.
    /// The Secret with the token, or the token in it, is missing.
    TokenNotFound,
    /// The spec contradicts itself.
    ValidationFailed,
    // Our own: what Flux has no word for.
    /// The prune guard holds a deletion that looks too large (our own).
    PruneBlocked,
    /// The spec sets a field that is not supported yet (our own).
    UnsupportedField,
    /// A field of the spec holds a value that cannot be used (our own).
    InvalidField,
    /// Objects differ from what was applied, and that is only told (our own).
    DriftDetected,
    /// Somebody changes the same fields again and again (our own).
    DriftFight,
    /// Objects may not be watched, so drift is found at the interval only (our own).
    NotWatched,
}

impl Reason {
    /// Every reason, for tables and tests.
    pub const ALL: &[Self] = &[
        Self::Succeeded,
        Self::Failed,
        Self::Progressing,
        Self::ProgressingWithRetry,
        Self::Suspended,
        Self::DependencyNotReady,
        Self::InvalidPath,
        Self::InvalidURL,
        Self::InsecureConnectionsDisallowed,
        Self::UnsupportedConnectionType,
        Self::PruneFailed,
        Self::ArtifactFailed,
        Self::BuildFailed,
        Self::HealthCheckFailed,
        Self::HealthCheckCanceled,
        Self::ReconciliationSucceeded,
        Self::ReconciliationFailed,
        Self::InvalidCELExpression,
        Self::FeatureGateDisabled,
        Self::AccessDenied,
        Self::URLInvalid,
        Self::AuthenticationFailed,
        Self::GitOperationSucceeded,
        Self::GitOperationFailed,
        Self::EmptyGitRepository,
        Self::VerificationError,
        Self::InvalidVerificationMode,
        Self::InvalidGitObject,
        Self::InvalidTagSignature,
        Self::InvalidCommitSignature,
        Self::NotFound,
        Self::NoArtifact,
        Self::IllegalPath,
        Self::CopyFailure,
        Self::DirectoryCreationFailed,
        Self::StatOperationFailed,
        Self::ReadOperationFailed,
        Self::AcquireLockFailed,
        Self::ArchiveOperationFailed,
        Self::SymlinkUpdateFailed,
        Self::NewRevision,
        Self::IncludeChange,
        Self::NewArtifact,
        Self::ArtifactUpToDate,
        Self::PatchOperationFailed,
        Self::SourceIgnoreError,
        Self::ArtifactVerificationFailed,
        Self::GarbageCollectionSucceeded,
        Self::GarbageCollectionFailed,
        Self::InvalidProviderConfiguration,
        Self::TokenNotFound,
        Self::ValidationFailed,
        Self::PruneBlocked,
        Self::UnsupportedField,
        Self::InvalidField,
        Self::DriftDetected,
        Self::DriftFight,
        Self::NotWatched,
    ];

    /// The reason as conditions, events and metric labels write it.
    #[expect(clippy::too_many_lines, reason = "a table with one line per reason")]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Progressing => "Progressing",
            Self::ProgressingWithRetry => "ProgressingWithRetry",
            Self::Suspended => "Suspended",
            Self::DependencyNotReady => "DependencyNotReady",
            Self::InvalidPath => "InvalidPath",
            Self::InvalidURL => "InvalidURL",
            Self::InsecureConnectionsDisallowed => "InsecureConnectionsDisallowed",
            Self::UnsupportedConnectionType => "UnsupportedConnectionType",
            Self::PruneFailed => "PruneFailed",
            Self::ArtifactFailed => "ArtifactFailed",
            Self::BuildFailed => "BuildFailed",
            Self::HealthCheckFailed => "HealthCheckFailed",
            Self::HealthCheckCanceled => "HealthCheckCanceled",
            Self::ReconciliationSucceeded => "ReconciliationSucceeded",
            Self::ReconciliationFailed => "ReconciliationFailed",
            Self::InvalidCELExpression => "InvalidCELExpression",
            Self::FeatureGateDisabled => "FeatureGateDisabled",
            Self::AccessDenied => "AccessDenied",
            Self::URLInvalid => "URLInvalid",
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::GitOperationSucceeded => "GitOperationSucceeded",
            Self::GitOperationFailed => "GitOperationFailed",
            Self::EmptyGitRepository => "EmptyGitRepository",
            Self::VerificationError => "VerificationError",
            Self::InvalidVerificationMode => "InvalidVerificationMode",
            Self::InvalidGitObject => "InvalidGitObject",
            Self::InvalidTagSignature => "InvalidTagSignature",
            Self::InvalidCommitSignature => "InvalidCommitSignature",
            Self::NotFound => "NotFound",
            Self::NoArtifact => "NoArtifact",
            Self::IllegalPath => "IllegalPath",
            Self::CopyFailure => "CopyFailure",
            Self::DirectoryCreationFailed => "DirectoryCreationFailed",
            Self::StatOperationFailed => "StatOperationFailed",
            Self::ReadOperationFailed => "ReadOperationFailed",
            Self::AcquireLockFailed => "AcquireLockFailed",
            Self::ArchiveOperationFailed => "ArchiveOperationFailed",
            Self::SymlinkUpdateFailed => "SymlinkUpdateFailed",
            Self::NewRevision => "NewRevision",
            Self::IncludeChange => "IncludeChange",
            Self::NewArtifact => "NewArtifact",
            Self::ArtifactUpToDate => "ArtifactUpToDate",
            Self::PatchOperationFailed => "PatchOperationFailed",
            Self::SourceIgnoreError => "SourceIgnoreError",
            Self::ArtifactVerificationFailed => "ArtifactVerificationFailed",
            Self::GarbageCollectionSucceeded => "GarbageCollectionSucceeded",
            Self::GarbageCollectionFailed => "GarbageCollectionFailed",
            Self::InvalidProviderConfiguration => "InvalidProviderConfiguration",
            Self::TokenNotFound => "TokenNotFound",
            Self::ValidationFailed => "ValidationFailed",
            Self::PruneBlocked => "PruneBlocked",
            Self::UnsupportedField => "UnsupportedField",
            Self::InvalidField => "InvalidField",
            Self::DriftDetected => "DriftDetected",
            Self::DriftFight => "DriftFight",
            Self::NotWatched => "NotWatched",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn every_reason_is_written_as_its_variant_is_named() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str(), format!("{reason:?}"));
        }
    }

    #[test]
    fn no_reason_is_listed_twice() {
        let mut reasons = Reason::ALL.to_vec();
        reasons.sort();
        reasons.dedup();
        assert_eq!(reasons.len(), Reason::ALL.len());
    }
}
