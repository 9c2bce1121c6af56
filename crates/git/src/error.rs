//! What can go wrong, in Flux's terms.

use std::time::Duration;

/// The kinds of failure. Callers branch on these; people read [`Error`]'s text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The URL is not one that is served, or not safe to use.
    UrlInvalid,
    /// The credentials cannot be used as they stand (a broken certificate, for instance).
    CredentialsInvalid,
    /// The server wants other credentials (401, 407).
    Unauthorized,
    /// The server knows who asks and refuses (403).
    Forbidden,
    /// The server knows no such repository (404, 410).
    NotFound,
    /// The server asks for patience (429).
    RateLimited,
    /// The server failed (5xx).
    Server,
    /// The server could not be reached, or the connection broke.
    Network,
    /// The server is not the one that the known hosts say.
    HostKey,
    /// A redirect that is not followed.
    Redirect,
    /// The server answered something that is not Git, or not correct Git.
    Protocol,
    /// The deadline passed.
    Timeout,
    /// The caller gave up.
    Cancelled,
    /// A limit on size was reached.
    TooLarge,
    /// The reference in the spec cannot be read.
    ReferenceInvalid,
    /// The remote has no such branch, tag, name or commit.
    ReferenceNotFound,
    /// The remote has no commit at all.
    EmptyRepository,
    /// The commit holds a tree that no honest Git writes.
    HostileTree,
    /// A push was refused: the branch is somewhere else by now, or the server does not want it.
    Rejected,
    /// The object database on disk is damaged.
    Corrupt,
    /// The disk refused.
    Storage,
}

impl ErrorKind {
    /// The reason that Flux's GitRepository shows for this failure.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UrlInvalid => "URLInvalid",
            Self::CredentialsInvalid | Self::Unauthorized | Self::Forbidden => {
                "AuthenticationFailed"
            }
            Self::EmptyRepository => "EmptyGitRepository",
            Self::HostileTree => "InvalidGitObject",
            Self::Storage => "DirectoryCreationFailed",
            Self::NotFound
            | Self::RateLimited
            | Self::Server
            | Self::Network
            | Self::HostKey
            | Self::Redirect
            | Self::Protocol
            | Self::Timeout
            | Self::Cancelled
            | Self::TooLarge
            | Self::ReferenceInvalid
            | Self::ReferenceNotFound
            | Self::Rejected
            | Self::Corrupt => "GitOperationFailed",
        }
    }

    /// Whether only a change of the spec can help, so that retrying is of no use.
    pub fn is_permanent(self) -> bool {
        matches!(self, Self::UrlInvalid | Self::ReferenceInvalid)
    }
}

/// A failure: the remote's URL (without secrets), what failed, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{message}", url.as_ref().map(|url| format!("{url}: ")).unwrap_or_default())]
pub struct Error {
    kind: ErrorKind,
    url: Option<String>,
    message: String,
    retry_after: Option<Duration>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, url: None, message: message.into(), retry_after: None }
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Puts the remote in front of the message; the first one stays.
    pub(crate) fn at(mut self, url: &impl ToString) -> Self {
        self.url.get_or_insert_with(|| url.to_string());
        self
    }

    /// Puts what was being done in front of why it failed.
    pub(crate) fn while_doing(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Adds the last lines that the server said about it.
    pub(crate) fn with_remote_lines(mut self, lines: &[String]) -> Self {
        if !lines.is_empty() {
            self.message = format!("{} (remote: {})", self.message, lines.join("; "));
        }
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The reason that Flux's GitRepository shows.
    pub fn reason(&self) -> &'static str {
        self.kind.reason()
    }

    /// How long the server asked to wait (`Retry-After`), at most an hour.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
