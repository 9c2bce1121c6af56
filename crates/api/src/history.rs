//! What was reconciled before: `status.history`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::whole_seconds;
use crate::duration::Duration;
use crate::field::or_default;

/// How many entries a history keeps.
pub const HISTORY_LIMIT: usize = 5;

/// One state that was reconciled, once or many times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Digest of what was applied, as `algorithm:hex`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub digest: String,

    /// When this state was first reconciled with this outcome.
    pub first_reconciled: Time,

    /// When it was last.
    pub last_reconciled: Time,

    /// How long the last time took.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, with = "String")]
    pub last_reconciled_duration: Duration,

    /// The outcome: the reason of the `Ready` condition.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub last_reconciled_status: String,

    /// How often it was reconciled with this outcome.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub total_reconciliations: i64,

    /// What belongs to the state: `revision`, `originRevision`.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl HistoryEntry {
    /// An entry for one run that ended now.
    pub fn once(digest: String, status: String, took: std::time::Duration, now: Time) -> Self {
        let now = whole_seconds(now);
        Self {
            digest,
            first_reconciled: now.clone(),
            last_reconciled: now,
            last_reconciled_duration: took.into(),
            last_reconciled_status: status,
            total_reconciliations: 1,
            metadata: BTreeMap::new(),
        }
    }
}

/// Adds a run to a history: newest first, at most [`HISTORY_LIMIT`] entries.
///
/// A run with the digest and the outcome of an entry that is already there is counted in that
/// entry, which moves to the front; its metadata becomes that of the run.
pub fn record_history(history: &mut Vec<HistoryEntry>, run: HistoryEntry) {
    let same = |entry: &HistoryEntry| {
        entry.digest == run.digest && entry.last_reconciled_status == run.last_reconciled_status
    };
    let known = history.iter().position(same).map(|index| history.remove(index));
    let entry = match known {
        Some(known) => HistoryEntry {
            first_reconciled: known.first_reconciled,
            total_reconciliations: known
                .total_reconciliations
                .saturating_add(run.total_reconciliations),
            ..run
        },
        None => run,
    };
    history.insert(0, entry);
    history.truncate(HISTORY_LIMIT);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    use super::{HISTORY_LIMIT, HistoryEntry, record_history};

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn run(digest: &str, status: &str, second: i64) -> HistoryEntry {
        let took = Duration::from_millis(1_500);
        let mut entry = HistoryEntry::once(digest.to_owned(), status.to_owned(), took, at(second));
        entry.metadata.insert("revision".to_owned(), second.to_string());
        entry
    }

    #[test]
    fn the_same_state_with_the_same_outcome_is_counted_in_one_entry() {
        let mut history = Vec::new();
        record_history(&mut history, run("a", "ReconciliationSucceeded", 10));
        record_history(&mut history, run("b", "ReconciliationSucceeded", 20));
        record_history(&mut history, run("a", "ReconciliationSucceeded", 30));
        let digests: Vec<&str> = history.iter().map(|entry| entry.digest.as_str()).collect();
        assert_eq!(digests, ["a", "b"], "the newest first");
        let [newest, _] = history.as_slice() else { panic!("{history:?}") };
        assert_eq!(newest.total_reconciliations, 2);
        assert_eq!((&newest.first_reconciled, &newest.last_reconciled), (&at(10), &at(30)));
        assert_eq!(newest.metadata["revision"], "30");
        assert_eq!(newest.last_reconciled_duration.as_str(), "1.5s");
    }

    #[test]
    fn the_same_state_with_another_outcome_is_another_entry() {
        let mut history = Vec::new();
        record_history(&mut history, run("a", "HealthCheckFailed", 10));
        record_history(&mut history, run("a", "ReconciliationSucceeded", 20));
        assert_eq!(history.len(), 2);
    }

    #[test]
    fn only_the_newest_five_are_kept() {
        let mut history = Vec::new();
        for second in 0..8 {
            record_history(&mut history, run(&second.to_string(), "ok", second));
        }
        let digests: Vec<&str> = history.iter().map(|entry| entry.digest.as_str()).collect();
        assert_eq!(digests, ["7", "6", "5", "4", "3"]);
        assert_eq!(history.len(), HISTORY_LIMIT);
    }
}
