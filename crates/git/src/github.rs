//! Tokens of a GitHub App's installation, from GitHub's REST API
//! (docs.github.com, "Authenticating as a GitHub App installation").

use crate::http::rules::{network, refusal};
use crate::{Authorization, Call, Credentials, Egress, Error, ErrorKind};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, StatusCode, Url};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the API is, unless the Secret says otherwise.
const PUBLIC_API: &str = "https://api.github.com";
/// What GitHub calls whoever comes with an installation's token.
const USER: &str = "x-access-token";
/// A token is renewed when it lives no longer than this.
const MARGIN: Duration = Duration::from_secs(300);
/// How long a proof of identity is good for; GitHub takes up to ten minutes.
const PROOF: Duration = Duration::from_secs(540);
/// Clocks may differ by this much.
const SKEW: Duration = Duration::from_secs(60);
const MAX_ANSWER: usize = 256 << 10;
const MIN_KEY_BYTES: usize = 256;

/// An app and where it is installed, as the Secret says it.
#[derive(Clone, PartialEq, Eq)]
pub struct GitHubApp {
    /// `githubAppID`.
    pub id: String,
    /// `githubAppInstallationID` or `githubAppInstallationOwner`.
    pub installation: Installation,
    /// `githubAppPrivateKey`, PEM.
    pub private_key: String,
    /// `githubAppBaseURL`; GitHub's own API if there is none.
    pub base_url: Option<String>,
}

/// How the installation is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installation {
    /// By its number.
    Id(String),
    /// By the organisation or user that has it.
    Owner(String),
}

impl fmt::Debug for GitHubApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GitHubApp").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Tokens that still live, by whom they are for.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, (String, SystemTime)>>);

impl Tokens {
    fn living(&self, identity: &str) -> Option<String> {
        let mut tokens = self.0.lock();
        let limit = SystemTime::now() + MARGIN;
        tokens.retain(|_, (_, expires)| *expires > limit);
        tokens.get(identity).map(|(token, _)| token.clone())
    }

    /// The credentials of an installation: a token from before, or a new one.
    pub(crate) async fn credentials(
        &self,
        app: &GitHubApp,
        transport: Credentials,
        client: &Client,
        egress: &Egress,
        call: &Call,
    ) -> Result<Credentials, Error> {
        let identity = app.identity();
        let token = match self.living(&identity) {
            Some(token) => token,
            None => {
                let (token, expires) = call.wait(app.token(client, egress)).await??;
                self.0.lock().insert(identity.clone(), (token.clone(), expires));
                token
            }
        };
        let authorization = Authorization::Basic { username: USER.to_owned(), password: token };
        Ok(Credentials { authorization, identity: Some(identity), ..transport })
    }

    /// Drops a token that was not accepted.
    pub(crate) fn forget(&self, identity: &str) {
        self.0.lock().remove(identity);
    }
}

impl GitHubApp {
    /// Who this is: only who has the key is the same.
    fn identity(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.id, &format!("{:?}", self.installation), &self.private_key] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update(self.base_url.as_deref().unwrap_or_default());
        format!("github-app/{}", hex::encode(hash.finalize()))
    }

    async fn token(&self, client: &Client, egress: &Egress) -> Result<(String, SystemTime), Error> {
        let api = Api { app: self, client, egress, proof: self.proof()? };
        let number = match &self.installation {
            Installation::Id(id) => id.clone(),
            Installation::Owner(owner) => api.installation_of(owner).await?,
        };
        let path = ["app", "installations", &number, "access_tokens"];
        let answer = api.ask(Method::POST, &path).await?;
        let token = answer.get("token").and_then(serde_json::Value::as_str);
        let expires = answer.get("expires_at").and_then(serde_json::Value::as_str);
        let (Some(token), Some(expires)) = (token, expires) else {
            return Err(failed(ErrorKind::Protocol, "the answer holds no token"));
        };
        let expires: jiff::Timestamp = expires
            .parse()
            .map_err(|_| failed(ErrorKind::Protocol, "the token's end cannot be read"))?;
        Ok((token.to_owned(), SystemTime::from(expires)))
    }

    /// A JSON Web Token that proves who we are, signed with the app's key (RS256).
    fn proof(&self) -> Result<HeaderValue, Error> {
        let key = read_key(&self.private_key)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = serde_json::json!({
            "iat": now.saturating_sub(SKEW).as_secs(),
            "exp": (now + PROOF).as_secs(),
            "iss": self.id,
        });
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let text =
            format!("{}.{}", encode(r#"{"alg":"RS256","typ":"JWT"}"#), encode(&claims.to_string()));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| {
                failed(ErrorKind::CredentialsInvalid, "githubAppPrivateKey cannot sign")
            })?;
        let header = format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(signature));
        let mut header = HeaderValue::try_from(header)
            .map_err(|_| failed(ErrorKind::CredentialsInvalid, "the app's id is not usable"))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

