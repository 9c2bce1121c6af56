//! Number constants, in every Go type that can hold them.

use super::{
    ast::{Number, Position},
    lexer::Kind,
    unquote::{Piece, unquote_char},
};
use crate::format::quote;

/// Parses the text of a number, complex or character token.
pub(super) fn number(text: &str, kind: Kind, position: Position) -> Result<Number, String> {
    let mut number = Number { position, text: text.into(), ..Number::default() };
    match kind {
        Kind::CharConstant => character(&mut number, text)?,
        Kind::Complex => complex(&mut number, text)?,
        _ => match text.strip_suffix('i').and_then(parse_float) {
            Some(imaginary) => simplify(&mut number, 0.0, imaginary),
            None => real(&mut number, text)?,
        },
    }
    Ok(number)
}

fn character(number: &mut Number, text: &str) -> Result<(), String> {
    let body = text.get(1..).unwrap_or_default();
    let (piece, tail) = unquote_char(body, '\'').ok_or("invalid syntax")?;
    if tail != "'" {
        return Err(format!("malformed character constant: {text}"));
    }
    let code = match piece {
        Piece::Byte(byte) => u32::from(byte),
        Piece::Char(character) => u32::from(character),
    };
    number.int = Some(i64::from(code));
    number.uint = Some(u64::from(code));
    number.float = Some(f64::from(code));
    Ok(())
}

fn complex(number: &mut Number, text: &str) -> Result<(), String> {
    let syntax = || "syntax error scanning complex number".to_owned();
    let body = text.strip_suffix('i').ok_or_else(syntax)?;
    let split = body
        .char_indices()
        .skip(1)
        .filter(|(index, character)| {
            matches!(character, '+' | '-') && !body[..*index].ends_with(['e', 'E', 'p', 'P'])
        })
        .last()
        .map(|(index, _)| index)
        .ok_or_else(syntax)?;
    let (real, imaginary) = body.split_at(split);
    let real = parse_float(real).ok_or_else(syntax)?;
    simplify(number, real, parse_float(imaginary).ok_or_else(syntax)?);
    Ok(())
}

/// A complex number without an imaginary part is every other kind of number too.
fn simplify(number: &mut Number, real: f64, imaginary: f64) {
    number.complex = Some((real, imaginary));
    if imaginary == 0.0 {
        number.float = Some(real);
        number.int = exact_int(real);
        number.uint = exact_uint(real);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "compared back")]
fn exact_int(float: f64) -> Option<i64> {
    let int = float as i64;
    ((int as f64) == float && float.abs() < 9.3e18).then_some(int)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "compared back"
)]
fn exact_uint(float: f64) -> Option<u64> {
    let uint = float as u64;
    ((uint as f64) == float).then_some(uint)
}

#[expect(clippy::cast_precision_loss, reason = "Go promotes constants the same way")]
fn real(number: &mut Number, text: &str) -> Result<(), String> {
    number.uint = parse_uint(text);
    number.int = parse_int(text);
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Some(float) = parse_float(text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(float);
        number.int = exact_int(float);
        number.uint = exact_uint(float);
    } else {
        return Err(format!("illegal number syntax: {}", quote(text)));
    }
    Ok(())
}

/// Go's `ParseUint` in base 0: prefixes and underscores.
pub(crate) fn parse_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if !underscores_fit(text) {
        return None;
    }
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}

/// Underscores stand between digits, or between the prefix and a digit.
fn underscores_fit(text: &str) -> bool {
    let lower = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let is_hex = lower.starts_with("0x");
    let is_digit =
        |byte: u8| byte.is_ascii_digit() || (is_hex && (byte.is_ascii_hexdigit() || byte == b'x'));
    let is_prefix = |at: usize| at == 1 && (lower.starts_with("0b") || lower.starts_with("0o"));
    let bytes = lower.as_bytes();
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').all(|(at, _)| {
        let before = at.checked_sub(1).is_some_and(|at| is_digit(bytes[at]) || is_prefix(at));
        before && bytes.get(at + 1).is_some_and(|&byte| is_digit(byte))
    })
}

/// Go's `ParseInt` in base 0.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    if let Some(magnitude) = text.strip_prefix('-') {
        let magnitude = parse_uint(magnitude)?;
        return 0i64.checked_sub_unsigned(magnitude);
    }
    let magnitude = parse_uint(text.strip_prefix('+').unwrap_or(text))?;
    i64::try_from(magnitude).ok()
}

/// Go's `ParseFloat`: decimal or hexadecimal with a binary exponent; `None` also for overflow.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = body.to_ascii_lowercase();
    let magnitude = if let Some(hex) = lower.strip_prefix("0x") {
        parse_hex_float(hex)?
    } else if matches!(lower.as_str(), "inf" | "infinity") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    } else if lower == "nan" {
        return Some(f64::NAN);
    } else {
        let starts_well = lower.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        if !starts_well || !underscores_fit(body) {
            return None;
        }
        lower.replace('_', "").parse::<f64>().ok().filter(|float| float.is_finite())?
    };
    Some(if negative { -magnitude } else { magnitude })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "mantissas of more than 53 bits are not exact in Go either"
)]
fn parse_hex_float(hex: &str) -> Option<f64> {
    let (mantissa, exponent) = hex.split_once('p')?;
    let mantissa = mantissa.replace('_', "");
    let exponent = exponent.replace('_', "");
    let exponent: i32 = exponent.strip_prefix('+').unwrap_or(&exponent).parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let number = u64::from_str_radix(&digits, 16).ok()? as f64;
    let scale = exponent.checked_sub(i32::try_from(fraction.len()).ok()? * 4)?;
    let value = number * 2f64.powi(scale);
    value.is_finite().then_some(value)
}
