//! Takes deeply nested values apart without recursion.
//!
//! A hostile chart can nest a map a million times; dropping it the usual way would need as many
//! stack frames.

use std::cell::RefCell;

use super::Value;

thread_local! {
    /// What waits to be dropped, while a drop is under way on this thread.
    static GRAVES: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Drops the containers among `values` one after the other, not inside each other.
pub(crate) fn bury(values: impl Iterator<Item = Value>) {
    let mut containers = values
        .filter(|value| matches!(value, Value::List(_) | Value::Map(_) | Value::Structure(_)));
    let Some(first) = containers.next() else { return };
    let first_digger = GRAVES.try_with(|graves| {
        let mut graves = graves.borrow_mut();
        let is_first = graves.is_none();
        let waiting = graves.get_or_insert_with(Vec::new);
        waiting.push(first);
        waiting.extend(containers);
        is_first
    });
    if first_digger != Ok(true) {
        return;
    }
    while let Some(value) = GRAVES.with(|graves| graves.borrow_mut().as_mut().and_then(Vec::pop)) {
        drop(value);
    }
    GRAVES.with(|graves| *graves.borrow_mut() = None);
}
