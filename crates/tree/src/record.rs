//! Remembering what a render read.

use crate::{ContentId, Entry, Error, Kind, Tree, TreePath};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What was seen at a path. Equal observations of everything that a render looked at mean an
/// equal result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// What kind of thing stood there; `None` means that it was looked for in vain.
    Kind(Option<Kind>),
    /// The content of a file.
    Content(ContentId),
    /// The entries of a directory.
    Listing(Vec<Entry>),
    /// The target of a link.
    Link(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Kind,
    Content,
    Listing,
    Link,
}

/// A tree that passes every question on and remembers the answers.
pub struct RecordingTree<T> {
    inner: T,
    seen: Mutex<BTreeMap<(TreePath, Question), Observation>>,
}

impl<T: Tree> RecordingTree<T> {
    /// Starts with nothing seen.
    pub fn new(inner: T) -> Self {
        Self { inner, seen: Mutex::default() }
    }

    /// Everything that was seen, by path.
    pub fn into_observations(self) -> Vec<(TreePath, Observation)> {
        let seen = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        seen.into_iter().map(|((path, _), observation)| (path, observation)).collect()
    }

    fn note(&self, path: &TreePath, question: Question, observation: Observation) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((path.clone(), question), observation);
    }
}

impl Observation {
    /// Whether `tree` would answer the same today.
    ///
    /// # Errors
    /// Whatever the tree answers, except that nothing is there: that is `false`.
    pub fn still_holds(&self, tree: &dyn Tree, path: &TreePath) -> Result<bool, Error> {
        let now = match self {
            Self::Kind(_) => tree.kind(path).map(Self::Kind),
            Self::Content(_) => tree.content_id(path).map(Self::Content),
            Self::Listing(_) => tree.list(path).map(Self::Listing),
            Self::Link(_) => tree.read_link(path).map(Self::Link),
        };
        match now {
            Ok(now) => Ok(now == *self),
            Err(Error::Unreadable { path, why }) => Err(Error::Unreadable { path, why }),
            Err(_) => Ok(false),
        }
    }
}

impl<T: Tree> Tree for RecordingTree<T> {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        let kind = self.inner.kind(path)?;
        self.note(path, Question::Kind, Observation::Kind(kind));
        Ok(kind)
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        let bytes = self.inner.read(path)?;
        let id = self.inner.content_id(path)?;
        self.note(path, Question::Content, Observation::Content(id));
        Ok(bytes)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        let entries = self.inner.list(path)?;
        self.note(path, Question::Listing, Observation::Listing(entries.clone()));
        Ok(entries)
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        let target = self.inner.read_link(path)?;
        self.note(path, Question::Link, Observation::Link(target.clone()));
        Ok(target)
    }

    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        let id = self.inner.content_id(path)?;
        self.note(path, Question::Content, Observation::Content(id.clone()));
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryTree, kind, read};

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    fn unchanged(seen: &[(TreePath, Observation)], tree: &dyn Tree) -> bool {
        seen.iter().all(|(path, observation)| observation.still_holds(tree, path).unwrap())
    }

    #[test]
    fn a_render_is_unchanged_only_if_all_it_looked_at_is() {
        let files = || MemoryTree::builder().file("app/a.yaml", "1").file("other.yaml", "1");
        let tree = RecordingTree::new(files().build().unwrap());
        read(&tree, &path("app/a.yaml")).unwrap();
        assert_eq!(kind(&tree, &path("app/kustomization.yaml")).unwrap(), None);
        let seen = tree.into_observations();

        assert!(unchanged(&seen, &files().file("other.yaml", "2").build().unwrap()));
        assert!(!unchanged(&seen, &files().file("app/a.yaml", "2").build().unwrap()));
        let looked_for_in_vain = files().file("app/kustomization.yaml", "").build().unwrap();
        assert!(!unchanged(&seen, &looked_for_in_vain));
    }
}
