//! The release that a chart is rendered for.

use crate::Error;

/// Longest release name, in bytes: object names made from it must stay below 63.
const MAX_NAME_BYTES: usize = 53;

/// What templates see as `.Release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// Counted from 1.
    pub revision: i64,
    /// Whether an existing release is upgraded; else it is a first install.
    pub is_upgrade: bool,
}

/// Checks a release's name as Helm does: lower case, digits, `-` and `.`, at most 53 bytes.
///
/// # Errors
/// [`Error::Usage`] in Helm's words.
pub fn check_name(name: &str) -> Result<(), Error> {
    let part = |part: &str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(part.chars().next())
            && edge(part.chars().next_back())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let why = if name.is_empty() {
        "no name provided"
    } else if name.len() > MAX_NAME_BYTES || !name.split('.').all(part) {
        "invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must \
         not be longer than 53"
    } else {
        return Ok(());
    };
    Err(Error::Usage(format!("release name check failed: release name {name:?}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_follow_kubernetes_rules() {
        for (name, valid) in [
            ("a", true),
            ("a-b.c1", true),
            ("", false),
            ("A", false),
            ("-a", false),
            ("a-", false),
            ("a..b", false),
            ("a_b", false),
            (&"a".repeat(53), true),
            (&"a".repeat(54), false),
        ] {
            assert_eq!(check_name(name).is_ok(), valid, "{name:?}");
        }
    }
}
