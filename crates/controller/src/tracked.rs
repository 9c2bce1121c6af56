//! An object under reconcile: as it was read, and its status as it becomes.

use crate::queue::{Key, Next};
use crate::step::StepError;
use inhaul_api::{FINALIZER, GitRepository, Kustomization, Reason, Receiver};
use inhaul_cluster::Own;
use kube::Resource;
use kube::core::object::HasStatus;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::Instant;

/// The annotation that asks for a reconcile.
pub(crate) const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// How often a status is written again when the object changed meanwhile.
const CONFLICTS: u32 = 5;
/// What is retried after when the object cannot say itself.
pub(crate) const FALLBACK_RETRY: Duration = Duration::from_secs(60);

/// A kind of ours, with a status.
pub(crate) trait Owned:
    Resource<DynamicType = ()> + HasStatus<Status: OwnedStatus> + DeserializeOwned + Clone + Debug
{
    /// Whether it says that nothing is to be done.
    fn is_suspended(&self) -> bool;
}

impl Owned for Kustomization {
    fn is_suspended(&self) -> bool {
        self.spec.suspend
    }
}

impl Owned for GitRepository {
    fn is_suspended(&self) -> bool {
        self.spec.suspend
    }
}

impl Owned for Receiver {
    fn is_suspended(&self) -> bool {
        self.spec.suspend
    }
}

/// The status of a kind of ours.
pub(crate) trait OwnedStatus: Serialize + Clone + Default + PartialEq + Debug {}

impl<S: Serialize + Clone + Default + PartialEq + Debug> OwnedStatus for S {}

/// What is to be done about an object that came due.
pub(crate) enum Opened<K: Owned> {
    /// Nothing: it does not exist, or its deletion does not wait for us.
    Gone,
    /// It is being deleted, and waits for us.
    Deleting(Tracked<K>),
    /// It asks for nothing.
    Suspended(Tracked<K>),
    /// A reconcile. A deletion would wait for us.
    Due(Tracked<K>),
}

/// An object under reconcile.
pub(crate) struct Tracked<K: Owned> {
    pub(crate) key: Key,
    pub(crate) object: K,
    /// The status as it becomes.
    pub(crate) status: K::Status,
    /// The status as the API server has it.
    stored: K::Status,
    pub(crate) started: Instant,
}

impl<K: Owned> Tracked<K> {
    /// Finds out what is to be done about an object that was read.
    pub(crate) async fn open(own: &Own, read: Option<Self>) -> Result<Opened<K>, Next> {
        let Some(mut tracked) = read else { return Ok(Opened::Gone) };
        if tracked.is_deleting() {
            let waits = tracked.has_finalizer();
            return Ok(if waits { Opened::Deleting(tracked) } else { Opened::Gone });
        }
        if tracked.object.is_suspended() {
            tracing::info!("reconciliation is suspended for this object");
            return Ok(Opened::Suspended(tracked));
        }
        tracked.add_finalizer(own).await?;
        Ok(Opened::Due(tracked))
    }

    /// Reads the object, past every cache.
    pub(crate) async fn read(own: &Own, key: Key) -> Result<Option<Self>, Next> {
        match own.get::<K>(&key.namespace, &key.name).await {
            Ok(Some(object)) => Ok(Some(Self::new(key, object))),
            Ok(None) => Ok(None),
            Err(inhaul_cluster::Error::Garbled(why)) => Err(condemn::<K>(own, &key, &why).await),
            Err(error) => {
                tracing::error!(%error, "cannot read {}/{key}", K::kind(&()));
                Err(Next::BackOff(FALLBACK_RETRY))
            }
        }
    }

    /// Takes the object as the watch shows it, unless we have written a newer version: then it is
    /// read.
    pub(crate) async fn from_watch(
        own: &Own,
        written: &Written,
        key: Key,
        object: K,
    ) -> Result<Option<Self>, Next> {
        if written.is_newer(&key, &object) {
            return Self::read(own, key).await;
        }
        Ok(Some(Self::new(key, object)))
    }

