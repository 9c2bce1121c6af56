//! What wakes a Kustomization that waits for an object of another kind: the object itself.

use crate::queue::{Key, Queue};
use inhaul_cluster::{Sighting, Subscription};
use inhaul_object::ObjectId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The objects that Kustomizations wait for, followed while they wait.
pub struct Wakes {
    queue: Arc<Queue>,
    /// A set that is dropped ends what it follows.
    followed: Mutex<HashMap<Key, JoinSet<()>>>,
}

impl Wakes {
    /// Nothing is followed yet; who is woken becomes due in `queue`.
    pub fn new(queue: Arc<Queue>) -> Self {
        Self { queue, followed: Mutex::default() }
    }

    /// Wakes the Kustomization, once, when one of the objects is another than it was when it was looked at: `versions`
    /// tells what it was then.
    pub(super) fn when_changed(
        &self,
        key: &Key,
        mut news: Subscription,
        versions: HashMap<ObjectId, Option<String>>,
    ) {
        let (queue, woken) = (Arc::clone(&self.queue), key.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some((id, seen)) = news.next().await {
                // A kind that cannot be read, or is not served, is no news.
                let Ok(now) = version_of(&seen) else { continue };
                if versions.get(&id) != Some(&now) {
                    return queue.preempt(woken);
                }
            }
        });
        self.followed.lock().insert(key.clone(), task);
    }

    /// Ends the waiting of a Kustomization.
    pub(super) fn clear(&self, key: &Key) {
        self.followed.lock().remove(key);
    }
}

/// The version of an object; `None` if there is none.
fn version_of(seen: &Sighting) -> Result<Option<String>, ()> {
    let live = seen.as_ref().map_err(drop)?;
    let version =
        |live: &serde_json::Value| live["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    Ok(live.as_ref().and_then(version))
}
