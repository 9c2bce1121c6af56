//! Types with names: structs, and slices and maps that are not the plain ones.

use super::Value;
use crate::functions::Function;

/// What Go knows of a type: its name, its methods, how it prints.
#[derive(Debug)]
pub struct TypeInfo {
    /// The name that `%T` and `typeOf` show, without the `*` of a pointer.
    pub name: &'static str,
    /// The type of the elements of a slice or map; empty for a struct.
    pub element: &'static str,
    /// The methods; the receiver is the first argument of each.
    pub methods: &'static [Function],
    /// What the type's `String` method prints, where it has one.
    pub text: Option<fn(&Value) -> String>,
}

impl TypeInfo {
    /// A type without methods.
    pub const fn plain(name: &'static str, element: &'static str) -> Self {
        Self { name, element, methods: &[], text: None }
    }
}

/// `[]interface {}`
pub(crate) static LIST: TypeInfo = TypeInfo::plain("[]interface {}", "interface {}");
/// The nil of `[]interface {}`: empty, and null in JSON.
pub(crate) static NIL_LIST: TypeInfo = TypeInfo::plain("[]interface {}", "interface {}");
/// The nil of `[]string`
pub(crate) static NIL_STRINGS: TypeInfo = TypeInfo::plain("[]string", "string");
/// `[][]interface {}`
pub(crate) static LISTS: TypeInfo = TypeInfo::plain("[][]interface {}", "[]interface {}");
/// `[]string`
pub(crate) static STRINGS: TypeInfo = TypeInfo::plain("[]string", "string");
/// `[]int`
pub(crate) static INTS: TypeInfo = TypeInfo::plain("[]int", "int");
/// `map[string]interface {}`
pub(crate) static MAP: TypeInfo = TypeInfo::plain("map[string]interface {}", "interface {}");
/// The nil of `map[string]interface {}`: empty, and it takes no entries.
pub(crate) static NIL_MAP: TypeInfo = TypeInfo::plain("map[string]interface {}", "interface {}");
/// `map[string]string`
pub(crate) static STRING_MAP: TypeInfo = TypeInfo::plain("map[string]string", "string");

/// A struct: fields in their order, and the type's methods.
#[derive(Debug)]
pub struct Structure {
    kind: &'static TypeInfo,
    pointer: bool,
    fields: Vec<(&'static str, Value)>,
}

impl Structure {
    /// A struct of this type; `pointer` where Go code would hand out a pointer to it. A field whose
    /// name starts with a small letter is not exported: it prints, but templates cannot reach it.
    pub fn new(kind: &'static TypeInfo, pointer: bool, fields: Vec<(&'static str, Value)>) -> Self {
        Self { kind, pointer, fields }
    }

    /// The type.
    pub fn type_info(&self) -> &'static TypeInfo {
        self.kind
    }

    /// True for a pointer to a struct.
    pub fn is_pointer(&self) -> bool {
        self.pointer
    }

    /// The fields in their order.
    pub fn fields(&self) -> &[(&'static str, Value)] {
        &self.fields
    }

    /// The field `name`.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}
