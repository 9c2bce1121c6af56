//! Is this the host that it says it is?

use super::known_hosts::Trusted;
use crate::{Error, ErrorKind};
use parking_lot::Mutex;
use russh::client::Handler;
use russh::keys::{HashAlg, PublicKey, PublicKeyOrCertificate};
use std::sync::Arc;

/// Why the host was not believed.
#[derive(Clone, Default)]
pub(super) struct Verdict(Arc<Mutex<Option<Error>>>);

impl Verdict {
    pub(super) fn take(&self) -> Option<Error> {
        self.0.lock().take()
    }
}

/// Believes a host whose key is one of the trusted ones.
pub(crate) struct Verifier {
    trusted: Trusted,
    address: String,
    verdict: Verdict,
}

impl Verifier {
    pub(super) fn new(trusted: Trusted, address: String) -> (Self, Verdict) {
        let verdict = Verdict::default();
        (Self { trusted, address, verdict: verdict.clone() }, verdict)
    }

    fn check(&self, key: &PublicKey) -> Result<(), Error> {
        super::key::check_strength(key)
            .map_err(|why| self.refuse(key, &format!("is too weak: {why}")))?;
        if self.trusted.revoked.iter().any(|revoked| revoked.key_data() == key.key_data()) {
            return Err(self.refuse(key, "is marked @revoked in known_hosts"));
        }
        if self.trusted.keys.iter().any(|(_, known)| known.key_data() == key.key_data()) {
            return Ok(());
        }
        let lines: Vec<String> =
            self.trusted.keys.iter().map(|(line, _)| line.to_string()).collect();
        let why = format!(
            "is not the one in known_hosts (line {}): the server was replaced, or somebody is in \
             between",
            lines.join(", ")
        );
        Err(self.refuse(key, &why))
    }

    fn refuse(&self, key: &PublicKey, why: &str) -> Error {
        let fingerprint = key.fingerprint(HashAlg::Sha256);
        let why =
            format!("the host key {} {fingerprint} of {} {why}", key.algorithm(), self.address);
        Error::new(ErrorKind::HostKey, why)
    }
}

impl Handler for Verifier {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let checked = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.check(key),
            // We never offer to take one.
            PublicKeyOrCertificate::Certificate(_) => {
                let why = format!("{} shows a certificate that nobody asked for", self.address);
                Err(Error::new(ErrorKind::HostKey, why))
            }
        };
        match checked {
            Ok(()) => Ok(true),
            Err(error) => {
                *self.verdict.0.lock() = Some(error);
                Ok(false)
            }
        }
    }
}
