//! The remote of a GitRepository, and what its failures mean.

use super::Context;
use super::credentials::credentials;
use crate::step::{Retry, StepError};
use inhaul_api::{GitRepository, Reason};
use inhaul_git::{Call, Mirror, Reference, RemoteUrl};
use std::sync::Arc;

/// The mirror of the remote that the GitRepository names.
pub(super) async fn mirror(
    context: &Context,
    object: &GitRepository,
    call: &Call,
) -> Result<Arc<Mirror>, StepError> {
    let url = RemoteUrl::parse(&object.spec.url).map_err(|error| failed(&error))?;
    let credentials = credentials(context, object, call).await?;
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
