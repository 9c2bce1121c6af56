//! `inhaul dependency list`.

use inhaul_tree::{Entry, Kind, Tree, TreePath};

use super::DependencyOptions;
use crate::{
    Error,
    chart::{Chart, Dependency},
    command::{Output, World},
    version::{Constraint, Version},
};

/// Widest column, in characters.
const MAX_COLUMN: usize = 80;

/// Prints each dependency of a chart and whether it is there, and what is there without being
/// wanted.
///
/// # Errors
/// Fails where the chart cannot be loaded.
pub fn list(options: &DependencyOptions, world: &World<'_>) -> Result<Output, Error> {
    let path = (world.locate)(options.chart_or_here()).map_err(Error::Usage)?;
    let chart = Chart::load(world.tree, &path)?;
    let Some(wanted) = &chart.metadata.dependencies else {
        let text = format!("WARNING: no dependencies at {}\n", options.shown("charts"));
        return Ok(Output { text, ..Output::default() });
    };
    let folder = Folder::open(world.tree, path.child("charts"))?;
    let mut rows = vec![["NAME", "VERSION", "REPOSITORY", "STATUS"].map(str::to_owned)];
    for dependency in wanted {
        let Dependency { name, version, repository, .. } = dependency;
        let status = folder.status(dependency, &chart)?;
        rows.push([name.clone(), version.clone(), repository.clone(), status.to_owned()]);
    }
    let mut text = table(&rows);
    text.push_str("\n\n");
    for entry in &folder.entries {
        let shown = options.shown(&format!("charts/{}", entry.name));
        if !folder.may_be_chart(entry)? {
            continue;
        }
        match Chart::load(world.tree, &folder.path.child(&entry.name)) {
            Err(_) => text.push_str(&format!("WARNING: {shown:?} is not a chart.\n")),
            Ok(found) if !wanted.iter().any(|w| w.name == found.metadata.name) => {
                text.push_str(&format!("WARNING: {shown:?} is not in Chart.yaml.\n"));
            }
            Ok(_) => {}
        }
    }
    Ok(Output { text, ..Output::default() })
}

/// A chart's `charts/` folder; it need not be there.
pub(super) struct Folder<'a> {
    tree: &'a dyn Tree,
    pub(super) path: TreePath,
    pub(super) entries: Vec<Entry>,
}

impl<'a> Folder<'a> {
    pub(super) fn open(tree: &'a dyn Tree, path: TreePath) -> Result<Self, Error> {
        let entries = match inhaul_tree::kind(tree, &path)? {
            Some(Kind::Directory) => inhaul_tree::list(tree, &path)?,
            _ => Vec::new(),
        };
        Ok(Self { tree, path, entries })
    }

    fn may_be_chart(&self, entry: &Entry) -> Result<bool, Error> {
        let kind = inhaul_tree::kind(self.tree, &self.path.child(&entry.name))?;
        Ok(kind == Some(Kind::Directory) || entry.name.ends_with(".tgz"))
    }

    /// The archives whose name begins as that of this chart.
    pub(super) fn archives(&self, chart: &str) -> Vec<&str> {
        let prefix = format!("{chart}-");
        let names = self.entries.iter().map(|entry| entry.name.as_str());
        names.filter(|name| name.starts_with(&prefix) && name.ends_with(".tgz")).collect()
    }

    /// Helm's one word on whether a dependency is there.
    fn status(&self, wanted: &Dependency, parent: &Chart) -> Result<&'static str, Error> {
        let archives = self.archives(&wanted.name);
        let exact: Vec<&str> = match archives.as_slice() {
            [] => Vec::new(),
            [only] => vec![only],
            several => several
                .iter()
                .copied()
                .filter(|name| {
                    let version = &name[wanted.name.len() + 1..name.len() - ".tgz".len()];
                    Version::parse_strict(version).is_some()
                })
                .collect(),
        };
        match exact.as_slice() {
            [] => {}
            [only] => return Ok(self.archive_status(only, wanted)),
            _ => return Ok("too many matches"),
        }
        let found = parent.dependencies.iter().rfind(|c| c.metadata.name == wanted.name);
        Ok(found.map_or("missing", |found| version_status(found, wanted).unwrap_or("unpacked")))
    }

    fn archive_status(&self, name: &str, wanted: &Dependency) -> &'static str {
        match Chart::load(self.tree, &self.path.child(name)) {
            Err(_) => "corrupt",
            Ok(found) if found.metadata.name != wanted.name => "misnamed",
            Ok(found) => version_status(&found, wanted).unwrap_or("ok"),
        }
    }
}

/// What is wrong with the version of a chart that was found.
fn version_status(found: &Chart, wanted: &Dependency) -> Option<&'static str> {
    if found.metadata.version == wanted.version {
        return None;
    }
    match (Constraint::parse(&wanted.version), Version::parse(&found.metadata.version)) {
        (Ok(range), Ok(version)) => (!range.check(&version)).then_some("wrong version"),
        _ => Some("invalid version"),
    }
}

/// Columns padded to the widest cell and separated by tabs.
fn table(rows: &[[String; 4]]) -> String {
    let mut widths = [0; 4];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count().min(MAX_COLUMN));
        }
    }
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| padded(cell, width)).collect();
            cells.join("\t")
        })
        .collect();
    lines.join("\n")
}

fn padded(cell: &str, width: usize) -> String {
    if cell.chars().count() > width {
        let kept: String = cell.chars().take(width.saturating_sub(3)).collect();
        return format!("{kept}...");
    }
    format!("{cell:width$}")
}
