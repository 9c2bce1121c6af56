//! Artifacts on disk: `<kind>/<namespace>/<name>/<file>`.

use crate::archive::pack;
use crate::{Error, Packed};
use inhaul_tree::Tree;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Names of files that are being written; whoever finds one that is old may remove it.
const TEMPORARY: &str = ".incoming-";
const TEMPORARY_LASTS: Duration = Duration::from_secs(3600);

/// Whose artifact, and under which file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    kind: String,
    namespace: String,
    name: String,
    file: String,
}

impl Address {
    /// `kind` is the resource's kind, in any case; `file` is such as `<commit>.tar.gz`.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for parts that could lead elsewhere.
    pub fn new(kind: &str, namespace: &str, name: &str, file: &str) -> Result<Self, Error> {
        for part in [kind, namespace, name, file] {
            if !is_safe(part) {
                return Err(Error::InvalidName { name: part.to_owned() });
            }
        }
        let kind = kind.to_ascii_lowercase();
        Ok(Self { kind, namespace: namespace.into(), name: name.into(), file: file.into() })
    }

    /// Reads a path as [`Stored::path`] has it.
    ///
    /// # Errors
    /// [`Error::InvalidName`].
    pub fn parse(path: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = path.split('/').collect();
        let [kind, namespace, name, file] = parts[..] else {
            return Err(Error::InvalidName { name: path.to_owned() });
        };
        Self::new(kind, namespace, name, file)
    }

    /// `<kind>/<namespace>/<name>/<file>`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.directory(), self.file)
    }

    fn directory(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// One element of a path that means itself on every system. Kubernetes' names are a part of this.
fn is_safe(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    !part.is_empty() && part.len() <= 255 && !part.starts_with('.') && part.chars().all(plain)
}

/// How long artifacts that are not the current one stay.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// As many of the newest stay (Flux: 2).
    pub records: usize,
    /// Anything younger stays (Flux: 60 s).
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { records: 2, age: Duration::from_secs(60) }
    }
}

/// An artifact in the store, with what `status.artifact` says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// `<kind>/<namespace>/<name>/<file>`.
    pub path: String,
    /// Where others download it.
    pub url: String,
    /// `sha256:` and the digest of the file.
    pub digest: String,
    /// The size of the file in bytes.
    pub size: u64,
}

/// A directory of artifacts. All methods block; they belong on a blocking thread.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    advertised: String,
    retention: Retention,
    verified: Arc<Mutex<HashMap<PathBuf, Verified>>>,
}

/// A file as it was when its digest was found right. The times of a file that is written to
/// change, whatever is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verified {
    digest: String,
    inode: u64,
    size: u64,
    changed: (i64, i64),
    modified: (i64, i64),
}

