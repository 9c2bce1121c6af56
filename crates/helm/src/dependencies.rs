//! Which of a chart's dependencies take part in a render, under which names, and what they hand
//! to their parents.

mod enable;
mod import;

use crate::{
    Error,
    chart::Chart,
    values::{Table, Warnings},
};

/// Settles a chart's dependencies for these values: aliases, conditions, tags, imported values.
pub(crate) fn process(
    chart: &mut Chart,
    values: &Table,
    warnings: &mut Warnings,
) -> Result<(), Error> {
    enable::process(chart, values, "", &mut enable::Allowance::default(), warnings)?;
    import::process(chart, warnings)
}

/// Fails if `Chart.yaml` names a chart that is not there.
pub(crate) fn check_present(chart: &Chart) -> Result<(), Error> {
    let is_there = |name: &str| chart.dependencies.iter().any(|c| c.metadata.name == name);
    let missing: Vec<&str> = chart
        .metadata
        .dependencies
        .iter()
        .flatten()
        .map(|wanted| wanted.name.as_str())
        .filter(|name| !is_there(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Dependency(format!(
        "an error occurred while checking for chart dependencies. You may need to run \
         `inhaul dependency build` to fetch missing dependencies: found in Chart.yaml, but \
         missing in charts/ directory: {}",
        missing.join(", ")
    )))
}

#[cfg(test)]
mod tests;
