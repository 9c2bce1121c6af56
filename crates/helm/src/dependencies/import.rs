//! `import-values`: values that a chart takes over from its dependencies.

use serde_json::Value;

use crate::{
    Error,
    chart::{Chart, Dependency},
    values::{
        Table, Warnings,
        coalesce::{Nulls, coalesce, fill},
        path,
    },
};

/// Imports from the leaves up, so that what a child imported can be imported from it.
pub(super) fn process(chart: &mut Chart, warnings: &mut Warnings) -> Result<(), Error> {
    for child in &mut chart.dependencies {
        process(child, warnings)?;
    }
    let Some(mut wanted) = chart.metadata.dependencies.take() else { return Ok(()) };
    let mut values = coalesce(chart, Table::new(), Nulls::Keep, warnings)?;
    let mut imported = Table::new();
    for dependency in &mut wanted {
        for import in imports(dependency) {
            let from = format!("{}.{}", dependency.name, import.child);
            match path::table(&values, &from) {
                Ok(table) => {
                    let table = nest(&import.parent, table.clone());
                    fill(&mut imported, table, Nulls::Keep, warnings);
                }
                Err(why) => warnings.add(format!(
                    "import-values of dependency {:?}: {from}: {why}",
                    dependency.name
                )),
            }
        }
    }
    // The parent's own values win over what it imports.
    fill(&mut values, imported, Nulls::Keep, warnings);
    chart.values = values.into();
    chart.metadata.dependencies = Some(wanted);
    Ok(())
}

struct Import {
    child: String,
    parent: String,
}

/// The imports of a dependency, which are also rewritten to their long form, as templates see
/// them.
fn imports(dependency: &mut Dependency) -> Vec<Import> {
    let imports: Vec<Import> = dependency
        .import_values
        .iter()
        .filter_map(|item| match item {
            Value::String(name) => {
                Some(Import { child: format!("exports.{name}"), parent: ".".to_owned() })
            }
            Value::Object(pair) => {
                let side = |name: &str| match pair.get(name) {
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => "<nil>".to_owned(),
                };
                Some(Import { child: side("child"), parent: side("parent") })
            }
            _ => None,
        })
        .collect();
    dependency.import_values = imports
        .iter()
        .map(|import| serde_json::json!({"child": import.child, "parent": import.parent}))
        .collect();
    imports
}

fn nest(path: &str, table: Table) -> Table {
    if path == "." {
        return table;
    }
    path.rsplit('.')
        .fold(table, |inner, key| Table::from_iter([(key.to_owned(), Value::Object(inner))]))
}
