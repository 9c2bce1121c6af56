//! Why the API server did not do what it was asked.

use kube::core::Status;
use std::time::Duration;

/// Why a request to the API server failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API server answered with an error. Its message may quote the object that was sent:
    /// what is shown to people goes through a mask first.
    #[error("{}", described(.0))]
    Api(Box<Status>),
    /// The API server asked to come back later, and the caller's deadline ends before that.
    #[error("the API server asks to wait for {} s (HTTP {code})", retry_after.as_secs())]
    Busy {
        /// The HTTP status.
        code: u16,
        /// How long it asks to wait.
        retry_after: Duration,
    },
    /// No complete answer came.
    #[error("no answer from the API server: {0}")]
    Unreachable(String),
    /// An answer came that does not mean anything.
    #[error("the API server's answer cannot be understood: {0}")]
    Garbled(String),
    /// This process is no longer the leader, or cannot be sure that it is.
    #[error("this process is not the leader any more; nothing was written")]
    NotLeader,
    /// A kind that the API server does not serve.
    #[error(
        "no matches for kind \"{kind}\" in version \"{api_version}\"; is its definition (CRD) installed?"
    )]
    UnknownKind {
        /// Group and version as in a manifest.
        api_version: String,
        /// The kind.
        kind: String,
    },
}

fn described(status: &Status) -> String {
    match (status.message.is_empty(), status.reason.is_empty()) {
        (false, _) => status.message.clone(),
        (true, false) => status.reason.clone(),
        (true, true) => format!("HTTP {}", status.code),
    }
}

impl Error {
    /// The HTTP status, where the API server gave one.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Api(status) => Some(status.code),
            Self::Busy { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The API server's word for what is wrong, such as `Invalid` or `Forbidden`; empty where it
    /// gave none.
    pub fn reason(&self) -> &str {
        match self {
            Self::Api(status) => &status.reason,
            Self::Busy { .. } => "TooManyRequests",
            Self::Unreachable(_) => "Unreachable",
            Self::NotLeader => "NotLeader",
            Self::UnknownKind { .. } => "NotFound",
            Self::Garbled(_) => "",
        }
    }

    /// The object, or its kind, does not exist.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Somebody else changed the object meanwhile, or a precondition does not hold.
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// How long to wait before another try, where the API server said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}
