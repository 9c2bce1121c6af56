//! PEM: base64 between two lines that name the content.

use super::encoding::{base64, decode_base64};

/// Writes a block, with 64 characters to a line.
pub(super) fn write(label: &str, content: &[u8]) -> String {
    let encoded = base64(content);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The first block of a text: its label and content.
pub(super) fn read(text: &str) -> Option<(String, Vec<u8>)> {
    const BEGIN: &str = "-----BEGIN ";
    let mut rest = text;
    loop {
        let after = &rest[rest.find(BEGIN)? + BEGIN.len()..];
        let (label, body) = after.split_once("-----")?;
        let end = format!("-----END {label}-----");
        if let Some((body, _)) = body.split_once(&end) {
            // Headers such as `Proc-Type: 4` come before an empty line.
            let body = match body.split_once("\n\n") {
                Some((headers, body)) if headers.contains(':') => body,
                _ => body,
            };
            let digits: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            if let Ok(content) = decode_base64(&digits) {
                return Some((label.to_owned(), content));
            }
        }
        rest = after;
    }
}
