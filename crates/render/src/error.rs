//! Why a render failed.

/// The class of a failure, which decides the reason of the Ready condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `spec.path` leads nowhere; `ArtifactFailed` in Flux's words.
    PathNotFound,
    /// Anything else; `BuildFailed`.
    Build,
}

/// Why a render failed. The message begins with the file or object, holds no values of Secrets
/// and is the same for the same input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The class.
    pub reason: Reason,
    /// What went wrong, for people.
    pub message: String,
}

impl Error {
    pub(crate) fn build(message: impl Into<String>) -> Self {
        Self { reason: Reason::Build, message: message.into() }
    }

    pub(crate) fn path(path: &str, why: impl std::fmt::Display) -> Self {
        let message = format!("kustomization path not found: {path}: {why}");
        Self { reason: Reason::PathNotFound, message }
    }
}

impl From<inhaul_tree::Error> for Error {
    fn from(error: inhaul_tree::Error) -> Self {
        Self::build(error.to_string())
    }
}
