//! Writing conditions into the status of a run.

use super::run::Run;
use crate::tracked::bounded;
use inhaul_api::{Condition, ConditionStatus, Reason};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Sets a condition for the generation that the run is about.
pub(super) fn set(
    run: &mut Run,
    type_: &str,
    status: ConditionStatus,
    reason: Reason,
    message: &str,
) {
    Condition::new(type_, status, reason, bounded(message), now())
        .observed_at(run.generation())
        .set(&mut run.status.conditions);
}

pub(super) fn now() -> Time {
    Time(jiff::Timestamp::now())
}

/// What Flux says of a revision that is applied.
pub(super) fn applied(revision: &str) -> String {
    format!("Applied revision: {revision}")
}
