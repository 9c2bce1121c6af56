//! The remote of a GitRepository, and what its failures mean.

use super::credentials::credentials;
use super::{Context, Run};
use crate::step::{Retry, StepError};
use inhaul_api::{GitRepository, Reason};
use inhaul_git::{Call, Credentials, ErrorKind, Mirror, Reference, RemoteUrl, Resolved};
use std::sync::Arc;
use std::time::Duration;

/// What counts as fresh for an object that has just changed: those that change together share one
/// question.
const JUST_ASKED: Duration = Duration::from_secs(1);

/// A remote, and what it takes to be let in.
pub(super) struct Remote {
    pub(super) mirror: Arc<Mirror>,
    pub(super) url: RemoteUrl,
    pub(super) credentials: Credentials,
}

/// The remote that the GitRepository names. Nothing is asked yet.
pub(super) async fn connect(
    context: &Context,
    object: &GitRepository,
    call: &Call,
) -> Result<Remote, StepError> {
    let url = RemoteUrl::parse(&object.spec.url).map_err(|error| failed(&error))?;
    let credentials = credentials(context, object, call).await?;
    let mirror = context.mirrors.mirror(&url, &credentials).map_err(|error| failed(&error))?;
    Ok(Remote { mirror, url, credentials })
}

/// Which commit the GitRepository means now. The remote is asked once per interval, whoever asks.
pub(super) async fn resolve(
    context: &Context,
    run: &Run,
    remote: &Remote,
    call: &Call,
) -> Result<Resolved, StepError> {
    let stored = run.stored();
    let requested = run.requested_at() != stored.last_handled_reconcile_at.as_deref();
    let max_age = if requested {
        Duration::ZERO
    } else if stored.observed_generation != Some(run.generation()) {
        JUST_ASKED
    } else {
        // Not longer than the shortest way from one look to the next.
        let interval = run.object.spec.interval().unwrap_or_default();
        let jitter = f64::from(context.settings.interval_jitter_percentage.min(90)) / 100.0;
        interval.mul_f64(0.98 - jitter).max(JUST_ASKED.min(interval / 2))
    };
    let reference = reference(&run.object);
    let resolved = remote.mirror.resolve(&reference, max_age, call).await;
    for other in context.polls.looked(&run.key, &remote.mirror) {
        context.queue.add(other);
    }
    resolved.map_err(|error| {
        if error.kind() == ErrorKind::Unauthorized {
            context.mirrors.forget_token(&remote.mirror);
        }
        failed(&error)
    })
}

fn reference(object: &GitRepository) -> Reference {
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
