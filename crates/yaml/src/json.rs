//! Nodes as JSON data.

use std::borrow::Cow;

use base64::Engine as _;
use serde_json::{Map, Number, Value};

use crate::resolve::{self, Meaning};
use crate::{Dialect, Error, Limits, Node, NodeKind, Style, Tag, go_float, parse_with, timestamp};

/// A scalar with its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits in 64 bits with a sign.
    Signed(i64),
    /// A larger integer.
    Unsigned(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
}

/// Types a scalar node; `None` for collections.
///
/// # Errors
/// An explicit tag that the text does not satisfy, base64 that is none.
pub fn scalar(node: &Node, dialect: Dialect) -> Option<Result<Scalar<'_>, Error>> {
    let NodeKind::Scalar(text) = &node.kind else { return None };
    Some(typed(node, text, dialect))
}

fn typed<'a>(node: &'a Node, text: &'a str, dialect: Dialect) -> Result<Scalar<'a>, Error> {
    let plain_text = Ok(Scalar::Text(Cow::Borrowed(text)));
    let quoted = !matches!(node.style, Style::Plain | Style::Tagged | Style::Flow);
    match node.tag {
        Tag::Str | Tag::Other | Tag::Map | Tag::Seq => return plain_text,
        Tag::Binary => return binary(node, text),
        Tag::None if quoted => return plain_text,
        _ => {}
    }
    let meaning = resolve::plain(text, dialect);
    let meant = meaning.tag();
    let wanted = node.tag;
    // A tag that the text implies anyway is not written by the Go libraries, and then the quotes say that it is text.
    if quoted && wanted == meant {
        return plain_text;
    }
    if wanted != Tag::None && wanted != meant && !(wanted == Tag::Float && meant == Tag::Int) {
        let problem = format!("cannot decode !!{} `{text}` as a !!{}", name(meant), name(wanted));
        return Err(Error::new(node.line as usize, usize::from(node.column), problem));
    }
    Ok(match meaning {
        Meaning::Null => Scalar::Null,
        Meaning::Bool(value) => Scalar::Bool(value),
        Meaning::Signed(value) => Scalar::Signed(value),
        Meaning::Unsigned(value) => Scalar::Unsigned(value),
        Meaning::Float(value) => Scalar::Float(value),
        Meaning::Timestamp if dialect == Dialect::GoV3 => {
            Scalar::Text(timestamp::rfc3339(text).map_or(Cow::Borrowed(text), Cow::Owned))
        }
        Meaning::Timestamp | Meaning::Merge | Meaning::Text => Scalar::Text(Cow::Borrowed(text)),
    })
}

fn binary<'a>(node: &Node, text: &str) -> Result<Scalar<'a>, Error> {
    let bare: String = text.chars().filter(|byte| !matches!(byte, '\n' | '\r')).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(bare).map_err(|problem| {
        let message = format!("!!binary value contains invalid base64 data: {problem}");
        Error::new(node.line as usize, usize::from(node.column), message)
    })?;
    Ok(Scalar::Text(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())))
}

fn name(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "bool",
        Tag::Int => "int",
        Tag::Float => "float",
        Tag::Timestamp => "timestamp",
        Tag::Binary => "binary",
        Tag::Merge => "merge",
        Tag::Map => "map",
        Tag::Seq => "seq",
        Tag::None | Tag::Str | Tag::Other => "str",
    }
}

/// JSON data of a node.
///
/// Numbers become what Go's JSON would hold: a float without a fraction is an integer.
///
/// # Errors
/// Explicit tags that do not fit, infinite numbers, keys that are not scalars, and in [`Dialect::GoV3`] keys that are
/// not text (the Go tools fail on them too).
pub fn to_json(node: &Node, dialect: Dialect) -> Result<Value, Error> {
    match &node.kind {
        NodeKind::Scalar(text) => match typed(node, text, dialect)? {
            Scalar::Null => Ok(Value::Null),
            Scalar::Bool(value) => Ok(Value::Bool(value)),
            Scalar::Signed(value) => Ok(Value::from(value)),
            Scalar::Unsigned(value) => Ok(Value::from(value)),
            Scalar::Float(value) => float(value).ok_or_else(|| not_json(node, text)),
            Scalar::Text(value) => Ok(Value::String(value.into_owned())),
        },
        NodeKind::Sequence(items) => items
            .iter()
            .map(|item| to_json(item, dialect))
            .collect::<Result<_, _>>()
            .map(Value::Array),
        NodeKind::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key_text(key, dialect)?.into_owned(), to_json(value, dialect)?);
            }
            Ok(Value::Object(map))
        }
    }
}

pub(crate) fn not_json(node: &Node, text: &str) -> Error {
    let message = format!("json: unsupported value: {text}");
    Error::new(node.line as usize, usize::from(node.column), message)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "guarded by the comparisons"
)]
fn float(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() < 9e18 {
        return Some(Value::from(value as i64));
    }
    if value.fract() == 0.0 && value > 0.0 && value < u64::MAX as f64 {
        let text = format!("{value}");
        return text.parse::<u64>().ok().map(Value::from);
    }
    Number::from_f64(value).map(Value::Number)
}

/// The text of a mapping's key in JSON.
pub(crate) fn key_text(key: &Node, dialect: Dialect) -> Result<Cow<'_, str>, Error> {
    let error = |what: &str| {
        Error::new(key.line as usize, usize::from(key.column), format!("{what} cannot be a key"))
    };
    let NodeKind::Scalar(text) = &key.kind else {
        return Err(error("a collection"));
    };
    if key.tag == Tag::Str && key.style != Style::Tagged {
        return Ok(Cow::Borrowed(text));
    }
    let time = dialect == Dialect::GoV3
        && matches!(key.tag, Tag::Timestamp)
        && timestamp::rfc3339(text).is_some();
    match typed(key, text, dialect)? {
        Scalar::Text(text) if !time => Ok(text),
        _ if dialect == Dialect::GoV3 => Err(error(&format!(
            "json: unsupported type: map[interface {{}}]interface {{}}: {text}, which is not text (quote it),"
        ))),
        Scalar::Text(text) => Ok(text),
        Scalar::Null => Err(error("null")),
        Scalar::Bool(value) => Ok(Cow::Borrowed(if value { "true" } else { "false" })),
        Scalar::Signed(value) => Ok(Cow::Owned(value.to_string())),
        Scalar::Unsigned(value) => Ok(Cow::Owned(value.to_string())),
        Scalar::Float(value) => Ok(Cow::Owned(go_float(value))),
    }
}

/// The first document of a text as JSON data; a text without one is null.
///
/// # Errors
/// Text that is no YAML, breaks a limit, or has no JSON form.
pub fn from_str(text: &str, dialect: Dialect) -> Result<Value, Error> {
    let limits = Limits { documents: Some(1), ..Limits::default() };
    match parse_with(text, dialect, limits)?.first() {
        Some(node) => to_json(node, dialect),
        None => Ok(Value::Null),
    }
}

/// All documents of a stream as JSON data.
///
/// # Errors
/// As [`from_str`].
pub fn documents(text: &str, dialect: Dialect) -> Result<Vec<Value>, Error> {
    let nodes = parse_with(text, dialect, Limits::default())?;
    nodes.iter().map(|node| to_json(node, dialect)).collect()
}
