//! Go's maps with string keys: shared, and changed in place.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{RwLock, RwLockReadGuard};

use super::{
    Value,
    structure::{MAP, NIL_MAP, TypeInfo},
    teardown,
};

/// A map's key.
pub type Key = Arc<str>;

/// The entries of a map, in the order of their keys' bytes.
pub type Entries = BTreeMap<Key, Value>;

/// A shared map with its Go type.
#[derive(Clone, Debug)]
pub struct Map {
    kind: &'static TypeInfo,
    shared: Arc<Shared>,
}

/// What all copies of a map have in common.
#[derive(Debug, Default)]
pub(super) struct Shared(RwLock<Entries>);

impl Drop for Shared {
    fn drop(&mut self) {
        teardown::bury(std::mem::take(self.0.get_mut()).into_values());
    }
}

impl Map {
    /// A `map[string]interface {}`.
    pub fn new(entries: Entries) -> Self {
        Self::typed(&MAP, entries)
    }

    /// A map whose type has a name, methods or an element type of its own.
    pub fn typed(kind: &'static TypeInfo, entries: Entries) -> Self {
        Self { kind, shared: Arc::new(Shared(RwLock::new(entries))) }
    }

    /// The same entries (not a copy) under another type, as a Go conversion does it.
    #[must_use]
    pub fn retyped(&self, kind: &'static TypeInfo) -> Self {
        Self { kind, shared: Arc::clone(&self.shared) }
    }

    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self { kind: &MAP, shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The map's type.
    pub fn type_info(&self) -> &'static TypeInfo {
        self.kind
    }

    /// True for Go's nil map, which is empty and takes no entries.
    pub(crate) fn is_nil(&self) -> bool {
        std::ptr::eq(self.kind, &raw const NIL_MAP)
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.shared.0.read().get(key).cloned()
    }

    /// True where `key` has a value, be it nil.
    pub fn contains(&self, key: &str) -> bool {
        self.shared.0.read().contains_key(key)
    }

    /// Puts `value` under `key`; every copy of the map sees it.
    pub fn insert(&self, key: impl Into<Key>, value: Value) {
        let old = self.shared.0.write().insert(key.into(), value);
        drop(old);
    }

    /// Takes `key` out; every copy of the map sees it.
    pub fn remove(&self, key: &str) {
        let old = self.shared.0.write().remove(key);
        drop(old);
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.shared.0.read().len()
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.shared.0.read().is_empty()
    }

    /// The entries as they are now; the map must not be changed while the guard lives.
    pub fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.shared.0.read_recursive()
    }

    /// A copy of the entries as they are now, in the order of the keys' bytes.
    pub fn snapshot(&self) -> Vec<(Key, Value)> {
        self.read().iter().map(|(key, value)| (Arc::clone(key), value.clone())).collect()
    }

    /// True where both are one map, not two with the same entries.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl FromIterator<(Key, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Key, Value)>>(entries: I) -> Self {
        Self::new(entries.into_iter().collect())
    }
}
