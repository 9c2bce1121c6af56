//! Who we are to a remote.

use crate::{Error, ErrorKind, RemoteUrl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use sha2::{Digest, Sha256};
use std::fmt;

/// The `Authorization` that is sent with each request to the remote's own host.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Authorization {
    /// None: public repositories. What the URL itself holds is used.
    #[default]
    Anonymous,
    /// User and password, or a token in the place of the password. Sent over plain http too, as
    /// Flux does.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// A bearer token.
    Bearer(String),
    /// A key, for addresses over SSH.
    Ssh {
        /// The private key, as text: OpenSSH's format, PKCS#8 or the older PEM forms.
        private_key: String,
        /// What the key is encrypted with.
        passphrase: Option<String>,
        /// The keys that the host may show, in OpenSSH's format.
        known_hosts: String,
    },
}

/// A proxy for http and https.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address, `http://…` or `https://…`, without user and password.
    pub address: String,
    /// The user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
}

/// Everything that is needed to be let in. Two remotes with equal URLs and different credentials
/// share nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// What to send.
    pub authorization: Authorization,
    /// Certificates (PEM) that are trusted in addition to the system's (`ca.crt`).
    pub certificate_authority: Option<Vec<u8>>,
    /// A client certificate and its key (PEM; `tls.crt` and `tls.key`).
    pub client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    /// The way out.
    pub proxy: Option<Proxy>,
    /// Names who this is when the secrets themselves change often, such as tokens that live for an
    /// hour. Without it the secrets are the identity.
    pub identity: Option<String>,
}

impl Credentials {
    /// User and password.
    pub fn basic(username: &str, password: &str) -> Self {
        let (username, password) = (username.to_owned(), password.to_owned());
        Self { authorization: Authorization::Basic { username, password }, ..Self::default() }
    }

    /// A bearer token.
    pub fn bearer(token: &str) -> Self {
        Self { authorization: Authorization::Bearer(token.to_owned()), ..Self::default() }
    }

    /// The header to send, marked as sensitive.
    pub(crate) fn header(&self, url: &RemoteUrl) -> Result<Option<HeaderValue>, Error> {
        let basic = |user: &str, password: &str| {
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
        };
        let text = match (&self.authorization, url.user_info()) {
            (Authorization::Anonymous, None) => return Ok(None),
            (Authorization::Anonymous, Some((user, password))) => basic(user, password),
            (Authorization::Basic { username, .. }, _) if username.contains(':') => {
                return Err(invalid("the user name contains a colon"));
            }
            (Authorization::Basic { username, password }, _) => basic(username, password),
            (Authorization::Bearer(token), _) => format!("Bearer {token}"),
            (Authorization::Ssh { .. }, _) => {
                return Err(invalid("a key for ssh cannot be used with an http address"));
            }
        };
        let mut header = HeaderValue::try_from(text)
            .map_err(|_| invalid("the token contains a character that no HTTP header can hold"))?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    /// Whether the connection itself differs from everybody else's.
    pub(crate) fn needs_own_client(&self) -> bool {
        self.certificate_authority.is_some()
            || self.client_certificate.is_some()
            || self.proxy.is_some()
    }

    /// Feeds everything that makes these credentials different from others to `hash`. What is fed
    /// is secret: the hash must be keyed.
    pub(crate) fn feed(&self, hash: &mut Sha256) {
        let Self { authorization, certificate_authority, client_certificate, proxy, identity } =
            self;
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        if let Some(identity) = identity {
            part(b"identity");
            part(identity.as_bytes());
            return;
        }
        match authorization {
            Authorization::Anonymous => part(b"anonymous"),
            Authorization::Basic { username, password } => {
                part(b"basic");
                part(username.as_bytes());
                part(password.as_bytes());
            }
            Authorization::Bearer(token) => {
                part(b"bearer");
                part(token.as_bytes());
            }
            Authorization::Ssh { private_key, passphrase, known_hosts } => {
                part(b"ssh");
                part(private_key.as_bytes());
                part(passphrase.as_deref().unwrap_or_default().as_bytes());
                part(known_hosts.as_bytes());
            }
        }
        part(certificate_authority.as_deref().unwrap_or_default());
        let (certificate, key) = client_certificate
            .as_ref()
            .map_or((&[][..], &[][..]), |pair| (pair.0.as_slice(), pair.1.as_slice()));
        part(certificate);
        part(key);
        // Who is in between can change what comes, where nothing is encrypted.
        if let Some(Proxy { address, username, password }) = proxy {
            part(address.as_bytes());
            part(username.as_deref().unwrap_or_default().as_bytes());
            part(password.as_deref().unwrap_or_default().as_bytes());
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(***)",
            Self::Bearer(_) => "Bearer(***)",
            Self::Ssh { .. } => "Ssh(***)",
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("authorization", &self.authorization)
            .field("certificate_authority", &self.certificate_authority.is_some())
            .field("client_certificate", &self.client_certificate.is_some())
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proxy(***)")
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::CredentialsInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let mut credentials = Credentials::basic("admin", "hunter2");
        credentials.client_certificate = Some((b"hunter2".to_vec(), b"hunter2".to_vec()));
        let bearer = Credentials::bearer("hunter2");
        let url = RemoteUrl::parse("https://host/x").unwrap();
        let header = bearer.header(&url).unwrap();
        assert!(!format!("{credentials:?} {bearer:?} {header:?}").contains("hunter2"));
    }

    #[test]
    fn different_secrets_are_different_identities() {
        let id = |credentials: &Credentials| {
            let mut hash = Sha256::new();
            credentials.feed(&mut hash);
            hash.finalize()
        };
        let mut named = Credentials::bearer("a");
        assert_ne!(id(&named), id(&Credentials::bearer("b")));
        assert_ne!(id(&Credentials::basic("ab", "c")), id(&Credentials::basic("a", "bc")));
        named.identity = Some("app/1".into());
        let mut renewed = Credentials::bearer("b");
        renewed.identity = Some("app/1".into());
        assert_eq!(id(&named), id(&renewed));
    }

    #[test]
    fn a_header_cannot_be_smuggled_in() {
        let url = RemoteUrl::parse("https://host/x").unwrap();
        let error = Credentials::bearer("a\r\nX-Evil: 1").header(&url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CredentialsInvalid);
    }
}