struct Api<'a> {
    app: &'a GitHubApp,
    client: &'a Client,
    egress: &'a Egress,
    proof: HeaderValue,
}

impl Api<'_> {
    /// The number of the installation of an organisation or a user.
    async fn installation_of(&self, owner: &str) -> Result<String, Error> {
        let mut answer = self.ask(Method::GET, &["orgs", owner, "installation"]).await;
        if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            answer = self.ask(Method::GET, &["users", owner, "installation"]).await;
        }
        let answer = answer?;
        let id = answer.get("id").and_then(serde_json::Value::as_u64);
        let id = id.ok_or_else(|| failed(ErrorKind::Protocol, "the installation has no id"))?;
        Ok(id.to_string())
    }

    async fn ask(&self, method: Method, path: &[&str]) -> Result<serde_json::Value, Error> {
        let base = self.app.base_url.as_deref().unwrap_or(PUBLIC_API);
        let invalid = || failed(ErrorKind::CredentialsInvalid, "githubAppBaseURL is not a URL");
        let mut url = Url::parse(base).map_err(|_| invalid())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid());
        }
        url.path_segments_mut().map_err(|()| invalid())?.pop_if_empty().extend(path);
        self.egress.check_literal(url.host_str().unwrap_or_default())?;
        let request = self
            .client
            .request(method, url)
            .header(AUTHORIZATION, self.proof.clone())
            .header(ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28")
            .header("User-Agent", concat!("inhaul/", env!("CARGO_PKG_VERSION")));
        let doing = |error: Error| error.while_doing("get a token of the GitHub App");
        let mut response = request.send().await.map_err(|error| doing(network(&error)))?;
        if !matches!(response.status(), StatusCode::OK | StatusCode::CREATED) {
            return Err(doing(refusal(response.status(), response.headers(), true, true)));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| doing(network(&error)))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(failed(ErrorKind::TooLarge, "the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|_| failed(ErrorKind::Protocol, "the answer is not JSON"))
    }
}

/// Reads the key that GitHub gives out (PKCS#1), or its PKCS#8 form.
fn read_key(pem: &str) -> Result<RsaKeyPair, Error> {
    let invalid =
        |why: &str| failed(ErrorKind::CredentialsInvalid, &format!("githubAppPrivateKey {why}"));
    let lines: Vec<&str> = pem.lines().map(str::trim).collect();
    let start = lines.iter().position(|line| line.starts_with("-----BEGIN "));
    let body: String = lines
        .iter()
        .skip(start.map_or(usize::MAX, |at| at + 1))
        .take_while(|line| !line.starts_with("-----END "))
        .copied()
        .collect();
    let der = STANDARD.decode(body).map_err(|_| invalid("is not PEM"))?;
    let key = RsaKeyPair::from_der(&der).or_else(|_| RsaKeyPair::from_pkcs8(&der));
    let key = key.map_err(|_| invalid("is not an RSA key"))?;
    if key.public_modulus_len() < MIN_KEY_BYTES {
        return Err(invalid("is an RSA key of less than 2048 bits"));
    }
    Ok(key)
}

fn failed(kind: ErrorKind, why: &str) -> Error {
    Error::new(kind, format!("GitHub App: {why}"))
}
