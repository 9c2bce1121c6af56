//! Base64 and base32.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    argument::bytes,
    registry::{Function, Parameter::String as Str},
};
use crate::{error::Outcome, runtime::Runtime, value::Value};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("b64enc", &[Str], |_, arguments| Ok(base64(bytes(arguments, 0)).into())),
    Function::fixed("b64dec", &[Str], |_, arguments| {
        Ok(match decode_base64(bytes(arguments, 0)) {
            Ok(decoded) => decoded.into(),
            Err(message) => message.into(),
        })
    }),
    Function::fixed("b32enc", &[Str], |_, arguments| Ok(base32(bytes(arguments, 0)).into())),
    Function::fixed("b32dec", &[Str], decode_base32),
];

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// Decodes as Go does: line breaks are skipped, errors name the first wrong byte.
pub(super) fn decode_base64(input: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    let mut clean = Vec::with_capacity(input.len());
    let mut places = Vec::with_capacity(input.len());
    for (place, &byte) in input.iter().enumerate() {
        if byte != b'\n' && byte != b'\r' {
            clean.push(byte);
            places.push(place);
        }
    }
    let data = clean.iter().position(|&byte| !is_base64(byte)).unwrap_or(clean.len());
    if let Some(&wrong) = clean.get(data) {
        check_padding(&clean, data, wrong, &places, input.len()).map_err(corrupt)?;
    } else if clean.len() % 4 != 0 {
        // Go reports where the incomplete group starts.
        return Err(corrupt(input.len().saturating_sub(clean.len() % 4)));
    }
    let mut options = base64::engine::GeneralPurposeConfig::new();
    options = options.with_decode_allow_trailing_bits(true);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, options);
    engine.decode(&clean).map_err(|_| corrupt(input.len()))
}

/// Checks what begins with the first byte that is no digit, at `data`.
fn check_padding(
    clean: &[u8],
    data: usize,
    wrong: u8,
    places: &[usize],
    length: usize,
) -> Result<(), usize> {
    if wrong != b'=' || data % 4 < 2 {
        return Err(places[data]);
    }
    let mut end = data + 1;
    if data % 4 == 2 {
        match clean.get(end) {
            None => return Err(length),
            Some(b'=') => end += 1,
            Some(_) => return Err(places[end].saturating_sub(1)),
        }
    }
    match places.get(end) {
        Some(&place) => Err(place),
        None => Ok(()),
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let digits = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = (bits >> (35 - index * 5)) & 31;
            out.push(if index < digits { char::from(BASE32[digit as usize]) } else { '=' });
        }
    }
    out
}

fn decode_base32(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let input: Vec<u8> = bytes(arguments, 0)
        .iter()
        .copied()
        .filter(|&byte| byte != b'\n' && byte != b'\r')
        .collect();
    let mut out = Vec::with_capacity(input.len() / 8 * 5);
    for start in (0..input.len()).step_by(8) {
        let digits = match group_of_digits(&input, start) {
            Ok(digits) => digits,
            Err(at) => return Ok(format!("illegal base32 data at input byte {at}").into()),
        };
        let bits = digits
            .iter()
            .enumerate()
            .fold(0u64, |bits, (offset, digit)| bits | u64::from(*digit) << (35 - offset * 5));
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + digits.len() * 5 / 8]);
        if digits.len() < 8 {
            break;
        }
    }
    Ok(out.into())
}

/// The digits of the group of eight at `start`, or the place of the first fault as Go counts it.
fn group_of_digits(input: &[u8], start: usize) -> Result<Vec<u8>, usize> {
    let mut digits = Vec::with_capacity(8);
    for at in start..start + 8 {
        let Some(&byte) = input.get(at) else { return Err(start) };
        let after = input.len() - at - 1;
        if byte == b'=' && digits.len() >= 2 && after < 8 {
            let wanted = 7 - digits.len();
            if after < wanted {
                return Err(input.len());
            }
            let padding = &input[at + 1..at + 1 + wanted];
            if let Some(wrong) = padding.iter().position(|&byte| byte != b'=') {
                return Err(at + wrong);
            }
            return if matches!(digits.len(), 3 | 6) { Err(at) } else { Ok(digits) };
        }
        match BASE32.iter().position(|&known| known == byte) {
            Some(digit) => digits.push(u8::try_from(digit).unwrap_or(0)),
            None => return Err(at),
        }
    }
    Ok(digits)
}
