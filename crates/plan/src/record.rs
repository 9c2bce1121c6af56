//! What is known of a live object since it was applied last, and what a newer look at it means.

use crate::managers::{ManagerEntry, overridden, own_entry, taken};
use crate::prune::Owner;
use inhaul_object::{Object, ObjectId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A key that this process made for itself: hashes of Secrets' values mean nothing outside.
#[derive(Clone, Copy)]
pub struct HashKey([u8; 32]);

impl HashKey {
    /// A key from random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }
}

/// A keyed hash of an object as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesiredHash([u8; 32]);

impl DesiredHash {
    /// The hash of `object`.
    pub fn of(object: &Object, key: HashKey) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(key.0);
        hash_value(object.as_json(), &mut hasher);
        Self(hasher.finalize().into())
    }
}

/// Hashes a value whatever the order of its keys.
fn hash_value(value: &Value, hasher: &mut Sha256) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_unstable();
            hasher.update(b"{");
            for key in keys {
                hasher.update((key.len() as u64).to_le_bytes());
                hasher.update(key);
                hash_value(&map[key], hasher);
            }
            hasher.update(b"}");
        }
        Value::Array(items) => {
            hasher.update(b"[");
            items.iter().for_each(|item| hash_value(item, hasher));
            hasher.update(b"]");
        }
        Value::String(text) => {
            hasher.update(b"s");
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        scalar => {
            hasher.update(b"v");
            hasher.update(scalar.to_string());
            hasher.update(b";");
        }
    }
}

/// What the API server answered when an object was applied, or verified, last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The object's uid.
    pub uid: String,
    /// Our own entry of its managed fields.
    pub entry: ManagerEntry,
    /// What was sent.
    pub desired: DesiredHash,
}

impl Record {
    /// The record of `live`, which answered to an apply of something with the hash `desired`.
    /// `None` if we own none of its fields.
    pub fn of(live: &Object, desired: DesiredHash) -> Option<Self> {
        let uid = live.uid()?.to_owned();
        Some(Self { uid, entry: own_entry(live.as_json())?, desired })
    }
}

/// What a look at the metadata of a live object left behind: what the index keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    uid: String,
    deleting: bool,
    owner: Option<Owner>,
    /// A hash of our entry of its managed fields, if we have one.
    entry: Option<u64>,
    overridden: bool,
}

fn hash_entry(entry: &ManagerEntry) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.hash(&mut hasher);
    hasher.finish()
}

impl Sight {
    /// What the metadata of a live object says.
    pub fn of(metadata: &Object, override_managers: &[String]) -> Self {
        Self {
            uid: metadata.uid().unwrap_or_default().to_owned(),
            deleting: metadata.is_deleting(),
            owner: Owner::of(metadata),
            entry: own_entry(metadata.as_json()).as_ref().map(hash_entry),
            overridden: overridden(metadata.as_json(), override_managers),
        }
    }

    /// The owner that the object's labels name.
    pub fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }
}

/// What a look says about an object that was in order before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody took a field of ours: nothing to ask, nothing to write.
    InOrder,
    /// Something differs: a dry-run will tell what.
    Suspicious,
}

/// Compares what is known with what was seen.
pub fn compare(record: &Record, desired: DesiredHash, sight: &Sight) -> Verdict {
    let same = record.desired == desired
        && sight.uid == record.uid
        && !sight.deleting
        && sight.entry == Some(hash_entry(&record.entry))
        && !sight.overridden;
    if same { Verdict::InOrder } else { Verdict::Suspicious }
}

/// When drift is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nothing to put back.
    InOrder,
    /// Now.
    AtOnce,
    /// At the Kustomization's interval, as Flux does.
    AtInterval,
}

