//! Chart archives: a gzipped tar whose files lie below one directory.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;

use super::{Chart, File, assemble};
use crate::Error;

/// How much a chart may hold, archives inside it included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files together, unpacked.
    pub bytes: u64,
    /// Number of files.
    pub files: usize,
}

impl Default for Limits {
    /// Helm's 100 MiB, and 20,000 files (Helm does not count them).
    fn default() -> Self {
        Self { bytes: 100 * 1024 * 1024, files: 20_000 }
    }
}

impl Limits {
    /// Takes one file of this size out of what is left.
    pub(super) fn spend(&mut self, size: u64) -> Result<(), Error> {
        let whole = Self::default();
        self.files = self
            .files
            .checked_sub(1)
            .ok_or_else(|| Error::Chart(format!("chart holds more than {} files", whole.files)))?;
        self.bytes = self.bytes.checked_sub(size).filter(|left| *left > 0).ok_or_else(|| {
            let maximum = whole.bytes;
            Error::Chart(format!("decompressed chart is larger than the maximum size {maximum}"))
        })?;
        Ok(())
    }
}

impl Chart {
    /// Loads a chart from the bytes of a `.tgz`.
    ///
    /// # Errors
    /// [`Error::Chart`] where the archive is broken, too large, holds links, devices or names that
    /// lead out of it, or is not a chart.
    pub fn from_archive(bytes: &[u8], mut limits: Limits) -> Result<Self, Error> {
        let files = files(bytes, &mut limits)?;
        assemble::chart(files, &mut limits)
    }
}

/// The regular files of an archive, without the directory that they all lie below.
pub(super) fn files(bytes: &[u8], limits: &mut Limits) -> Result<Vec<File<Bytes>>, Error> {
    if !bytes.starts_with(&[0x1f, 0x8b, 8]) {
        return Err(Error::Chart("the file does not appear to be a gzipped archive".to_owned()));
    }
    // Tar headers and padding are not counted file by file; the reader as a whole is bounded too.
    let ceiling = limits.bytes.saturating_add(2048 * limits.files as u64);
    let reader = MultiGzDecoder::new(bytes).take(ceiling);
    let mut archive = tar::Archive::new(reader);
    let broken = |error: std::io::Error| Error::Chart(format!("broken chart archive: {error}"));
    let mut files = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(name) = accepted(&raw, entry.header().entry_type())? else { continue };
        limits.spend(entry.size())?;
        let mut data = Vec::new();
        let size = entry.size();
        entry.by_ref().take(size).read_to_end(&mut data).map_err(broken)?;
        if (data.len() as u64) < size {
            return Err(Error::Chart(format!("broken chart archive: {raw} is cut off")));
        }
        files.push(File { name, data: without_mark(data.into()) });
    }
    if files.is_empty() {
        return Err(Error::Chart("no files in chart archive".to_owned()));
    }
    Ok(files)
}

/// The path inside the chart, or `None` for what is skipped.
fn accepted(raw: &str, kind: tar::EntryType) -> Result<Option<String>, Error> {
    match kind {
        tar::EntryType::Directory
        | tar::EntryType::XGlobalHeader
        | tar::EntryType::XHeader
        | tar::EntryType::GNULongName
        | tar::EntryType::GNULongLink => return Ok(None),
        tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => {}
        other => {
            return refused(&format!("chart holds {raw:?}, which is no regular file ({other:?})"));
        }
    }
    if raw.ends_with('/') {
        return Ok(None);
    }
    inner_name(raw).map(Some)
}

/// Takes the first element off and checks the rest, as Helm does.
fn inner_name(raw: &str) -> Result<String, Error> {
    // Archives packed on Windows separate with backslashes.
    let separator = if raw.contains('\\') { '\\' } else { '/' };
    let (first, rest) = raw.split_once(separator).unwrap_or((raw, ""));
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return refused("chart illegally contains absolute paths");
    }
    let mut elements: Vec<&str> = Vec::new();
    for element in rest.split('/') {
        match element {
            "" | "." => {}
            ".." if elements.pop().is_none() => {
                return refused("chart illegally references parent directory");
            }
            ".." => {}
            other => elements.push(other),
        }
    }
    let name = elements.join("/");
    if name.is_empty() {
        return refused(&format!(
            "chart illegally contains content outside the base directory: {raw:?}"
        ));
    }
    let drive = name.as_bytes();
    if name.starts_with("..")
        || (drive.len() > 2 && drive[0].is_ascii_alphabetic() && &drive[1..3] == b":/")
    {
        return refused("chart contains illegally named files");
    }
    if first == "Chart.yaml" {
        return refused("chart yaml not in base directory");
    }
    Ok(name)
}

fn refused<T>(message: &str) -> Result<T, Error> {
    Err(Error::Chart(message.to_owned()))
}

/// Drops a UTF-8 byte order mark.
pub(super) fn without_mark(data: Bytes) -> Bytes {
    if data.starts_with(b"\xef\xbb\xbf") { data.slice(3..) } else { data }
}

#[cfg(test)]
mod tests;
