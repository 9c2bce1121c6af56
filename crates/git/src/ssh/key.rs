//! Private keys as people have them: OpenSSH's own format, PKCS#8, and the older PEM forms.

use russh::keys::{Algorithm, PrivateKey, PublicKey, decode_secret_key};

/// A shorter RSA key can be broken.
const MIN_RSA_BITS: usize = 2048;

/// Reads a private key, deciphered with `passphrase` where it is encrypted.
pub(crate) fn read_key(text: &str, passphrase: Option<&str>) -> Result<PrivateKey, String> {
    let text: String = text.trim().lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    let key = decode_secret_key(&text, passphrase).map_err(|error| explain(&error, passphrase))?;
    if key.is_encrypted() {
        return Err(
            "the key in 'identity' is encrypted; its passphrase belongs in 'password'".into()
        );
    }
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::Rsa { .. } => {}
        other => {
            return Err(format!(
                "the key in 'identity' is of type {other}, which is not supported; use ed25519, \
                 ecdsa or rsa"
            ));
        }
    }
    check_strength(key.public_key()).map_err(|why| format!("the key in 'identity': {why}"))?;
    Ok(key)
}

fn explain(error: &russh::keys::Error, passphrase: Option<&str>) -> String {
    use russh::keys::Error;
    match error {
        Error::KeyIsEncrypted => {
            "the key in 'identity' is encrypted; its passphrase belongs in 'password'".into()
        }
        _ if passphrase.is_some() => format!(
            "the key in 'identity' cannot be read with the passphrase in 'password': {}",
            super::shown(&error.to_string())
        ),
        _ => format!("the key in 'identity' cannot be read: {}", super::shown(&error.to_string())),
    }
}

/// Refuses keys that can be broken.
pub(crate) fn check_strength(key: &PublicKey) -> Result<(), String> {
    if let Some(rsa) = key.key_data().rsa() {
        let bits = rsa.key_size() as usize;
        if bits < MIN_RSA_BITS {
            return Err(format!("an RSA key of {bits} bits, at least {MIN_RSA_BITS} are needed"));
        }
    }
    Ok(())
}
