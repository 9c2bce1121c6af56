//! What makes a Receiver due.

use crate::queue::{Key, Queue};
use crate::tracked::REQUESTED_AT;
use futures::{Stream, StreamExt};
use inhaul_api::Receiver;
use inhaul_cluster::Seen;
use kube::ResourceExt;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

/// What of a Receiver asks for a reconcile when it changes.
type Asked = (Option<i64>, bool, Option<String>);

/// Follows the watch and makes due what a change concerns.
pub async fn follow(queue: Arc<Queue>, receivers: impl Stream<Item = Seen<Receiver>>) {
    let mut asked: HashMap<Key, Asked> = HashMap::new();
    let mut receivers = pin!(receivers);
    while let Some(seen) = receivers.next().await {
        let key = Key { namespace: seen.namespace, name: seen.name };
        let Some(object) = seen.object else {
            asked.remove(&key);
            queue.add(key);
            continue;
        };
        let now = (
            object.metadata.generation,
            object.metadata.deletion_timestamp.is_some(),
            object.annotations().get(REQUESTED_AT).cloned(),
        );
        if asked.get(&key) != Some(&now) {
            asked.insert(key.clone(), now);
            queue.preempt(key);
        }
    }
}
