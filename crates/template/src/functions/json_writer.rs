//! JSON as Go's `encoding/json` writes it.

use super::{
    argument::any,
    encoding::base64,
    registry::{Function, Parameter::Any},
};
use crate::{
    error::Outcome,
    format::{format_float, shortest},
    value::{Value, json::JsonError},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("toJson", &[Any], |_, arguments| lenient(write(any(arguments, 0), COMPACT))),
    Function::fixed("mustToJson", &[Any], |_, arguments| {
        Ok(write(any(arguments, 0), COMPACT)?.into())
    }),
    Function::fixed("toPrettyJson", &[Any], |_, arguments| {
        lenient(write(any(arguments, 0), PRETTY))
    }),
    Function::fixed("mustToPrettyJson", &[Any], |_, arguments| {
        Ok(write(any(arguments, 0), PRETTY)?.into())
    }),
    Function::fixed("toRawJson", &[Any], |_, arguments| Ok(write(any(arguments, 0), RAW)?.into())),
    Function::fixed("mustToRawJson", &[Any], |_, arguments| {
        Ok(write(any(arguments, 0), RAW)?.into())
    }),
];

/// Nesting beyond which a value is not written.
const DEEPEST: usize = 1_000;

#[derive(Clone, Copy)]
struct Style {
    escapes_html: bool,
    indents: bool,
}

const COMPACT: Style = Style { escapes_html: true, indents: false };
const PRETTY: Style = Style { escapes_html: true, indents: true };
const RAW: Style = Style { escapes_html: false, indents: false };

fn lenient(written: Result<String, JsonError>) -> Outcome {
    Ok(written.unwrap_or_default().into())
}

fn write(value: &Value, style: Style) -> Result<String, JsonError> {
    let mut writer = Writer { out: String::new(), style };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    style: Style,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), JsonError> {
        if depth > DEEPEST {
            return Err(JsonError::Depth);
        }
        match value {
            Value::Nil => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) | Value::Int64(number) | Value::Duration(number) => {
                self.out.push_str(&number.to_string());
            }
            Value::Uint8(number) => self.out.push_str(&number.to_string()),
            Value::Uint64(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => self.out.push_str(&float(*number)?),
            Value::Complex(..) => return Err(JsonError::Type("complex128")),
            Value::String(text) => self.string(text.as_bytes()),
            Value::Bytes(bytes) => self.string(base64(bytes).as_bytes()),
            Value::Time(time) => self.string(super::rfc3339(time).as_bytes()),
            Value::List(list) if list.is_nil() => self.out.push_str("null"),
            Value::List(list) => {
                self.group(b"[]", list.items().iter(), depth, |writer, item| {
                    writer.value(item, depth + 1)
                })?;
            }
            Value::Map(map) if map.is_nil() => self.out.push_str("null"),
            Value::Map(map) => {
                self.group(b"{}", map.read().iter(), depth, |writer, (key, item)| {
                    writer.entry(key, item, depth)
                })?;
            }
            Value::Structure(structure) => {
                let is_public = |name: &str| name.starts_with(char::is_uppercase);
                let fields = structure.fields().iter().filter(|(name, _)| is_public(name));
                match structure.type_info().text {
                    Some(text) if fields.clone().next().is_none() => {
                        self.string(text(value).as_bytes())
                    }
                    _ => self.group(b"{}", fields, depth, |writer, (name, item)| {
                        writer.entry(name, item, depth)
                    })?,
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, key: &str, item: &Value, depth: usize) -> Result<(), JsonError> {
        self.string(key.as_bytes());
        self.out.push_str(if self.style.indents { ": " } else { ":" });
        self.value(item, depth + 1)
    }

    fn group<T>(
        &mut self,
        braces: &[u8; 2],
        items: impl Iterator<Item = T>,
        depth: usize,
        write: impl Fn(&mut Self, T) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.out.push(char::from(braces[0]));
        let mut is_empty = true;
        for item in items {
            if !is_empty {
                self.out.push(',');
            }
            is_empty = false;
            self.new_line(depth + 1);
            write(self, item)?;
        }
        if !is_empty {
            self.new_line(depth);
        }
        self.out.push(char::from(braces[1]));
        Ok(())
    }

    fn new_line(&mut self, depth: usize) {
        if self.style.indents {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push('"');
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                self.character(character);
            }
            for _ in chunk.invalid() {
                self.out.push_str("\\ufffd");
            }
        }
        self.out.push('"');
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.out.push_str("\\\""),
            '\\' => self.out.push_str("\\\\"),
            '\n' => self.out.push_str("\\n"),
            '\r' => self.out.push_str("\\r"),
            '\t' => self.out.push_str("\\t"),
            '\x08' => self.out.push_str("\\b"),
            '\x0c' => self.out.push_str("\\f"),
            '<' | '>' | '&' if self.style.escapes_html => self.unicode(character),
            '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => self.unicode(character),
            _ => self.out.push(character),
        }
    }

    fn unicode(&mut self, character: char) {
        self.out.push_str(&format!("\\u{:04x}", u32::from(character)));
    }
}

/// Floats have an exponent below 1e-6 and from 1e21.
pub(super) fn float(number: f64) -> Result<String, JsonError> {
    if !number.is_finite() {
        return Err(JsonError::Number(crate::format::float_text(number)));
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let (_, point) = shortest(magnitude);
        let text = format_float(number, 'e', None);
        // Of a small negative exponent the leading zero goes.
        return Ok(if point > -9 { text.replace("e-0", "e-") } else { text });
    }
    Ok(number.to_string())
}
