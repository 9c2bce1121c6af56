//! Kinds and type names, as Go's reflection tells them.

use std::borrow::Cow;

use super::Value;

/// What comparisons distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BasicKind {
    Invalid,
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
}

/// What two values that are not of a basic kind must share to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawKind {
    Invalid,
    Slice,
    Map,
    Struct,
    Pointer,
    Basic,
}

impl Value {
    /// The zero value of a map's element type.
    pub(crate) fn zero(element: &str) -> Self {
        match element {
            "string" => Self::from(""),
            "[]uint8" => Self::Bytes(Vec::new().into()),
            _ => Self::Nil,
        }
    }

    /// The kind's name (`kindOf`): `int`, `slice`, `map`, `struct`, `ptr`; `invalid` for nil.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) | Self::Duration(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::String(_) => "string",
            Self::Bytes(_) | Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Structure(structure) if structure.is_pointer() => "ptr",
            Self::Structure(_) | Self::Time(_) => "struct",
        }
    }

    /// The type's name (`%T`, `typeOf`): `[]interface {}`, `map[string]interface {}`; `<nil>` for
    /// nil.
    pub fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Nil => "<nil>",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => list.type_info().name,
            Self::Map(map) => map.type_info().name,
            Self::Duration(_) => "time.Duration",
            Self::Time(_) => "time.Time",
            Self::Structure(structure) if structure.is_pointer() => {
                return Cow::Owned(format!("*{}", structure.type_info().name));
            }
            Self::Structure(structure) => structure.type_info().name,
            other => other.kind(),
        })
    }

    pub(crate) fn basic_kind(&self) -> BasicKind {
        match self {
            Self::Bool(_) => BasicKind::Bool,
            Self::Int(_) | Self::Int64(_) | Self::Duration(_) => BasicKind::Int,
            Self::Uint8(_) | Self::Uint64(_) => BasicKind::Uint,
            Self::Float(_) => BasicKind::Float,
            Self::Complex(..) => BasicKind::Complex,
            Self::String(_) => BasicKind::String,
            _ => BasicKind::Invalid,
        }
    }

    pub(crate) fn raw_kind(&self) -> RawKind {
        match self {
            Self::Nil => RawKind::Invalid,
            Self::Bytes(_) | Self::List(_) => RawKind::Slice,
            Self::Map(_) => RawKind::Map,
            Self::Structure(structure) if structure.is_pointer() => RawKind::Pointer,
            Self::Structure(_) | Self::Time(_) => RawKind::Struct,
            _ => RawKind::Basic,
        }
    }

    /// The number in any signed integer type.
    pub(crate) fn signed(&self) -> Option<i64> {
        match self {
            Self::Int(number) | Self::Int64(number) | Self::Duration(number) => Some(*number),
            _ => None,
        }
    }

    /// The number in any unsigned integer type.
    pub(crate) fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Uint8(number) => Some(u64::from(*number)),
            Self::Uint64(number) => Some(*number),
            _ => None,
        }
    }
}
