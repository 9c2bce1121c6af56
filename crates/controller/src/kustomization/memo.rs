//! What the last render of each Kustomization read.

use crate::queue::Key;
use inhaul_render::Instructions;
use inhaul_tree::{Observation, TreePath};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// What a render was made from.
pub(super) struct Memo {
    /// The revision that it was made for, or found good for.
    revision: String,
    instructions: Instructions,
    /// Every file and listing that was read, and what was looked for in vain.
    observations: Arc<[(TreePath, Observation)]>,
}

impl Memo {
    pub(super) fn new(
        revision: String,
        instructions: Instructions,
        observations: Vec<(TreePath, Observation)>,
    ) -> Self {
        Self { revision, instructions, observations: observations.into() }
    }
}

/// The memos of all Kustomizations that are in order.
#[derive(Default)]
pub struct Memos {
    memos: Mutex<HashMap<Key, Memo>>,
}

impl Memos {
    /// Keeps the memo of what was applied completely.
    pub(super) fn keep(&self, key: &Key, memo: Memo) {
        self.memos.lock().insert(key.clone(), memo);
    }

    /// Drops a memo.
    pub(super) fn forget(&self, key: &Key) {
        self.memos.lock().remove(key);
    }

    /// What the render of `revision` by these instructions read.
    pub(super) fn observations(
        &self,
        key: &Key,
        revision: &str,
        instructions: &Instructions,
    ) -> Option<Arc<[(TreePath, Observation)]>> {
        let memos = self.memos.lock();
        let memo = memos.get(key)?;
        let same = memo.revision == revision && memo.instructions == *instructions;
        same.then(|| Arc::clone(&memo.observations))
    }

    /// A memo is good for another revision, too.
    pub(super) fn carry_over(&self, key: &Key, revision: &str) {
        if let Some(memo) = self.memos.lock().get_mut(key) {
            revision.clone_into(&mut memo.revision);
        }
    }
}
