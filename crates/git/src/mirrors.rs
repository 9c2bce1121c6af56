//! All mirrors of one process.

use crate::access::Access;
use crate::call::Door;
use crate::generation::{create_private, remove_quietly, storage, write_atomically};
use crate::github::Tokens;
use crate::{
    Call, Credentials, Egress, Error, GitHubApp, Limits, Mirror, RemoteUrl, SshAlgorithms, http,
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// What holds for all mirrors.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds on what a server may make us do.
    pub limits: Limits,
    /// Whether `HTTPS_PROXY` and its like are honoured, as Flux does.
    pub environment_proxy: bool,
    /// What is offered to SSH servers.
    pub ssh: SshAlgorithms,
    /// Networks that are never connected to.
    pub egress: Egress,
}

/// The mirrors below one directory. Equal URL and identity give the same mirror.
pub struct Mirrors {
    root: PathBuf,
    options: Options,
    door: Arc<Door>,
    /// The client of everybody who needs no certificates of their own.
    client: reqwest::Client,
    /// Makes names of directories tell nothing about passwords.
    key: [u8; 32],
    tokens: Tokens,
    open: Mutex<HashMap<String, Open>>,
}

/// A mirror that was asked for.
struct Open {
    mirror: Arc<Mirror>,
    /// What it connects with: clients with certificates of their own are expensive to make.
    credentials: Credentials,
    used: Instant,
}

impl Mirrors {
    /// Uses `root` for object databases, which it keeps to itself; what an earlier process left
    /// there is used again.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub fn open(root: &Path, options: Options) -> Result<Self, Error> {
        create_private(root).map_err(|error| storage("create", root, &error))?;
        let key = root.join("identity-key");
        Ok(Self {
            root: root.to_owned(),
            door: Arc::new(Door::new(&options.limits)),
            client: http::client(None, options.environment_proxy, &options.egress)?,
            options,
            key: read_or_make_key(&key).map_err(|error| storage("read", &key, &error))?,
            tokens: Tokens::default(),
            open: Mutex::default(),
        })
    }

    /// The mirror of a remote for an identity.
    ///
    /// # Errors
    /// [`crate::ErrorKind::CredentialsInvalid`].
    pub fn mirror(&self, url: &RemoteUrl, credentials: &Credentials) -> Result<Arc<Mirror>, Error> {
        let access = || self.access(url, credentials).map_err(|error| error.at(url));
        let name = self.name(url, credentials);
        let mut open = self.open.lock();
        if let Some(known) = open.get_mut(&name) {
            known.used = Instant::now();
            if known.credentials != *credentials {
                known.mirror.renew(access()?);
                known.credentials = credentials.clone();
            }
            return Ok(Arc::clone(&known.mirror));
        }
        let (directory, door) = (self.root.join(&name), Arc::clone(&self.door));
        let mirror = Mirror::new(url.clone(), directory, self.options.limits, door, access()?);
        let mirror = Arc::new(mirror);
        let (credentials, used) = (credentials.clone(), Instant::now());
        open.insert(name, Open { mirror: Arc::clone(&mirror), credentials, used });
        Ok(mirror)
    }

    /// The credentials of a GitHub App's installation: with a token that is asked for, and kept
    /// until shortly before it ends. `transport` says how the API and the repository are reached.
    ///
    /// # Errors
    /// [`crate::ErrorKind::CredentialsInvalid`], or why the API could not be asked.
    pub async fn github_app(
        &self,
        app: &GitHubApp,
        transport: Credentials,
        call: &Call,
    ) -> Result<Credentials, Error> {
        let Options { environment_proxy, egress, .. } = &self.options;
        let client = if transport.needs_own_client() {
            http::client(Some(&transport), *environment_proxy, egress)?
        } else {
            self.client.clone()
        };
        self.tokens.credentials(app, transport, &client, egress, call).await
    }

    /// Drops the token that a remote did not accept, so that a new one is asked for.
    pub fn forget_token(&self, mirror: &Arc<Mirror>) {
        let open = self.open.lock();
        let refused = open.values().find(|open| Arc::ptr_eq(&open.mirror, mirror));
        if let Some(identity) = refused.and_then(|open| open.credentials.identity.as_deref()) {
            self.tokens.forget(identity);
        }
    }

    /// Removes the object databases that nobody asked for during `unused_for`, those of earlier
    /// processes included. Answers how many went.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub fn sweep(&self, unused_for: Duration) -> Result<usize, Error> {
        let failed = |error: io::Error| storage("sweep", &self.root, &error);
        let mut removed = 0;
        let mut open = self.open.lock();
        open.retain(|_, Open { mirror, used, .. }| {
            let in_use = Arc::strong_count(mirror) > 1 || mirror.is_read();
            let keep = in_use || used.elapsed() < unused_for;
            if !keep {
                remove_quietly(mirror.directory());
                removed += 1;
            }
            keep
        });
        for entry in std::fs::read_dir(&self.root).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let metadata = entry.metadata().map_err(failed)?;
            let known = entry.file_name().to_str().is_none_or(|name| open.contains_key(name));
            if !metadata.is_dir() || known {
                continue;
            }
            let last = latest_change(&entry.path()).map_err(failed)?;
            if last.elapsed().unwrap_or_default() >= unused_for {
                remove_quietly(&entry.path());
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn access(&self, url: &RemoteUrl, credentials: &Credentials) -> Result<Access, Error> {
        Access::new(url, credentials, &self.client, &self.options)
    }

    fn name(&self, url: &RemoteUrl, credentials: &Credentials) -> String {
        let mut hash = Sha256::new();
        hash.update(self.key);
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        part(url.as_str());
        if let Some((user, password)) = url.user_info() {
            part(user);
            part(password);
        }
        credentials.feed(&mut hash);
        hex::encode(&hash.finalize()[..16])
    }
}

/// When something below a mirror's directory changed last.
fn latest_change(directory: &Path) -> io::Result<SystemTime> {
    let mut latest = std::fs::metadata(directory)?.modified()?;
    for entry in std::fs::read_dir(directory)? {
        latest = latest.max(entry?.metadata()?.modified()?);
    }
    Ok(latest)
}

fn read_or_make_key(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() == key.len() => {
            key.copy_from_slice(&bytes);
            return Ok(key);
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // Without the key nothing below is found again; it is made anew and the rest swept.
        Ok(_) | Err(_) => {}
    }
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    write_atomically(path, &key)?;
    Ok(key)
}
