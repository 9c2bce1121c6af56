//! What can go wrong with artifacts.

use std::path::Path;

/// Why an artifact could not be made, kept, or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source could not be read.
    #[error(transparent)]
    Tree(#[from] inhaul_tree::Error),
    /// The disk refused.
    #[error("{what} {path}: {source}")]
    Storage {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A name that cannot be part of an artifact's path.
    #[error("{name:?} cannot be part of the path of an artifact")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// An ignore file that is too large to be honest.
    #[error("{path}: {why}")]
    Ignore {
        /// The file, or `spec.ignore`.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The address of the artifact cannot be used.
    #[error("artifact {url}: {why}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nobody serves the artifact (any more). Flux tries again after 30 seconds.
    #[error("artifact {url}: not found")]
    NotFound {
        /// The address.
        url: String,
    },
    /// The artifact could not be downloaded.
    #[error("artifact {url}: {why}")]
    Download {
        /// The address.
        url: String,
        /// What happened.
        why: String,
    },
    /// What was downloaded is not what the source's status says.
    #[error("artifact {url}: digest is {found}, expected {expected}")]
    Digest {
        /// The address.
        url: String,
        /// What the status says.
        expected: String,
        /// What came.
        found: String,
    },
    /// A digest that cannot be checked.
    #[error("digest {digest:?}: {why}")]
    DigestInvalid {
        /// The digest as written.
        digest: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The archive is not one that any source controller makes.
    #[error("archive{}: {why}", entry.as_ref().map(|entry| format!(" entry {entry:?}")).unwrap_or_default())]
    Archive {
        /// The entry, where one is at fault.
        entry: Option<String>,
        /// What is wrong with it.
        why: String,
    },
    /// Something is larger than allowed.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// The deadline passed, or the caller gave up.
    #[error("artifact {url}: timed out or cancelled")]
    Ended {
        /// The address.
        url: String,
    },
}

impl Error {
    pub(crate) fn storage(
        what: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Storage { what, path, source }
    }
}
