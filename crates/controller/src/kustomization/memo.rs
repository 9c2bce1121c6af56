//! What the last render read: a commit that changes nothing of it changes nothing here.

use super::records::Extent;
use super::run::Run;
use super::{Context, instructions, report};
use crate::queue::Key;
use crate::sources::Snapshot;
use inhaul_api::{Condition, ConditionStatus, condition_type};
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
    fn observations(
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
    fn carry_over(&self, key: &Key, revision: &str) {
        if let Some(memo) = self.memos.lock().get_mut(key) {
            revision.clone_into(&mut memo.revision);
        }
    }
}

/// Whether a new revision brings nothing for a Kustomization that is in order: then it needs its
/// new revision in the status, and neither render nor apply.
pub(super) async fn is_untouched(context: &Context, run: &mut Run, snapshot: &Snapshot) -> bool {
    let Some(applied) = in_order(run) else { return false };
    // At the interval everything is looked at, whatever the commit says.
    let Some(left) = context.records.quiet_for(&run.key) else { return false };
    let instructions = instructions::instructions(&run.object);
    let memos = &context.memos;
    let Some(observations) = memos.observations(&run.key, &applied, &instructions) else {
        return false;
    };
    let tree = Arc::clone(&snapshot.tree);
    let compare = move || {
        observations.iter().all(|(path, seen)| seen.still_holds(&tree, path).unwrap_or(false))
    };
    let untouched = tokio::task::spawn_blocking(compare).await.unwrap_or(false);
    if untouched {
        memos.carry_over(&run.key, &snapshot.revision);
        run.was_ready = true;
        run.extent = Extent::Drift { left };
    }
    untouched
}

/// The revision that is applied, if all is well with it and nobody asked for another look.
fn in_order(run: &Run) -> Option<String> {
    let stored = run.stored();
    let applied = stored.last_applied_revision.clone()?;
    let ready = Condition::find(&stored.conditions, condition_type::READY)?;
    // A message that says more tells of objects that are still being deleted.
    let in_order = ready.status == ConditionStatus::True
        && ready.message == report::applied(&applied)
        && Condition::find(&stored.conditions, condition_type::DRIFTED).is_none()
        && stored.observed_generation == Some(run.generation())
        && run.requested_at() == stored.last_handled_reconcile_at.as_deref();
    in_order.then_some(applied)
}
