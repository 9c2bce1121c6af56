//! One object database on disk.
//!
//! A mirror has one generation at a time. When it is damaged or too large the next one is begun
//! beside it, and the old one goes when the last tree that reads from it is dropped.

use crate::session::words;
use crate::{Error, ErrorKind, Limits};
use gix::ObjectId;
use gix::error::Class;
use gix::hash::Kind::Sha1;
use gix::objs::{Exists as _, Find as _};
use gix::odb::HandleArc;
use gix::odb::Store;
use gix::odb::pack::bundle::write::Options as PackOptions;
use gix::odb::pack::cache::lru::StaticLinkedList;
use gix::odb::store::init::{Options as StoreOptions, Slots};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

/// Commits that are remembered as complete; each goes to the server as something that we have.
const MAX_TIPS: usize = 16;
/// Trees whose check is remembered, so that the next revision only checks what is new.
const MAX_CHECKED: usize = 200_000;
/// Memory for the objects that others are stored as differences to, per reader.
const BASES_BYTES: usize = 1 << 20;
/// Above the number of packs at which a generation ends.
const SLOTS: u16 = 256;

/// An object database with the list of commits that it holds completely.
pub(crate) struct Generation {
    path: PathBuf,
    number: u64,
    store: Arc<Store>,
    tips: Mutex<Vec<ObjectId>>,
    /// Trees that were found sound, with the number of entries below each.
    pub(crate) checked: Mutex<HashMap<ObjectId, u64>>,
    /// Set when reading found damage.
    damaged: AtomicBool,
    /// Set when a newer generation took over: the directory goes with the last user.
    retired: AtomicBool,
}