    fn new(key: Key, object: K) -> Self {
        let stored = object.status().cloned().unwrap_or_default();
        Self { key, object, status: stored.clone(), stored, started: Instant::now() }
    }

    pub(crate) fn generation(&self) -> i64 {
        self.object.meta().generation.unwrap_or_default()
    }

    fn is_deleting(&self) -> bool {
        self.object.meta().deletion_timestamp.is_some()
    }

    fn has_finalizer(&self) -> bool {
        self.object.meta().finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.object.meta().annotations.as_ref()?.get(key).map(String::as_str)
    }

    pub(crate) fn requested_at(&self) -> Option<&str> {
        self.annotation(REQUESTED_AT)
    }

    /// The status as the API server has it.
    pub(crate) fn stored(&self) -> &K::Status {
        &self.stored
    }

    /// Writes the status, if it is not what the API server has already. Where the object changed
    /// meanwhile, ours still says what we did; `keep` saves what must not be lost of theirs.
    pub(crate) async fn store(
        &mut self,
        own: &Own,
        keep: impl Fn(&K::Status, &K::Status, &mut K::Status),
    ) -> Result<(), StepError> {
        if self.status == self.stored {
            return Ok(());
        }
        let failed = |error: &inhaul_cluster::Error| {
            StepError::cluster(Reason::ReconciliationFailed, "cannot write the status", error)
        };
        let Key { namespace, name } = self.key.clone();
        for _ in 0..CONFLICTS {
            let version = self.object.meta().resource_version.clone();
            let patch = status_patch(&self.stored, &self.status);
            match own.patch_status::<K>(&namespace, &name, &patch, version.as_deref()).await {
                Ok(object) => {
                    self.object.meta_mut().resource_version =
                        object.meta().resource_version.clone();
                    self.stored = object.status().cloned().unwrap_or_default();
                    self.status = self.stored.clone();
                    return Ok(());
                }
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if error.is_conflict() => {
                    let now = own.get::<K>(&namespace, &name).await.map_err(|e| failed(&e))?;
                    let Some(now) = now else { return Ok(()) };
                    let theirs = now.status().cloned().unwrap_or_default();
                    keep(&self.stored, &theirs, &mut self.status);
                    self.object.meta_mut().resource_version = now.meta().resource_version.clone();
                    self.stored = theirs;
                }
                Err(error) => return Err(failed(&error)),
            }
        }
        let why = "cannot write the status: the object keeps changing";
        Err(StepError::passing(Reason::ReconciliationFailed, why))
    }

    /// Makes sure that a deletion waits for us.
    async fn add_finalizer(&mut self, own: &Own) -> Result<(), Next> {
        if self.has_finalizer() {
            return Ok(());
        }
        let mut finalizers = self.object.meta().finalizers.clone().unwrap_or_default();
        finalizers.push(FINALIZER.to_owned());
        match self.write_finalizers(own, &finalizers).await? {
            Some(object) => {
                *self = Self { started: self.started, ..Self::new(self.key.clone(), object) };
                Ok(())
            }
            None => Err(Next::Forget),
        }
    }

    /// Lets the deletion of the object go on.
    pub(crate) async fn remove_finalizer(&self, own: &Own) -> Result<(), Next> {
        let mut finalizers = self.object.meta().finalizers.clone().unwrap_or_default();
        finalizers.retain(|finalizer| finalizer != FINALIZER);
        self.write_finalizers(own, &finalizers).await.map(drop)
    }

    async fn write_finalizers(&self, own: &Own, finalizers: &[String]) -> Result<Option<K>, Next> {
        let version = self.object.meta().resource_version.as_deref().unwrap_or_default();
        let Key { namespace, name } = &self.key;
        own.set_finalizers::<K>(namespace, name, finalizers, version).await.map_err(|error| {
            tracing::warn!(%error, "cannot write finalizers");
            Next::BackOff(FALLBACK_RETRY)
        })
    }
}

