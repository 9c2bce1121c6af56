//! What makes a Kustomization due.

use super::observe::source_key;
use super::records::Records;
use super::run::ALLOW_PRUNE;
use crate::queue::{Key, Queue};
use crate::sources::{Served, SourceKey};
use crate::tracked::REQUESTED_AT;
use futures::{Stream, StreamExt};
use inhaul_api::{Artifact, Condition, GitRepository, Kustomization, Reason, condition_type};
use inhaul_cluster::{DRIFT, IndexEvent, Seen};
use kube::ResourceExt;
use kube::runtime::reflector::Store;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;

/// What of a Kustomization asks for a reconcile when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    generation: Option<i64>,
    deleting: bool,
    requested_at: Option<String>,
    allow_prune: Option<String>,
    drift: Option<String>,
}

impl Asked {
    fn of(object: &Kustomization) -> Self {
        let annotation = |key: &str| object.annotations().get(key).cloned();
        Self {
            generation: object.metadata.generation,
            deleting: object.metadata.deletion_timestamp.is_some(),
            requested_at: annotation(REQUESTED_AT),
            allow_prune: annotation(ALLOW_PRUNE),
            drift: annotation(DRIFT),
        }
    }
}

fn key_of(object: &Kustomization) -> Key {
    Key { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

/// Follows the watches and makes due what a change concerns, and nothing else.
pub async fn follow(
    queue: Arc<Queue>,
    store: Store<Kustomization>,
    kustomizations: impl Stream<Item = Seen<Kustomization>>,
    repositories: impl Stream<Item = Seen<GitRepository>>,
    mut served: UnboundedReceiver<Served>,
) {
    let mut asked: HashMap<Key, Asked> = HashMap::new();
    let mut artifacts: HashMap<SourceKey, String> = HashMap::new();
    let mut kustomizations = pin!(kustomizations);
    let mut repositories = pin!(repositories);
    loop {
        tokio::select! {
            Some(seen) = kustomizations.next() => {
                kustomization_changed(&queue, &store, &mut asked, seen);
            }
            Some(seen) = repositories.next() => {
                if let Some(source) = artifact_changed(&mut artifacts, &seen) {
                    preempt_users(&queue, &store, &source);
                }
            }
            Some((source, artifact)) = served.recv() => {
                // The watch will show the same a moment later.
                if let Some(artifact) = artifact {
                    artifacts.insert(source.clone(), told(&artifact));
                }
                preempt_users(&queue, &store, &source);
            }
            else => return,
        }
    }
}

/// Follows the index: drift makes its Kustomization due, at its pace.
pub async fn follow_index(
    queue: Arc<Queue>,
    records: Arc<Records>,
    mut events: UnboundedReceiver<IndexEvent>,
    override_managers: Vec<String>,
) {
    while let Some(event) = events.recv().await {
        if let Some((key, delay)) = records.hear(&event, &override_managers) {
            tracing::debug!(object = %event.id, kustomization = %key, "suspected drift");
            queue.add_after(key, delay);
        }
    }
}

fn kustomization_changed(
    queue: &Queue,
    store: &Store<Kustomization>,
    asked: &mut HashMap<Key, Asked>,
    seen: Seen<Kustomization>,
) {
    let key = Key { namespace: seen.namespace, name: seen.name };
    let Some(object) = seen.object else {
        asked.remove(&key);
        queue.add(key);
        return;
    };
    let now = Asked::of(&object);
    if asked.get(&key) != Some(&now) {
        asked.insert(key.clone(), now);
        queue.preempt(key.clone());
    }
    wake_dependents(queue, store, &key);
}

/// Those that wait for this Kustomization look again.
fn wake_dependents(queue: &Queue, store: &Store<Kustomization>, key: &Key) {
    for other in store.state() {
        let own = key_of(&other);
        let depends = other.spec.depends_on.iter().any(|dependency| {
            dependency.name == key.name
                && dependency.namespace.as_deref().unwrap_or(&own.namespace) == key.namespace
        });
        let conditions = other.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
        let ready = Condition::find(conditions, condition_type::READY);
        let waits = ready.is_none_or(|r| r.reason == Reason::DependencyNotReady.as_str());
        if depends && waits {
            queue.preempt(own);
        }
    }
}

/// The source, if its artifact is another one than before.
fn artifact_changed(
    artifacts: &mut HashMap<SourceKey, String>,
    seen: &Seen<GitRepository>,
) -> Option<SourceKey> {
    let key = SourceKey {
        kind: "GitRepository".to_owned(),
        namespace: seen.namespace.clone(),
        name: seen.name.clone(),
    };
    let artifact = seen.object.as_ref().and_then(|o| o.status.as_ref()?.artifact.as_ref());
    let now = artifact.map(told);
    let before = match &now {
        Some(now) => artifacts.insert(key.clone(), now.clone()),
        None => artifacts.remove(&key),
    };
    (before != now).then_some(key)
}

/// What tells one artifact from another.
fn told(artifact: &Artifact) -> String {
    format!("{} {}", artifact.revision, artifact.digest)
}

fn preempt_users(queue: &Queue, store: &Store<Kustomization>, source: &SourceKey) {
    for object in store.state() {
        let key = key_of(&object);
        if source_key(&object, &key.namespace) == *source {
            queue.preempt(key);
        }
    }
}
