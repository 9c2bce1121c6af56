//! Why a value is not a Kubernetes object.

/// Why a value is not a Kubernetes object. The text names the field, never a value of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The value is something else than a map.
    #[error("not a Kubernetes object: expected a map, found {found}")]
    NotAMap {
        /// What it is: `a string`, `a list`, ...
        found: &'static str,
    },
    /// A field that every object needs is absent or empty.
    #[error("{object}: {field} is missing or empty")]
    Missing {
        /// What is known of the object: `Kind/name`, `Kind`, or `object`.
        object: String,
        /// The field.
        field: &'static str,
    },
    /// `metadata.generateName` without a name: such an object is new at each apply.
    #[error(
        "{object}: metadata.generateName is not supported, since the object would be created anew at each run; set metadata.name"
    )]
    GenerateName {
        /// What is known of the object.
        object: String,
    },
    /// A field of the wrong type.
    #[error("{object}: {field} must be {expected}, found {found}")]
    WrongType {
        /// What is known of the object.
        object: String,
        /// The path of the field.
        field: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// More levels of maps and lists than any manifest has.
    #[error("{object}: more than {limit} levels of maps and lists")]
    TooDeep {
        /// What is known of the object.
        object: String,
        /// The limit.
        limit: usize,
    },
}
