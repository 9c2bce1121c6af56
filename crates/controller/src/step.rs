//! Why a step of a reconcile failed.

use crate::queue::Next;
use inhaul_api::Reason;
use std::time::Duration;

/// When a failed step is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Soon, then ever later: what failed may pass by itself.
    BackOff,
    /// At the object's retry interval: only another input will help, and that is an edge.
    Interval,
    /// After what a server asked for.
    After(Duration),
    /// After this, without a word: what is missing is on its way, and its arrival is an edge.
    Quietly(Duration),
    /// When nothing more urgent is due, without a word.
    AfterOthers,
    /// When the object changes: it is wrong as it stands, and stalled.
    OnChange,
}

/// Why a step failed: what the condition, the event and the log say.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// The reason of the condition and the event.
    pub reason: Reason,
    /// What a person reads. It shows no secret.
    pub message: String,
    /// When to try again.
    pub retry: Retry,
}

impl StepError {
    /// What failed may pass by itself.
    pub fn passing(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), retry: Retry::BackOff }
    }

    /// Only another input will help.
    pub fn lasting(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), retry: Retry::Interval }
    }

    /// The object itself is wrong.
    pub fn stalled(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), retry: Retry::OnChange }
    }

    /// Nothing is wrong; others have more to do, and go first.
    pub(crate) fn after_others() -> Self {
        let message = "others go first".to_owned();
        Self { reason: Reason::Progressing, message, retry: Retry::AfterOthers }
    }

    /// Of an API server that did not answer as hoped.
    pub fn cluster(reason: Reason, what: &str, error: &inhaul_cluster::Error) -> Self {
        let retry = error.retry_after().map_or(Retry::BackOff, Retry::After);
        Self { reason, message: format!("{what}: {error}"), retry }
    }

    /// When the object is looked at again, given its retry interval.
    pub fn next(&self, retry_interval: Duration) -> Next {
        match self.retry {
            Retry::BackOff => Next::BackOff(retry_interval),
            Retry::Interval => Next::After(retry_interval),
            Retry::After(asked) | Retry::Quietly(asked) => Next::After(asked),
            Retry::AfterOthers => Next::AfterOthers,
            Retry::OnChange => Next::OnChange,
        }
    }
}
