//! Go's slices, which the function libraries never change in place.

use std::sync::Arc;

use super::{
    Value,
    structure::{LIST, NIL_LIST, NIL_STRINGS, TypeInfo},
    teardown,
};

/// A shared, immutable slice with its Go type.
#[derive(Clone, Debug)]
pub struct List {
    kind: &'static TypeInfo,
    items: Arc<Items>,
}

#[derive(Debug)]
struct Items(Vec<Value>);

impl Drop for Items {
    fn drop(&mut self) {
        teardown::bury(self.0.drain(..));
    }
}

impl List {
    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::typed(&LIST, items)
    }

    /// A slice whose type has a name or an element type of its own.
    pub fn typed(kind: &'static TypeInfo, items: Vec<Value>) -> Self {
        Self { kind, items: Arc::new(Items(items)) }
    }

    /// Go's nil slice.
    pub(crate) fn nil() -> Self {
        Self::typed(&NIL_LIST, Vec::new())
    }

    /// True for Go's nil slices.
    pub(crate) fn is_nil(&self) -> bool {
        std::ptr::eq(self.kind, &raw const NIL_LIST)
            || std::ptr::eq(self.kind, &raw const NIL_STRINGS)
    }

    /// The items.
    pub fn items(&self) -> &[Value] {
        &self.items.0
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items.0.len()
    }

    /// True without items.
    pub fn is_empty(&self) -> bool {
        self.items.0.is_empty()
    }

    /// The slice's type.
    pub fn type_info(&self) -> &'static TypeInfo {
        self.kind
    }

    /// True where the elements are `interface {}`.
    pub(crate) fn holds_interfaces(&self) -> bool {
        self.kind.element == "interface {}"
    }
}
