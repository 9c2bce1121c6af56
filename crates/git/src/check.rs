//! Is a commit complete, and are its trees ones that an honest Git writes?

use crate::call::Stop;
use crate::generation::{Generation, has_object, read_object};
use crate::{Commit, Error, ErrorKind, Limits};
use gix::ObjectId;
use gix::hash::Kind::Sha1;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, TreeRefIter};
use gix::odb::HandleArc;
use std::collections::HashSet;

/// Reads a commit and walks all of its files once: each must be there, and no name may mean
/// something else to a file system or to Git.
///
/// # Errors
/// [`ErrorKind::HostileTree`] for such names, [`ErrorKind::Corrupt`] where something is missing,
/// [`ErrorKind::TooLarge`] for a tree that explodes when it is walked.
pub(crate) fn check_commit(
    generation: &Generation,
    id: &ObjectId,
    limits: &Limits,
    stop: &Stop,
) -> Result<Commit, Error> {
    let handle = generation.handle();
    let commit = read_commit(&handle, id)?;
    let checker = Checker { generation, handle, limits, stop };
    let entries = checker.tree(&commit.tree, &mut Vec::new())?;
    if entries > limits.tree_entries {
        return Err(too_many(limits));
    }
    Ok(commit)
}

/// Reads one commit object.
pub(crate) fn read_commit(handle: &HandleArc, id: &ObjectId) -> Result<Commit, Error> {
    let mut buffer = Vec::new();
    if read_object(handle, id, &mut buffer)? != Kind::Commit {
        return Err(Error::new(ErrorKind::ReferenceNotFound, format!("{id} is not a commit")));
    }
    Commit::parse(&buffer)
        .map_err(|why| Error::new(ErrorKind::HostileTree, format!("commit {id}: {why}")))
}

/// Reads one annotated tag.
pub(crate) fn check_tag(handle: &HandleArc, id: &ObjectId) -> Result<Vec<u8>, Error> {
    let mut buffer = Vec::new();
    if read_object(handle, id, &mut buffer)? != Kind::Tag {
        let why = format!("{id} is advertised as a tag and is none");
        return Err(Error::new(ErrorKind::HostileTree, why));
    }
    Ok(buffer)
}

struct Checker<'a> {
    generation: &'a Generation,
    handle: HandleArc,
    limits: &'a Limits,
    stop: &'a Stop,
}

impl Checker<'_> {
    /// Checks what is below `id` and counts it. A tree that is used in many places counts in each
    /// of them, but is read once.
    fn tree(&self, id: &ObjectId, path: &mut Vec<String>) -> Result<u64, Error> {
        if let Some(entries) = self.generation.checked.lock().get(id) {
            return Ok(*entries);
        }
        self.stop.check()?;
        if path.len() > self.limits.tree_depth {
            let why = format!("more than {} directories inside each other", self.limits.tree_depth);
            return Err(Error::new(ErrorKind::TooLarge, why));
        }
        let mut buffer = Vec::new();
        if read_object(&self.handle, id, &mut buffer)? != Kind::Tree {
            return Err(hostile(path, "is listed as a directory and is none"));
        }
        let mut names = HashSet::new();
        let mut entries: u64 = 0;
        for entry in TreeRefIter::from_bytes(&buffer, Sha1) {
            let entry = entry.map_err(|_| hostile(path, "cannot be read as a directory"))?;
            path.push(String::from_utf8_lossy(entry.filename).into_owned());
            if let Some(why) = bad_name(entry.filename) {
                return Err(hostile(path, why));
            }
            if !names.insert(entry.filename) {
                return Err(hostile(path, "appears twice"));
            }
            let below = match entry.mode.kind() {
                EntryKind::Tree => self.tree(&entry.oid.to_owned(), path)?,
                // Submodules are other repositories; they show as empty directories.
                EntryKind::Commit => 0,
                EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link => {
                    self.blob(&entry.oid.to_owned(), path)?;
                    0
                }
            };
            path.pop();
            entries = entries.saturating_add(1).saturating_add(below);
            if entries > self.limits.tree_entries {
                return Err(too_many(self.limits));
            }
        }
        self.generation.note_checked(*id, entries);
        Ok(entries)
    }

    fn blob(&self, id: &ObjectId, path: &[String]) -> Result<(), Error> {
        if has_object(&self.handle, id) {
            return Ok(());
        }
        let why = format!("{}: its content {id} is missing", path.join("/"));
        Err(Error::new(ErrorKind::Corrupt, why))
    }
}

/// Names that Git never writes, or that are `.git` to some file system. The list is that of
/// `git fsck`.
fn bad_name(name: &[u8]) -> Option<&'static str> {
    match name {
        b"" => return Some("an entry has no name"),
        b"." | b".." => return Some("is a name that leads elsewhere"),
        _ if name.contains(&b'/') => return Some("is a name with a slash in it"),
        _ => {}
    }
    // HFS+ ignores these characters in names.
    let text: String = String::from_utf8_lossy(name)
        .chars()
        .filter(|c| !matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect();
    // NTFS ignores spaces and dots at the end, and streams after a colon.
    let plain = text.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
    matches!(plain, ".git" | "git~1").then_some("means .git to some file systems")
}

fn hostile(path: &[String], why: &str) -> Error {
    let path = if path.is_empty() { ".".to_owned() } else { path.join("/") };
    let shown: String = path.chars().flat_map(char::escape_debug).take(200).collect();
    Error::new(ErrorKind::HostileTree, format!("{shown}: {why}; the revision is refused"))
}

fn too_many(limits: &Limits) -> Error {
    let why = format!("the commit holds more than {} files", limits.tree_entries);
    Error::new(ErrorKind::TooLarge, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_else_are_bad() {
        for name in [
            "",
            ".",
            "..",
            "a/b",
            ".git",
            ".GIT",
            ".Git ",
            ".git.",
            "git~1",
            "GIT~1",
            ".g\u{200c}it",
            ".git::$INDEX_ALLOCATION",
            "\u{feff}.git",
        ] {
            assert!(bad_name(name.as_bytes()).is_some(), "{name:?}");
        }
        for name in [".gitignore", ".github", "git", "a\\b", "...", "x.git", "caf\u{e9}", "git~2"] {
            assert!(bad_name(name.as_bytes()).is_none(), "{name:?}");
        }
    }
}
