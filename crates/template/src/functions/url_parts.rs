//! Percent-encoding in the parts of a URL.

use std::fmt::Write as _;

/// Where in a URL a text stands: what need not be escaped depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Host,
    UserPassword,
    QueryComponent,
    Fragment,
}

fn is_plain(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        return true;
    }
    let is_delimiter = matches!(byte, b'!' | b'\'' | b'(' | b')' | b'*');
    match part {
        Part::Host => {
            is_delimiter
                || matches!(
                    byte,
                    b'$' | b'&'
                        | b'+'
                        | b','
                        | b';'
                        | b'='
                        | b':'
                        | b'['
                        | b']'
                        | b'<'
                        | b'>'
                        | b'"'
                )
        }
        Part::Path => matches!(byte, b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@'),
        Part::UserPassword => matches!(byte, b'$' | b'&' | b'+' | b',' | b';' | b'='),
        Part::QueryComponent => false,
        Part::Fragment => {
            matches!(byte, b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@')
                || matches!(byte, b'!' | b'(' | b')' | b'*')
        }
    }
}

/// Appends `text` escaped for its part; in queries spaces become `+`.
pub(super) fn escape(text: &[u8], part: Part, out: &mut Vec<u8>) {
    for &byte in text {
        if byte == b' ' && part == Part::QueryComponent {
            out.push(b'+');
        } else if is_plain(byte, part) {
            out.push(byte);
        } else {
            let mut code = String::with_capacity(3);
            // Writing to a string cannot fail.
            let _ = write!(code, "%{byte:02X}");
            out.extend_from_slice(code.as_bytes());
        }
    }
}

pub(super) fn escaped(text: &str, part: Part) -> String {
    let mut out = Vec::with_capacity(text.len());
    escape(text.as_bytes(), part, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Undoes percent-encoding.
///
/// # Errors
/// Names the first escape that is none.
pub(super) fn unescape(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let code = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let Some(code) = code else {
            let end = (at + 3).min(bytes.len());
            let part = String::from_utf8_lossy(&bytes[at..end]);
            return Err(format!("invalid URL escape {}", crate::format::quote(&part)));
        };
        out.push(code);
        at += 3;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// True where an encoded path may stand as it is: nothing in it must be escaped.
pub(super) fn is_valid_encoded(text: &str, part: Part) -> bool {
    text.bytes().all(|byte| {
        is_plain(byte, part)
            || matches!(byte, b'%' | b'[' | b']' | b'!' | b'\'' | b'(' | b')' | b'*')
    })
}
