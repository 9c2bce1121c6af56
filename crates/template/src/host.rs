//! What templates ask of the world.

use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::value::Value;

/// The caller's side of the functions that are not pure.
pub trait Host: Send + Sync {
    /// Fills `buffer` with random bytes (`randAlphaNum`, `uuidv4`, keys, certificates).
    fn random(&self, buffer: &mut [u8]);

    /// The current time (`now`, `date`, certificates' validity).
    fn now(&self) -> Timestamp;

    /// The zone that `date` and `toDate` take as local. UTC, as in a container.
    fn time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }

    /// Objects of the cluster (Helm's `lookup`): one object, or a list where `name` is empty.
    /// Without a cluster, an empty map.
    ///
    /// # Errors
    /// The message goes into the template's error.
    fn lookup(
        &self,
        _api_version: &str,
        _kind: &str,
        _namespace: &str,
        _name: &str,
    ) -> Result<Value, String> {
        Ok(Value::map(std::iter::empty::<(&str, Value)>()))
    }

    /// True where `required` and `fail` let pass what they would refuse (`helm lint`).
    fn lenient(&self) -> bool {
        false
    }
}

/// A host whose clock stands still and whose random bytes follow from a seed: renders come out the
/// same each time.
#[derive(Debug)]
pub struct SeededHost {
    seed: u64,
    now: Timestamp,
    drawn: AtomicU64,
}

impl SeededHost {
    /// A host with this seed and this time.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self { seed, now, drawn: AtomicU64::new(0) }
    }
}

impl Host for SeededHost {
    fn random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let number = self.drawn.fetch_add(1, Ordering::Relaxed);
            let mut hash = Sha256::new();
            hash.update(self.seed.to_le_bytes());
            hash.update(number.to_le_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
