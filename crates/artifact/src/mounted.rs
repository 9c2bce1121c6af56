//! Trees inside trees: submodules, and what a source includes from another.

use bytes::Bytes;
use inhaul_tree::{ContentId, Entry, Error, Kind, Tree, TreePath};
use std::sync::Arc;

/// A tree with another one, or a part of it, at one of its paths.
pub struct MountedTree {
    base: Arc<dyn Tree>,
    at: TreePath,
    guest: Arc<dyn Tree>,
    from: TreePath,
}

enum Place {
    Guest(TreePath),
    /// A directory on the way to the guest.
    Above,
    Base,
}

impl MountedTree {
    /// Shows `from` of `guest` at the path `at` of `base`. An empty directory may stand there,
    /// such as that of a submodule, and nothing else.
    ///
    /// # Errors
    /// Where something is in the way, or `guest` has nothing at `from`.
    pub fn new(
        base: Arc<dyn Tree>,
        at: TreePath,
        guest: Arc<dyn Tree>,
        from: TreePath,
    ) -> Result<Self, Error> {
        if guest.kind(&from)?.is_none() {
            return Err(Error::NotFound { path: from });
        }
        let in_the_way = |path: &TreePath| {
            let why = "something is there already, which would be hidden".to_owned();
            Error::Unreadable { path: path.clone(), why }
        };
        match base.kind(&at)? {
            None => {}
            Some(Kind::Directory) if !at.is_root() && base.list(&at)?.is_empty() => {}
            Some(_) => return Err(in_the_way(&at)),
        }
        let mut above = at.parent();
        while let Some(directory) = above {
            if !matches!(base.kind(&directory)?, None | Some(Kind::Directory)) {
                return Err(in_the_way(&directory));
            }
            above = directory.parent();
        }
        Ok(Self { base, at, guest, from })
    }

    fn place(&self, path: &TreePath) -> Place {
        if path.is_within(&self.at) {
            let below = path.elements().skip(self.at.elements().count());
            return Place::Guest(below.fold(self.from.clone(), |at, name| at.child(name)));
        }
        if self.at.is_within(path) { Place::Above } else { Place::Base }
    }
}

impl Tree for MountedTree {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        match self.place(path) {
            Place::Guest(inner) => self.guest.kind(&inner),
            Place::Above => Ok(Some(Kind::Directory)),
            Place::Base => self.base.kind(path),
        }
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        match self.place(path) {
            Place::Guest(inner) => self.guest.read(&inner),
            Place::Above => Err(Error::IsADirectory { path: path.clone() }),
            Place::Base => self.base.read(path),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        match self.place(path) {
            Place::Guest(inner) => self.guest.list(&inner),
            Place::Base => self.base.list(path),
            Place::Above => {
                let mut entries = match self.base.kind(path)? {
                    Some(_) => self.base.list(path)?,
                    None => Vec::new(),
                };
                let name = self.at.elements().nth(path.elements().count()).unwrap_or_default();
                let kind = self.kind(&path.child(name))?.unwrap_or(Kind::Directory);
                entries.retain(|entry| entry.name != name);
                entries.push(Entry { name: name.to_owned(), kind });
                entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                Ok(entries)
            }
        }
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        match self.place(path) {
            Place::Guest(inner) => self.guest.read_link(&inner),
            Place::Above | Place::Base => self.base.read_link(path),
        }
    }

    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        match self.place(path) {
            Place::Guest(inner) => self.guest.content_id(&inner),
            Place::Above => Err(Error::IsADirectory { path: path.clone() }),
            Place::Base => self.base.content_id(path),
        }
    }
}

/// A tree of which only some directories show.
pub struct SparseTree<T> {
    inner: T,
    directories: Vec<TreePath>,
}

impl<T: Tree> SparseTree<T> {
    /// Shows nothing but `directories`, and what leads to them.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::NotADirectory`] for one that is none.
    pub fn new(inner: T, directories: Vec<TreePath>) -> Result<Self, Error> {
        for path in &directories {
            match inner.kind(path)? {
                Some(Kind::Directory) => {}
                Some(_) => return Err(Error::NotADirectory { path: path.clone() }),
                None => return Err(Error::NotFound { path: path.clone() }),
            }
        }
        Ok(Self { inner, directories })
    }

    fn holds(&self, path: &TreePath) -> bool {
        self.directories.iter().any(|directory| path.is_within(directory))
    }

    fn shows(&self, path: &TreePath) -> bool {
        self.holds(path) || self.directories.iter().any(|directory| directory.is_within(path))
    }

    fn seen(&self, path: &TreePath) -> Result<(), Error> {
        if self.holds(path) { Ok(()) } else { Err(Error::NotFound { path: path.clone() }) }
    }
}

impl<T: Tree> Tree for SparseTree<T> {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        if self.shows(path) { self.inner.kind(path) } else { Ok(None) }
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        self.seen(path)?;
        self.inner.read(path)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        if !self.shows(path) {
            return Err(Error::NotFound { path: path.clone() });
        }
        let mut entries = self.inner.list(path)?;
        entries.retain(|entry| self.shows(&path.child(&entry.name)));
        Ok(entries)
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        self.seen(path)?;
        self.inner.read_link(path)
    }

    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        self.seen(path)?;
        self.inner.content_id(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_tree::{MemoryTree, walk};

    fn memory(files: &[&str]) -> Arc<dyn Tree> {
        let mut builder = MemoryTree::builder();
        for file in files {
            builder = builder.file(file, format!("content of {file}"));
        }
        Arc::new(builder.build().unwrap())
    }

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    fn files(tree: &dyn Tree) -> Vec<String> {
        let mut found = Vec::new();
        walk::<Error>(&tree, &TreePath::root(), &mut |_| Ok(true), &mut |file| {
            tree.read(file)?;
            found.push(file.to_string());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn a_part_of_another_tree_shows_where_it_is_put() {
        let base = memory(&["a", "lib/b"]);
        let guest = memory(&["x/y/1", "x/2", "3"]);
        let mount = |at: &str, from: &str| {
            MountedTree::new(Arc::clone(&base), path(at), Arc::clone(&guest), path(from))
        };
        assert_eq!(
            files(&mount("lib/c/d", "x").unwrap()),
            ["a", "lib/b", "lib/c/d/2", "lib/c/d/y/1"]
        );
        assert_eq!(files(&mount("all", ".").unwrap()).len(), 5);
        let one = mount("lib/one", "3").unwrap();
        assert_eq!(one.read(&path("lib/one")).unwrap(), "content of 3");
        assert!(mount("lib", "x").is_err(), "it would hide lib/b");
        assert!(mount("a/b", "x").is_err(), "a is a file");
        assert!(mount(".", "x").is_err());
        assert!(mount("c", "missing").is_err());
    }

    #[test]
    fn only_the_directories_that_are_asked_for_show() {
        let all = memory(&["a", "apps/web/1", "apps/api/2", "apps-old/3", "lib/4"]);
        let sparse = |directories: &[&str]| {
            SparseTree::new(Arc::clone(&all), directories.iter().map(|d| path(d)).collect())
        };
        assert_eq!(files(&sparse(&["apps"]).unwrap()), ["apps/api/2", "apps/web/1"]);
        assert_eq!(files(&sparse(&["apps/web", "lib"]).unwrap()), ["apps/web/1", "lib/4"]);
        assert!(sparse(&["missing"]).is_err());
        assert!(sparse(&["a"]).is_err());
        let one = sparse(&["apps/web"]).unwrap();
        assert!(one.read(&path("a")).is_err());
        assert_eq!(one.kind(&path("lib")).unwrap(), None);
    }
}
