//! How fields are read: leniently, and with errors that name them.

use serde::{Deserialize, Deserializer};

/// A field of a custom resource holds a value that cannot be used.
///
/// It is an answer of a getter, not of deserialisation: the object that carries it can still be
/// read, reported on and deleted, and the other objects of its kind are not touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Path of the field, such as `spec.interval`.
    pub field: &'static str,
    /// What is wrong with the value, and what is accepted.
    pub message: String,
}

impl FieldError {
    /// An error for a value that is not among the accepted ones.
    pub(crate) fn not_one_of(field: &'static str, value: &str, accepted: &[&str]) -> Self {
        let message = format!("{value:?} is not accepted here; use one of {}", accepted.join(", "));
        Self { field, message }
    }
}

/// Finds `value` in a table of names, or says which names there are.
pub(crate) fn choose<T: Copy>(
    field: &'static str,
    value: &str,
    table: &[(&str, T)],
) -> Result<T, FieldError> {
    table.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        FieldError::not_one_of(field, value, &names)
    })
}

/// True for `false`: such a field is left out when written, as Go's `omitempty` does.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

/// Reads an explicit null as if the field were not there. Go does, and a file that ends in
/// `images:` is not an error to it.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
