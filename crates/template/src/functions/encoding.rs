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
    let input: Vec<u8> =
        bytes(arguments, 0).iter().copied().filter(|&byte| byte != b'\n' && byte != b'\r').collect();
    let corrupt = |at: usize| Ok(format!("illegal base32 data at input byte {at}").into());
    let mut out = Vec::with_capacity(input.len() / 8 * 5);
    for (index, group) in input.chunks(8).enumerate() {
        let start = index * 8;
        let digits = group.iter().take_while(|&&byte| byte != b'=').count();
        let is_last = start + 8 >= input.len();
        let mut bits = 0u64;
        for (offset, byte) in group[..digits].iter().enumerate() {
            let Some(digit) = BASE32.iter().position(|known| known == byte) else {
                return corrupt(start + offset);
            };
            bits |= (digit as u64) << (35 - offset * 5);
        }
        if group.len() < 8 {
            return corrupt(input.len());
        }
        let padding = &group[digits..];
        let fits = matches!(digits, 2 | 4 | 5 | 7 | 8) && padding.iter().all(|&byte| byte == b'=');
        if !fits || (digits < 8 && !is_last) {
            return corrupt(start + digits);
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + digits * 5 / 8]);
    }
    Ok(out.into())
}
