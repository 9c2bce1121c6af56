//! Files and directories as a kustomization names them: relative to it, inside its bounds, without cycles.

use bytes::Bytes;
use inhaul_tree::{Kind, Tree, TreePath};

use crate::error::{Error, Result};

/// Whether files outside of a kustomization's directory may be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoadRestrictor {
    /// Every file must be in the directory of the kustomization that names it, or below.
    #[default]
    RootOnly,
    /// Any file of the tree.
    None,
}

/// Reads for the kustomization in one directory.
#[derive(Clone)]
pub(crate) struct Loader<'t> {
    tree: &'t dyn Tree,
    restrictor: LoadRestrictor,
    /// The directories on the way to this one, itself last.
    visited: Vec<TreePath>,
    root: TreePath,
}

fn is_remote_file(path: &str) -> bool {
    path.starts_with("http://") || path.starts_with("https://")
}

/// Whether a path names a Git repository elsewhere.
pub(crate) fn is_remote(path: &str) -> bool {
    let path = path.strip_prefix("git::").unwrap_or(path);
    let schemes =
        ["http://", "https://", "ssh://", "file://", "git@", "github.com/", "github.com:"];
    let lower = path.to_lowercase();
    schemes.iter().any(|scheme| lower.starts_with(scheme))
        || path.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'))
}

fn refuse_remote(path: &str) -> Error {
    Error::new(format!(
        "'{path}' is remote: remote resources are refused, because a render reads its own tree only (vendor the files instead)"
    ))
}

impl<'t> Loader<'t> {
    /// A loader for a directory of the tree.
    pub(crate) fn new(
        tree: &'t dyn Tree,
        directory: &str,
        restrictor: LoadRestrictor,
    ) -> Result<Self> {
        let path = TreePath::parse(directory)?;
        let root = inhaul_tree::resolve(tree, &path)
            .map_err(|error| Error::from(error).context(format!("'{directory}'")))?;
        if tree.kind(&root)? != Some(Kind::Directory) {
            return Err(Error::new(format!("'{directory}': must build at directory")));
        }
        Ok(Self { tree, restrictor, visited: vec![root.clone()], root })
    }

    pub(crate) fn tree(&self) -> &'t dyn Tree {
        self.tree
    }

    pub(crate) fn root(&self) -> &TreePath {
        &self.root
    }

    pub(crate) fn load(&self, path: &str) -> Result<Bytes> {
        if is_remote_file(path) {
            return Err(refuse_remote(path));
        }
        let named =
            if path.starts_with('/') { TreePath::parse(path) } else { self.root.join(path) };
        let security = |shown: &str| {
            Error::new(format!("security; file '{shown}' is not in or below '{}'", self.root))
        };
        let named = named.map_err(|error| {
            if self.restrictor == LoadRestrictor::RootOnly { security(path) } else { error.into() }
        })?;
        let real = match inhaul_tree::resolve(self.tree, &named) {
            Ok(real) => real,
            Err(inhaul_tree::Error::LinkOutside { .. })
                if self.restrictor == LoadRestrictor::RootOnly =>
            {
                return Err(security(named.as_str()));
            }
            Err(error) => return Err(error.into()),
        };
        let outside = self.restrictor == LoadRestrictor::RootOnly && !real.is_within(&self.root);
        if outside && self.tree.kind(&real)?.is_some() {
            return Err(security(real.as_str()));
        }
        Ok(inhaul_tree::read(self.tree, &real)?)
    }

    /// Whether a file of this name stands in the directory.
    ///
    /// # Errors
    /// Whatever keeps the tree from knowing: what cannot be read must not look absent.
    pub(crate) fn has_file(&self, name: &str) -> Result<bool> {
        let kind = inhaul_tree::kind(self.tree, &self.root.child(name));
        Ok(matches!(kind.map_err(Error::from)?, Some(Kind::File { .. })))
    }

    /// As [`Self::load`], for a file that must be text.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let bytes = self.load(path)?;
        String::from_utf8(Vec::from(bytes)).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Error::new(format!("{path}: invalid UTF-8 at byte {at}"))
        })
    }

    /// The path of a file relative to the tree, for messages.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.root.join(path).map_or_else(|_| path.to_owned(), |path| path.to_string())
    }

    /// A loader for the directory that this kustomization names.
    pub(crate) fn descend(&self, path: &str) -> Result<Self> {
        if path.is_empty() {
            return Err(Error::new("new root cannot be empty"));
        }
        if is_remote(path) {
            return Err(refuse_remote(path));
        }
        if path.starts_with('/') {
            return Err(Error::new(format!("new root '{path}' cannot be absolute")));
        }
        let ambiguous = |part: &str| part != ".." && part.contains("..");
        if path.split('/').any(ambiguous) {
            return Err(Error::new(format!(
                "path {path:?} is ambiguous: resolves to {:?} after normalization, which is likely not the intended target; check for YAML indentation errors in your kustomization file",
                crate::origin::join("", path)
            )));
        }
        let root = inhaul_tree::resolve(self.tree, &self.root.join(path)?)?;
        match self.tree.kind(&root)? {
            Some(Kind::Directory) => {}
            Some(_) => {
                return Err(Error::new(format!(
                    "must build at directory: '{root}': file is not directory"
                )));
            }
            None => {
                return Err(Error::new(format!(
                    "must build at directory: not a valid directory: '{root}': no such file or directory"
                )));
            }
        }
        if let Some(visited) = self.visited.iter().rev().find(|visited| visited.is_within(&root)) {
            return Err(Error::new(format!(
                "cycle detected: candidate root '{root}' contains visited root '{visited}'"
            )));
        }
        let mut visited = self.visited.clone();
        visited.push(root.clone());
        Ok(Self { tree: self.tree, restrictor: self.restrictor, visited, root })
    }
}
