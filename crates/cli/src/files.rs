//! Reading and writing the files that people name.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

/// A file larger than this is not read.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of a file, or of stdin for `-`.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(fs::File::open(path)?),
    };
    let mut bytes = Vec::new();
    // One byte more than the limit tells that there is more.
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("is larger than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

/// The text of a file, or of stdin for `-`.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::other("is not UTF-8 text"))
}

/// A path below a directory, for a name that a stranger chose.
pub(crate) fn below(directory: &Path, name: &str) -> io::Result<PathBuf> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || name.is_empty() {
        return Err(io::Error::other(format!("{name:?} leads out of the directory")));
    }
    Ok(directory.join(name))
}

/// Creates or replaces a file, or adds to its end; makes its directories.
pub(crate) fn write(path: &Path, bytes: &[u8], append: bool) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(append).write(true).truncate(!append);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        let directory = Path::new("/out");
        assert_eq!(below(directory, "a/b.yaml").expect("inside"), Path::new("/out/a/b.yaml"));
        for name in ["", "../x", "a/../../x", "/etc/passwd", "."] {
            assert!(below(directory, name).is_err(), "{name}");
        }
    }
}