/// The versions that we wrote last: a watch shows them a moment later.
#[derive(Default)]
pub struct Written(Mutex<HashMap<Key, (String, u64)>>);

impl Written {
    /// Notes the version of an object that we have written.
    pub(crate) fn note<K: Owned>(&self, key: &Key, object: &K) {
        if let Some(version) = version(object) {
            self.0.lock().insert(key.clone(), version);
        }
    }

    /// Whether we have written a newer version than this one, or cannot tell.
    fn is_newer<K: Owned>(&self, key: &Key, object: &K) -> bool {
        let Some((uid, seen)) = version(object) else { return true };
        let written = self.0.lock().get(key).cloned();
        written.is_some_and(|(of, version)| of == uid && version > seen)
    }

    /// Drops an object that is gone.
    pub(crate) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }
}

/// Uid and version. Versions of one object are numbers that grow.
fn version<K: Owned>(object: &K) -> Option<(String, u64)> {
    let metadata = object.meta();
    Some((metadata.uid.clone()?, metadata.resource_version.as_ref()?.parse().ok()?))
}

/// One object that cannot be read is told so, and stops nobody else.
async fn condemn<K: Owned>(own: &Own, key: &Key, why: &str) -> Next {
    let why = bounded(&format!("{}/{key} cannot be read: {why}", K::kind(&())));
    tracing::error!("{why}");
    match own.condemn::<K>(&key.namespace, &key.name, &why).await {
        Ok(()) => Next::OnChange,
        Err(error) => {
            tracing::error!(%error, "the status was not written");
            Next::BackOff(FALLBACK_RETRY)
        }
    }
}

/// The merge patch from one status to another. What is not there any more is `null`.
fn status_patch<S: Serialize>(from: &S, to: &S) -> Value {
    let as_json = |status| serde_json::to_value(status).unwrap_or_else(|_| json!({}));
    let (from, mut to) = (as_json(from), as_json(to));
    if let (Value::Object(from), Value::Object(to)) = (&from, &mut to) {
        for field in from.keys() {
            to.entry(field.clone()).or_insert(Value::Null);
        }
        // What did not change need not travel; an inventory can be a megabyte.
        to.retain(|field, value| from.get(field) != Some(value));
        for (field, value) in to.iter_mut() {
            nullify_gone(from.get(field), value);
        }
    }
    to
}

/// A merge patch keeps what it does not name, below the top as well.
fn nullify_gone(from: Option<&Value>, to: &mut Value) {
    let (Some(Value::Object(from)), Value::Object(to)) = (from, to) else { return };
    for (field, before) in from {
        match to.get_mut(field) {
            Some(now) => nullify_gone(Some(before), now),
            None => {
                to.insert(field.clone(), Value::Null);
            }
        }
    }
}

/// Text from elsewhere, fit for a condition: of bounded length and without control characters.
pub(crate) fn bounded(message: &str) -> String {
    /// The events hold the rest.
    const MAX: usize = 1023;
    let clean =
        message.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c });
    let mut text: String = clean.take(MAX).collect();
    if message.chars().nth(MAX).is_some() {
        text.push('…');
    }
    text
}

/// A duration as people read it, without digits that change from run to run.
pub(crate) fn humane(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{}ms", duration.as_millis())
    } else {
        format!("{}s", duration.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_patch_holds_only_what_changed_and_nulls_what_is_gone() {
        let from = json!({"a": 1, "b": {"x": 1, "y": {"z": 1}}, "c": 3, "same": [1]});
        let to = json!({"a": 2, "b": {"y": {}}, "same": [1]});
        assert_eq!(
            status_patch(&from, &to),
            json!({"a": 2, "b": {"x": null, "y": {"z": null}}, "c": null})
        );
    }

    #[test]
    fn a_message_is_bounded_and_without_control_characters() {
        assert_eq!(bounded("a\u{1b}[31mb"), "a [31mb");
        assert_eq!(bounded(&"x".repeat(2000)).chars().count(), 1024);
    }
}
