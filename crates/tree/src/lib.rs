//! Files by hash: the read-only view that every renderer reads.
//!
//! A [`Tree`] is a set of files, directories and symbolic links below one root. What backs it is
//! somebody else's matter: a Git object database, an unpacked artifact, a directory, or memory.
//! Rendering can read nothing else, so what leaves no trace here cannot change a result.
//!
//! The trait itself never follows a symbolic link. [`read`], [`kind`] and [`resolve`] do, inside
//! the tree only; walking a directory with [`walk`] does not follow any.

mod directory;
mod error;
mod follow;
mod memory;
mod path;
mod record;
mod walk;

pub use directory::DirectoryTree;
pub use error::Error;
pub use follow::{kind, list, read, resolve};
pub use memory::{MemoryTree, MemoryTreeBuilder};
pub use path::TreePath;
pub use record::{Observation, RecordingTree};
pub use walk::walk;

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The largest file that any tree hands out, in bytes. A manifest is never this large, and what
/// the API server accepts ends at 3 MiB; the bound keeps a hostile repository from taking the
/// memory of everybody else.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What stands at a path, without following a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File {
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A directory.
    Directory,
    /// A symbolic link, wherever it points.
    Symlink,
}

/// One entry of a directory listing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The last element of the path.
    pub name: String,
    /// What the entry is.
    pub kind: Kind,
}

/// Names the content of a file: equal ids mean equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentId(String);

impl ContentId {
    /// The id of some bytes that have no better one: `sha256:` and the hash in hexadecimal.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex::encode(Sha256::digest(bytes))))
    }

    /// An id that another store gave, such as `blob:` and the object id of a Git blob. The prefix
    /// keeps the ids of different stores apart.
    pub fn named(id: String) -> Self {
        Self(id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A read-only view of files by path.
///
/// The parents of a path given to these methods are directories, not links; [`resolve`] gives
/// such a path. Implementations answer from one state of the files that never changes while the
/// tree lives ([`DirectoryTree`] trusts its user for that).
pub trait Tree: Send + Sync {
    /// What stands at `path`, or `None` if nothing does.
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error>;

    /// The bytes of the regular file at `path`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::IsADirectory`] (links included), [`Error::TooLarge`], or
    /// [`Error::Unreadable`] when the store failed.
    fn read(&self, path: &TreePath) -> Result<Bytes, Error>;

    /// The entries of the directory at `path`, sorted by name (bytewise).
    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error>;

    /// What the symbolic link at `path` says, as it was written.
    fn read_link(&self, path: &TreePath) -> Result<String, Error>;

    /// The id of the content of the file at `path`. Stores that know it without reading override
    /// this.
    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        Ok(ContentId::of_bytes(&self.read(path)?))
    }
}

impl<T: Tree + ?Sized> Tree for &T {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        (**self).kind(path)
    }
    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        (**self).read(path)
    }
    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        (**self).list(path)
    }
    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        (**self).read_link(path)
    }
    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        (**self).content_id(path)
    }
}

impl<T: Tree + ?Sized> Tree for std::sync::Arc<T> {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        (**self).kind(path)
    }
    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        (**self).read(path)
    }
    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        (**self).list(path)
    }
    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        (**self).read_link(path)
    }
    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        (**self).content_id(path)
    }
}
