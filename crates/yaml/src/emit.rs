//! Nodes and JSON data to text, as go-yaml v2 writes sorted maps.

use std::borrow::Cow;

use serde_json::Value;

use crate::json::{Scalar, key_text, not_json, scalar};
use crate::order::sort_entries;
use crate::scalar::Writer;
use crate::{Dialect, Error, Node, NodeKind, go_float};

/// What the writer needs to know of a value.
enum View<'a, T> {
    /// Text that is safe as it is: null, booleans, numbers.
    Literal(Cow<'a, str>),
    Text(Cow<'a, str>),
    Sequence(&'a [T]),
    Mapping(Vec<(&'a str, &'a T)>),
}

trait Source: Sized {
    fn view(&self) -> Result<View<'_, Self>, Error>;
}

impl Source for Value {
    fn view(&self) -> Result<View<'_, Self>, Error> {
        Ok(match self {
            Self::Null => View::Literal(Cow::Borrowed("null")),
            Self::Bool(true) => View::Literal(Cow::Borrowed("true")),
            Self::Bool(false) => View::Literal(Cow::Borrowed("false")),
            Self::Number(number) => View::Literal(Cow::Owned(match number.as_f64() {
                Some(value) if number.is_f64() => float(value),
                _ => number.to_string(),
            })),
            Self::String(text) => View::Text(Cow::Borrowed(text)),
            Self::Array(items) => View::Sequence(items),
            Self::Object(map) => {
                View::Mapping(map.iter().map(|(key, value)| (key.as_str(), value)).collect())
            }
        })
    }
}

impl Source for Node {
    fn view(&self) -> Result<View<'_, Self>, Error> {
        let value = match &self.kind {
            NodeKind::Sequence(items) => return Ok(View::Sequence(items)),
            NodeKind::Mapping(entries) => return mapping_view(entries),
            NodeKind::Scalar(text) => match scalar(self, Dialect::GoV3) {
                Some(value) => (text, value?),
                None => return Ok(View::Text(Cow::Borrowed(text))),
            },
        };
        Ok(match value {
            (_, Scalar::Text(text)) if text.contains('\u{85}') => {
                View::Text(Cow::Owned(fold_next_lines(&text)))
            }
            (_, Scalar::Text(text)) => View::Text(text),
            (_, Scalar::Null) => View::Literal(Cow::Borrowed("null")),
            (_, Scalar::Bool(value)) => {
                View::Literal(Cow::Borrowed(if value { "true" } else { "false" }))
            }
            (_, Scalar::Signed(value)) => View::Literal(Cow::Owned(value.to_string())),
            (_, Scalar::Unsigned(value)) => View::Literal(Cow::Owned(value.to_string())),
            (text, Scalar::Float(value)) if !value.is_finite() => return Err(not_json(self, text)),
            (_, Scalar::Float(value)) => View::Literal(Cow::Owned(float(value))),
        })
    }
}

/// JSON leaves U+0085 as it is, and go-yaml v2 then takes it for a line break within quotes: blanks around it go, one
/// becomes a space, more become one line break less.
fn fold_next_lines(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        result.push_str(rest[..at].trim_end_matches([' ', '\t']));
        let after = rest[at..].trim_start_matches(['\u{85}', ' ', '\t']);
        let breaks = rest[at..rest.len() - after.len()].matches('\u{85}').count();
        match breaks {
            1 => result.push(' '),
            _ => result.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
        rest = after;
    }
    result + rest
}

fn mapping_view(entries: &[(Node, Node)]) -> Result<View<'_, Node>, Error> {
    let mut view = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match key_text(key, Dialect::GoV3)? {
            Cow::Borrowed(text) => view.push((text, value)),
            // Only `!!binary` and timestamps are not written as they stand, and kyaml reads keys as they stand.
            Cow::Owned(_) => view.push((key.text().unwrap_or_default(), value)),
        }
    }
    Ok(View::Mapping(view))
}

/// A float after its way through Go's JSON and go-yaml v2, where a float without a fraction is an integer.
#[expect(clippy::cast_precision_loss, reason = "the bound itself is exact")]
fn float(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let smallest = i64::MIN as f64;
    let bound = u64::MAX as f64;
    if value.fract() == 0.0 && value >= smallest && value < bound {
        return format!("{value}");
    }
    go_float(value)
}

/// JSON data as `sigs.k8s.io/yaml` marshals it, with a line break at the end.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut writer = Writer::new(String::new());
    // JSON data has no shape that cannot be written.
    let _ = document(&mut writer, value);
    writer.finish()
}

/// Appends a node to `out` as kustomize prints it: through JSON, then as [`to_string`].
///
/// # Errors
/// Values that have no JSON form: see [`crate::to_json`]. `out` then ends within the document.
pub fn emit(node: &Node, out: &mut String) -> Result<(), Error> {
    let mut writer = Writer::new(std::mem::take(out));
    let result = document(&mut writer, node);
    *out = writer.finish();
    result
}

fn document<T: Source>(writer: &mut Writer, value: &T) -> Result<(), Error> {
    match value.view()? {
        View::Literal(text) => writer.literal(&text),
        View::Text(text) => writer.text(&text, 2, false),
        View::Sequence([]) => writer.push("[]"),
        View::Sequence(items) => sequence(writer, items, 0, true)?,
        View::Mapping(entries) if entries.is_empty() => writer.push("{}"),
        View::Mapping(entries) => mapping(writer, entries, 0, true)?,
    }
    writer.end_line();
    Ok(())
}

/// Writes items at an indentation; `inline` when the first one continues a line.
fn sequence<T: Source>(
    writer: &mut Writer,
    items: &[T],
    indent: usize,
    inline: bool,
) -> Result<(), Error> {
    for (at, item) in items.iter().enumerate() {
        if at > 0 || !inline {
            writer.line(indent);
        }
        writer.push("- ");
        match item.view()? {
            View::Literal(text) => writer.literal(&text),
            View::Text(text) => writer.text(&text, indent + 2, false),
            View::Sequence([]) => writer.push("[]"),
            View::Sequence(items) => sequence(writer, items, indent + 2, true)?,
            View::Mapping(entries) if entries.is_empty() => writer.push("{}"),
            View::Mapping(entries) => mapping(writer, entries, indent + 2, true)?,
        }
    }
    Ok(())
}

fn mapping<T: Source>(
    writer: &mut Writer,
    mut entries: Vec<(&str, &T)>,
    indent: usize,
    inline: bool,
) -> Result<(), Error> {
    sort_entries(&mut entries);
    for (at, (key, value)) in entries.into_iter().enumerate() {
        if at > 0 || !inline {
            writer.line(indent);
        }
        let simple = writer.key(key, indent);
        match value.view()? {
            View::Literal(text) => {
                writer.push(" ");
                writer.literal(&text);
            }
            View::Text(text) => {
                writer.push(" ");
                writer.text(&text, indent + 2, false);
            }
            View::Sequence([]) => writer.push(" []"),
            // After a long key's own line the value starts on the line of its colon.
            View::Sequence(items) if !simple => {
                writer.push(" ");
                sequence(writer, items, indent + 2, true)?;
            }
            View::Sequence(items) => sequence(writer, items, indent, false)?,
            View::Mapping(entries) if entries.is_empty() => writer.push(" {}"),
            View::Mapping(entries) if !simple => {
                writer.push(" ");
                mapping(writer, entries, indent + 2, true)?;
            }
            View::Mapping(entries) => mapping(writer, entries, indent + 2, false)?,
        }
    }
    Ok(())
}
