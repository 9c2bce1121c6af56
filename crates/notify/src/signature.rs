//! Signatures of bodies, as `<algorithm>=<hex>`.

use crate::token::Token;
use crate::verify::Denied;
use aws_lc_rs::hmac;

/// Checks a signature such as `sha256=6b1…` over `body`.
///
/// # Errors
/// [`Denied`], which quotes nothing of what was sent.
pub(crate) fn check(signature: Option<&str>, body: &[u8], token: &Token) -> Result<(), Denied> {
    let signature = signature.ok_or(Denied::Unsigned)?;
    let (algorithm, code) = signature.split_once('=').ok_or(Denied::Signature)?;
    let algorithm = match algorithm {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha512" => hmac::HMAC_SHA512,
        _ => return Err(Denied::Signature),
    };
    plain(algorithm, code, body, token)
}

/// Checks a bare hexadecimal signature, as Nexus sends it.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_sha1(code: Option<&str>, body: &[u8], token: &Token) -> Result<(), Denied> {
    plain(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, code.ok_or(Denied::Unsigned)?, body, token)
}

fn plain(algorithm: hmac::Algorithm, code: &str, body: &[u8], token: &Token) -> Result<(), Denied> {
    let code = hex::decode(code).map_err(|_| Denied::Signature)?;
    if token.signed(algorithm, body, &code) { Ok(()) } else { Err(Denied::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with: printf hello | openssl dgst -<algorithm> -r -hmac key
    const SHA1: &str = "b34ceac4516ff23a143e61d79d0fa7a4fbe5f266";
    const SHA256: &str = "9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b";
    const SHA512: &str = "ff06ab36757777815c008d32c8e14a705b4e7bf310351a06a23b612dc4c7433e7757d20525a5593b71020ea2ee162d2311b247e9855862b270122419652c0c92";

    #[test]
    fn a_signature_fits_its_body_its_key_and_its_algorithm_only() {
        let key = Token::new(b"key").expect("a key");
        let other = Token::new(b"kez").expect("a key");
        for (algorithm, code) in [("sha1", SHA1), ("sha256", SHA256), ("sha512", SHA512)] {
            let header = format!("{algorithm}={code}");
            assert_eq!(check(Some(&header), b"hello", &key), Ok(()));
            assert_eq!(check(Some(&header.to_uppercase()), b"hello", &key), Err(Denied::Signature));
            assert_eq!(check(Some(&header), b"hello ", &key), Err(Denied::Signature));
            assert_eq!(check(Some(&header), b"hello", &other), Err(Denied::Signature));
        }
        let crossed = format!("sha256={SHA1}");
        for wrong in ["", "sha256", "sha256=", "sha256=zz", "md5=00", &crossed, SHA256] {
            assert_eq!(check(Some(wrong), b"hello", &key), Err(Denied::Signature), "{wrong}");
        }
        assert_eq!(check(None, b"hello", &key), Err(Denied::Unsigned));
        assert_eq!(check_sha1(Some(SHA1), b"hello", &key), Ok(()));
        assert_eq!(check_sha1(Some(SHA256), b"hello", &key), Err(Denied::Signature));
        assert_eq!(check_sha1(None, b"hello", &key), Err(Denied::Unsigned));
    }
}
