//! `inhaul dependency list|build|update`: the charts that a chart needs, brought into its
//! `charts/` folder. Nothing is downloaded: a dependency is a folder (`file://`), an archive that
//! is in `charts/` already, or an archive listed by a local index.

mod digest;
mod fetch;
mod index;
mod list;
mod lock;

pub use list::list;
pub use lock::{build, update};

use inhaul_tree::TreePath;

/// The arguments of a dependency command.
#[derive(Debug, Clone, Default)]
pub struct DependencyOptions {
    /// CHART as it was typed; empty means the current folder.
    pub chart: String,
    /// Repositories that are here: an address, and the folder with its `index.yaml` and archives.
    pub local_repositories: Vec<LocalRepository>,
}

/// A chart repository that lies in the tree.
#[derive(Debug, Clone)]
pub struct LocalRepository {
    /// The address by which charts name it.
    pub address: String,
    /// The folder that holds `index.yaml` and the archives.
    pub folder: TreePath,
}

impl DependencyOptions {
    /// The path of something inside the chart, for people to read.
    fn shown(&self, inside: &str) -> String {
        let chart = self.chart.trim_end_matches('/');
        let chart = chart.strip_prefix("./").unwrap_or(chart);
        match chart {
            "" if self.chart.starts_with('/') => format!("/{inside}"),
            "" | "." => inside.to_owned(),
            chart => format!("{chart}/{inside}"),
        }
    }

    fn chart_or_here(&self) -> &str {
        if self.chart.is_empty() { "." } else { &self.chart }
    }
}

#[cfg(test)]
mod tests;
