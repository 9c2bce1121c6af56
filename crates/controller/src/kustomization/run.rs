//! One reconcile of one Kustomization.

use super::Context;
use super::records::Extent;
use crate::queue::{Key, Next};
use crate::step::{Retry, StepError};
use crate::tracked::{FALLBACK_RETRY, Opened, Tracked};
use inhaul_api::{
    Condition, Inventory as StatusInventory, InventoryEntry, Kustomization, KustomizationStatus,
    Reason, condition_type,
};
use inhaul_cluster::{Change, Going, HealthRules};
use inhaul_object::ObjectId;
use inhaul_plan::{Inventory, Owner};
use kube::runtime::reflector::ObjectRef;
use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The annotation that approves a prune that the guard holds.
pub(super) const ALLOW_PRUNE: &str = "inhaul.dev/allow-prune";

/// One reconcile of one Kustomization: what was found out and done so far.
pub(super) struct Run {
    tracked: Tracked<Kustomization>,
    /// The revision that is being applied, once it is known.
    pub(super) revision: Option<String>,
    /// The revision of what the source was made from, where it says so.
    pub(super) origin_revision: Option<String>,
    /// The digest of the source's artifact.
    pub(super) digest: String,
    /// When the commit was made, in seconds since 1970.
    pub(super) committed: Option<i64>,
    /// What was written.
    pub(super) changes: Vec<Change>,
    /// What differs and is only told.
    pub(super) drifted: Vec<Change>,
    /// What was deleted.
    pub(super) deleted: Vec<ObjectId>,
    /// What is being deleted and waits for its finalizers.
    pub(super) going: Vec<Going>,
    /// How long the health check took, if there was one.
    pub(super) health_checked: Option<Duration>,
    /// Whether the status, before this run, said that this revision is in order.
    pub(super) was_ready: bool,
    /// How much is looked at.
    pub(super) extent: Extent,
    /// When drift was seen first, if that is why it runs.
    pub(super) drift_seen: Option<Instant>,
    /// What was left alone, because it says so.
    pub(super) skipped: HashSet<ObjectId>,
    /// What the Kustomization says about the health of kinds.
    pub(super) health_rules: HealthRules,
    /// Something changed while it was applied.
    pub(super) again: bool,
    /// The inventory before this run.
    pub(super) inventory_before: Inventory,
}

impl Deref for Run {
    type Target = Tracked<Kustomization>;

    fn deref(&self) -> &Self::Target {
        &self.tracked
    }
}

impl DerefMut for Run {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.tracked
    }
}

/// Takes the object from the watch, or reads it, and finds out what is to be done about it.
/// Whatever destroys something comes after a write that fails if this is not the newest version.
pub(super) async fn open(context: &Context, key: Key) -> Result<Opened<Kustomization>, Next> {
    let cached = context.kustomizations.get(&ObjectRef::new(&key.name).within(&key.namespace));
    let tracked = match cached {
        // At the interval it is read past every cache, for a watch may have lost an event; and
        // so is one whose objects will be deleted.
        Some(object)
            if object.metadata.deletion_timestamp.is_none()
                && !context.records.interval_is_over(&key) =>
        {
            let object = Arc::unwrap_or_clone(object);
            Tracked::from_watch(&context.own, &context.written, key, object).await?
        }
        _ => Tracked::read(&context.own, key).await?,
    };
    Tracked::open(&context.own, tracked).await
}

impl Run {
    /// Begins with the object as it was read: the inventory in its status is what may be deleted.
    pub(super) fn new(tracked: Tracked<Kustomization>) -> Self {
        Self {
            inventory_before: read_inventory(&tracked.status),
            tracked,
            revision: None,
            origin_revision: None,
            digest: String::new(),
            committed: None,
            changes: Vec::new(),
            drifted: Vec::new(),
            deleted: Vec::new(),
            going: Vec::new(),
            health_checked: None,
            was_ready: false,
            extent: Extent::Full,
            drift_seen: None,
            skipped: HashSet::new(),
            health_rules: HealthRules::default(),
            again: false,
        }
    }

