//! Go's quoting of strings and characters.

/// True where Go prints the character as it is.
pub(crate) fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return character == ' ' || character.is_ascii_graphic();
    }
    // Rust's debug form escapes the same categories; the letter before keeps combining marks as
    // they are.
    let mut text = String::from("a");
    text.push(character);
    !text.escape_debug().any(|escaped| escaped == '\\')
}

/// `U+0025 '%'`: what `%#U` prints.
pub(crate) fn char_name(character: char) -> String {
    let code = format!("U+{:04X}", u32::from(character));
    if is_printable(character) { format!("{code} '{character}'") } else { code }
}

/// `strconv.Quote`
pub(crate) fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes(), '"', false)
}

/// Quotes bytes; those that are not UTF-8 become `\x`. With `ascii`, all other characters beyond
/// ASCII are escaped too.
pub(crate) fn quote_bytes(bytes: &[u8], quote: char, ascii: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push(quote);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            escape(&mut out, character, quote, ascii);
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push(quote);
    out
}

fn escape(out: &mut String, character: char, quote: char, ascii: bool) {
    let simple = match character {
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0c' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0b' => "\\v",
        '\\' => "\\\\",
        _ => "",
    };
    let code = u32::from(character);
    if !simple.is_empty() {
        out.push_str(simple);
    } else if character == quote {
        out.push('\\');
        out.push(character);
    } else if is_printable(character) && (character.is_ascii() || !ascii) {
        out.push(character);
    } else if code < 0x80 {
        out.push_str(&format!("\\x{code:02x}"));
    } else if code < 0x1_0000 {
        out.push_str(&format!("\\u{code:04x}"));
    } else {
        out.push_str(&format!("\\U{code:08x}"));
    }
}
