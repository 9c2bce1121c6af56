//! Which hook a path leads to.

use crate::hook::Hook;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Default)]
struct Known {
    by_path: HashMap<String, Arc<Hook>>,
    /// The path of each receiver, by namespace and name.
    paths: HashMap<(String, String), String>,
}

/// Which hook a path leads to: each receiver has one path at most.
#[derive(Default)]
pub struct Registry(RwLock<Known>);

impl Registry {
    /// Lets the receiver be called, by its path now and by no earlier one.
    pub fn open(&self, hook: Hook) {
        let path = hook.path();
        let key = (hook.namespace.clone(), hook.name.clone());
        let mut known = self.0.write();
        if let Some(before) = known.paths.insert(key, path.clone()) {
            known.by_path.remove(&before);
        }
        known.by_path.insert(path, Arc::new(hook));
    }

    /// Lets the receiver not be called any more.
    pub fn close(&self, namespace: &str, name: &str) {
        let mut known = self.0.write();
        if let Some(path) = known.paths.remove(&(namespace.to_owned(), name.to_owned())) {
            known.by_path.remove(&path);
        }
    }

    /// The hook that a path leads to.
    pub fn find(&self, path: &str) -> Option<Arc<Hook>> {
        self.0.read().by_path.get(path).cloned()
    }
}
