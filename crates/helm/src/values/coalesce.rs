//! How the values of a user, a chart and its subcharts become one.
//!
//! Helm 4.2 and later: null in a user's values removes the chart's default, null in a chart's own
//! defaults is dropped, and while values are only *merged* (for `import-values`) nulls are kept.

use serde_json::Value;

use super::{GLOBAL, Table, Warnings};
use crate::{Error, chart::Chart};

/// Whether nulls take effect now or are kept for a later step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// Null removes a key.
    Remove,
    /// Null stays a value.
    Keep,
}

/// The values that a chart and its subcharts are rendered with.
pub(crate) fn coalesce(
    chart: &Chart,
    mut values: Table,
    nulls: Nulls,
    warnings: &mut Warnings,
) -> Result<Table, Error> {
    Coalescer { warnings }.chart(chart, &mut values, "", nulls)?;
    Ok(values)
}

/// Fills `values` from `defaults`, tables below tables.
pub(crate) fn fill(values: &mut Table, defaults: Table, nulls: Nulls, warnings: &mut Warnings) {
    Coalescer { warnings }.tables(values, defaults, "", nulls);
}

struct Coalescer<'a> {
    warnings: &'a mut Warnings,
}

impl Coalescer<'_> {
    fn chart(
        &mut self,
        chart: &Chart,
        values: &mut Table,
        prefix: &str,
        nulls: Nulls,
    ) -> Result<(), Error> {
        let path = join(prefix, &chart.metadata.name);
        self.defaults(chart, values, &path, nulls);
        for child in &chart.dependencies {
            let name = &child.metadata.name;
            let parent_globals = values.get(GLOBAL).cloned();
            let below = match values.entry(name.clone()).or_insert_with(|| Table::new().into()) {
                Value::Object(below) => below,
                other => {
                    let shown = not_a_bool(other);
                    return Err(Error::Values(format!("type mismatch on {name}: {shown}")));
                }
            };
            self.globals(below, parent_globals, &path);
            self.chart(child, below, &path, nulls)?;
        }
        Ok(())
    }

    /// Hands the parent's globals down; the parent's win.
    fn globals(&mut self, values: &mut Table, parent: Option<Value>, path: &str) {
        let skip =
            |which: &str| format!("warning: skipping globals because {which} is not a table.");
        if values.get(GLOBAL).is_some_and(|own| !own.is_object()) {
            return self.warnings.add(skip("destination global"));
        }
        let parent = match parent {
            None => Table::new(),
            Some(Value::Object(parent)) => parent,
            Some(_) => return self.warnings.add(skip("source global")),
        };
        let Value::Object(own) =
            values.entry(GLOBAL.to_owned()).or_insert_with(|| Table::new().into())
        else {
            return;
        };
        for (key, value) in parent {
            match (own.get_mut(&key), value) {
                (Some(Value::Object(below)), Value::Object(mut above)) => {
                    let below = std::mem::take(below);
                    self.tables(&mut above, below, &join(path, &key), Nulls::Keep);
                    own.insert(key, Value::Object(above));
                }
                (Some(_), Value::Object(_)) => self
                    .warnings
                    .add(format!("Conflict: cannot merge map onto non-map for {key:?}. Skipping.")),
                (Some(Value::Object(_)), _) => {
                    self.warnings.add(format!("key {key} is table. Skipping"));
                }
                (_, value) => {
                    own.insert(key, value);
                }
            }
        }
    }

    /// Adds the chart's own defaults to the values it was given.
    fn defaults(&mut self, chart: &Chart, values: &mut Table, path: &str, nulls: Nulls) {
        for (key, default) in chart.values.iter() {
            match values.get_mut(key) {
                None => {
                    if let Some(value) = defaulted(default, nulls) {
                        values.insert(key.clone(), value);
                    }
                }
                Some(Value::Null) if nulls == Nulls::Remove => {
                    values.remove(key);
                }
                Some(Value::Object(given)) => match default {
                    Value::Object(table) => {
                        let is_child = chart.dependencies.iter().any(|c| c.metadata.name == *key);
                        let nulls = if is_child { Nulls::Keep } else { nulls };
                        let mut table = table.clone();
                        if nulls == Nulls::Remove {
                            drop_nulls(&mut table);
                        }
                        self.tables(given, table, &join(path, key), nulls);
                    }
                    Value::Null => {}
                    _ => self
                        .warnings
                        .add(format!("warning: skipped value for {path}.{key}: Not a table.")),
                },
                Some(_) => {}
            }
        }
    }

    fn tables(&mut self, values: &mut Table, mut defaults: Table, prefix: &str, nulls: Nulls) {
        let removes = |defaults: &Table, key: &str| {
            nulls == Nulls::Remove && defaults.get(key).is_some_and(|value| !value.is_null())
        };
        let given_nulls: Vec<String> =
            values.iter().filter(|(_, v)| v.is_null()).map(|(k, _)| k.clone()).collect();
        for key in given_nulls {
            // Null over a default removes both; null over nothing stays.
            if removes(&defaults, &key) {
                values.remove(&key);
            }
            defaults.remove(&key);
        }
        for (key, default) in defaults {
            let path = join(prefix, &key);
            match (values.get_mut(&key), default) {
                (None, default) => {
                    values.insert(key, default);
                }
                (Some(Value::Object(given)), Value::Object(table)) => {
                    self.tables(given, table, &path, nulls);
                }
                (Some(_), Value::Object(table)) => self.warnings.add(format!(
                    "warning: cannot overwrite table with non table for {path} ({})",
                    shown(&Value::Object(table))
                )),
                (Some(Value::Object(_)), default) if !default.is_null() => {
                    self.warnings.add(format!(
                        "warning: destination for {path} is a table. Ignoring non-table value ({})",
                        shown(&default)
                    ));
                }
                _ => {}
            }
        }
    }
}

fn defaulted(default: &Value, nulls: Nulls) -> Option<Value> {
    let mut value = default.clone();
    if nulls == Nulls::Remove {
        match &mut value {
            Value::Null => return None,
            Value::Object(table) => drop_nulls(table),
            _ => {}
        }
    }
    Some(value)
}

fn drop_nulls(table: &mut Table) {
    table.retain(|_, value| !value.is_null());
    for value in table.values_mut() {
        if let Value::Object(below) = value {
            drop_nulls(below);
        }
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

/// A value as Go's `%v` shows it in a warning.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" "))
        }
        Value::Object(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            let entries: Vec<_> =
                entries.into_iter().map(|(key, value)| format!("{key}:{}", shown(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => inhaul_yaml::go_float(float),
            _ => number.to_string(),
        },
        Value::Bool(flag) => flag.to_string(),
    }
}

/// A value as Go's `%t` shows what is not a boolean.
fn not_a_bool(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Null => "%!t(<nil>)".to_owned(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inside_not_a_bool).collect::<Vec<_>>().join(" "))
        }
        Value::Object(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| format!("%!t(string={key}):{}", inside_not_a_bool(value)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        other => format!("%!t({}={})", super::go_type(other), shown(other)),
    }
}

fn inside_not_a_bool(value: &Value) -> String {
    if value.is_null() { "<nil>".to_owned() } else { not_a_bool(value) }
}

#[cfg(test)]
mod tests;
