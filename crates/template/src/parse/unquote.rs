//! Go's quoted strings and characters.

/// The value of a Go string constant in double quotes or backquotes; `None` where it is malformed.
pub(crate) fn unquote(quoted: &str) -> Option<Vec<u8>> {
    if let Some(raw) = quoted.strip_prefix('`') {
        return Some(raw.strip_suffix('`')?.replace('\r', "").into_bytes());
    }
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (piece, after) = unquote_char(rest, '"')?;
        match piece {
            Piece::Byte(byte) => bytes.push(byte),
            Piece::Char(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = after;
    }
    Some(bytes)
}

/// One character of a constant: escapes `\x` and `\0` make bytes.
pub(super) enum Piece {
    Byte(u8),
    Char(char),
}

/// The first character of `text` and what follows it.
pub(super) fn unquote_char(text: &str, quote: char) -> Option<(Piece, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Piece::Char(first), characters.as_str()));
    }
    let simple = match characters.next()? {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        escaped @ ('\'' | '"') if escaped == quote => escaped,
        'x' => return digits(characters.as_str(), 2, 16).and_then(byte),
        'u' => return digits(characters.as_str(), 4, 16).and_then(character),
        'U' => return digits(characters.as_str(), 8, 16).and_then(character),
        '0'..='7' => return digits(&text[1..], 3, 8).and_then(byte),
        _ => return None,
    };
    Some((Piece::Char(simple), characters.as_str()))
}

fn digits(text: &str, count: usize, radix: u32) -> Option<(u32, &str)> {
    let digits = text.get(..count)?;
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    Some((u32::from_str_radix(digits, radix).ok()?, &text[count..]))
}

fn byte((number, rest): (u32, &str)) -> Option<(Piece, &str)> {
    Some((Piece::Byte(u8::try_from(number).ok()?), rest))
}

fn character((number, rest): (u32, &str)) -> Option<(Piece, &str)> {
    Some((Piece::Char(char::from_u32(number)?), rest))
}
