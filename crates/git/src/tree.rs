//! The files of one commit, read from the object database.

use crate::generation::{Generation, read_object};
use bytes::Bytes;
use gix::ObjectId;
use gix::hash::Kind::Sha1;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind as ObjectKind, TreeRefIter};
use gix::odb::{HandleArc, Header as _};
use inhaul_tree::{ContentId, Entry, Error, Kind, MAX_FILE_BYTES, Tree, TreePath};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A [`Tree`] over a commit. Directories are decoded once and kept; files are read each time, and
/// checked against their ids. Submodules show as empty directories, as in a checkout without
/// them.
pub struct GitTree {
    generation: Arc<Generation>,
    handle: Mutex<HandleArc>,
    root: ObjectId,
    directories: Mutex<HashMap<ObjectId, Arc<Directory>>>,
}

struct Directory {
    /// Sorted by name, bytewise.
    entries: Vec<(String, EntryKind, ObjectId)>,
    /// A name that is not UTF-8. A listing without it would be a lie, so there is none.
    unreadable: Option<String>,
}

impl Directory {
    fn get(&self, name: &str) -> Option<(EntryKind, ObjectId)> {
        let at = self.entries.binary_search_by(|entry| entry.0.as_str().cmp(name)).ok()?;
        self.entries.get(at).map(|(_, kind, id)| (*kind, *id))
    }
}

impl GitTree {
    pub(crate) fn new(generation: Arc<Generation>, root: ObjectId) -> Self {
        let handle = Mutex::new(generation.handle());
        Self { generation, handle, root, directories: Mutex::default() }
    }

    /// The id of the root directory: equal ids mean equal content, whatever the commit.
    pub fn id(&self) -> String {
        self.root.to_string()
    }

    fn object(&self, id: &ObjectId, path: &TreePath) -> Result<(ObjectKind, Vec<u8>), Error> {
        let mut buffer = Vec::new();
        match read_object(&self.handle.lock(), id, &mut buffer) {
            Ok(kind) => Ok((kind, buffer)),
            Err(error) => {
                self.generation.note_damage();
                Err(Error::Unreadable { path: path.clone(), why: error.to_string() })
            }
        }
    }

    fn directory(&self, id: &ObjectId, path: &TreePath) -> Result<Arc<Directory>, Error> {
        if let Some(known) = self.directories.lock().get(id) {
            return Ok(Arc::clone(known));
        }
        let (_, data) = self.object(id, path)?;
        let mut directory = Directory { entries: Vec::new(), unreadable: None };
        for entry in TreeRefIter::from_bytes(&data, Sha1) {
            let entry = entry.map_err(|_| Error::Unreadable {
                path: path.clone(),
                why: format!("tree {id} cannot be decoded"),
            })?;
            match std::str::from_utf8(entry.filename) {
                Ok(name) => {
                    directory.entries.push((
                        name.to_owned(),
                        entry.mode.kind(),
                        entry.oid.to_owned(),
                    ));
                }
                Err(_) => directory.unreadable = Some(entry.filename.to_string()),
            }
        }
        // Git sorts directories as if their names ended in a slash.
        directory.entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        directory.entries.shrink_to_fit();
        let directory = Arc::new(directory);
        self.directories.lock().insert(*id, Arc::clone(&directory));
        Ok(directory)
    }

    fn find(&self, path: &TreePath) -> Result<Option<(EntryKind, ObjectId)>, Error> {
        let mut at = (EntryKind::Tree, self.root);
        for name in path.elements() {
            if at.0 != EntryKind::Tree {
                return Ok(None);
            }
            match self.directory(&at.1, path)?.get(name) {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    pub(crate) fn root(&self) -> ObjectId {
        self.root
    }

    /// The entries of one directory, by its id.
    pub(crate) fn entries(
        &self,
        id: &ObjectId,
    ) -> Result<Vec<(String, EntryKind, ObjectId)>, Error> {
        let directory = self.directory(id, &TreePath::root())?;
        if let Some(name) = &directory.unreadable {
            let why = format!("holds {name:?}, whose name is not UTF-8, which is not supported");
            return Err(Error::Unreadable { path: TreePath::root(), why });
        }
        Ok(directory.entries.clone())
    }

    /// The commit of the submodule at a path.
    pub(crate) fn submodule(&self, path: &TreePath) -> Result<Option<ObjectId>, Error> {
        Ok(self.find(path)?.and_then(|(kind, id)| (kind == EntryKind::Commit).then_some(id)))
    }

    fn get(&self, path: &TreePath) -> Result<(EntryKind, ObjectId), Error> {
        self.find(path)?.ok_or_else(|| Error::NotFound { path: path.clone() })
    }

    fn file(&self, path: &TreePath) -> Result<ObjectId, Error> {
        match self.get(path)? {
            (EntryKind::Blob | EntryKind::BlobExecutable, id) => Ok(id),
            (EntryKind::Tree | EntryKind::Link | EntryKind::Commit, _) => {
                Err(Error::IsADirectory { path: path.clone() })
            }
        }
    }

    /// The content of a blob, if it is not larger than `limit`. The size is looked at first.
    fn blob(&self, id: &ObjectId, path: &TreePath, limit: u64) -> Result<Vec<u8>, Error> {
        let header = self.handle.lock().try_header(id);
        if let Ok(Some(header)) = header
            && header.size() > limit
        {
            return Err(Error::TooLarge { path: path.clone(), size: header.size(), limit });
        }
        let (kind, data) = self.object(id, path)?;
        if kind != ObjectKind::Blob {
            let why = format!("object {id} is listed as a file and is none");
            return Err(Error::Unreadable { path: path.clone(), why });
        }
        Ok(data)
    }
}

impl Tree for GitTree {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        Ok(self.find(path)?.map(|(kind, _)| tree_kind(kind)))
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        let id = self.file(path)?;
        self.blob(&id, path, MAX_FILE_BYTES).map(Bytes::from)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        let directory = match self.get(path)? {
            (EntryKind::Tree, id) => self.directory(&id, path)?,
            (EntryKind::Commit, _) => return Ok(Vec::new()),
            _ => return Err(Error::NotADirectory { path: path.clone() }),
        };
        if let Some(name) = &directory.unreadable {
            let why = format!("holds {name:?}, whose name is not UTF-8, which is not supported");
            return Err(Error::Unreadable { path: path.clone(), why });
        }
        let entry = |(name, kind, _): &(String, EntryKind, ObjectId)| Entry {
            name: name.clone(),
            kind: tree_kind(*kind),
        };
        Ok(directory.entries.iter().map(entry).collect())
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        let (EntryKind::Link, id) = self.get(path)? else {
            let why = "not a symbolic link".to_owned();
            return Err(Error::Unreadable { path: path.clone(), why });
        };
        // Linux takes no longer target.
        let target = self.blob(&id, path, 4096)?;
        String::from_utf8(target).map_err(|_| Error::Unreadable {
            path: path.clone(),
            why: "the target of the symbolic link is not UTF-8".to_owned(),
        })
    }

    fn content_id(&self, path: &TreePath) -> Result<ContentId, Error> {
        Ok(ContentId::named(format!("blob:{}", self.file(path)?)))
    }
}

fn tree_kind(kind: EntryKind) -> Kind {
    match kind {
        EntryKind::Tree | EntryKind::Commit => Kind::Directory,
        EntryKind::Blob => Kind::File { executable: false },
        EntryKind::BlobExecutable => Kind::File { executable: true },
        EntryKind::Link => Kind::Symlink,
    }
}
