//! A source as Flux would pack it.

use super::IgnoreRules;
use bytes::Bytes;
use inhaul_tree::{ContentId, Entry, Error, Kind, Tree, TreePath};
use parking_lot::Mutex;
use std::collections::HashMap;

/// What becomes of symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// They are not there, as in Flux's artifacts.
    Hidden,
    /// They stay.
    Kept,
}

/// A tree without the files that [`IgnoreRules`] leave out.
pub struct IgnoredTree<T> {
    inner: T,
    rules: IgnoreRules,
    links: Links,
    takes_back: bool,
    /// Directories that are left out themselves: does anything below them stay?
    holds: Mutex<HashMap<TreePath, bool>>,
}

const MAX_DEPTH: usize = 256;

impl<T: Tree> IgnoredTree<T> {
    /// The view of `inner` through `rules`.
    pub fn new(inner: T, rules: IgnoreRules, links: Links) -> Self {
        let takes_back = rules.takes_back();
        Self { inner, rules, links, takes_back, holds: Mutex::default() }
    }

    /// The tree that is looked at.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    fn shows(&self, path: &TreePath, kind: Kind) -> Result<bool, Error> {
        if path.is_root() {
            return Ok(true);
        }
        match kind {
            Kind::Symlink if self.links == Links::Hidden => Ok(false),
            Kind::Symlink | Kind::File { .. } => Ok(!self.rules.excludes(path, false)),
            Kind::Directory if !self.rules.excludes(path, true) => Ok(true),
            Kind::Directory => self.holds_something(path, 0),
        }
    }

    /// Whether a directory that is left out holds something that was taken back.
    fn holds_something(&self, directory: &TreePath, depth: usize) -> Result<bool, Error> {
        if !self.takes_back || depth > MAX_DEPTH {
            return Ok(false);
        }
        if let Some(known) = self.holds.lock().get(directory) {
            return Ok(*known);
        }
        let mut found = false;
        for entry in self.inner.list(directory)? {
            let path = directory.child(&entry.name);
            found = match entry.kind {
                Kind::Directory if self.rules.excludes(&path, true) => {
                    self.holds_something(&path, depth + 1)?
                }
                kind => self.shows(&path, kind)?,
            };
            if found {
                break;
            }
        }
        self.holds.lock().insert(directory.clone(), found);
        Ok(found)
    }

    fn require(&self, path: &TreePath) -> Result<(), Error> {
        match self.kind(path)? {
            Some(_) => Ok(()),
            None => Err(Error::NotFound { path: path.clone() }),
        }
    }
}

impl<T: Tree> Tree for IgnoredTree<T> {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        match self.inner.kind(path)? {
            Some(kind) if self.shows(path, kind)? => Ok(Some(kind)),
            _ => Ok(None),
        }
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        self.require(path)?;
        self.inner.read(path)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        self.require(path)?;
        let mut shown = Vec::new();
        for entry in self.inner.list(path)? {
            if self.shows(&path.child(&entry.name), entry.kind)? {
                shown.push(entry);
            }
        }
        Ok(shown)
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        self.require(path)?;
        self.inner.read_link(path)
    }

    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        self.require(path)?;
        self.inner.content_id(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_tree::MemoryTree;

    fn view(spec: &str, links: Links) -> IgnoredTree<MemoryTree> {
        let tree = MemoryTree::builder()
            .file("a/b/c/kept.yaml", "1")
            .file("a/b/gone.yaml", "2")
            .file("z/gone.yaml", "3")
            .file("top.yaml", "4")
            .link("link", "top.yaml")
            .build()
            .unwrap();
        let rules = IgnoreRules::load(&tree, Some(spec)).unwrap();
        IgnoredTree::new(tree, rules, links)
    }

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    fn names(tree: &dyn Tree, directory: &str) -> Vec<String> {
        tree.list(&path(directory)).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn what_is_left_out_is_not_there() {
        let tree = view("/z\n/a/b/gone.yaml", Links::Hidden);
        assert_eq!(names(&tree, ""), ["a", "top.yaml"]);
        assert_eq!(names(&tree, "a/b"), ["c"]);
        for gone in ["z", "z/gone.yaml", "a/b/gone.yaml", "link"] {
            assert_eq!(tree.kind(&path(gone)).unwrap(), None, "{gone}");
            assert!(tree.read(&path(gone)).unwrap_err().is_not_found(), "{gone}");
            assert!(tree.content_id(&path(gone)).is_err(), "{gone}");
        }
        assert!(tree.list(&path("z")).unwrap_err().is_not_found());
        assert_eq!(names(&view("/z", Links::Kept), ""), ["a", "link", "top.yaml"]);
    }

    #[test]
    fn a_directory_that_is_left_out_stays_for_what_was_taken_back_below_it() {
        let tree = view("/*\n!/a/b/c/kept.yaml", Links::Hidden);
        assert_eq!(names(&tree, ""), ["a"]);
        assert_eq!(names(&tree, "a/b"), ["c"]);
        assert_eq!(tree.read(&path("a/b/c/kept.yaml")).unwrap(), "1");
    }
}