    pub(super) fn owner(&self) -> Owner {
        Owner { name: self.key.name.clone(), namespace: self.key.namespace.clone() }
    }

    pub(super) fn allowed_prune(&self) -> Option<&str> {
        self.annotation(ALLOW_PRUNE)
    }

    /// Makes sure, before something is deleted, that this is the newest version of the object. A
    /// run that stored what is about to happen knows that already.
    pub(super) async fn assert_newest(&self, context: &Context) -> Result<(), StepError> {
        let Key { namespace, name } = &self.key;
        let newest = context.own.get::<Kustomization>(namespace, name).await;
        let newest = newest.map_err(|error| {
            let what = "cannot read the Kustomization before a prune";
            StepError::cluster(Reason::ReconciliationFailed, what, &error)
        })?;
        let version = |object: &Kustomization| object.metadata.resource_version.clone();
        if newest.as_ref().map(version) == Some(version(&self.object)) {
            return Ok(());
        }
        // So that the next run reads it, too.
        newest.iter().for_each(|newest| context.written.note(&self.key, newest));
        let message = "the Kustomization has just changed".to_owned();
        let retry = Retry::Quietly(Duration::from_secs(1));
        Err(StepError { reason: Reason::Progressing, message, retry })
    }

    /// How long after a failure to try again.
    pub(super) fn retry_interval(&self) -> Duration {
        self.object.spec.retry_interval().unwrap_or(FALLBACK_RETRY)
    }

    /// How long rendering, applying and waiting may take.
    pub(super) fn timeout(&self) -> Result<Duration, StepError> {
        let timeout = self.object.spec.timeout();
        timeout.map_err(|error| StepError::stalled(Reason::InvalidField, error.to_string()))
    }

    /// Finds out whether there is anything new to apply, and how much is to be looked at.
    pub(super) fn size_up(&mut self, context: &Context) {
        let stored = self.stored();
        let was_ready = Condition::holds(&stored.conditions, condition_type::READY)
            && stored.observed_generation == Some(self.generation())
            && stored.last_applied_revision == self.revision;
        let requested = self.requested_at() != stored.last_handled_reconcile_at.as_deref();
        self.was_ready = was_ready;
        if was_ready && !requested {
            (self.extent, self.drift_seen) = context.records.extent(&self.key);
        }
    }

    pub(super) fn inventory(&self) -> Inventory {
        read_inventory(&self.status)
    }

    pub(super) fn set_inventory(&mut self, inventory: &Inventory) {
        write_inventory(&mut self.status, inventory);
    }

    /// Writes the status. An object that somebody else put into the inventory meanwhile is kept.
    pub(super) async fn store(&mut self, context: &Context) -> Result<(), StepError> {
        let keep = |before: &KustomizationStatus, theirs: &_, ours: &mut _| {
            if before.inventory != KustomizationStatus::clone(theirs).inventory {
                let union = read_inventory(theirs).union(&read_inventory(ours));
                write_inventory(ours, &union);
            }
        };
        self.tracked.store(&context.own, keep).await?;
        context.written.note(&self.key, &self.object);
        Ok(())
    }
}

fn read_inventory(status: &KustomizationStatus) -> Inventory {
    let entries = status.inventory.iter().flat_map(|inventory| &inventory.entries);
    Inventory::from_entries(entries.map(|entry| (entry.id.as_str(), entry.v.as_str())))
}

fn write_inventory(status: &mut KustomizationStatus, inventory: &Inventory) {
    let entries = inventory.to_entries().into_iter();
    let entries = entries.map(|entry| InventoryEntry { id: entry.id, v: entry.version });
    status.inventory = Some(StatusInventory { entries: entries.collect() });
}
