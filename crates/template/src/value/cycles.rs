//! Finds maps that hold themselves, and takes them apart.
//!
//! Shared maps are counted, not collected: a map that a template has put into itself would stay in
//! memory for ever. Cycles can only go through maps that were changed, which a session remembers.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use super::{Key, Map, Value, map::Shared};

/// Maps that were changed, as long as they live.
#[derive(Debug, Default)]
pub(crate) struct Changed(Vec<Weak<Shared>>);

impl Changed {
    /// Remembers that `value` was put into `map`.
    pub(crate) fn note(&mut self, map: &Map, value: &Value) {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return;
        }
        let shared = map.shared();
        if self.0.last().is_none_or(|last| !std::ptr::eq(last.as_ptr(), Arc::as_ptr(shared))) {
            self.0.push(Arc::downgrade(shared));
        }
    }

    /// Removes entries until no map that was changed holds itself.
    pub(crate) fn break_cycles(&mut self) {
        let mut states = HashMap::new();
        for shared in self.0.drain(..).filter_map(|weak| weak.upgrade()) {
            visit(Map::of(shared), &mut states);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    UnderWay,
    Done,
}

struct Frame {
    map: Map,
    inner: Vec<(Key, Map)>,
}

/// Depth first, without recursion: values can be nested deeper than the stack.
fn visit(root: Map, states: &mut HashMap<*const Shared, State>) {
    let mut path = Vec::new();
    enter(root, &mut path, states);
    while let Some(frame) = path.last_mut() {
        let Some((key, inner)) = frame.inner.pop() else {
            states.insert(Arc::as_ptr(frame.map.shared()), State::Done);
            path.pop();
            continue;
        };
        match states.get(&Arc::as_ptr(inner.shared())) {
            Some(State::UnderWay) => frame.map.remove(&key),
            Some(State::Done) => {}
            None => enter(inner, &mut path, states),
        }
    }
}

fn enter(map: Map, path: &mut Vec<Frame>, states: &mut HashMap<*const Shared, State>) {
    if states.contains_key(&Arc::as_ptr(map.shared())) {
        return;
    }
    states.insert(Arc::as_ptr(map.shared()), State::UnderWay);
    let mut inner = Vec::new();
    for (key, value) in map.read().iter() {
        let mut waiting = vec![value.clone()];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Map(map) => inner.push((Key::clone(key), map)),
                Value::List(list) => waiting.extend(list.items().iter().cloned()),
                _ => {}
            }
        }
    }
    path.push(Frame { map, inner });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Map {
        std::iter::empty().collect()
    }

    #[test]
    fn a_map_that_holds_itself_through_a_list_is_freed() {
        let (outer, inner) = (empty(), empty());
        let mut changed = Changed::default();
        for (map, key, value) in [
            (&outer, "inner", Value::list(vec![Value::Map(inner.clone())])),
            (&inner, "outer", Value::Map(outer.clone())),
            (&inner, "kept", Value::Int(1)),
        ] {
            map.insert(key, value.clone());
            changed.note(map, &value);
        }
        let weak = Arc::downgrade(outer.shared());
        drop((outer, inner));
        assert!(weak.upgrade().is_some(), "the cycle keeps it");
        changed.break_cycles();
        assert!(weak.upgrade().is_none(), "the cycle is gone");
    }

    #[test]
    fn a_map_that_two_others_share_is_left_alone() {
        let (left, right, shared) = (empty(), empty(), empty());
        let mut changed = Changed::default();
        for map in [&left, &right] {
            let value = Value::Map(shared.clone());
            map.insert("shared", value.clone());
            changed.note(map, &value);
        }
        changed.break_cycles();
        assert!(left.contains("shared") && right.contains("shared"));
    }
}
