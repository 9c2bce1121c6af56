//! Walking a directory.

use crate::{Error, Kind, Tree, TreePath};

/// How deep a walk goes before it refuses. Linux ends at 4,096 bytes of path; no repository that
/// people work on comes near this.
const MAX_DEPTH: usize = 256;

/// Calls `visit` with every file below the directory `root`, in the order of their names, links
/// left out. Before a directory below `root` is entered, `enter` is asked.
///
/// # Errors
/// Whatever the tree answers, or `visit` or `enter` return.
pub fn walk<E: From<Error>>(
    tree: &dyn Tree,
    root: &TreePath,
    enter: &mut dyn FnMut(&TreePath) -> Result<bool, E>,
    visit: &mut dyn FnMut(&TreePath) -> Result<(), E>,
) -> Result<(), E> {
    walk_below(tree, root, 0, enter, visit)
}

fn walk_below<E: From<Error>>(
    tree: &dyn Tree,
    directory: &TreePath,
    depth: usize,
    enter: &mut dyn FnMut(&TreePath) -> Result<bool, E>,
    visit: &mut dyn FnMut(&TreePath) -> Result<(), E>,
) -> Result<(), E> {
    if depth > MAX_DEPTH {
        let why = format!("more than {MAX_DEPTH} levels of directories");
        return Err(Error::Unreadable { path: directory.clone(), why }.into());
    }
    for entry in tree.list(directory)? {
        let path = directory.child(&entry.name);
        match entry.kind {
            Kind::File { .. } => visit(&path)?,
            Kind::Directory if enter(&path)? => walk_below(tree, &path, depth + 1, enter, visit)?,
            Kind::Directory | Kind::Symlink => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;

    #[test]
    fn a_walk_is_ordered_leaves_links_out_and_enters_only_where_told() {
        let tree = MemoryTree::builder()
            .file("b/2.yaml", "")
            .file("b/1.yaml", "")
            .file("a/skip/x.yaml", "")
            .file("c.yaml", "")
            .link("d", "b")
            .build()
            .unwrap();
        let mut seen = Vec::new();
        walk::<Error>(
            &tree,
            &TreePath::root(),
            &mut |directory| Ok(directory.name() != Some("skip")),
            &mut |file| {
                seen.push(file.to_string());
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, ["b/1.yaml", "b/2.yaml", "c.yaml"]);
    }
}
