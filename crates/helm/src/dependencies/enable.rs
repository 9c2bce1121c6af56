//! Aliases, tags and conditions.

use serde_json::Value;

use crate::{
    Error,
    chart::{Chart, Dependency},
    values::{
        Table, Warnings,
        coalesce::{Nulls, coalesce},
        path,
    },
    version::is_compatible,
};

/// How far aliases may multiply charts: aliases of charts with aliases grow without an end.
pub(super) struct Allowance {
    charts: usize,
    /// Bytes of default values, as text.
    values: usize,
}

impl Default for Allowance {
    /// Many times the largest umbrella chart that is known.
    fn default() -> Self {
        Self { charts: 10_000, values: 64 * 1024 * 1024 }
    }
}

impl Allowance {
    fn spend(&mut self, chart: &Chart) -> Result<(), Error> {
        let bytes = chart.values_text.as_ref().map_or(0, bytes::Bytes::len);
        let left = self.charts.checked_sub(1).zip(self.values.checked_sub(bytes));
        (self.charts, self.values) = left.ok_or_else(|| {
            Error::Dependency("aliases of dependencies multiply charts beyond reason".to_owned())
        })?;
        chart.dependencies.iter().try_for_each(|child| self.spend(child))
    }
}

/// Takes disabled charts out, level by level. `prefix` is the path of `chart` in the values, with
/// a dot at its end.
pub(super) fn process(
    chart: &mut Chart,
    values: &Table,
    prefix: &str,
    allowance: &mut Allowance,
    warnings: &mut Warnings,
) -> Result<(), Error> {
    let Some(mut wanted) = chart.metadata.dependencies.take() else { return Ok(()) };
    let present = std::mem::take(&mut chart.dependencies);
    chart.dependencies = named(present, &mut wanted, allowance)?;
    let values = coalesce(chart, values.clone(), Nulls::Remove, warnings)?;
    apply_tags(&mut wanted, &values, warnings);
    apply_conditions(&mut wanted, &values, prefix, warnings);
    let disabled: Vec<&str> =
        wanted.iter().filter(|w| !w.enabled).map(|w| w.name.as_str()).collect();
    chart.dependencies.retain(|child| !disabled.contains(&child.metadata.name.as_str()));
    for child in &mut chart.dependencies {
        let below = format!("{prefix}{}.", child.metadata.name);
        process(child, &values, &below, allowance, warnings)?;
    }
    let disabled: Vec<String> = disabled.into_iter().map(str::to_owned).collect();
    wanted.retain(|w| !disabled.contains(&w.name));
    // Helm ends with nil, not an empty list, where nothing is left.
    chart.metadata.dependencies = (!wanted.is_empty()).then_some(wanted);
    Ok(())
}

/// The charts under the names that `Chart.yaml` gives them. Charts that it does not mention, or
/// not in their version, stay in unconditionally and come first.
fn named(
    present: Vec<Chart>,
    wanted: &mut [Dependency],
    allowance: &mut Allowance,
) -> Result<Vec<Chart>, Error> {
    let fits = |wanted: &Dependency, chart: &Chart| {
        chart.metadata.name == wanted.name
            && is_compatible(&wanted.version, &chart.metadata.version)
    };
    let mut result: Vec<Chart> =
        present.iter().filter(|c| !wanted.iter().any(|w| fits(w, c))).cloned().collect();
    for dependency in wanted {
        if let Some(chart) = present.iter().find(|chart| fits(dependency, chart)) {
            allowance.spend(chart)?;
            let mut chart = chart.clone();
            dependency.effective_name().clone_into(&mut chart.metadata.name);
            result.push(chart);
        }
        dependency.name = dependency.effective_name().to_owned();
        dependency.enabled = true;
    }
    Ok(result)
}

fn apply_tags(wanted: &mut [Dependency], values: &Table, warnings: &mut Warnings) {
    let Some(Value::Object(tags)) = values.get("tags") else { return };
    for dependency in wanted {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                None => {}
                Some(Value::Bool(true)) => on = true,
                Some(Value::Bool(false)) => off = true,
                Some(_) => warnings.add(format!(
                    "tag {tag:?} of dependency {:?} is not a boolean",
                    dependency.name
                )),
            }
        }
        dependency.enabled = on || !off;
    }
}

/// The first path that leads to a boolean decides, over any tag.
fn apply_conditions(
    wanted: &mut [Dependency],
    values: &Table,
    prefix: &str,
    warnings: &mut Warnings,
) {
    for dependency in wanted {
        let condition = dependency.condition.trim().to_owned();
        for path in condition.split(',').filter(|path| !path.is_empty()) {
            match path::scalar(values, &format!("{prefix}{path}")) {
                None => {}
                Some(Value::Bool(enabled)) => {
                    dependency.enabled = *enabled;
                    break;
                }
                Some(_) => warnings.add(format!(
                    "condition path {path:?} of dependency {:?} leads to a non-boolean value",
                    dependency.name
                )),
            }
        }
    }
}
