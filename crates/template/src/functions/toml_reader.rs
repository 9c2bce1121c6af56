//! TOML read into values: integers `int64`, floats `float64`, times.

use std::sync::Arc;

use ::toml::{Table, Value as Toml};

use super::layout_parse;
use crate::value::{Key, Value};

/// Nesting beyond which a document is refused.
const DEEPEST: usize = 200;

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let table: Table = text.parse().map_err(|error: ::toml::de::Error| {
        let line = error
            .span()
            .map_or(1, |span| 1 + text.get(..span.start).unwrap_or_default().matches('\n').count());
        format!("toml: line {line}: {}", error.message())
    })?;
    map(&table, 0)
}

fn map(table: &Table, depth: usize) -> Result<Value, String> {
    let entries: Result<Vec<(Key, Value)>, String> = table
        .iter()
        .map(|(key, value)| Ok((Key::from(key.as_str()), convert(value, depth + 1)?)))
        .collect();
    Ok(Value::Map(entries?.into_iter().collect()))
}

fn convert(value: &Toml, depth: usize) -> Result<Value, String> {
    if depth > DEEPEST {
        return Err("toml: document is nested too deeply".to_owned());
    }
    Ok(match value {
        Toml::String(text) => Value::from(text.as_str()),
        Toml::Integer(number) => Value::Int64(*number),
        Toml::Float(number) => Value::Float(*number),
        Toml::Boolean(flag) => Value::Bool(*flag),
        Toml::Datetime(time) => {
            let text = time.to_string();
            let layout = match (time.date.is_some(), time.time.is_some(), time.offset.is_some()) {
                (true, true, true) => "2006-01-02T15:04:05.999999999Z07:00",
                (true, true, false) => "2006-01-02T15:04:05.999999999",
                (true, ..) => "2006-01-02",
                _ => "15:04:05.999999999",
            };
            let zone = jiff::tz::TimeZone::UTC;
            Value::Time(Arc::new(layout_parse::parse(layout, &text, &zone)?))
        }
        Toml::Array(items) => {
            let items: Result<Vec<Value>, String> =
                items.iter().map(|item| convert(item, depth + 1)).collect();
            Value::list(items?)
        }
        Toml::Table(table) => map(table, depth)?,
    })
}
