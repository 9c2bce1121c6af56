//! Notices a Kustomization that nobody looks at any more. It should never find one.

use super::{Context, KIND};
use crate::events::{Severity, Subject};
use crate::queue::Key;
use inhaul_api::{Condition, Kustomization, Reason, condition_type};
use kube::ResourceExt;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// An object that was not visited for so many of its intervals is overdue.
const INTERVALS: u32 = 3;

/// When each Kustomization was visited last.
#[derive(Default)]
pub struct Visits(Mutex<HashMap<Key, Instant>>);

impl Visits {
    /// A Kustomization was looked at.
    pub(super) fn note(&self, key: &Key) {
        self.0.lock().insert(key.clone(), Instant::now());
    }

    /// Drops a Kustomization.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }

    /// How long ago it was visited; one that never was counts from now on.
    fn age(&self, key: &Key) -> Duration {
        let mut visits = self.0.lock();
        visits.entry(key.clone()).or_insert_with(Instant::now).elapsed()
    }
}

/// Looks again and again for objects that are overdue, and tells of each once.
pub async fn watch_over(context: Arc<Context>) {
    let mut told = HashSet::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let overdue: HashMap<Key, Arc<Kustomization>> = context
            .kustomizations
            .state()
            .into_iter()
            .filter_map(|o| overdue(&context, o))
            .collect();
        context.metrics.overdue(KIND, overdue.len());
        for (key, object) in &overdue {
            if !told.contains(key) {
                tell(&context, key, object);
            }
        }
        told = overdue.into_keys().collect();
    }
}

fn overdue(context: &Context, object: Arc<Kustomization>) -> Option<(Key, Arc<Kustomization>)> {
    let key = Key { namespace: object.namespace()?, name: object.name_any() };
    let conditions = object.status.as_ref().map(|status| status.conditions.as_slice());
    // Nothing is due of what is suspended, or waits for a change of itself.
    let waits = object.spec.suspend
        || Condition::holds(conditions.unwrap_or_default(), condition_type::STALLED);
    let limit = object.spec.interval().ok()? * INTERVALS;
    (!waits && context.visits.age(&key) > limit + LOOK_EVERY).then_some((key, object))
}

fn tell(context: &Context, key: &Key, object: &Kustomization) {
    let message = format!(
        "not reconciled for more than {INTERVALS} intervals; this is a bug of inhaul, please report it"
    );
    tracing::error!(namespace = key.namespace, name = key.name, "{message}");
    let subject = Subject {
        api_version: "kustomize.toolkit.fluxcd.io/v1",
        kind: KIND,
        metadata: &object.metadata,
    };
    let reason = Reason::ReconciliationFailed;
    context.events.publish(&subject, Severity::Error, reason, &message, BTreeMap::new());
}
