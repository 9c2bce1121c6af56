//! `toYamlPretty`: YAML with indented sequences and without folding.

use inhaul_yaml::{Dialect, Node, Style};

use crate::{
    format::float_text,
    value::{Value, json::JsonError},
};

/// Nesting beyond which a value is not written.
const DEEPEST: usize = 1_000;

/// Writes a value; no line break at the end.
pub(super) fn write(value: &Value) -> Result<String, JsonError> {
    let mut out = String::new();
    block(&mut out, value, 0, 0)?;
    if out.ends_with('\n') {
        out.pop();
    }
    Ok(out)
}

/// A value where a line has begun; ends with a line break.
fn block(out: &mut String, value: &Value, indent: usize, depth: usize) -> Result<(), JsonError> {
    if depth > DEEPEST {
        return Err(JsonError::Depth);
    }
    match value {
        Value::Map(map) if !map.is_empty() => {
            let mut entries = map.snapshot();
            entries.sort_by(|left, right| inhaul_yaml::natural(&left.0, &right.0));
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                string(out, key, indent + 2, true);
                out.push(':');
                nested(out, item, indent, depth)?;
            }
        }
        Value::List(list) if !list.is_empty() => {
            for (index, item) in list.items().iter().enumerate() {
                if index > 0 {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                out.push_str("- ");
                block(out, item, indent + 2, depth + 1)?;
            }
        }
        other => {
            // A literal alone is indented too.
            scalar(out, other, indent.max(2))?;
            out.push('\n');
        }
    }
    Ok(())
}

/// A value after a key.
fn nested(out: &mut String, item: &Value, indent: usize, depth: usize) -> Result<(), JsonError> {
    let goes_below = match item {
        Value::Map(map) => !map.is_empty(),
        Value::List(list) => !list.is_empty(),
        _ => false,
    };
    if goes_below {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent + 2));
        return block(out, item, indent + 2, depth + 1);
    }
    out.push(' ');
    scalar(out, item, indent + 2)?;
    out.push('\n');
    Ok(())
}

fn scalar(out: &mut String, value: &Value, indent: usize) -> Result<(), JsonError> {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Float(number) if number.is_nan() => out.push_str(".nan"),
        Value::Float(number) if number.is_infinite() => {
            out.push_str(if *number > 0.0 { ".inf" } else { "-.inf" });
        }
        Value::Float(number) => out.push_str(&float_text(*number)),
        Value::String(text) => match std::str::from_utf8(text.as_bytes()) {
            Ok(text) => string(out, text, indent, false),
            Err(_) => out.push_str(&format!("!!binary {}", super::base64(text.as_bytes()))),
        },
        Value::Time(time) => out.push_str(&super::rfc3339(time)),
        Value::List(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
        Value::Bytes(_) | Value::Complex(..) => return Err(JsonError::Type(value.kind())),
        Value::Structure(_) => {
            let json = Value::from_json(&value.to_json()?);
            match &json {
                Value::Map(_) | Value::List(_) => block(out, &json, indent, 0)?,
                _ => scalar(out, &json, indent)?,
            }
        }
        other => out.push_str(&crate::format::value_text(other)),
    }
    Ok(())
}

/// A string in the plainest form that reads back as one.
fn string(out: &mut String, text: &str, indent: usize, is_key: bool) {
    let has_controls = text.contains(|c: char| c.is_control() && c != '\n');
    if text.contains('\n') && !is_key && !has_controls && !text.ends_with(' ') {
        literal(out, text, indent);
        return;
    }
    let looks_other = matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    ) || resolves_otherwise(text)
        || is_sexagesimal(text)
        || is_date(text);
    if text.is_empty() || looks_other || text.contains(char::is_control) {
        double_quoted(out, text);
    } else if is_plain(text) {
        out.push_str(text);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

/// YAML's own escapes.
fn double_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        let escape = match character {
            '\0' => "\\0",
            '\x07' => "\\a",
            '\x08' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\x0b' => "\\v",
            '\x0c' => "\\f",
            '\r' => "\\r",
            '\x1b' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{a0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            _ => "",
        };
        if !escape.is_empty() {
            out.push_str(escape);
        } else if character.is_control() {
            out.push_str(&format!("\\x{:02X}", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

/// `1:30`, a number to base 60 in older YAML.
fn is_sexagesimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.trim_start_matches(['+', '-']).split(':');
    let first = parts.next().is_some_and(digits);
    let rest: Vec<&str> = parts.collect();
    let last = rest.len().saturating_sub(1);
    first
        && !rest.is_empty()
        && rest.iter().enumerate().all(|(index, part)| {
            let whole = if index == last { part.split('.').next().unwrap_or(part) } else { part };
            digits(whole) && whole.len() <= 2 && whole.parse().is_ok_and(|number: u8| number < 60)
        })
}

/// `2006-01-02`, alone or before a time.
fn is_date(text: &str) -> bool {
    let date = &text[..text.find(['T', 't', ' ']).unwrap_or(text.len())];
    let mut parts = date.split('-');
    let mut is_number = |lengths: std::ops::RangeInclusive<usize>| {
        parts.next().is_some_and(|part| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    is_number(4..=4) && is_number(1..=2) && is_number(1..=2) && parts.next().is_none()
}

fn resolves_otherwise(text: &str) -> bool {
    let node = Node::plain(text);
    debug_assert_eq!(node.style, Style::Plain);
    inhaul_yaml::scalar(&node, Dialect::GoV3)
        .is_some_and(|scalar| !matches!(scalar, Ok(inhaul_yaml::Scalar::Text(_))))
}

fn is_plain(text: &str) -> bool {
    let first_is_indicator = text.starts_with([
        '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
    ]);
    let starts_block = text.starts_with(['-', '?', ':'])
        && text[1..].chars().next().is_none_or(|next| next == ' ');
    !first_is_indicator
        && !starts_block
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(['\u{2028}', '\u{2029}', '\u{85}', '\u{feff}'])
        && text != "---"
        && text != "..."
}

fn literal(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    let lines = text.strip_suffix('\n').unwrap_or(text);
    for line in lines.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
}
