//! `inhaul template` and `inhaul dependency`: Helm's commands over charts on disk.

mod dependency;
mod template;

pub(crate) use dependency::Dependency;
pub(crate) use template::Template;

use crate::files;
use crate::printer::Printer;
use inhaul_controller::SystemHost;
use inhaul_helm::Error;
use inhaul_helm::command::{Change, Output, World};
use inhaul_tree::{DirectoryTree, TreePath};
use std::path::Path;

/// Runs a command of the Helm crate in the world of this machine's files.
fn run(command: impl FnOnce(&World<'_>) -> Result<Output, Error>) -> Result<Output, String> {
    let tree = DirectoryTree::new("/");
    let world = World {
        tree: &tree,
        locate: &locate,
        read: &|path| files::read(Path::new(path)).map_err(|error| format!("open {path}: {error}")),
        host: &SystemHost,
    };
    command(&world).map_err(|error| error.to_string())
}

/// The place of a chart in the tree of all files.
fn locate(chart: &str) -> Result<TreePath, String> {
    let remote = chart.starts_with("oci://") || chart.contains("://");
    if remote {
        return Err(format!("{chart}: charts are not downloaded; name a directory or an archive"));
    }
    let path = Path::new(chart).canonicalize();
    let path = path.map_err(|error| format!("path {chart:?} not found: {error}"))?;
    let text = path.to_str().ok_or_else(|| format!("{chart}: is not UTF-8"))?;
    TreePath::parse(text).map_err(|error| error.to_string())
}

/// Writes the files of an output below a directory; returns what is to be printed about it.
fn deliver(output: &Output, directory: &Path, printer: Printer) -> Result<String, String> {
    let mut written = String::new();
    for warning in &output.warnings {
        printer.warning(warning);
    }
    for file in &output.files {
        let path = files::below(directory, &file.path);
        let done = path.and_then(|path| {
            match &file.change {
                Change::Write(bytes) => files::write(&path, bytes, false)?,
                Change::Append(bytes) => files::write(&path, bytes, true)?,
                Change::Remove => return std::fs::remove_file(&path).map(|()| None),
            }
            Ok(Some(format!("wrote {}\n", path.display())))
        });
        let shown = directory.display();
        let line = done.map_err(|error| format!("{shown}/{}: {error}", file.path))?;
        written.extend(line);
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
