//! A shared secret, compared without telling how much of it was right.

use aws_lc_rs::hmac;
use std::fmt;

/// A secret that a caller knows, too. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Vec<u8>);

impl Token {
    /// The secret; `None` for an empty one, which everybody would know.
    pub fn new(secret: &[u8]) -> Option<Self> {
        (!secret.is_empty()).then(|| Self(secret.to_vec()))
    }

    /// Whether `shown` is the secret. The time it takes tells neither how much of it is right nor
    /// how long the secret is: two hashes of one length are compared.
    pub fn is(&self, shown: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::verify(&key, shown, hmac::sign(&key, &self.0).as_ref()).is_ok()
    }

    /// Whether `code` is the HMAC of `message` under this secret.
    pub(crate) fn signed(&self, algorithm: hmac::Algorithm, message: &[u8], code: &[u8]) -> bool {
        hmac::verify(&hmac::Key::new(algorithm, &self.0), message, code).is_ok()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_is_the_secret() {
        let token = Token::new(b"s3cret").expect("it is not empty");
        assert!(token.is(b"s3cret"));
        for other in [&b""[..], b"s", b"s3cret\n", b"s3cre", b"S3cret", b"s3cret\0"] {
            assert!(!token.is(other), "{other:?}");
        }
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert!(Token::new(b"").is_none(), "everybody knows the empty secret");
    }
}
