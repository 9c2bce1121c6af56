//! What a conversation may still receive, and what went wrong in it.

use crate::{Error, ErrorKind};
use parking_lot::Mutex;
use std::io;

/// Shared by the two directions of one conversation, whatever it runs over.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Bytes that all coming answers together may have.
    left: Mutex<u64>,
    /// What went wrong, with more than gix's error types can carry.
    failure: Mutex<Option<Error>>,
}

impl Ledger {
    /// Grants the coming answers this many bytes.
    pub(crate) fn allow(&self, bytes: u64) {
        *self.left.lock() = bytes;
    }

    /// Takes note of what came.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Error> {
        let mut left = self.left.lock();
        *left = left.checked_sub(bytes as u64).ok_or_else(|| {
            Error::new(ErrorKind::TooLarge, "the server sent more than the limit allows")
        })?;
        Ok(())
    }

    /// Hands gix an error, and keeps the full one.
    pub(crate) fn fail(&self, error: Error) -> io::Error {
        let shown = io::Error::other(error.to_string());
        self.failure.lock().get_or_insert(error);
        shown
    }

    /// What the connection knows of a failure that gix reported.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.failure.lock().take()
    }
}
