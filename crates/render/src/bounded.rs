//! A tree that gives out no more than one render may hold.

use bytes::Bytes;
use inhaul_tree::{ContentId, Entry, Error, Kind, Tree, TreePath};
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest file that a render reads, in bytes. An object ends at 3 MiB on the API server;
/// files of many definitions, the largest that people have, stay below this. A parsed file takes
/// up to sixty times its size.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// What a render reads in all, in bytes; a file counts each time it is read.
const MAX_TOTAL: u64 = 128 * 1024 * 1024;

/// Passes every question on and counts the bytes of the answers.
pub(crate) struct BoundedTree<'a> {
    inner: &'a dyn Tree,
    read: AtomicU64,
}

impl<'a> BoundedTree<'a> {
    pub(crate) fn new(inner: &'a dyn Tree) -> Self {
        Self { inner, read: AtomicU64::new(0) }
    }
}

impl Tree for BoundedTree<'_> {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        self.inner.kind(path)
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        let bytes = self.inner.read(path)?;
        let size = bytes.len() as u64;
        if size > MAX_FILE {
            return Err(Error::TooLarge { path: path.clone(), size, limit: MAX_FILE });
        }
        if self.read.fetch_add(size, Ordering::Relaxed).saturating_add(size) > MAX_TOTAL {
            let why = format!(
                "the files of this render are more than {MAX_TOTAL} bytes together; \
                 split it into several Kustomizations"
            );
            return Err(Error::Unreadable { path: path.clone(), why });
        }
        Ok(bytes)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        self.inner.list(path)
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        self.inner.read_link(path)
    }

    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        self.inner.content_id(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_tree::MemoryTree;

    #[test]
    fn a_large_file_and_too_many_bytes_in_all_are_refused() {
        let limit = usize::try_from(MAX_FILE).unwrap();
        let tree = MemoryTree::builder()
            .file("large", vec![b'x'; limit + 1])
            .file("fits", vec![b'x'; limit])
            .build()
            .unwrap();
        let bounded = BoundedTree::new(&tree);
        let [large, fits] = ["large", "fits"].map(|path| TreePath::parse(path).unwrap());
        let error = bounded.read(&large).unwrap_err();
        assert_eq!(error.to_string(), "large: 16777217 bytes, more than the limit of 16777216");
        for _ in 0..MAX_TOTAL / MAX_FILE {
            assert_eq!(bounded.read(&fits).unwrap().len(), limit);
        }
        let error = bounded.read(&fits).unwrap_err();
        assert!(error.to_string().starts_with("fits: the files of this render"), "{error}");
    }
}
