//! The conditions of a status.

use crate::value::{list_at, string_at};
use serde_json::Value;

/// One condition; a part that is absent or of a wrong type is empty.
pub(super) struct Condition<'a> {
    pub(super) name: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// The conditions of an object, in their order.
pub(super) fn of(object: &Value) -> Vec<Condition<'_>> {
    let part = |condition, key| string_at(condition, &[key]).unwrap_or_default();
    list_at(object, &["status", "conditions"])
        .iter()
        .map(|condition| Condition {
            name: part(condition, "type"),
            status: part(condition, "status"),
            reason: part(condition, "reason"),
            message: part(condition, "message"),
        })
        .collect()
}
