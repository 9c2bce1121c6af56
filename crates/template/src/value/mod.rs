//! The values that templates work on, with the kinds that Go would give them.
//!
//! A [`Value`] is cheap to copy: strings, lists and maps are shared. Maps can be changed in place
//! (`set`, `unset`, `merge`), and a change is seen through every copy, as with Go's maps.

mod cycles;
pub(crate) mod json;
mod kind;
mod list;
mod map;
mod structure;
mod teardown;
mod text;

pub use list::List;
pub use map::{Entries, Key, Map};
pub use structure::{Structure, TypeInfo};
pub use text::Text;

pub(crate) use cycles::Changed;
pub(crate) use kind::{BasicKind, RawKind};
pub(crate) use structure::{INTS, LISTS, MAP, NIL_MAP, NIL_STRINGS, STRING_MAP, STRINGS};

use std::sync::Arc;

use crate::functions::Function;

/// One value of a template.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `nil`: a missing key, a YAML or JSON null.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Int64(i64),
    /// `uint8`, an element of a byte slice or of a string.
    Uint8(u8),
    /// `uint64`
    Uint64(u64),
    /// `float64`
    Float(f64),
    /// `complex128`, which only constants such as `1i` make.
    Complex(f64, f64),
    /// `string`: bytes that are usually UTF-8.
    String(Text),
    /// `[]uint8`
    Bytes(Arc<[u8]>),
    /// Any other slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A struct, or a pointer to one.
    Structure(Arc<Structure>),
    /// `time.Duration`, in nanoseconds.
    Duration(i64),
    /// `time.Time`
    Time(Arc<jiff::Zoned>),
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// A `[]interface {}` of these values.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items))
    }

    /// A `[]string` of these values.
    pub fn strings(items: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        let items = items.into_iter().map(|item| Self::String(item.into())).collect();
        Self::List(List::typed(&STRINGS, items))
    }

    /// A new `map[string]interface {}` with these entries.
    pub fn map<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(
            entries.into_iter().map(|(key, value)| (Key::from(key.as_ref()), value)).collect(),
        )
    }

    /// True for `nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The text of a string value.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, whatever its type's name.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Go's truth: false, zero, empty and nil are false; structs are true.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(number) | Self::Int64(number) | Self::Duration(number) => *number != 0,
            Self::Uint8(number) => *number != 0,
            Self::Uint64(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Structure(_) | Self::Time(_) => true,
        }
    }

    /// The number of bytes, items or entries; `None` where Go's `len` refuses.
    pub(crate) fn length(&self) -> Option<usize> {
        match self {
            Self::String(text) => Some(text.len()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.len()),
            Self::Map(map) => Some(map.len()),
            _ => None,
        }
    }

    /// The items of any slice, as values; `None` for what is not a slice.
    pub(crate) fn items(&self) -> Option<std::borrow::Cow<'_, [Self]>> {
        match self {
            Self::List(list) => Some(std::borrow::Cow::Borrowed(list.items())),
            Self::Bytes(bytes) => {
                Some(std::borrow::Cow::Owned(bytes.iter().map(|&byte| Self::Uint8(byte)).collect()))
            }
            _ => None,
        }
    }

    /// The method `name` of the value's type.
    pub(crate) fn method(&self, name: &str) -> Option<&'static Function> {
        let methods = match self {
            Self::List(list) => list.type_info().methods,
            Self::Map(map) => map.type_info().methods,
            Self::Structure(structure) => structure.type_info().methods,
            Self::Time(_) => crate::functions::TIME_METHODS,
            Self::Duration(_) => crate::functions::DURATION_METHODS,
            _ => return None,
        };
        methods.iter().find(|method| method.name == name)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
