//! An archive back into a tree, in memory.

use crate::Error;
use flate2::read::MultiGzDecoder;
use inhaul_tree::{MAX_FILE_BYTES, MemoryTree, MemoryTreeBuilder, TreePath};
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read};
use std::rc::Rc;

const MAX_ENTRIES: usize = 500_000;
const MAX_NAME: usize = 4096;
/// Room for headers and padding beside the files themselves, per entry.
const OVERHEAD: u64 = 16 << 10;

/// Unpacks a tar.gz whose uncompressed files come to at most `limit` bytes.
///
/// Links are left out, as Flux's controllers do. Anything else that is neither a file nor a
/// directory, and any name that leaves the archive, refuses the archive as a whole.
///
/// # Errors
/// [`Error::Archive`] or [`Error::TooLarge`].
pub fn unpack(archive: impl Read, limit: u64) -> Result<MemoryTree, Error> {
    let too_large = || Error::TooLarge { what: "the unpacked archive", limit };
    // What the tar reader keeps in memory by itself (long names) is bounded by this too.
    let left = Rc::new(Cell::new(limit.saturating_add(OVERHEAD)));
    let stream = Bounded { inner: MultiGzDecoder::new(archive), left: Rc::clone(&left) };
    let mut archive = tar::Archive::new(stream);
    let mut builder = MemoryTree::builder();
    let (mut seen, mut total, mut entries) = (HashSet::new(), 0_u64, 0_usize);
    let entries_of = archive.entries().map_err(|error| broken(None, &error, limit))?;
    for entry in entries_of {
        let mut entry = entry.map_err(|error| broken(None, &error, limit))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        entries += 1;
        left.set(left.get().saturating_add(OVERHEAD));
        if entries > MAX_ENTRIES {
            return Err(refuse(&name, format!("more than {MAX_ENTRIES} entries")));
        }
        let path = checked_path(&name)?;
        let kind = entry.header().entry_type();
        match kind {
            tar::EntryType::Directory => builder = builder.directory(path.as_str()),
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let size = entry.size();
                total = total.saturating_add(size);
                if total > limit || size > MAX_FILE_BYTES {
                    return Err(too_large());
                }
                if !seen.insert(path.clone()) {
                    return Err(refuse(&name, "appears twice".to_owned()));
                }
                let executable = entry.header().mode().unwrap_or(0) & 0o111 != 0;
                let mut content = Vec::new();
                let mut bounded = (&mut entry).take(MAX_FILE_BYTES + 1);
                bounded
                    .read_to_end(&mut content)
                    .map_err(|error| broken(Some(&name), &error, limit))?;
                if content.len() as u64 != size {
                    return Err(refuse(&name, "is shorter than it says".to_owned()));
                }
                builder = add(builder, &path, content, executable);
            }
            tar::EntryType::Symlink => {}
            other => {
                return Err(refuse(&name, format!("is of the type {other:?}, which is refused")));
            }
        }
    }
    // The archive ends before its compressed stream does, and only there is the checksum.
    let drained = io::copy(&mut archive.into_inner(), &mut io::sink());
    drained.map_err(|error| broken(None, &error, limit))?;
    Ok(builder.build()?)
}

fn add(
    builder: MemoryTreeBuilder,
    path: &TreePath,
    content: Vec<u8>,
    executable: bool,
) -> MemoryTreeBuilder {
    if executable {
        builder.executable(path.as_str(), content)
    } else {
        builder.file(path.as_str(), content)
    }
}

/// A name that stays inside, however it is read (Flux's `validRelPath`).
fn checked_path(name: &str) -> Result<TreePath, Error> {
    let bad = if name.is_empty() {
        "has no name"
    } else if name.len() > MAX_NAME {
        "has a name that is too long"
    } else if name.starts_with('/') {
        "has an absolute name"
    } else if name.split('/').any(|element| element == "..") {
        "has a name that leads out of the archive"
    } else if name.contains('\\') {
        "has a backslash in its name"
    } else if name.contains('\u{fffd}') {
        "has a name that is not UTF-8"
    } else {
        return TreePath::parse(name).map_err(Error::from);
    };
    Err(refuse(name, bad.to_owned()))
}

fn refuse(name: &str, why: String) -> Error {
    let entry = name.chars().take(200).collect();
    Error::Archive { entry: Some(entry), why }
}

fn broken(name: Option<&str>, error: &io::Error, limit: u64) -> Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Error::TooLarge { what: "the unpacked archive", limit };
    }
    let entry = name.map(|name| name.chars().take(200).collect());
    Error::Archive { entry, why: format!("cannot be read: {error}") }
}

/// Fails once more than a number of bytes came through.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(count as u64);
        self.left.set(left.ok_or(io::ErrorKind::FileTooLarge)?);
        Ok(count)
    }
}
