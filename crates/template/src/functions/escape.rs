//! `html`, `js`, `urlquery`.

use super::registry::{Function, Parameter::Any};
use crate::{
    error::{Failure, Outcome},
    format::{is_printable, sprint},
    value::{Text, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::variadic("html", &[], Any, |_, arguments| escaped(arguments, html)),
    Function::variadic("js", &[], Any, |_, arguments| escaped(arguments, js)),
    Function::variadic("urlquery", &[], Any, |_, arguments| {
        escaped(arguments, |text, out| {
            super::url_parts::escape(text, super::url_parts::Part::QueryComponent, out);
        })
    }),
];

fn escaped(arguments: &[Value], escape: fn(&[u8], &mut Vec<u8>)) -> Outcome {
    let text = joined(arguments)?;
    let mut out = Vec::with_capacity(text.len());
    escape(&text, &mut out);
    Ok(Value::String(Text::from(out)))
}

/// The arguments printed; nil among them as `<no value>`.
fn joined(arguments: &[Value]) -> Result<Vec<u8>, Failure> {
    if let [Value::String(text)] = arguments {
        return Ok(text.as_bytes().to_vec());
    }
    let printable: Vec<Value> = arguments
        .iter()
        .map(|value| if value.is_nil() { Value::from("<no value>") } else { value.clone() })
        .collect();
    Ok(sprint(&printable)?)
}

fn html(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(other),
        }
    }
}

fn js(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => out.extend_from_slice(b"\\\\"),
                '\'' => out.extend_from_slice(b"\\'"),
                '"' => out.extend_from_slice(b"\\\""),
                '<' | '>' | '&' | '=' | '\0'..='\x1f' => {
                    out.extend_from_slice(format!("\\u{:04X}", u32::from(character)).as_bytes());
                }
                _ if character.is_ascii() || is_printable(character) => {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => {
                    out.extend_from_slice(format!("\\u{:04X}", u32::from(character)).as_bytes());
                }
            }
        }
        // Bytes that are no text count as U+FFFD, which is printable.
        out.extend_from_slice(chunk.invalid());
    }
}
