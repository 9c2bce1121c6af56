//! A tree in memory: for tests, and for artifacts that another process serves.

use crate::{Entry, Error, Kind, MAX_FILE_BYTES, Tree, TreePath};
use bytes::Bytes;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Node {
    File { bytes: Bytes, executable: bool },
    Directory(BTreeMap<String, Node>),
    Link(String),
}

impl Node {
    fn kind(&self) -> Kind {
        match self {
            Self::File { executable, .. } => Kind::File { executable: *executable },
            Self::Directory(_) => Kind::Directory,
            Self::Link(_) => Kind::Symlink,
        }
    }
}

/// A tree whose files are in memory.
#[derive(Clone, Debug)]
pub struct MemoryTree {
    root: Node,
}

impl MemoryTree {
    /// Starts an empty tree.
    pub fn builder() -> MemoryTreeBuilder {
        MemoryTreeBuilder { root: BTreeMap::new(), error: None }
    }

    fn find(&self, path: &TreePath) -> Option<&Node> {
        path.elements().try_fold(&self.root, |node, name| match node {
            Node::Directory(entries) => entries.get(name),
            Node::File { .. } | Node::Link(_) => None,
        })
    }

    fn get(&self, path: &TreePath) -> Result<&Node, Error> {
        self.find(path).ok_or_else(|| Error::NotFound { path: path.clone() })
    }
}

impl Tree for MemoryTree {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        Ok(self.find(path).map(Node::kind))
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        match self.get(path)? {
            Node::File { bytes, .. } => Ok(bytes.clone()),
            Node::Directory(_) | Node::Link(_) => Err(Error::IsADirectory { path: path.clone() }),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        let Node::Directory(entries) = self.get(path)? else {
            return Err(Error::NotADirectory { path: path.clone() });
        };
        let entry =
            |(name, node): (&String, &Node)| Entry { name: name.clone(), kind: node.kind() };
        Ok(entries.iter().map(entry).collect())
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        match self.get(path)? {
            Node::Link(target) => Ok(target.clone()),
            _ => Err(Error::Unreadable { path: path.clone(), why: "not a symbolic link".into() }),
        }
    }
}

/// Collects the files of a [`MemoryTree`]. Directories are made as needed; what is added last at
/// a path wins. The first mistake is kept and reported by [`MemoryTreeBuilder::build`].
#[derive(Debug)]
pub struct MemoryTreeBuilder {
    root: BTreeMap<String, Node>,
    error: Option<Error>,
}

impl MemoryTreeBuilder {
    /// Adds a regular file.
    #[must_use]
    pub fn file(self, path: &str, bytes: impl Into<Bytes>) -> Self {
        self.insert(path, Node::File { bytes: bytes.into(), executable: false })
    }

    /// Adds an executable file.
    #[must_use]
    pub fn executable(self, path: &str, bytes: impl Into<Bytes>) -> Self {
        self.insert(path, Node::File { bytes: bytes.into(), executable: true })
    }

    /// Adds a symbolic link that says `target`.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.insert(path, Node::Link(target.to_owned()))
    }

    /// Adds a directory; one that is already there stays as it is.
    #[must_use]
    pub fn directory(mut self, path: &str) -> Self {
        match TreePath::parse(path) {
            Ok(path) => {
                let made = enter(&mut self.root, &path).map(|_| ());
                self.note(made);
            }
            Err(error) => self.note(Err(error)),
        }
        self
    }

    /// The finished tree.
    ///
    /// # Errors
    /// A path that leaves the tree, a file where another path needs a directory, or a file over
    /// [`MAX_FILE_BYTES`].
    pub fn build(self) -> Result<MemoryTree, Error> {
        match self.error {
            None => Ok(MemoryTree { root: Node::Directory(self.root) }),
            Some(error) => Err(error),
        }
    }

    fn insert(mut self, path: &str, node: Node) -> Self {
        let inserted = TreePath::parse(path).and_then(|path| place(&mut self.root, &path, node));
        self.note(inserted);
        self
    }

    fn note(&mut self, outcome: Result<(), Error>) {
        if let (Err(error), None) = (outcome, &self.error) {
            self.error = Some(error);
        }
    }
}

fn place(root: &mut BTreeMap<String, Node>, path: &TreePath, node: Node) -> Result<(), Error> {
    let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
        return Err(Error::IsADirectory { path: path.clone() });
    };
    if let Node::File { bytes, .. } = &node
        && bytes.len() as u64 > MAX_FILE_BYTES
    {
        let size = bytes.len() as u64;
        return Err(Error::TooLarge { path: path.clone(), size, limit: MAX_FILE_BYTES });
    }
    enter(root, &parent)?.insert(name.to_owned(), node);
    Ok(())
}

fn enter<'a>(
    root: &'a mut BTreeMap<String, Node>,
    path: &TreePath,
) -> Result<&'a mut BTreeMap<String, Node>, Error> {
    let mut entries = root;
    for name in path.elements() {
        let next =
            entries.entry(name.to_owned()).or_insert_with(|| Node::Directory(BTreeMap::new()));
        let Node::Directory(below) = next else {
            return Err(Error::NotADirectory { path: path.clone() });
        };
        entries = below;
    }
    Ok(entries)
}
