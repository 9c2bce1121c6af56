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
    let mut included = Included::default();
    let mut repositories = pin!(repositories);
    while let Some(seen) = repositories.next().await {
        let key = Key { namespace: seen.namespace, name: seen.name };
        let Some(object) = seen.object else {
            asked.remove(&key);
            included.forget(&key);
            queue.add(key);
            continue;
        };
        for other in included.changed(&key, &object) {
            queue.add(other);
        }
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

/// Which GitRepositories include which others: a new artifact is taken at once.
#[derive(Default)]
struct Included {
    names: HashMap<Key, Vec<String>>,
    digests: HashMap<Key, String>,
}

impl Included {
    /// Takes note of an object; answers who includes it, if its artifact is another one now.
    fn changed(&mut self, key: &Key, object: &GitRepository) -> Vec<Key> {
        let names = object.spec.include.iter().map(|include| include.repository.name.clone());
        self.names.insert(key.clone(), names.collect());
        let artifact = object.status.as_ref().and_then(|status| status.artifact.as_ref());
        let digest = artifact.map(|artifact| artifact.digest.clone()).unwrap_or_default();
        if self.digests.insert(key.clone(), digest.clone()) == Some(digest) {
            return Vec::new();
        }
        let includes = |(other, names): (&Key, &Vec<String>)| {
            (other.namespace == key.namespace && names.contains(&key.name)).then(|| other.clone())
        };
        self.names.iter().filter_map(includes).collect()
    }

    fn forget(&mut self, key: &Key) {
        self.names.remove(key);
        self.digests.remove(key);
    }
}
