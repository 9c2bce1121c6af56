//! Integers in the verbs that take them.

use super::{
    FormatError, is_printable,
    pad::{Flags, pad},
    quoted::quote_bytes,
};

/// An integer in a radix: sign, prefix, leading zeros, padding.
pub(super) fn format_integer(
    out: &mut Vec<u8>,
    flags: &Flags,
    (negative, magnitude): (bool, u64),
    verb: char,
) -> Result<(), FormatError> {
    let mut digits = match verb {
        'b' => format!("{magnitude:b}"),
        'o' | 'O' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    };
    let has_sign = negative || flags.plus || flags.space;
    let mut least = 0;
    if let Some(precision) = flags.precision {
        least = precision;
        if precision == 0 && magnitude == 0 {
            let blank = Flags { zero: false, ..*flags };
            return pad(out, &blank, b"");
        }
    } else if let (true, false, Some(width)) = (flags.zero, flags.minus, flags.width) {
        least = width.saturating_sub(usize::from(has_sign));
    }
    if digits.len() < least {
        digits.insert_str(0, &"0".repeat(least - digits.len()));
    }
    let prefix = match verb {
        'b' if flags.sharp => "0b",
        'o' if flags.sharp && !digits.starts_with('0') => "0",
        'x' if flags.sharp => "0x",
        'X' if flags.sharp => "0X",
        'O' => "0o",
        _ => "",
    };
    let sign = match (negative, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let text = format!("{sign}{prefix}{digits}");
    pad(out, &Flags { zero: false, ..*flags }, text.as_bytes())
}

/// `%c`
pub(super) fn format_char(out: &mut Vec<u8>, flags: &Flags, code: u64) -> Result<(), FormatError> {
    let character = character(code);
    pad(out, flags, character.encode_utf8(&mut [0; 4]).as_bytes())
}

/// `%q` of a number
pub(super) fn format_quoted_char(
    out: &mut Vec<u8>,
    flags: &Flags,
    code: u64,
) -> Result<(), FormatError> {
    let text = character(code).to_string();
    pad(out, flags, quote_bytes(text.as_bytes(), '\'', flags.plus).as_bytes())
}

/// `%U`; a negative number shows its bits.
pub(super) fn format_unicode(
    out: &mut Vec<u8>,
    flags: &Flags,
    code: u64,
) -> Result<(), FormatError> {
    let digits = flags.precision.unwrap_or(4).max(4);
    let mut text = format!("U+{code:0digits$X}");
    let known = u32::try_from(code).ok().and_then(char::from_u32);
    if let Some(character) = known.filter(|&character| flags.sharp && is_printable(character)) {
        text.push_str(&format!(" '{character}'"));
    }
    pad(out, &Flags { zero: false, ..*flags }, text.as_bytes())
}

fn character(code: u64) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
