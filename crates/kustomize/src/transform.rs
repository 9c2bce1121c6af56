//! What changes resources: the built-in transformers in the order in which a level applies them.

pub(crate) mod fields;
pub(crate) mod hash;
pub(crate) mod images;
pub(crate) mod json_patch;
pub(crate) mod merge;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod patch;
pub(crate) mod path;
pub(crate) mod replacement;
pub(crate) mod sort;
pub(crate) mod structured;
pub(crate) mod value_add;
