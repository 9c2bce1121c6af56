//! One reconcile of one Kustomization.

use super::Context;
use super::memo::Memo;
use super::records::Extent;
use crate::queue::{Key, Next};
use crate::step::StepError;
use crate::tracked::{FALLBACK_RETRY, Tracked};
use inhaul_api::{
    Condition, Inventory as StatusInventory, InventoryEntry, Kustomization, KustomizationStatus,
    Reason, condition_type,
};
use inhaul_cluster::{Change, Going};
use inhaul_object::ObjectId;
use inhaul_plan::{Inventory, Owner};
use std::ops::{Deref, DerefMut};
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
    /// What the render read.
    pub(super) memo: Option<Memo>,
    /// How much is looked at.
    pub(super) extent: Extent,
    /// When drift was seen first, if that is why it runs.
    pub(super) drift_seen: Option<Instant>,
    /// Something changed while it was applied.
    pub(super) again: bool,
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

impl Run {
    /// Reads the object: the inventory in its status is what may be deleted.
    pub(super) async fn begin(context: &Context, key: Key) -> Result<Option<Self>, Next> {
        let tracked = Tracked::read(&context.own, key).await?;
        Ok(tracked.map(|tracked| Self {
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
            memo: None,
            extent: Extent::Full,
            drift_seen: None,
            again: false,
        }))
    }

    pub(super) fn owner(&self) -> Owner {
        Owner { name: self.key.name.clone(), namespace: self.key.namespace.clone() }
    }

    pub(super) fn allowed_prune(&self) -> Option<&str> {
        self.annotation(ALLOW_PRUNE)
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
        self.tracked.store(&context.own, keep).await
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
