//! Signatures of commits and tags, checked in this process against keys that the caller trusts.
//!
//! What is checked is the very bytes of the object that the files come from; an object that Git
//! programs could read in two ways is refused.

mod openpgp;
mod signed;

pub(crate) use self::signed::Signed;

use russh::keys::PublicKey;
use russh::keys::ssh_key::SshSig;

/// Signatures and keys are small.
const MAX_SIGNATURE: usize = 64 << 10;
/// What `git` signs under, in SSH's signatures.
const NAMESPACE: &str = "git";

/// Why a signature does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// There is no signature.
    #[error("it is not signed")]
    Unsigned,
    /// The object can be read in two ways, or not at all.
    #[error("{0}")]
    Ambiguous(String),
    /// The signature cannot be read, or is not one by a trusted key that may sign now.
    #[error("{0}")]
    Refused(String),
}

/// Public keys that may sign.
#[derive(Default)]
pub struct TrustedKeys {
    openpgp: Vec<openpgp::Key>,
    ssh: Vec<PublicKey>,
}

impl TrustedKeys {
    /// Reads the keys of a Secret: `*.sshpub` holds SSH's public keys, one a line, and everything
    /// else armoured OpenPGP keys, as in Flux.
    ///
    /// # Errors
    /// Names the entry that cannot be read; nothing to trust is an error too.
    pub fn read<'a>(entries: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Self, String> {
        let mut keys = Self::default();
        for (name, content) in entries {
            let text = std::str::from_utf8(content)
                .map_err(|_| format!("the key '{name}' is not text"))?;
            if name.ends_with(".sshpub") {
                keys.ssh.extend(read_ssh(text).map_err(|why| format!("'{name}': {why}"))?);
            } else {
                let read = openpgp::read(text).map_err(|why| format!("'{name}': {why}"))?;
                keys.openpgp.extend(read);
            }
        }
        if keys.openpgp.is_empty() && keys.ssh.is_empty() {
            return Err("it holds no public key".into());
        }
        Ok(keys)
    }

    /// Checks a signature over `payload`; answers which key made it: an OpenPGP key's id, or the
    /// fingerprint of an SSH key.
    pub(crate) fn verify(&self, payload: &[u8], signature: &[u8]) -> Result<String, Unverified> {
        let refuse = |why: &str| Unverified::Refused(why.to_owned());
        if signature.len() > MAX_SIGNATURE {
            return Err(refuse("the signature is too large"));
        }
        let text =
            std::str::from_utf8(signature).map_err(|_| refuse("the signature is not text"))?.trim();
        if text.starts_with("-----BEGIN SSH SIGNATURE-----") {
            return self.verify_ssh(payload, text);
        }
        if text.starts_with("-----BEGIN PGP SIGNATURE-----")
            || text.starts_with("-----BEGIN PGP MESSAGE-----")
        {
            if self.openpgp.is_empty() {
                return Err(refuse("it is signed with OpenPGP, and only SSH keys are trusted"));
            }
            return openpgp::verify(&self.openpgp, payload, text).map_err(Unverified::Refused);
        }
        Err(refuse("its signature is neither OpenPGP's nor SSH's"))
    }

    fn verify_ssh(&self, payload: &[u8], text: &str) -> Result<String, Unverified> {
        let refuse = |why: String| Unverified::Refused(why);
        if self.ssh.is_empty() {
            return Err(refuse("it is signed with SSH, and only OpenPGP keys are trusted".into()));
        }
        let signature = SshSig::from_pem(format!("{text}\n"))
            .map_err(|_| refuse("the SSH signature cannot be read".into()))?;
        let made_by = PublicKey::from(signature.public_key().clone());
        let fingerprint = made_by.fingerprint(russh::keys::HashAlg::Sha256).to_string();
        let Some(key) = self.ssh.iter().find(|key| key.key_data() == signature.public_key()) else {
            return Err(refuse(format!("the key {fingerprint} is not a trusted one")));
        };
        key.verify(NAMESPACE, payload, &signature).map_err(|error| {
            refuse(format!("the signature by {fingerprint} is not good: {error}"))
        })?;
        Ok(fingerprint)
    }
}

fn read_ssh(text: &str) -> Result<Vec<PublicKey>, String> {
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = PublicKey::from_openssh(line)
            .map_err(|_| format!("line {} is not a public key of SSH", number + 1))?;
        crate::ssh::check_strength(&key).map_err(|why| format!("line {}: {why}", number + 1))?;
        keys.push(key);
    }
    if keys.is_empty() {
        return Err("it holds no public key".into());
    }
    Ok(keys)
}
