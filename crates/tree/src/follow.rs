//! Following symbolic links, inside the tree only.

use crate::{Entry, Error, Kind, Tree, TreePath};
use bytes::Bytes;

/// As Linux does it (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// How the pointer files of Git LFS begin.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
/// Pointer files are shorter than this by their specification.
const LFS_POINTER_MAX: usize = 1024;

/// The path of what `path` leads to when every link on the way is followed. What does not exist
/// resolves to itself.
///
/// # Errors
/// [`Error::LinkOutside`] where a link leaves the tree (absolute ones always do),
/// [`Error::TooManyLinks`] on a loop, and whatever the tree answers.
pub fn resolve(tree: &dyn Tree, path: &TreePath) -> Result<TreePath, Error> {
    let mut links = 0;
    let mut pending: Vec<String> = path.elements().rev().map(str::to_owned).collect();
    let mut resolved = TreePath::root();
    while let Some(element) = pending.pop() {
        if element == ".." {
            resolved =
                resolved.parent().ok_or_else(|| Error::Outside { path: path.to_string() })?;
            continue;
        }
        let next = resolved.child(&element);
        if tree.kind(&next)? != Some(Kind::Symlink) {
            resolved = next;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(Error::TooManyLinks { path: path.clone() });
        }
        let target = tree.read_link(&next)?;
        let outside = || Error::LinkOutside { path: next.clone(), target: target.clone() };
        if target.starts_with('/') {
            return Err(outside());
        }
        resolved.join(&target).map_err(|_| outside())?;
        pending.extend(
            target.split('/').rev().filter(|e| !e.is_empty() && *e != ".").map(str::to_owned),
        );
    }
    Ok(resolved)
}

/// The bytes of the file that `path` leads to, links followed.
///
/// # Errors
/// Those of [`resolve`] and [`Tree::read`], and [`Error::LfsPointer`] where the file's content is
/// kept elsewhere.
pub fn read(tree: &dyn Tree, path: &TreePath) -> Result<Bytes, Error> {
    let bytes = tree.read(&resolve(tree, path)?)?;
    if bytes.len() < LFS_POINTER_MAX && bytes.starts_with(LFS_POINTER) {
        return Err(Error::LfsPointer { path: path.clone() });
    }
    Ok(bytes)
}

/// What `path` leads to, links followed; never [`Kind::Symlink`]. `None` if nothing is there.
pub fn kind(tree: &dyn Tree, path: &TreePath) -> Result<Option<Kind>, Error> {
    tree.kind(&resolve(tree, path)?)
}

/// The entries of the directory that `path` leads to, links followed up to it.
pub fn list(tree: &dyn Tree, path: &TreePath) -> Result<Vec<Entry>, Error> {
    tree.list(&resolve(tree, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    #[test]
    fn links_are_followed_inside_the_tree() {
        let tree = MemoryTree::builder()
            .file("base/a.yaml", "a")
            .link("overlay/base", "../base")
            .link("overlay/a.yaml", "base/a.yaml")
            .build()
            .unwrap();
        assert_eq!(read(&tree, &path("overlay/a.yaml")).unwrap(), "a");
        assert_eq!(resolve(&tree, &path("overlay/base/a.yaml")).unwrap(), path("base/a.yaml"));
        assert_eq!(kind(&tree, &path("overlay/base")).unwrap(), Some(Kind::Directory));
        assert_eq!(kind(&tree, &path("overlay/none")).unwrap(), None);
    }

    #[test]
    fn links_that_leave_the_tree_or_loop_are_refused() {
        let tree = MemoryTree::builder()
            .link("absolute", "/etc/passwd")
            .link("above", "../../etc/passwd")
            .link("a", "b")
            .link("b", "a")
            .build()
            .unwrap();
        for name in ["absolute", "above"] {
            let error = read(&tree, &path(name)).unwrap_err();
            assert!(matches!(error, Error::LinkOutside { .. }), "{error}");
        }
        assert!(matches!(read(&tree, &path("a")), Err(Error::TooManyLinks { .. })));
    }

    #[test]
    fn a_git_lfs_pointer_is_an_error_that_names_the_file() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
        let tree = MemoryTree::builder().file("big.yaml", pointer).build().unwrap();
        let error = read(&tree, &path("big.yaml")).unwrap_err();
        assert!(error.to_string().starts_with("big.yaml: is a Git LFS pointer"), "{error}");
    }
}
