//! The keys of issuers, fetched when a token needs them and kept for a while.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys are believed for this long.
const FRESH: Duration = Duration::from_secs(600);
/// A key that is missing is looked for again only after this: a stranger's tokens cost an issuer
/// nothing.
const SETTLED: Duration = Duration::from_secs(10);
/// An issuer has this long to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What an issuer publishes is not longer than this.
const MAX_BYTES: usize = 1 << 20;
/// The keys of this many issuers are kept.
const MAX_ISSUERS: usize = 64;

#[derive(Clone)]
struct Known {
    asked: Instant,
    keys: Arc<JwkSet>,
}

/// The keys of issuers.
pub struct Issuers {
    client: reqwest::Client,
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuers {
    /// Starts knowing none.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::limited(3))
            .build()?;
        Ok(Self { client, known: Mutex::default() })
    }

    /// The key that a token says it was signed with.
    pub(super) async fn key(
        &self,
        issuer: &str,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, String> {
        let known = self.known.lock().get(issuer).cloned();
        if let Some(known) = known {
            let age = known.asked.elapsed();
            let found = find(&known.keys, id, algorithm);
            match found {
                Some(key) if age < FRESH => return decoding(key),
                None if age < SETTLED => return Err(missing()),
                _ => {}
            }
        }
        let keys = Arc::new(self.fetch(issuer).await?);
        self.keep(issuer, Arc::clone(&keys));
        find(&keys, id, algorithm).ok_or_else(missing).and_then(decoding)
    }

    fn keep(&self, issuer: &str, keys: Arc<JwkSet>) {
        let mut known = self.known.lock();
        if known.len() >= MAX_ISSUERS {
            known.retain(|_, known| known.asked.elapsed() < FRESH);
        }
        if known.len() < MAX_ISSUERS {
            known.insert(issuer.to_owned(), Known { asked: Instant::now(), keys });
        }
    }

    async fn fetch(&self, issuer: &str) -> Result<JwkSet, String> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery: Discovery = self.get(&address).await?;
        if discovery.issuer != issuer {
            return Err("its issuer calls itself by another name".to_owned());
        }
        self.get(&discovery.jwks_uri).await
    }

    /// An error says that the issuer cannot be reached; it shows nothing of what came.
    async fn get<T: DeserializeOwned>(&self, address: &str) -> Result<T, String> {
        let unreachable = |_| "the keys of its issuer cannot be fetched".to_owned();
        let answer = self.client.get(address).send().await.map_err(unreachable)?;
        let mut answer = answer.error_for_status().map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err("what its issuer publishes is too long".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|_| "what its issuer publishes cannot be understood".to_owned())
    }
}

fn missing() -> String {
    "its issuer has no such key".to_owned()
}

/// Without an id only an issuer with one fitting key leaves no doubt.
fn find<'a>(keys: &'a JwkSet, id: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    let fits = |key: &&Jwk| {
        let named = key.common.key_algorithm.map(|named| named.to_string());
        named.is_none_or(|named| named == format!("{algorithm:?}"))
    };
    match id {
        Some(id) => keys.find(id).filter(fits),
        None => {
            let mut fitting = keys.keys.iter().filter(fits);
            fitting.next().filter(|_| fitting.next().is_none())
        }
    }
}

fn decoding(key: &Jwk) -> Result<DecodingKey, String> {
    DecodingKey::from_jwk(key).map_err(|_| "the key of its issuer cannot be used".to_owned())
}
