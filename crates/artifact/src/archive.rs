//! A tree packed as Flux packs it.

use crate::Error;
use flate2::Compression;
use flate2::write::GzEncoder;
use inhaul_tree::{Kind, Tree, TreePath};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::path::Path;

/// How deep directories go before packing refuses.
const MAX_DEPTH: usize = 256;

/// What a packed tree came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// `sha256:` and the digest of the compressed bytes, in hexadecimal.
    pub digest: String,
    /// The compressed size in bytes.
    pub size: u64,
}

/// Writes the regular files and directories of `tree` to `out` as a tar.gz. Owners and times are
/// zero, files are 0600 or 0700, directories 0750, links are left out (Flux's `Storage.Archive`).
/// Equal trees give equal bytes.
///
/// # Errors
/// Whatever the tree answers, or why `out` could not be written.
pub fn pack(tree: &dyn Tree, out: impl Write) -> Result<Packed, Error> {
    let measured = Measured { inner: out, hash: Sha256::new(), size: 0 };
    let mut archive = tar::Builder::new(GzEncoder::new(measured, Compression::default()));
    append(tree, &TreePath::root(), 0, &mut archive)?;
    let writing = |source| Error::Storage { what: "write", path: "archive".into(), source };
    let finished = archive.into_inner().and_then(GzEncoder::finish).and_then(|mut measured| {
        measured.flush()?;
        Ok(measured)
    });
    let Measured { hash, size, .. } = finished.map_err(writing)?;
    Ok(Packed { digest: format!("sha256:{}", hex::encode(hash.finalize())), size })
}

fn append<W: Write>(
    tree: &dyn Tree,
    directory: &TreePath,
    depth: usize,
    archive: &mut tar::Builder<W>,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        let why = format!("more than {MAX_DEPTH} directories inside each other");
        return Err(Error::Archive { entry: Some(directory.to_string()), why });
    }
    for entry in tree.list(directory)? {
        let path = directory.child(&entry.name);
        match entry.kind {
            Kind::Symlink => {}
            Kind::Directory => {
                append_entry(archive, &path, 0o750, None)?;
                append(tree, &path, depth + 1, archive)?;
            }
            Kind::File { executable } => {
                let mode = if executable { 0o700 } else { 0o600 };
                append_entry(archive, &path, mode, Some(&tree.read(&path)?))?;
            }
        }
    }
    Ok(())
}

fn append_entry<W: Write>(
    archive: &mut tar::Builder<W>,
    path: &TreePath,
    mode: u32,
    content: Option<&[u8]>,
) -> Result<(), Error> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let content = content.inspect(|_| header.set_entry_type(tar::EntryType::Regular));
    if content.is_none() {
        header.set_entry_type(tar::EntryType::Directory);
    }
    let bytes = content.unwrap_or_default();
    header.set_size(bytes.len() as u64);
    archive
        .append_data(&mut header, Path::new(path.as_str()), bytes)
        .map_err(|source| Error::Storage { what: "pack", path: path.to_string(), source })
}

/// Counts and hashes what passes.
struct Measured<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(data)?;
        self.hash.update(&data[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
