//! `index.yaml` of a chart repository.

use inhaul_tree::{Tree, TreePath};
use serde_json::Value;

use crate::{
    Error,
    values::load,
    version::{Constraint, Version},
};

/// The newest version of a chart that a range accepts, and the name of its archive.
pub(super) fn newest(
    tree: &dyn Tree,
    folder: &TreePath,
    chart: &str,
    range: &Constraint,
) -> Result<Option<(String, String)>, Error> {
    let path = folder.child("index.yaml");
    let bytes = inhaul_tree::read(tree, &path)?;
    let index = load::yaml(&bytes).map_err(|why| Error::Dependency(format!("{path}: {why}")))?;
    let entries = index.get("entries").and_then(|entries| entries.get(chart));
    let Some(Value::Array(entries)) = entries else {
        return Err(Error::Dependency(format!("{path}: holds no chart {chart:?}")));
    };
    let mut fitting: Vec<(Version, String)> = entries
        .iter()
        .filter_map(|entry| {
            let version = Version::parse(entry.get("version")?.as_str()?).ok()?;
            let address = entry.get("urls")?.as_array()?.first()?.as_str()?;
            let archive = address.rsplit('/').next()?.to_owned();
            range.check(&version).then_some((version, archive))
        })
        .collect();
    // Stable: of equal versions, the one listed first is taken.
    fitting.sort_by(|a, b| b.0.compare(&a.0));
    let newest = fitting.into_iter().next();
    Ok(newest.map(|(version, archive)| (version.original().to_owned(), archive)))
}
