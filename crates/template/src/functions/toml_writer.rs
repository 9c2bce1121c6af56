//! TOML as BurntSushi's encoder writes it: plain values of a table first, then its tables, each in
//! the order of keys; tables within tables are indented by two spaces.

use crate::{
    format::float_text,
    value::{Key, Map, Value},
};

/// Nesting beyond which a value is not written.
const DEEPEST: usize = 200;

type Written = Result<(), String>;

/// Writes a map as a TOML document, or another value alone.
pub(super) fn write(value: &Value) -> Result<String, String> {
    let mut writer = Writer { out: String::new(), has_written: false };
    match value {
        Value::Map(map) => writer.table(map, &mut Vec::new())?,
        Value::Nil => return Err("toml: cannot encode a nil value".to_owned()),
        other => writer.inline(other, 0)?,
    }
    Ok(writer.out)
}

struct Writer {
    out: String,
    has_written: bool,
}

/// True for what is written as a table of its own.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        Value::List(list) => {
            !list.is_empty() && list.items().iter().all(|item| matches!(item, Value::Map(_)))
        }
        _ => false,
    }
}

impl Writer {
    fn table(&mut self, map: &Map, path: &mut Vec<Key>) -> Written {
        if path.len() > DEEPEST {
            return Err("toml: value is nested too deeply, or holds itself".to_owned());
        }
        let entries = map.snapshot();
        for (key, value) in entries.iter().filter(|(_, value)| !is_table(value)) {
            if value.is_nil() {
                continue;
            }
            self.indent(path.len());
            self.out.push_str(&key_text(key));
            self.out.push_str(" = ");
            self.inline(value, 0)?;
            self.out.push('\n');
            self.has_written = true;
        }
        for (key, value) in entries.iter().filter(|(_, value)| is_table(value)) {
            path.push(Key::clone(key));
            match value {
                Value::Map(map) => {
                    self.header(path, ["[", "]"]);
                    self.table(map, path)?;
                }
                Value::List(list) => {
                    for map in list.items().iter().filter_map(Value::as_map) {
                        self.header(path, ["[[", "]]"]);
                        self.table(map, path)?;
                    }
                }
                _ => {}
            }
            path.pop();
        }
        Ok(())
    }

    fn header(&mut self, path: &[Key], brackets: [&str; 2]) {
        if self.has_written && (path.len() == 1 || brackets[0] == "[[") {
            self.out.push('\n');
        }
        self.indent(path.len() - 1);
        let keys: Vec<String> = path.iter().map(|key| key_text(key)).collect();
        self.out.push_str(&format!("{}{}{}\n", brackets[0], keys.join("."), brackets[1]));
        self.has_written = true;
    }

    fn indent(&mut self, depth: usize) {
        self.out.extend(std::iter::repeat_n("  ", depth));
    }

    fn inline(&mut self, value: &Value, depth: usize) -> Written {
        if depth > DEEPEST {
            return Err("toml: value is nested too deeply, or holds itself".to_owned());
        }
        match value {
            Value::Nil => return Err("toml: cannot encode array with nil element".to_owned()),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) | Value::Int64(number) => self.out.push_str(&number.to_string()),
            Value::Uint8(number) => self.out.push_str(&number.to_string()),
            Value::Uint64(number) => self.out.push_str(&number.to_string()),
            Value::Float(number) => self.out.push_str(&float(*number)),
            Value::Duration(nanoseconds) => {
                self.out.push_str(&format!("\"{}\"", super::duration_text(*nanoseconds)));
            }
            Value::String(text) => self.out.push_str(&quoted(&text.to_str())),
            Value::Time(time) => self.out.push_str(&super::rfc3339(time)),
            Value::Structure(_) | Value::Complex(..) => {
                return Err(format!("unsupported type: {}", value.type_name()));
            }
            Value::Map(map) => {
                self.out.push('{');
                for (index, (key, item)) in map.snapshot().iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    self.out.push_str(&format!("{} = ", key_text(key)));
                    self.inline(item, depth + 1)?;
                }
                self.out.push('}');
            }
            Value::List(_) | Value::Bytes(_) => {
                self.out.push('[');
                for (index, item) in value.items().unwrap_or_default().iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    self.inline(item, depth + 1)?;
                }
                self.out.push(']');
            }
        }
        Ok(())
    }
}

/// Floats always have a point or an exponent.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = float_text(number);
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

fn key_text(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if !key.is_empty() && key.chars().all(is_bare) { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
