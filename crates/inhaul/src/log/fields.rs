//! The fields of events and spans, in the order in which they were given.

use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Debug;
use tracing::field::{Field, Visit};

/// Keys with values; a key appears once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(super) fn set(&mut self, key: &str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        let index = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(index).1)
    }

    pub(super) fn extend(&mut self, others: &Self) {
        for (key, value) in &others.0 {
            self.set(key, value.clone());
        }
    }

    /// All pairs. One with the name of a key that each line has gets another name.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (String, Value)> {
        self.0.into_iter().map(|(key, value)| match key.as_str() {
            "level" | "ts" | "logger" | "msg" => (format!("field_{key}"), value),
            _ => (key, value),
        })
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), json!(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field.name(), json!(value.to_string()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field.name(), json!(format!("{value:?}")));
    }
}