impl Generation {
    /// Opens the newest usable generation below `directory`, removing all others, or begins the
    /// first.
    pub(crate) fn open_newest(directory: &Path, limits: &Limits) -> Result<Self, Error> {
        let storage = |error: io::Error| storage("object database", directory, &error);
        create_private(directory).map_err(storage)?;
        let mut numbers = Vec::new();
        for entry in fs::read_dir(directory).map_err(storage)? {
            let name = entry.map_err(storage)?.file_name();
            numbers.extend(name.to_str().and_then(|n| n.strip_prefix("odb-")?.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        let newest = numbers.pop().filter(|newest| *newest > 0);
        for old in numbers {
            remove_quietly(&directory.join(format!("odb-{old}")));
        }
        let number = newest.unwrap_or(1);
        match Self::open(directory, number, limits) {
            Ok(generation) => Ok(generation),
            Err(error) if newest.is_some() => {
                tracing::warn!(%error, "object database is unusable, beginning anew");
                remove_quietly(&directory.join(format!("odb-{number}")));
                Self::open(directory, number + 1, limits)
            }
            Err(error) => Err(error),
        }
    }

    /// Begins the generation after this one and lets this one go.
    pub(crate) fn succeed(&self, limits: &Limits) -> Result<Self, Error> {
        let directory = self.path.parent().unwrap_or(&self.path);
        let next = Self::open(directory, self.number + 1, limits)?;
        self.retired.store(true, Ordering::Relaxed);
        Ok(next)
    }

    /// A database for a question that is answered and forgotten; it goes when dropped.
    pub(crate) fn scratch(directory: &Path, limits: &Limits) -> Result<Self, Error> {
        remove_quietly(&directory.join("odb-0"));
        let scratch = Self::open(directory, 0, limits)?;
        scratch.retired.store(true, Ordering::Relaxed);
        Ok(scratch)
    }

    fn open(directory: &Path, number: u64, limits: &Limits) -> Result<Self, Error> {
        let path = directory.join(format!("odb-{number}"));
        let failed = |error: io::Error| storage("object database", &path, &error);
        let objects = path.join("objects");
        create_private(&objects.join("pack")).map_err(failed)?;
        remove_leftovers(&path).map_err(failed)?;
        let options = StoreOptions {
            slots: Slots::Given(SLOTS),
            use_multi_pack_index: false,
            // Without it, gix limits nothing in directories that belong to us.
            alloc_limit_bytes: Some(limits.object_bytes),
            ..StoreOptions::default()
        };
        let store =
            Store::at_opts(objects, Sha1, &mut std::iter::empty(), options).map_err(failed)?;
        let tips = read_tips(&path.join("tips")).map_err(failed)?;
        Ok(Self {
            number,
            store: Arc::new(store),
            tips: Mutex::new(tips),
            checked: Mutex::default(),
            damaged: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            path,
        })
    }

    /// A view of the objects for one thread at a time.
    pub(crate) fn handle(&self) -> HandleArc {
        let mut handle = self.store.to_cache_arc();
        // Objects are stored as differences to others, which are mostly wanted again soon.
        handle.set_pack_cache(|| Box::new(StaticLinkedList::<64>::new(BASES_BYTES)));
        handle
    }

    /// The commits that are here with all their files, the latest last.
    pub(crate) fn tips(&self) -> Vec<ObjectId> {
        self.tips.lock().clone()
    }

    pub(crate) fn has_tip(&self, commit: &ObjectId) -> bool {
        self.tips.lock().contains(commit)
    }

    /// Remembers a commit as complete.
    pub(crate) fn add_tip(&self, commit: ObjectId) -> Result<(), Error> {
        let mut tips = self.tips.lock();
        tips.retain(|tip| *tip != commit);
        tips.push(commit);
        let excess = tips.len().saturating_sub(MAX_TIPS);
        tips.drain(..excess);
        let text: String = tips.iter().map(|tip| format!("{tip}\n")).collect();
        let path = self.path.join("tips");
        write_atomically(&path, text.as_bytes()).map_err(|error| storage("write", &path, &error))
    }

    /// Where gix keeps the commits whose parents are missing.
    pub(crate) fn shallow_file(&self) -> PathBuf {
        self.path.join("shallow")
    }

    pub(crate) fn is_shallow(&self) -> bool {
        self.shallow_file().exists()
    }

    /// Whether a new generation should take over before the next fetch.
    pub(crate) fn is_spent(&self, limits: &Limits) -> bool {
        if self.damaged.load(Ordering::Relaxed) {
            return true;
        }
        let (mut bytes, mut packs) = (0, 0);
        for entry in fs::read_dir(self.path.join("objects/pack")).into_iter().flatten().flatten() {
            bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            packs += usize::from(entry.path().extension().is_some_and(|kind| kind == "pack"));
        }
        bytes > limits.database_bytes || packs > limits.database_packs
    }

    /// Notes that an object could not be read as it should be.
    pub(crate) fn note_damage(&self) {
        self.damaged.store(true, Ordering::Relaxed);
    }

    /// Remembers how many entries a sound tree has.
    pub(crate) fn note_checked(&self, tree: ObjectId, entries: u64) {
        let mut checked = self.checked.lock();
        if checked.len() >= MAX_CHECKED {
            checked.clear();
        }
        checked.insert(tree, entries);
    }

    /// A file for what comes over the wire. It has no name, so nothing is left of it.
    pub(crate) fn spool(&self) -> io::Result<fs::File> {
        tempfile::tempfile_in(&self.path)
    }

    /// Checks and indexes a pack; it becomes visible as a whole or not at all.
    pub(crate) fn write_pack(
        &self,
        pack: &mut dyn BufRead,
        progress: &mut dyn gix::DynNestedProgress,
        interrupt: &AtomicBool,
        limits: &Limits,
    ) -> Result<(), Error> {
        let options = PackOptions {
            thread_limit: Some(1),
            alloc_limit_bytes: Some(limits.object_bytes),
            ..PackOptions::default()
        };
        let written = gix::odb::pack::Bundle::write_to_directory(
            pack,
            Some(&self.path.join("objects/pack")),
            progress,
            interrupt,
            Some(self.handle()),
            Sha1,
            options,
        )
        .map_err(|error| {
            let exhausted =
                error.classify().any(|class| matches!(class.class(), Class::ResourceExhaustion(_)));
            if exhausted {
                let why = format!("an object is larger than {} bytes", limits.object_bytes);
                return Error::new(ErrorKind::TooLarge, why);
            }
            Error::new(ErrorKind::Protocol, format!("the pack is not sound: {}", words(&error)))
        })?;
        if let Some(keep) = written.keep_path {
            fs::remove_file(&keep).map_err(|error| storage("remove", &keep, &error))?;
        }
        Ok(())
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Relaxed) {
            remove_quietly(&self.path);
        }
    }
}

/// The data of an object, checked against its id: what the disk damaged is never believed.
pub(crate) fn read_object(
    handle: &HandleArc,
    id: &ObjectId,
    buffer: &mut Vec<u8>,
) -> Result<gix::objs::Kind, Error> {
    let damaged = |why: String| Error::new(ErrorKind::Corrupt, format!("object {id}: {why}"));
    let kind = match handle.try_find(id, buffer) {
        Ok(Some(data)) => data.kind,
        Ok(None) => return Err(damaged("is missing".to_owned())),
        Err(error) => return Err(damaged(words(&error))),
    };
    match gix::objs::compute_hash(Sha1, kind, buffer) {
        Ok(found) if found == *id => Ok(kind),
        Ok(_) => Err(damaged("its content does not match its id".to_owned())),
        Err(error) => Err(damaged(words(&error))),
    }
}

/// Whether an object is there at all.
pub(crate) fn has_object(handle: &HandleArc, id: &ObjectId) -> bool {
    handle.exists(id)
}

pub(crate) fn storage(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Storage, format!("{what} {}: {error}", path.display()))
}

/// Makes a directory that only we can read: private repositories are in it.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write;
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Takes away what an interrupted process left: locks, temporary files, packs without an index.
fn remove_leftovers(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != "objects" && name != "shallow" && name != "tips" {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(path.join("objects/pack"))? {
        let file = entry?.path();
        let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        let whole = match kind {
            "pack" => file.with_extension("idx").exists(),
            "idx" => file.with_extension("pack").exists(),
            _ => false,
        };
        if !whole {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

fn read_tips(path: &Path) -> io::Result<Vec<ObjectId>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let ids = text.lines().take(MAX_TIPS).map(crate::revision::parse_id);
    ids.collect::<Option<_>>().ok_or_else(|| io::Error::other("the list of commits is damaged"))
}

pub(crate) fn remove_quietly(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an old object database");
    }
}
