//! A value as Go's reflection holds it.

use std::borrow::Cow;

use crate::value::Value;

/// A value, and whether it still sits in an `interface {}` (an element of a map or list that was
/// not passed through a pipeline). A nil outside of an interface is no value at all.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    pub(crate) boxed: bool,
}

impl Slot {
    /// No value.
    pub(crate) const NONE: Self = Self { value: Value::Nil, boxed: false };

    pub(crate) fn plain(value: Value) -> Self {
        Self { value, boxed: false }
    }

    /// An element of a collection whose elements are interfaces.
    pub(crate) fn boxed(value: Value) -> Self {
        Self { value, boxed: true }
    }

    /// False for what Go calls an invalid value.
    pub(crate) fn is_valid(&self) -> bool {
        self.boxed || !self.value.is_nil()
    }

    /// Taken out of its interface, as each command of a pipeline does.
    pub(crate) fn unboxed(self) -> Self {
        Self::plain(self.value)
    }

    /// The static type.
    pub(crate) fn type_name(&self) -> Cow<'static, str> {
        if self.boxed { Cow::Borrowed("interface {}") } else { self.value.type_name() }
    }
}
