//! The remote of a GitRepository, and who we are to it.

use super::Context;
use crate::step::{Retry, StepError};
use inhaul_api::{GitRepository, Reason};
use inhaul_cluster::SecretData;
use inhaul_git::{Authorization, Credentials, Mirror, Reference, RemoteUrl};
use kube::ResourceExt;
use std::sync::Arc;

/// The mirror of the remote that the GitRepository names.
pub(super) async fn mirror(
    context: &Context,
    object: &GitRepository,
) -> Result<Arc<Mirror>, StepError> {
    let url = RemoteUrl::parse(&object.spec.url).map_err(|error| failed(&error))?;
    let credentials = credentials(context, object).await?;
    context.mirrors.mirror(&url, &credentials).map_err(|error| failed(&error))
}

/// Which commit the GitRepository asks for.
pub(super) fn reference(object: &GitRepository) -> Reference {
    let reference = object.spec.reference.clone().unwrap_or_default();
    Reference {
        branch: reference.branch,
        tag: reference.tag,
        semver: reference.semver,
        name: reference.name,
        commit: reference.commit,
    }
}

async fn credentials(context: &Context, object: &GitRepository) -> Result<Credentials, StepError> {
    let Some(reference) = &object.spec.secret_ref else { return Ok(Credentials::default()) };
    let namespace = object.namespace().unwrap_or_default();
    let name = &reference.name;
    let denied = |why: &str| {
        let message = format!("Secret/{namespace}/{name}: {why}");
        StepError::passing(Reason::AuthenticationFailed, message)
    };
    let secret = context.own.secret(&namespace, name).await.map_err(|error| {
        let what = format!("cannot read Secret/{namespace}/{name}");
        StepError::cluster(Reason::AuthenticationFailed, &what, &error)
    })?;
    let secret = secret.ok_or_else(|| denied("not found"))?;
    read(&secret).map_err(|why| denied(&why))
}

/// Reads the keys that Flux documents for http and https.
fn read(secret: &SecretData) -> Result<Credentials, String> {
    let text = |key: &str| match secret.get(key) {
        None => Ok(None),
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(_) => Err(format!("the key '{key}' is not text")),
        },
    };
    if let Some(key) = ["identity", "githubAppID"].iter().find(|key| secret.get(key).is_some()) {
        return Err(format!("the key '{key}' is for a way to log in that is not supported yet"));
    }
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
    Ok(Credentials { authorization, certificate_authority, client_certificate, identity: None })
}

/// A failure of Git, in the words of Flux's conditions.
pub(super) fn failed(error: &inhaul_git::Error) -> StepError {
    let retry = match error.retry_after() {
        Some(asked) => Retry::After(asked),
        None if error.kind().is_permanent() => Retry::OnChange,
        None => Retry::BackOff,
    };
    StepError { reason: reason(error), message: error.to_string(), retry }
}

fn reason(error: &inhaul_git::Error) -> Reason {
    match error.reason() {
        "URLInvalid" => Reason::URLInvalid,
        "AuthenticationFailed" => Reason::AuthenticationFailed,
        "EmptyGitRepository" => Reason::EmptyGitRepository,
        "InvalidGitObject" => Reason::InvalidGitObject,
        "DirectoryCreationFailed" => Reason::DirectoryCreationFailed,
        _ => Reason::GitOperationFailed,
    }
}
