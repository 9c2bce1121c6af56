//! Which algorithms are offered to a host.

use super::known_hosts::Trusted;
use crate::{Error, ErrorKind};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, kex};
use std::borrow::Cow;

/// Key exchanges that are offered where the flags name none.
const EXCHANGES: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_GEX_SHA256,
    kex::DH_G14_SHA256,
];
/// Those that may be asked for by name besides.
const OLD_EXCHANGES: &[kex::Name] =
    &[kex::DH_G14_SHA1, kex::DH_G1_SHA1, kex::DH_GEX_SHA1, kex::DH_G15_SHA512, kex::DH_G17_SHA512];
/// Not algorithms but extensions, which must be offered along.
const EXTENSIONS: &[kex::Name] =
    &[kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];
/// The fastest first: packs are large.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_128_GCM,
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_128_CTR,
    cipher::AES_192_CTR,
    cipher::AES_256_CTR,
];

/// What the flags `--ssh-kex-algos` and `--ssh-hostkey-algos` say. Empty means the defaults.
#[derive(Clone, Debug, Default)]
pub struct SshAlgorithms {
    exchanges: Vec<kex::Name>,
    host_keys: Vec<Algorithm>,
}

impl SshAlgorithms {
    /// Reads lists of names, in the order of preference.
    ///
    /// # Errors
    /// Names what is not known.
    pub fn parse(exchanges: &[String], host_keys: &[String]) -> Result<Self, String> {
        let exchange = |name: &String| {
            let known = EXCHANGES.iter().chain(OLD_EXCHANGES).find(|known| known.as_ref() == *name);
            known.copied().ok_or_else(|| format!("key exchange algorithm {name:?} is not known"))
        };
        let host_key = |name: &String| {
            let algorithm = Algorithm::new(name).ok();
            algorithm
                .filter(|algorithm| host_key_algorithms().contains(algorithm) || is_sha1(algorithm))
                .ok_or_else(|| format!("host key algorithm {name:?} is not known"))
        };
        Ok(Self {
            exchanges: exchanges.iter().map(exchange).collect::<Result<_, _>>()?,
            host_keys: host_keys.iter().map(host_key).collect::<Result<_, _>>()?,
        })
    }

    /// What is offered to a host of which this is known.
    ///
    /// # Errors
    /// [`ErrorKind::HostKey`] where no key of the host is known, or none of an accepted type.
    pub(super) fn preferred(&self, trusted: &Trusted, address: &str) -> Result<Preferred, Error> {
        let refuse = |why: String| Error::new(ErrorKind::HostKey, format!("{address}: {why}"));
        if trusted.keys.is_empty() {
            return Err(refuse(match trusted.authority {
                Some(line) => format!(
                    "known_hosts has only a @cert-authority for it (line {line}), which is not \
                     supported; list the key of the host itself"
                ),
                None => "known_hosts has no key for it; nothing was sent".to_owned(),
            }));
        }
        let accepted =
            if self.host_keys.is_empty() { host_key_algorithms() } else { self.host_keys.clone() };
        let keys: Vec<Algorithm> = accepted
            .into_iter()
            .filter(|accepted| {
                trusted.keys.iter().any(|(_, key)| same_type(accepted, &key.algorithm()))
            })
            .collect();
        if keys.is_empty() {
            let known: Vec<String> =
                trusted.keys.iter().map(|(_, key)| key.algorithm().to_string()).collect();
            let why = "known_hosts has keys for it only of types that are not accepted";
            return Err(refuse(format!("{why}: {}", known.join(", "))));
        }
        let exchanges = if self.exchanges.is_empty() { EXCHANGES } else { &self.exchanges };
        Ok(Preferred {
            kex: Cow::Owned([exchanges, EXTENSIONS].concat()),
            key: Cow::Owned(keys),
            cipher: Cow::Borrowed(CIPHERS),
            ..Preferred::DEFAULT
        })
    }
}

/// SHA-1 signatures are not among them.
fn host_key_algorithms() -> Vec<Algorithm> {
    vec![
        Algorithm::Ed25519,
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
        Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    ]
}

fn is_sha1(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { hash: None })
}

/// An RSA key signs with any of the hashes.
fn same_type(accepted: &Algorithm, key: &Algorithm) -> bool {
    accepted == key || (matches!((accepted, key), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_unknown_names_refused() {
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let read = SshAlgorithms::parse(
            &list("curve25519-sha256@libssh.org,diffie-hellman-group14-sha1"),
            &list("rsa-sha2-512,ssh-ed25519,ssh-rsa,ecdsa-sha2-nistp256"),
        )
        .unwrap();
        assert_eq!((read.exchanges.len(), read.host_keys.len()), (2, 4));
        assert!(SshAlgorithms::parse(&list("none"), &[]).unwrap_err().contains("\"none\""));
        assert!(SshAlgorithms::parse(&[], &list("ssh-dss")).unwrap_err().contains("\"ssh-dss\""));
    }
}
