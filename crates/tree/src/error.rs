//! Why a tree could not answer.

use crate::TreePath;

/// Why a tree could not answer. Every variant names the path that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is there.
    #[error("{path}: no such file or directory")]
    NotFound {
        /// The path that was asked for.
        path: TreePath,
    },
    /// A directory was needed and something else is there.
    #[error("{path}: not a directory")]
    NotADirectory {
        /// The path that was asked for.
        path: TreePath,
    },
    /// A file was needed and something else is there.
    #[error("{path}: not a regular file")]
    IsADirectory {
        /// The path that was asked for.
        path: TreePath,
    },
    /// The path leads out of the tree.
    #[error("{path}: is outside the source root")]
    Outside {
        /// The path as it was written.
        path: String,
    },
    /// A symbolic link leads out of the tree.
    #[error("{path}: the symbolic link points to {target}, which is outside the source root")]
    LinkOutside {
        /// The link.
        path: TreePath,
        /// What the link says.
        target: String,
    },
    /// Links that lead to links without an end.
    #[error("{path}: too many levels of symbolic links")]
    TooManyLinks {
        /// The path that was asked for.
        path: TreePath,
    },
    /// A file over the size limit.
    #[error("{path}: {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The path that was asked for.
        path: TreePath,
        /// The size of the file in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is only a pointer to content that Git LFS keeps elsewhere.
    #[error(
        "{path}: is a Git LFS pointer, not the file itself; keep files that are rendered out of LFS"
    )]
    LfsPointer {
        /// The path that was asked for.
        path: TreePath,
    },
    /// The text is not a path.
    #[error("{path:?}: invalid path: {why}")]
    InvalidPath {
        /// The text.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The store behind the tree failed.
    #[error("{path}: {why}")]
    Unreadable {
        /// The path that was asked for.
        path: TreePath,
        /// What the store said.
        why: String,
    },
}

impl Error {
    /// Whether the answer was "nothing is there", as opposed to "could not tell".
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}