/// Judges an event of the index: `metadata` is the object as the event shows it, `None` if it is
/// gone.
pub fn judge(
    record: &Record,
    id: &ObjectId,
    metadata: Option<&Object>,
    override_managers: &[String],
) -> Pace {
    let Some(metadata) = metadata else {
        // Jobs end and Pods go by themselves; making them anew at once would run them in a loop.
        let passing =
            matches!((id.group.as_str(), id.kind.as_str()), ("batch", "Job") | ("", "Pod"));
        return if passing { Pace::AtInterval } else { Pace::AtOnce };
    };
    if metadata.is_deleting() {
        // Its end is an event of its own.
        return Pace::InOrder;
    }
    let sight = Sight::of(metadata, override_managers);
    if compare(record, record.desired, &sight) == Verdict::InOrder {
        return Pace::InOrder;
    }
    let own_entry_is_intact =
        sight.uid == record.uid && sight.entry == Some(hash_entry(&record.entry));
    let by_subresource =
        || sight.uid == record.uid && taken(&record.entry, metadata.as_json()).through_subresource;
    if own_entry_is_intact || by_subresource() { Pace::AtInterval } else { Pace::AtOnce }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(fields: Value, manager: &str) -> Object {
        Object::from_json(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "uid": "1", "managedFields": [
                {"manager": manager, "operation": "Apply", "apiVersion": "v1",
                 "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields}]}
        }))
        .unwrap()
    }

    #[test]
    fn an_object_is_in_order_while_nobody_took_a_field_of_ours() {
        let key = HashKey::new([7; 32]);
        let ours = live(json!({"f:data": {"f:a": {}}}), "kustomize-controller");
        let desired = DesiredHash::of(&ours, key);
        let record = Record::of(&ours, desired).unwrap();
        let look = |object: &Object| Sight::of(object, &[]);
        assert_eq!(compare(&record, desired, &look(&ours)), Verdict::InOrder);
        let taken = live(json!({"f:data": {}}), "kustomize-controller");
        assert_eq!(compare(&record, desired, &look(&taken)), Verdict::Suspicious);
        let other = DesiredHash::of(&taken, key);
        assert_eq!(compare(&record, other, &look(&ours)), Verdict::Suspicious);
        assert_eq!(Record::of(&live(json!({}), "somebody"), desired), None);
    }

    #[test]
    fn drift_is_put_back_at_once_unless_somebody_may_mean_it() {
        let ours = live(json!({"f:data": {"f:a": {}}}), "kustomize-controller");
        let record = Record::of(&ours, DesiredHash::of(&ours, HashKey::new([0; 32]))).unwrap();
        let id = |kind: &str, group: &str| ObjectId {
            namespace: "x".into(),
            name: "a".into(),
            group: group.into(),
            kind: kind.into(),
        };
        let config_map = id("ConfigMap", "");
        let judged = |object: Option<&Object>| judge(&record, &config_map, object, &[]);
        assert_eq!(judged(Some(&ours)), Pace::InOrder);
        let taken = live(json!({"f:data": {}}), "kustomize-controller");
        assert_eq!(judged(Some(&taken)), Pace::AtOnce);
        assert_eq!(judged(None), Pace::AtOnce);
        assert_eq!(judge(&record, &id("Job", "batch"), None, &[]), Pace::AtInterval);
        assert_eq!(judge(&record, &id("Pod", ""), None, &[]), Pace::AtInterval);
        let mut added = ours.as_json().clone();
        let managers = added["metadata"]["managedFields"].as_array_mut().unwrap();
        managers.push(json!({"manager": "kubectl-label", "operation": "Update", "fieldsV1": {}}));
        let added = Object::from_json(added).unwrap();
        assert_eq!(judged(Some(&added)), Pace::AtInterval, "an addition beside ours");
    }

    #[test]
    fn the_hash_depends_on_content_and_key_and_not_on_the_order_of_keys() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[true,"x"]}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b":[true,"x"],"a":1}"#).unwrap();
        let hash = |value: &Value, seed: u8| {
            let mut hasher = Sha256::new();
            hasher.update([seed]);
            hash_value(value, &mut hasher);
            hasher.finalize()
        };
        assert_eq!(hash(&one, 0), hash(&two, 0));
        assert_ne!(hash(&one, 0), hash(&one, 1));
        assert_ne!(hash(&json!(["a", "b"]), 0), hash(&json!(["ab"]), 0));
    }
}
