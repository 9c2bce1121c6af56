//! Building a directory of the file system, as `kustomize build` does.

use inhaul_kustomize::{Built, Options};
use inhaul_tree::DirectoryTree;
use std::path::Path;

/// Builds the kustomization in a directory.
///
/// Messages name files relative to the Git repository around the directory. Like kustomize, a
/// build may use directories outside of it: where it needs them, the whole file system is the
/// tree.
pub(super) fn build(path: &Path, options: &Options) -> Result<Built, String> {
    let shown = path.display();
    if ["http://", "https://", "ssh://", "git@", "oci://"]
        .iter()
        .any(|remote| path.to_string_lossy().starts_with(remote))
    {
        return Err(format!("{shown}: remote directories are not built; clone it first"));
    }
    let directory = path.canonicalize().map_err(|error| format!("{shown}: {error}"))?;
    if !directory.is_dir() {
        return Err(format!("{shown}: is a file; name the directory of a kustomization"));
    }
    let whole = Path::new("/");
    let repository = directory.ancestors().find(|directory| directory.join(".git").exists());
    let within = build_in(repository.unwrap_or(whole), &directory, options);
    match (within, repository) {
        (Err(error), Some(_)) => build_in(whole, &directory, options).map_err(|_| error),
        (within, _) => within,
    }
}

fn build_in(root: &Path, directory: &Path, options: &Options) -> Result<Built, String> {
    let below = directory.strip_prefix(root).map_err(|error| error.to_string())?;
    let below = below.to_str().ok_or_else(|| format!("{}: is not UTF-8", directory.display()))?;
    inhaul_kustomize::build(&DirectoryTree::new(root), below, options)
        .map_err(|error| error.to_string())
}
