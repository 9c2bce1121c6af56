//! What makes a GitRepository due.

use crate::queue::{Key, Queue};
use crate::tracked::REQUESTED_AT;
use futures::{Stream, StreamExt};
use inhaul_api::GitRepository;
use inhaul_cluster::Seen;
use kube::ResourceExt;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

/// What of a GitRepository asks for a reconcile when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    generation: Option<i64>,
    deleting: bool,
    requested_at: Option<String>,
}

/// Follows the watch and makes due what a change concerns.
pub async fn follow(queue: Arc<Queue>, repositories: impl Stream<Item = Seen<GitRepository>>) {
    let mut asked: HashMap<Key, Asked> = HashMap::new();
    let mut repositories = pin!(repositories);
    while let Some(seen) = repositories.next().await {
        let key = Key { namespace: seen.namespace, name: seen.name };
        let Some(object) = seen.object else {
            asked.remove(&key);
            queue.add(key);
            continue;
        };
        let now = Asked {
            generation: object.metadata.generation,
            deleting: object.metadata.deletion_timestamp.is_some(),
            requested_at: object.annotations().get(REQUESTED_AT).cloned(),
        };
        if asked.get(&key) != Some(&now) {
            asked.insert(key.clone(), now);
            queue.preempt(key);
        }
    }
}
