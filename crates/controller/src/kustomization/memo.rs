//! What the last render of each Kustomization read, and what came of it.
//!
//! A render is a pure function of what it read, so it is kept under exactly that: another run
//! that would read the same does not render. What is kept is packed, and bounded by a budget;
//! what was used longest ago goes first, and is rendered again when it is needed.

use crate::queue::Key;
use crate::sources::Snapshot;
use inhaul_object::ObjectId;
use inhaul_render::{Instructions, Packed, Rendered, RenderedObject};
use inhaul_tree::{Observation, TreePath};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Every file and listing that was read, and what was looked for in vain.
type Observations = Arc<[(TreePath, Observation)]>;

/// What a render was made from.
struct Memo {
    /// The revision that it was made for, or found good for.
    revision: String,
    /// The digest of the files of that revision: a source may put one revision together in
    /// another way.
    digest: String,
    instructions: Instructions,
    observations: Observations,
    /// What came of it, unless memory is short.
    packed: Option<Arc<Packed>>,
    /// When it was used last, in uses of any.
    used: u64,
}

impl Memo {
    fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.revision == snapshot.revision && self.digest == snapshot.digest
    }
}

#[derive(Default)]
struct Shelf {
    memos: HashMap<Key, Memo>,
    bytes: usize,
    uses: u64,
}

/// The memos of all Kustomizations.
pub struct Memos {
    shelf: Mutex<Shelf>,
    /// How many bytes packed renders may take.
    budget: usize,
}

impl Memos {
    /// None yet; what is kept may take `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self { shelf: Mutex::default(), budget }
    }

    /// How many bytes the packed renders take.
    pub fn bytes(&self) -> usize {
        self.shelf.lock().bytes
    }

    /// Keeps what was rendered, and what it was made from.
    pub(super) fn keep(
        &self,
        key: &Key,
        snapshot: &Snapshot,
        instructions: Instructions,
        observations: Vec<(TreePath, Observation)>,
        rendered: &Rendered,
    ) {
        let packed = Packed::of(rendered).filter(|packed| packed.bytes() <= self.budget);
        let mut shelf = self.shelf.lock();
        shelf.remove(key);
        shelf.bytes += packed.as_ref().map_or(0, Packed::bytes);
        shelf.uses += 1;
        let memo = Memo {
            revision: snapshot.revision.clone(),
            digest: snapshot.digest.clone(),
            instructions,
            observations: observations.into(),
            packed: packed.map(Arc::new),
            used: shelf.uses,
        };
        shelf.memos.insert(key.clone(), memo);
        while shelf.bytes > self.budget && shelf.drop_oldest() {}
    }

    /// Drops a memo.
    pub(super) fn forget(&self, key: &Key) {
        self.shelf.lock().remove(key);
    }

    /// What the render of `revision` by these instructions read.
    pub(super) fn observations(
        &self,
        key: &Key,
        revision: &str,
        instructions: &Instructions,
    ) -> Option<Observations> {
        let shelf = self.shelf.lock();
        let memo = shelf.memos.get(key)?;
        let same = memo.revision == revision && memo.instructions == *instructions;
        same.then(|| Arc::clone(&memo.observations))
    }

    /// Whether the memo is of these very files.
    pub(super) fn is_of(&self, key: &Key, snapshot: &Snapshot) -> bool {
        let shelf = self.shelf.lock();
        shelf.memos.get(key).is_some_and(|memo| memo.is_of(snapshot))
    }

    /// A memo is good for another snapshot, too.
    pub(super) fn carry_over(&self, key: &Key, snapshot: &Snapshot) {
        if let Some(memo) = self.shelf.lock().memos.get_mut(key) {
            memo.revision.clone_from(&snapshot.revision);
            memo.digest.clone_from(&snapshot.digest);
        }
    }

    /// The render of a snapshot by these instructions, if it would read what the last one read.
    /// It may read the snapshot's files, so it must not be called where others wait.
    pub(super) fn rendered(
        &self,
        key: &Key,
        instructions: &Instructions,
        snapshot: &Snapshot,
    ) -> Option<Rendered> {
        let (same_files, observations) = {
            let shelf = self.shelf.lock();
            let memo = shelf.memos.get(key).filter(|memo| memo.instructions == *instructions)?;
            (memo.is_of(snapshot), Arc::clone(&memo.observations))
        };
        if !same_files && !still_hold(&observations, snapshot) {
            return None;
        }
        let rendered = self.packed(key)?.unpack()?;
        self.carry_over(key, snapshot);
        Some(rendered)
    }

    /// Some of the objects of the last render, which was of `revision` by these instructions.
    pub(super) fn find(
        &self,
        key: &Key,
        revision: &str,
        instructions: &Instructions,
        ids: &HashSet<ObjectId>,
    ) -> Option<Vec<RenderedObject>> {
        self.observations(key, revision, instructions)?;
        self.packed(key)?.find(ids)
    }

    fn packed(&self, key: &Key) -> Option<Arc<Packed>> {
        let mut shelf = self.shelf.lock();
        shelf.uses += 1;
        let uses = shelf.uses;
        let memo = shelf.memos.get_mut(key)?;
        memo.used = uses;
        memo.packed.clone()
    }
}

impl Shelf {
    fn remove(&mut self, key: &Key) {
        let memo = self.memos.remove(key);
        self.bytes -= memo.and_then(|memo| Some(memo.packed?.bytes())).unwrap_or_default();
    }

    /// Drops what was used longest ago; answers whether there was anything.
    fn drop_oldest(&mut self) -> bool {
        let packed = self.memos.values_mut().filter(|memo| memo.packed.is_some());
        let Some(oldest) = packed.min_by_key(|memo| memo.used) else { return false };
        self.bytes -= oldest.packed.take().map_or(0, |packed| packed.bytes());
        true
    }
}

/// Whether a snapshot answers every question as the one did that was rendered.
pub(super) fn still_hold(observations: &[(TreePath, Observation)], snapshot: &Snapshot) -> bool {
    let holds = |(path, seen): &(TreePath, Observation)| {
        seen.still_holds(&snapshot.tree, path).unwrap_or(false)
    };
    observations.iter().all(holds)
}
