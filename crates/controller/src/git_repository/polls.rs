//! One poll of a remote for everybody who shares it.

use crate::queue::Key;
use inhaul_git::Mirror;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

/// Which GitRepositories share which remote. Whose time comes first asks it; what that shows to
/// have moved makes the others due at once, so that nobody asks again.
#[derive(Default)]
pub struct Polls {
    shared: Mutex<HashMap<usize, Shared>>,
}

struct Shared {
    mirror: Weak<Mirror>,
    /// The mirror's count of changes when the others were last told.
    told: u64,
    keys: HashSet<Key>,
}

impl Polls {
    /// Notes that `key` has looked at the remote; answers the others, if something moved since they
    /// were last told.
    pub(super) fn looked(&self, key: &Key, mirror: &Arc<Mirror>) -> Vec<Key> {
        let id = Arc::as_ptr(mirror) as usize;
        let changes = mirror.changes();
        let mut all = self.shared.lock();
        all.retain(|other, shared| {
            if *other != id {
                // Its address or its credentials may have changed.
                shared.keys.remove(key);
            }
            !shared.keys.is_empty() && shared.mirror.strong_count() > 0
        });
        let shared = all.entry(id).or_insert_with(|| Shared {
            mirror: Arc::downgrade(mirror),
            told: changes,
            keys: HashSet::new(),
        });
        shared.keys.insert(key.clone());
        if std::mem::replace(&mut shared.told, changes) == changes {
            return Vec::new();
        }
        shared.keys.iter().filter(|other| *other != key).cloned().collect()
    }

    /// Drops a GitRepository that is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.shared.lock().retain(|_, shared| {
            shared.keys.remove(key);
            !shared.keys.is_empty()
        });
    }
}
