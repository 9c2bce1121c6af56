//! Trees with some files changed.

use super::FileChange;
use super::pack::Objects;
use crate::{Error, ErrorKind, GitTree};
use gix::ObjectId;
use gix::objs::Kind;
use gix::objs::tree::EntryKind;
use inhaul_tree::TreePath;
use std::collections::BTreeMap;

/// The root of `base` after the changes; new objects go to `objects`.
pub(super) fn change(
    base: Option<&GitTree>,
    changes: &[FileChange],
    objects: &mut Objects,
) -> Result<ObjectId, Error> {
    let mut root = Node::root(base);
    for change in changes {
        match change {
            FileChange::Write { path, content } => {
                let blob = objects.add(Kind::Blob, content.clone())?;
                let names: Vec<&str> = path.elements().collect();
                root.write(base, &names, blob).map_err(|why| refuse(path, &why))?;
            }
            FileChange::Remove { path } => {
                let names: Vec<&str> = path.elements().collect();
                root.remove(base, &names).map_err(|why| refuse(path, &why))?;
            }
        }
    }
    root.store(objects)
}

fn refuse(path: &TreePath, why: &str) -> Error {
    Error::new(ErrorKind::ReferenceInvalid, format!("{path}: {why}"))
}

/// A directory: as it is in the base, or opened because something in it changes.
enum Node {
    Kept(EntryKind, ObjectId),
    Open(BTreeMap<String, Node>),
}

impl Node {
    fn root(base: Option<&GitTree>) -> Self {
        match base {
            Some(base) => Self::Kept(EntryKind::Tree, base.root()),
            None => Self::Open(BTreeMap::new()),
        }
    }

    /// The entries of a directory, to be changed.
    fn open(&mut self, base: Option<&GitTree>) -> Result<&mut BTreeMap<String, Self>, String> {
        if let Self::Kept(kind, id) = self {
            if *kind != EntryKind::Tree {
                return Err("a file is where a directory is needed".into());
            }
            let base = base.ok_or("there is no base")?;
            let entries = base.entries(id).map_err(|error| error.to_string())?;
            let node = |(name, kind, id)| (name, Self::Kept(kind, id));
            *self = Self::Open(entries.into_iter().map(node).collect());
        }
        match self {
            Self::Open(entries) => Ok(entries),
            Self::Kept(..) => Err("a file is where a directory is needed".into()),
        }
    }

    fn write(
        &mut self,
        base: Option<&GitTree>,
        names: &[&str],
        blob: ObjectId,
    ) -> Result<(), String> {
        let (name, rest) = names.split_first().ok_or("not the path of a file")?;
        if name.eq_ignore_ascii_case(".git") {
            return Err("a name that no Git tree may hold".into());
        }
        let entries = self.open(base)?;
        if !rest.is_empty() {
            let fresh = || Self::Open(BTreeMap::new());
            return entries.entry((*name).to_owned()).or_insert_with(fresh).write(base, rest, blob);
        }
        let kind = match entries.get(*name) {
            // An executable file stays one.
            Some(Self::Kept(EntryKind::BlobExecutable, _)) => EntryKind::BlobExecutable,
            None | Some(Self::Kept(EntryKind::Blob, _)) => EntryKind::Blob,
            Some(_) => return Err("something that is no file is there".into()),
        };
        entries.insert((*name).to_owned(), Self::Kept(kind, blob));
        Ok(())
    }

    fn remove(&mut self, base: Option<&GitTree>, names: &[&str]) -> Result<(), String> {
        let (name, rest) = names.split_first().ok_or("not the path of a file")?;
        let entries = self.open(base)?;
        let missing = || "there is nothing to remove".to_owned();
        if rest.is_empty() {
            return entries.remove(*name).map(|_| ()).ok_or_else(missing);
        }
        entries.get_mut(*name).ok_or_else(missing)?.remove(base, rest)
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Kept(..) => false,
            Self::Open(entries) => entries.values().all(Self::is_empty),
        }
    }

    /// Writes the directories that were opened; Git keeps no empty ones.
    fn store(self, objects: &mut Objects) -> Result<ObjectId, Error> {
        let entries = match self {
            Self::Kept(_, id) => return Ok(id),
            Self::Open(entries) => entries,
        };
        let mut lines: Vec<(String, EntryKind, ObjectId)> = Vec::new();
        for (name, node) in entries {
            if node.is_empty() {
                continue;
            }
            let kind = match &node {
                Self::Kept(kind, _) => *kind,
                Self::Open(_) => EntryKind::Tree,
            };
            lines.push((name, kind, node.store(objects)?));
        }
        // Git sorts directories as if their names ended in a slash.
        let key = |(name, kind, _): &(String, EntryKind, ObjectId)| {
            if *kind == EntryKind::Tree { format!("{name}/") } else { name.clone() }
        };
        lines.sort_by_key(key);
        let mut data = Vec::new();
        for (name, kind, id) in lines {
            let mode: &[u8] = match kind {
                EntryKind::Tree => b"40000",
                EntryKind::Blob => b"100644",
                EntryKind::BlobExecutable => b"100755",
                EntryKind::Link => b"120000",
                EntryKind::Commit => b"160000",
            };
            data.extend_from_slice(mode);
            data.push(b' ');
            data.extend_from_slice(name.as_bytes());
            data.push(0);
            data.extend_from_slice(id.as_bytes());
        }
        objects.add(Kind::Tree, data)
    }
}
