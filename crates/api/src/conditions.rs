//! Conditions: what an object's status says about it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::or_default;
use crate::reason::Reason;

/// The types of condition that are written.
pub mod condition_type {
    /// The summary: this generation and this revision are completely in place.
    pub const READY: &str = "Ready";
    /// Work is under way. Present only while it is true.
    pub const RECONCILING: &str = "Reconciling";
    /// No further attempt before something outside changes. Present only while it is true.
    pub const STALLED: &str = "Stalled";
    /// The applied objects are healthy. Present where health is checked.
    pub const HEALTHY: &str = "Healthy";
    /// The artifact of the current revision is stored.
    pub const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
    /// The stored artifact is older than what is upstream. Present only while it is true.
    pub const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
    /// The signature of the source was verified, or was found wrong.
    pub const SOURCE_VERIFIED: &str = "SourceVerified";
    /// The source could not be fetched. Present only while it is true.
    pub const FETCH_FAILED: &str = "FetchFailed";
    /// An included source has no artifact. Present only while it is true.
    pub const INCLUDE_UNAVAILABLE: &str = "IncludeUnavailable";
    /// The artifact store failed. Present only while it is true.
    pub const STORAGE_OPERATION_FAILED: &str = "StorageOperationFailed";
    /// The cluster differs from what was applied (our own).
    pub const DRIFTED: &str = "Drifted";
}

/// Longest message that the schema accepts, in characters.
const MESSAGE_LIMIT: usize = 32_768;

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It is not known.
    #[default]
    #[serde(other)]
    Unknown,
}

impl ConditionStatus {
    /// The status as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// One observation about an object, in the form that all of Kubernetes uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is observed; see [`condition_type`].
    #[serde(rename = "type")]
    #[schemars(extend(
        "maxLength" = 316,
        "pattern" = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
    ))]
    pub type_: String,

    /// Whether it holds.
    #[schemars(with = "String", extend("enum" = ["True", "False", "Unknown"]))]
    pub status: ConditionStatus,

    /// One word for why. A string, since other versions write words that we do not know.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(
        !default,
        extend(
            "minLength" = 1,
            "maxLength" = 1024,
            "pattern" = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
        )
    )]
    pub reason: String,

    /// One sentence for a person.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("maxLength" = 32768))]
    pub message: String,

    /// When the status last changed.
    pub last_transition_time: Time,

    /// Generation of the object that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub observed_generation: Option<i64>,
}

impl Condition {
    /// A condition as of now. A message longer than the API accepts (32,768 characters) is cut
    /// and ends in `...`; the time is cut to whole seconds, as the API stores it.
    pub fn new(
        type_: &str,
        status: impl Into<ConditionStatus>,
        reason: Reason,
        message: impl Into<String>,
        now: Time,
    ) -> Self {
        Self {
            type_: type_.to_owned(),
            status: status.into(),
            reason: reason.as_str().to_owned(),
            message: within_limit(message.into()),
            last_transition_time: whole_seconds(now),
            observed_generation: None,
        }
    }

    /// The same condition, observed at this generation of the object.
    #[must_use]
    pub fn observed_at(mut self, generation: i64) -> Self {
        self.observed_generation = Some(generation);
        self
    }

    /// True where the condition holds.
    pub fn is_true(&self) -> bool {
        self.status == ConditionStatus::True
    }

    /// The condition of this type, if there is one.
    pub fn find<'a>(conditions: &'a [Self], type_: &str) -> Option<&'a Self> {
        conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// True where a condition of this type is present and holds.
    pub fn holds(conditions: &[Self], type_: &str) -> bool {
        Self::find(conditions, type_).is_some_and(Self::is_true)
    }

    /// Puts this condition in place of the one of its type, or adds it.
    ///
    /// `lastTransitionTime` stays as it was while the status stays as it was, whatever happens
    /// to reason and message: a status that says the same thing again is then the same bytes, and
    /// needs no write. The list is kept in Flux's order: `Stalled`, `Reconciling`, `Ready`, then
    /// the others by name.
    pub fn set(mut self, conditions: &mut Vec<Self>) {
        match conditions.iter_mut().find(|known| known.type_ == self.type_) {
            Some(known) => {
                if known.status == self.status {
                    self.last_transition_time = known.last_transition_time.clone();
                }
                *known = self;
            }
            None => conditions.push(self),
        }
        conditions.sort_by(|one, other| rank(&one.type_).cmp(&rank(&other.type_)));
    }

    /// Removes the condition of this type. Abnormal conditions (`Reconciling`, `Stalled`,
    /// `FetchFailed`, ...) are removed, not set to false, when they end.
    pub fn remove(conditions: &mut Vec<Self>, type_: &str) {
        conditions.retain(|condition| condition.type_ != type_);
    }
}