impl Verified {
    fn new(digest: &str, metadata: &fs::Metadata) -> Self {
        Self {
            digest: digest.to_owned(),
            inode: metadata.ino(),
            size: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Store {
    /// Opens or makes the store at `root`. `advertised` is the host, with a port where it is not
    /// 80, under which others reach it (Flux's `--storage-adv-addr`).
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn open(root: &Path, advertised: &str, retention: Retention) -> Result<Self, Error> {
        create_directory(root)?;
        let root = root.canonicalize().map_err(Error::storage("open", root))?;
        Ok(Self { root, advertised: advertised.to_owned(), retention, verified: Arc::default() })
    }

    /// Packs `tree` and puts it at `address`; who reads there sees the old file or the new one.
    ///
    /// # Errors
    /// Whatever the tree answers, or [`Error::Storage`]. Nothing is left of a failed attempt.
    pub fn store(&self, address: &Address, tree: &dyn Tree) -> Result<Stored, Error> {
        let directory = self.root.join(address.directory());
        create_directory(&directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(&directory)
            .map_err(Error::storage("write in", &directory))?;
        let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
        let packed = pack(tree, &mut out)?;
        out.flush().map_err(Error::storage("write in", &directory))?;
        drop(out);
        let target = self.root.join(address.path());
        file.as_file().sync_data().map_err(Error::storage("write", &target))?;
        file.persist(&target).map_err(|error| Error::storage("write", &target)(error.error))?;
        Ok(self.stored(address, packed))
    }

    /// What is at `address`, if it is there and has this digest. A file with another digest is
    /// removed: it must not be served.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn verify(&self, address: &Address, digest: &str) -> Result<Option<Stored>, Error> {
        let path = self.root.join(address.path());
        let failed = || Error::storage("verify", &path);
        let mut file = match fs::File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(failed())?,
        };
        // Nobody reads the whole file at each poll: one that was right and was not touched is.
        let seen = Verified::new(digest, &file.metadata().map_err(failed())?);
        if self.verified.lock().get(&path) == Some(&seen) {
            let packed = Packed { digest: seen.digest, size: seen.size };
            return Ok(Some(self.stored(address, packed)));
        }
        let (mut hash, mut size) = (Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = file.read(&mut buffer).map_err(failed())?;
            if count == 0 {
                break;
            }
            hash.update(&buffer[..count]);
            size += count as u64;
        }
        let found = format!("sha256:{}", hex::encode(hash.finalize()));
        if found != digest {
            tracing::warn!(path = %path.display(), "removing an artifact whose digest is wrong");
            fs::remove_file(&path).map_err(failed())?;
            return Ok(None);
        }
        self.verified.lock().insert(path, seen);
        Ok(Some(self.stored(address, Packed { digest: found, size })))
    }

    /// Removes what is neither `current`, nor among the newest, nor young. Answers the paths that
    /// went.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn collect(&self, current: &Address) -> Result<Vec<String>, Error> {
        let directory = self.root.join(current.directory());
        let now = SystemTime::now();
        let mut records = Vec::new();
        let mut old = Vec::new();
        for entry in list(&directory)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let changed = entry.metadata().and_then(|metadata| metadata.modified());
            let changed = changed.map_err(Error::storage("collect", &directory))?;
            let age = now.duration_since(changed).unwrap_or_default();
            if name.starts_with(TEMPORARY) {
                if age > TEMPORARY_LASTS {
                    old.push(name);
                }
            } else if name != current.file {
                records.push((changed, age, name));
            }
        }
        records.sort_unstable_by(|a, b| b.cmp(a));
        // The current one is a record too.
        let others = self.retention.records.saturating_sub(1);
        let beyond = records.into_iter().skip(others);
        old.extend(beyond.filter(|(_, age, _)| *age > self.retention.age).map(|(_, _, name)| name));
        for name in &old {
            let path = directory.join(name);
            fs::remove_file(&path).map_err(Error::storage("remove", &path))?;
            self.verified.lock().remove(&path);
        }
        Ok(old.into_iter().map(|name| format!("{}/{name}", current.directory())).collect())
    }

    /// Removes everything of one resource: it is being deleted.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::InvalidName`].
    pub fn remove(&self, kind: &str, namespace: &str, name: &str) -> Result<(), Error> {
        let directory = Address::new(kind, namespace, name, "x")?.directory();
        let path = self.root.join(directory);
        self.verified.lock().retain(|file, _| !file.starts_with(&path));
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::storage("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Where others download what is at `address`.
    pub fn url(&self, address: &Address) -> String {
        format!("http://{}/{}", self.advertised, address.path())
    }

    /// The file at `address`.
    pub(crate) fn file(&self, address: &Address) -> PathBuf {
        self.root.join(address.path())
    }

    fn stored(&self, address: &Address, packed: Packed) -> Stored {
        let Packed { digest, size } = packed;
        Stored { path: address.path(), url: self.url(address), digest, size }
    }
}

fn create_directory(path: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(Error::storage("create", path))
}

fn list(directory: &Path) -> Result<Vec<fs::DirEntry>, Error> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.and_then(Iterator::collect).map_err(Error::storage("list", directory)),
    }
}
