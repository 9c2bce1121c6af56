//! Artifacts that another process serves.

use crate::{Error, unpack};
use inhaul_tree::MemoryTree;
use reqwest::StatusCode;
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::future::Future;
use std::io::{Seek, Write};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Compressed bytes that are kept in memory before a temporary file takes them.
const IN_MEMORY: usize = 4 << 20;

/// Sizes beyond which an artifact is refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the compressed file.
    pub compressed: u64,
    /// Bytes of all files in it.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { compressed: 100 << 20, unpacked: 100 << 20 }
    }
}

/// Downloads artifacts. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Downloader {
    client: reqwest::Client,
    limits: Limits,
}

impl Downloader {
    /// A downloader with these limits. It follows no redirects and uses no proxies: artifacts
    /// come from inside the cluster.
    ///
    /// # Errors
    /// [`Error::Download`] if the TLS set-up fails.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| Error::Download { url: String::new(), why: error.to_string() })?;
        Ok(Self { client, limits })
    }

    /// Downloads `url`, checks it against `digest` (`sha256:…`, `sha384:…`, `sha512:…`), and
    /// unpacks it. Nothing is believed before the digest is.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Digest`], [`Error::Ended`] at the deadline or when
    /// cancelled, and the others.
    pub async fn fetch(
        &self,
        url: &str,
        digest: &str,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> Result<MemoryTree, Error> {
        let expected = Expected::parse(digest)?;
        let shown = checked(url)?;
        let ended = || Error::Ended { url: shown.clone() };
        let work = async {
            let spool = self.download(url, &shown, expected).await?;
            let limit = self.limits.unpacked;
            let unpacked =
                tokio::task::spawn_blocking(move || unpack(std::io::BufReader::new(spool), limit));
            unpacked.await.map_err(|_| Error::Archive {
                entry: None,
                why: "cannot be unpacked (internal error)".to_owned(),
            })?
        };
        until(deadline, cancel, work).await.ok_or_else(ended)?
    }

    async fn download(
        &self,
        url: &str,
        shown: &str,
        mut expected: Expected,
    ) -> Result<tempfile::SpooledTempFile, Error> {
        let failed = |error: &reqwest::Error| Error::Download {
            url: shown.to_owned(),
            why: innermost(error),
        };
        let mut answer = self.client.get(url).send().await.map_err(|error| failed(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Error::NotFound { url: shown.to_owned() }),
            status => {
                let why = format!("the server answered {status}");
                return Err(Error::Download { url: shown.to_owned(), why });
            }
        }
        let mut spool = tempfile::SpooledTempFile::new(IN_MEMORY);
        let storing = |source| Error::Storage { what: "store", path: shown.to_owned(), source };
        let mut size = 0;
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error))? {
            size += chunk.len() as u64;
            if size > self.limits.compressed {
                return Err(Error::TooLarge {
                    what: "the artifact",
                    limit: self.limits.compressed,
                });
            }
            expected.update(&chunk);
            spool.write_all(&chunk).map_err(storing)?;
        }
        expected.check(shown)?;
        spool.rewind().map_err(storing)?;
        Ok(spool)
    }
}

/// The outcome of `work`, or `None` where it had to end before.
async fn until<T>(
    deadline: Instant,
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        () = tokio::time::sleep_until(deadline) => None,
        done = work => Some(done),
    }
}

/// The address as it may be shown, if it may be asked for.
fn checked(url: &str) -> Result<String, Error> {
    let refuse = |shown: &str, why| Error::Url { url: shown.to_owned(), why };
    let parsed = url::Url::parse(url).map_err(|_| refuse("", "it is not a URL"))?;
    let mut shown = parsed.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refuse("", "it holds credentials"));
    }
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(refuse(shown.as_str(), "it is neither http nor https"));
    }
    Ok(shown.into())
}

enum Hash {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

/// A digest on its way to be checked.
struct Expected {
    text: String,
    hash: Hash,
}

impl Expected {
    fn parse(digest: &str) -> Result<Self, Error> {
        let refuse = |why| Error::DigestInvalid { digest: digest.to_owned(), why };
        let (algorithm, hex) = digest.split_once(':').ok_or_else(|| refuse("no algorithm"))?;
        let (hash, length) = match algorithm {
            "sha256" => (Hash::Sha256(Sha256::new()), 64),
            "sha384" => (Hash::Sha384(Sha384::new()), 96),
            "sha512" => (Hash::Sha512(Sha512::new()), 128),
            _ => return Err(refuse("only sha256, sha384 and sha512 are supported")),
        };
        let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if hex.len() != length || !hex.bytes().all(digit) {
            return Err(refuse("not a digest of its kind in lower-case hexadecimal"));
        }
        Ok(Self { text: digest.to_owned(), hash })
    }

    fn update(&mut self, data: &[u8]) {
        match &mut self.hash {
            Hash::Sha256(hash) => hash.update(data),
            Hash::Sha384(hash) => hash.update(data),
            Hash::Sha512(hash) => hash.update(data),
        }
    }

    fn check(self, url: &str) -> Result<(), Error> {
        let found = match self.hash {
            Hash::Sha256(hash) => format!("sha256:{}", hex::encode(hash.finalize())),
            Hash::Sha384(hash) => format!("sha384:{}", hex::encode(hash.finalize())),
            Hash::Sha512(hash) => format!("sha512:{}", hex::encode(hash.finalize())),
        };
        if found == self.text {
            return Ok(());
        }
        Err(Error::Digest { url: url.to_owned(), expected: self.text, found })
    }
}

/// The cause that says what happened, without the URL that the outer ones repeat.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
