//! Where appliers find the files of a source.

use inhaul_api::Artifact;
use inhaul_tree::Tree;
use parking_lot::RwLock;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Names a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKey {
    /// Such as `GitRepository`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for SourceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// The files of a source in one revision.
#[derive(Clone)]
pub struct Snapshot {
    /// The revision, such as `main@sha1:...`.
    pub revision: String,
    /// The digest of the artifact with the same files.
    pub digest: String,
    /// When the commit was made, in seconds since 1970, where there is a commit.
    pub committed: Option<i64>,
    /// The files, without those that the source ignores.
    pub tree: Arc<dyn Tree>,
}

/// A run that began with the snapshot before the newest one still finds it.
const KEPT: usize = 2;

/// The newest snapshots of every source that this process serves or has read.
pub struct Sources {
    snapshots: RwLock<HashMap<SourceKey, VecDeque<Snapshot>>>,
    /// What the status of each source that this process serves says, as it was written last.
    published: RwLock<HashMap<SourceKey, Artifact>>,
    served: UnboundedSender<Served>,
}

/// What is told to those who apply a source: its name, and its new artifact if it has one.
pub type Served = (SourceKey, Option<Artifact>);

impl Sources {
    /// Nothing yet, and where to hear of sources with something new, or whose files are back
    /// although their status did not change: after a start.
    pub fn new() -> (Arc<Self>, UnboundedReceiver<Served>) {
        let (served, heard) = unbounded_channel();
        (
            Arc::new(Self { snapshots: RwLock::default(), published: RwLock::default(), served }),
            heard,
        )
    }

    /// The snapshot of a source with this digest, if it is one of the newest.
    pub fn get(&self, key: &SourceKey, digest: &str) -> Option<Snapshot> {
        let snapshots = self.snapshots.read();
        snapshots.get(key)?.iter().find(|snapshot| snapshot.digest == digest).cloned()
    }

    /// Keeps a source's newest snapshot.
    pub fn keep(&self, key: SourceKey, snapshot: Snapshot) {
        let mut snapshots = self.snapshots.write();
        let of_source = snapshots.entry(key).or_default();
        of_source.retain(|kept| kept.digest != snapshot.digest);
        of_source.push_front(snapshot);
        of_source.truncate(KEPT);
    }

    /// Tells whoever waits for the files of a source that they are back.
    pub fn announce(&self, key: SourceKey) {
        // Nobody listens where only sources are served.
        let _ = self.served.send((key, None));
    }

    /// The artifact in the status of a source that this process serves.
    pub fn published(&self, key: &SourceKey) -> Option<Artifact> {
        self.published.read().get(key).cloned()
    }

    /// Says what the status of a source says now, once it is written; who applies it need not
    /// wait for a watch.
    pub fn publish(&self, key: &SourceKey, artifact: Option<&Artifact>) {
        let before = match artifact {
            Some(artifact) => self.published.write().insert(key.clone(), artifact.clone()),
            None => self.published.write().remove(key),
        };
        if before.as_ref() != artifact {
            // Nobody listens where only sources are served.
            let _ = self.served.send((key.clone(), artifact.cloned()));
        }
    }

    /// Drops a source.
    pub fn remove(&self, key: &SourceKey) {
        self.snapshots.write().remove(key);
        self.published.write().remove(key);
    }
}
