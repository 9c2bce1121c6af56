//! Is the revision signed by somebody whom the GitRepository trusts?

use super::credentials::secret;
use super::{Context, Run, report};
use crate::step::{Retry, StepError};
use inhaul_api::{Condition, Reason, VerificationMode, condition_type};
use inhaul_git::{Snapshot, TrustedKeys, Unverified};

/// Checks the signatures that `spec.verify` asks for, and notes the outcome in the status. Without
/// `spec.verify` there is no such condition.
///
/// # Errors
/// Why the revision is refused. What was stored before stays.
pub(super) async fn verify(
    context: &Context,
    run: &mut Run,
    snapshot: &Snapshot,
) -> Result<(), StepError> {
    match checked(context, run, snapshot).await {
        Ok(None) => {
            forget(run);
            Ok(())
        }
        Ok(Some((mode, message))) => {
            report::verified(run, &message);
            run.status.source_verification_mode = Some(mode.to_owned());
            Ok(())
        }
        Err(error) => {
            report::not_verified(run, &error);
            Err(error)
        }
    }
}

/// Says nothing of signatures any more.
pub(super) fn forget(run: &mut Run) {
    Condition::remove(&mut run.status.conditions, condition_type::SOURCE_VERIFIED);
    run.status.source_verification_mode = None;
}

/// The mode and what was found, or `None` where nothing is to be verified.
async fn checked(
    context: &Context,
    run: &Run,
    snapshot: &Snapshot,
) -> Result<Option<(&'static str, String)>, StepError> {
    let Some(verify) = &run.object.spec.verify else { return Ok(None) };
    let mode = verify
        .mode()
        .map_err(|error| StepError::stalled(Reason::InvalidVerificationMode, error.to_string()))?;
    let name = &verify.secret_ref.name;
    let (secret, shown) = secret(context, &run.object, name).await.map_err(|error| StepError {
        reason: Reason::VerificationError,
        message: format!("PGP public keys secret error: {}", error.message),
        ..error
    })?;
    let keys = TrustedKeys::read(secret.entries())
        .map_err(|why| StepError::passing(Reason::VerificationError, format!("{shown}: {why}")))?;
    let mut found = Vec::new();
    if matches!(mode, VerificationMode::Tag | VerificationMode::TagAndHead) {
        found.push(tag(snapshot, &keys)?);
    }
    if matches!(mode, VerificationMode::Head | VerificationMode::TagAndHead) {
        let commit = snapshot.revision.commit();
        let key = snapshot.verify_commit(&keys).map_err(|why| {
            let message = format!("signature verification of commit '{commit}' failed: {why}");
            refused(Reason::InvalidCommitSignature, message, &why)
        })?;
        found.push(format!("\n\t- commit '{commit}' with key '{key}'"));
    }
    let shown = match mode {
        VerificationMode::Head => "HEAD",
        VerificationMode::Tag => "Tag",
        VerificationMode::TagAndHead => "TagAndHEAD",
    };
    Ok(Some((shown, format!("verified signature of{}", found.concat()))))
}

fn tag(snapshot: &Snapshot, keys: &TrustedKeys) -> Result<String, StepError> {
    let Some(name) = snapshot.tag_name() else {
        let message = "cannot verify tag object's signature if a tag reference is not specified, or \
                       the tag is not an annotated one";
        return Err(StepError::lasting(Reason::InvalidVerificationMode, message));
    };
    let key = snapshot.verify_tag(keys).map_err(|why| {
        if why == Unverified::Unsigned {
            let message = format!("cannot verify signature of tag '{name}' since it is not signed");
            return refused(Reason::InvalidGitObject, message, &why);
        }
        let message = format!("signature verification of tag '{name}' failed: {why}");
        refused(Reason::InvalidTagSignature, message, &why)
    })?;
    Ok(format!("\n\t- tag '{name}' with key '{key}'"))
}

/// The remote is asked again at the interval; keys in the Secret may change too.
fn refused(reason: Reason, message: String, why: &Unverified) -> StepError {
    let reason =
        if matches!(why, Unverified::Ambiguous(_)) { Reason::InvalidGitObject } else { reason };
    StepError { reason, message, retry: Retry::Interval }
}
