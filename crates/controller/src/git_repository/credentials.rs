//! Who we are to a remote: what the Secrets of a GitRepository say.

use super::{Context, remote};
use crate::step::StepError;
use inhaul_api::{GitProvider, GitRepository, Reason};
use inhaul_cluster::SecretData;
use inhaul_git::{Authorization, Call, Credentials, GitHubApp, Installation, Proxy};
use kube::ResourceExt;

/// Keys that say that a Secret is for a GitHub App.
const APP_KEYS: &[&str] = &[
    "githubAppID",
    "githubAppInstallationID",
    "githubAppInstallationOwner",
    "githubAppPrivateKey",
];

/// The credentials that the GitRepository names.
pub(super) async fn credentials(
    context: &Context,
    object: &GitRepository,
    call: &Call,
) -> Result<Credentials, StepError> {
    let proxy = proxy(context, object).await?;
    let with_app = object.spec.provider() == Ok(GitProvider::GitHub);
    let Some(reference) = &object.spec.secret_ref else {
        if with_app {
            let why =
                "secretRef with github app data must be specified when provider is set to github";
            return Err(wrong_provider(why));
        }
        return Ok(Credentials { proxy, ..Credentials::default() });
    };
    let (secret, shown) = secret(context, object, &reference.name).await?;
    let denied =
        |why: String| StepError::passing(Reason::AuthenticationFailed, format!("{shown}: {why}"));
    let app_keys = APP_KEYS.iter().any(|key| secret.get(key).is_some());
    if with_app != app_keys {
        let why = if app_keys {
            format!("{shown} has github app data but provider is not set to github")
        } else {
            format!("{shown} has no github app data although provider is set to github")
        };
        return Err(wrong_provider(&why));
    }
    let mut read = read(&secret, &object.spec.url).map_err(denied)?;
    read.proxy = proxy;
    if !with_app {
        return Ok(read);
    }
    let app = read_app(&secret).map_err(denied)?;
    let asked = context.mirrors.github_app(&app, read, call).await;
    asked.map_err(|error| remote::failed(&error))
}

fn wrong_provider(why: &str) -> StepError {
    StepError::passing(Reason::InvalidProviderConfiguration, why)
}

/// Reads a Secret of the GitRepository's namespace; answers also how it is called in errors.
pub(super) async fn secret(
    context: &Context,
    object: &GitRepository,
    name: &str,
) -> Result<(SecretData, String), StepError> {
    let namespace = object.namespace().unwrap_or_default();
    let shown = format!("Secret/{namespace}/{name}");
    let secret = context.own.secret(&namespace, name).await.map_err(|error| {
        let what = format!("cannot read {shown}");
        StepError::cluster(Reason::AuthenticationFailed, &what, &error)
    })?;
    match secret {
        Some(secret) => Ok((secret, shown)),
        None => {
            let why = format!("{shown}: not found");
            Err(StepError::passing(Reason::AuthenticationFailed, why))
        }
    }
}

async fn proxy(context: &Context, object: &GitRepository) -> Result<Option<Proxy>, StepError> {
    let Some(reference) = &object.spec.proxy_secret_ref else { return Ok(None) };
    let (secret, shown) = secret(context, object, &reference.name).await?;
    let read = || {
        let address = text(&secret, "address")?;
        let address = address.ok_or_else(|| "the key 'address' is missing".to_owned())?;
        let (username, password) = (text(&secret, "username")?, text(&secret, "password")?);
        Ok(Some(Proxy { address, username, password }))
    };
    read().map_err(|why: String| {
        StepError::passing(Reason::AuthenticationFailed, format!("{shown} (proxy): {why}"))
    })
}

fn text(secret: &SecretData, key: &str) -> Result<Option<String>, String> {
    match secret.get(key) {
        None => Ok(None),
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(_) => Err(format!("the key '{key}' is not text")),
        },
    }
}

/// Reads the keys that Flux documents for the address's protocol.
fn read(secret: &SecretData, url: &str) -> Result<Credentials, String> {
    if url.starts_with("ssh://") {
        return read_ssh(secret);
    }
    let text = |key: &str| text(secret, key);
    let authorization = match (text("username")?, text("password")?, text("bearerToken")?) {
        (None, None, None) => Authorization::Anonymous,
        (None, None, Some(token)) => Authorization::Bearer(token),
        (Some(username), Some(password), None) => Authorization::Basic { username, password },
        (Some(_), Some(_), Some(_)) => {
            return Err("it holds both a password and a bearerToken".to_owned());
        }
        _ => return Err("'username' and 'password' belong together".to_owned()),
    };
    let bytes = |key: &str| secret.get(key).map(<[u8]>::to_vec);
    let certificate_authority = bytes("ca.crt").or_else(|| bytes("caFile"));
    let client_certificate = match (bytes("tls.crt"), bytes("tls.key")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => return Err("'tls.crt' and 'tls.key' belong together".to_owned()),
    };
    Ok(Credentials {
        authorization,
        certificate_authority,
        client_certificate,
        ..Credentials::default()
    })
}

fn read_ssh(secret: &SecretData) -> Result<Credentials, String> {
    let needed = |key: &str| {
        let why = || format!("the key '{key}' is missing, which an ssh address needs");
        text(secret, key)?.filter(|text| !text.trim().is_empty()).ok_or_else(why)
    };
    let authorization = Authorization::Ssh {
        private_key: needed("identity")?,
        known_hosts: needed("known_hosts")?,
        passphrase: text(secret, "password")?.filter(|text| !text.is_empty()),
    };
    Ok(Credentials { authorization, ..Credentials::default() })
}

fn read_app(secret: &SecretData) -> Result<GitHubApp, String> {
    let needed = |key: &str| {
        text(secret, key)?.ok_or_else(|| format!("the key '{key}' is missing for the GitHub App"))
    };
    let id = text(secret, "githubAppInstallationID")?;
    let installation = match (id, text(secret, "githubAppInstallationOwner")?) {
        (Some(id), None) => Installation::Id(id),
        (None, Some(owner)) => Installation::Owner(owner),
        _ => {
            return Err("one of 'githubAppInstallationID' and 'githubAppInstallationOwner' must \
                        be there, and not both"
                .to_owned());
        }
    };
    Ok(GitHubApp {
        id: needed("githubAppID")?,
        installation,
        private_key: needed("githubAppPrivateKey")?,
        base_url: text(secret, "githubAppBaseURL")?.filter(|url| !url.is_empty()),
    })
}
