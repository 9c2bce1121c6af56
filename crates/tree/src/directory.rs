//! A tree over a directory of the file system: the command line's.

use crate::{Entry, Error, Kind, MAX_FILE_BYTES, Tree, TreePath};
use bytes::Bytes;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A tree over a directory. Only the command line uses it: the operator reads no checkout.
#[derive(Clone, Debug)]
pub struct DirectoryTree {
    root: PathBuf,
}

impl DirectoryTree {
    /// A tree whose root is the directory `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn locate(&self, path: &TreePath) -> PathBuf {
        self.root.join(Path::new(path.as_str()))
    }
}

fn kind_of(metadata: &fs::Metadata) -> Option<Kind> {
    let file_type = metadata.file_type();
    if file_type.is_symlink() {
        Some(Kind::Symlink)
    } else if file_type.is_dir() {
        Some(Kind::Directory)
    } else if file_type.is_file() {
        Some(Kind::File { executable: metadata.permissions().mode() & 0o100 != 0 })
    } else {
        None
    }
}

fn unreadable(path: &TreePath, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path: path.clone() },
        io::ErrorKind::NotADirectory => Error::NotADirectory { path: path.clone() },
        _ => Error::Unreadable { path: path.clone(), why: error.to_string() },
    }
}

impl Tree for DirectoryTree {
    fn kind(&self, path: &TreePath) -> Result<Option<Kind>, Error> {
        match fs::symlink_metadata(self.locate(path)) {
            Ok(metadata) => Ok(kind_of(&metadata)),
            Err(error) => match unreadable(path, &error) {
                Error::NotFound { .. } | Error::NotADirectory { .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    fn read(&self, path: &TreePath) -> Result<Bytes, Error> {
        let file = fs::File::open(self.locate(path)).map_err(|e| unreadable(path, &e))?;
        let metadata = file.metadata().map_err(|e| unreadable(path, &e))?;
        if !metadata.is_file() {
            return Err(Error::IsADirectory { path: path.clone() });
        }
        let too_large = |size| Error::TooLarge { path: path.clone(), size, limit: MAX_FILE_BYTES };
        if metadata.len() > MAX_FILE_BYTES {
            return Err(too_large(metadata.len()));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        // One byte more than the limit, so that a file that grows meanwhile is noticed.
        let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
        if read.map_err(|e| unreadable(path, &e))? as u64 > MAX_FILE_BYTES {
            return Err(too_large(bytes.len() as u64));
        }
        Ok(bytes.into())
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.locate(path)).map_err(|e| unreadable(path, &e))? {
            let entry = entry.map_err(|e| unreadable(path, &e))?;
            let metadata = entry.metadata().map_err(|e| unreadable(path, &e))?;
            let name = entry.file_name().into_string().map_err(|name| Error::InvalidPath {
                path: name.to_string_lossy().into_owned(),
                why: "it is not UTF-8",
            })?;
            entries.extend(kind_of(&metadata).map(|kind| Entry { name, kind }));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read_link(&self, path: &TreePath) -> Result<String, Error> {
        let target = fs::read_link(self.locate(path)).map_err(|e| unreadable(path, &e))?;
        target.into_os_string().into_string().map_err(|target| Error::InvalidPath {
            path: target.to_string_lossy().into_owned(),
            why: "it is not UTF-8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read, resolve};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_directory_reads_like_any_tree() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("a/b/file.yaml"), "x: 1\n").unwrap();
        symlink("b", root.path().join("a/link")).unwrap();
        symlink("/etc", root.path().join("a/escape")).unwrap();
        let tree = DirectoryTree::new(root.path());
        let path = |text| TreePath::parse(text).unwrap();
        assert_eq!(read(&tree, &path("a/link/file.yaml")).unwrap(), "x: 1\n");
        let names: Vec<_> = tree.list(&path("a")).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["b", "escape", "link"]);
        assert!(matches!(resolve(&tree, &path("a/escape/passwd")), Err(Error::LinkOutside { .. })));
        assert!(tree.read(&path("none")).unwrap_err().is_not_found());
        assert_eq!(tree.kind(&path("a/b/file.yaml/below")).unwrap(), None);
    }
}