fn rank(type_: &str) -> (u8, &str) {
    match type_ {
        condition_type::STALLED => (0, type_),
        condition_type::RECONCILING => (1, type_),
        condition_type::READY => (2, type_),
        _ => (3, type_),
    }
}

fn within_limit(message: String) -> String {
    if message.chars().nth(MESSAGE_LIMIT).is_none() {
        return message;
    }
    let kept: String = message.chars().take(MESSAGE_LIMIT - 3).collect();
    format!("{kept}...")
}

/// The API stores times in whole seconds; a fraction kept in memory would look like a change when
/// the object is read back.
pub(crate) fn whole_seconds(time: Time) -> Time {
    let since_epoch = time.0.as_second();
    k8s_openapi::jiff::Timestamp::from_second(since_epoch).map_or(time, Time)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;
    use serde_json::json;

    use super::condition_type::{FETCH_FAILED, HEALTHY, READY, RECONCILING, STALLED};
    use super::{Condition, ConditionStatus, MESSAGE_LIMIT};
    use crate::reason::Reason;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn the_transition_time_moves_with_the_status_only() {
        let mut conditions = Vec::new();
        Condition::new(READY, false, Reason::BuildFailed, "one", at(10)).set(&mut conditions);
        Condition::new(READY, false, Reason::PruneFailed, "two", at(20))
            .observed_at(7)
            .set(&mut conditions);
        let ready = Condition::find(&conditions, READY).unwrap();
        assert_eq!(ready.last_transition_time, at(10), "the status is as before");
        assert_eq!((ready.reason.as_str(), ready.message.as_str()), ("PruneFailed", "two"));
        assert_eq!(ready.observed_generation, Some(7));

        Condition::new(READY, true, Reason::ReconciliationSucceeded, "", at(30))
            .set(&mut conditions);
        assert_eq!(conditions.len(), 1);
        assert_eq!(conditions[0].last_transition_time, at(30));
        assert!(Condition::holds(&conditions, READY));
    }

    #[test]
    fn conditions_stand_in_the_order_of_flux() {
        let mut conditions = Vec::new();
        for type_ in [HEALTHY, READY, FETCH_FAILED, RECONCILING, STALLED] {
            Condition::new(type_, true, Reason::Progressing, "", at(1)).set(&mut conditions);
        }
        let types: Vec<&str> = conditions.iter().map(|known| known.type_.as_str()).collect();
        assert_eq!(types, [STALLED, RECONCILING, READY, FETCH_FAILED, HEALTHY]);
        Condition::remove(&mut conditions, RECONCILING);
        assert!(Condition::find(&conditions, RECONCILING).is_none());
        assert_eq!(conditions.len(), 4);
    }

    #[test]
    fn a_message_is_cut_to_what_the_schema_accepts() {
        let exact = "\u{e4}".repeat(MESSAGE_LIMIT);
        let kept = Condition::new(READY, false, Reason::Failed, exact.clone(), at(1));
        assert_eq!(kept.message, exact);
        let cut = Condition::new(READY, false, Reason::Failed, exact + "x", at(1)).message;
        assert_eq!(cut.chars().count(), MESSAGE_LIMIT);
        assert!(cut.ends_with("\u{e4}..."));
    }

    #[test]
    fn a_condition_reads_back_as_it_was_written() {
        let now = Time(Timestamp::new(1_700_000_000, 987_654_321).unwrap());
        let condition = Condition::new(READY, true, Reason::Succeeded, "fine", now).observed_at(3);
        let written = serde_json::to_value(&condition).unwrap();
        assert_eq!(
            written,
            json!({
                "type": "Ready",
                "status": "True",
                "reason": "Succeeded",
                "message": "fine",
                "lastTransitionTime": "2023-11-14T22:13:20Z",
                "observedGeneration": 3,
            })
        );
        assert_eq!(serde_json::from_value::<Condition>(written).unwrap(), condition);
    }

    #[test]
    fn a_status_that_nobody_knows_is_unknown() {
        let status: ConditionStatus = serde_json::from_value(json!("Perhaps")).unwrap();
        assert_eq!(status, ConditionStatus::Unknown);
    }
}
