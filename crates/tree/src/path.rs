//! Paths inside a tree.

use crate::Error;
use std::fmt;

/// A path inside a tree: relative to its root, `/` between elements, without `.`, `..` and empty
/// elements. The root itself is the empty path and prints as `.`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(String);

impl TreePath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a path relative to the root; a leading `/` means the root too.
    ///
    /// # Errors
    /// [`Error::Outside`] if `..` leads above the root, [`Error::InvalidPath`] on a NUL byte.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::root().join(text.trim_start_matches('/'))
    }

    /// The path that `relative` names as seen from this directory. `.` and `..` are resolved as
    /// text, before any link is looked at, as Go's `filepath.Join` does.
    ///
    /// # Errors
    /// [`Error::Outside`] if the result is above the root or `relative` is absolute,
    /// [`Error::InvalidPath`] on a NUL byte.
    pub fn join(&self, relative: &str) -> Result<Self, Error> {
        if relative.contains('\0') {
            return Err(Error::InvalidPath {
                path: relative.to_owned(),
                why: "it contains a NUL byte",
            });
        }
        let outside = || Error::Outside { path: relative.to_owned() };
        if relative.starts_with('/') {
            return Err(outside());
        }
        let mut elements: Vec<&str> = self.elements().collect();
        for element in relative.split('/') {
            match element {
                "" | "." => {}
                ".." => {
                    elements.pop().ok_or_else(outside)?;
                }
                name => elements.push(name),
            }
        }
        Ok(Self(elements.join("/")))
    }

    /// The path of the entry `name` of this directory. `name` is one element as a listing gave
    /// it.
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}/{name}", self.0)) }
    }

    /// The directory that holds this path, or `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned()))
    }

    /// The last element, or `None` for the root.
    pub fn name(&self) -> Option<&str> {
        self.elements().next_back()
    }

    /// The elements from the root down.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|element| !element.is_empty())
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this path is `directory` or lies below it.
    pub fn is_within(&self, directory: &TreePath) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&directory.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_resolves_dots_and_refuses_to_leave_the_root() {
        let base = TreePath::parse("./apps//web/").unwrap();
        assert_eq!(base.as_str(), "apps/web");
        assert_eq!(base.join("../../lib/./a.yaml").unwrap().as_str(), "lib/a.yaml");
        assert_eq!(base.join("../..").unwrap(), TreePath::root());
        for escape in ["../../..", "../../../etc/passwd", "/etc/passwd"] {
            assert!(matches!(base.join(escape), Err(Error::Outside { .. })), "{escape}");
        }
        assert!(matches!(base.join("a\0b"), Err(Error::InvalidPath { .. })));
    }

    #[test]
    fn a_path_is_within_a_directory_by_whole_elements() {
        let path = TreePath::parse("apps/web/a.yaml").unwrap();
        assert!(path.is_within(&TreePath::parse("apps/web").unwrap()));
        assert!(path.is_within(&TreePath::root()));
        assert!(!path.is_within(&TreePath::parse("apps/we").unwrap()));
        assert_eq!(path.parent().unwrap().as_str(), "apps/web");
        assert_eq!(path.name(), Some("a.yaml"));
    }
}
