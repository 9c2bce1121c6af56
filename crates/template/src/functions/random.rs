//! Random text, from the host's source.

use super::{
    argument::{int, text},
    encoding::base64,
    registry::{
        Function,
        Parameter::{Int, String as Str},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::Value,
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("randAlphaNum", &[Int], |runtime, arguments| {
        characters(runtime, int(arguments, 0), |byte| byte.is_ascii_alphanumeric())
    }),
    Function::fixed("randAlpha", &[Int], |runtime, arguments| {
        characters(runtime, int(arguments, 0), |byte| byte.is_ascii_alphabetic())
    }),
    Function::fixed("randNumeric", &[Int], |runtime, arguments| {
        characters(runtime, int(arguments, 0), |byte| byte.is_ascii_digit())
    }),
    Function::fixed("randAscii", &[Int], |runtime, arguments| {
        characters(runtime, int(arguments, 0), |byte| byte == b' ' || byte.is_ascii_graphic())
    }),
    Function::fixed("randBytes", &[Int], |runtime, arguments| {
        let Ok(count) = usize::try_from(int(arguments, 0)) else {
            return Err("runtime error: makeslice: len out of range".into());
        };
        runtime.reserve(count)?;
        let mut bytes = vec![0; count];
        runtime.host().random(&mut bytes);
        Ok(base64(&bytes).into())
    }),
    Function::fixed("randInt", &[Int, Int], |runtime, arguments| {
        let (low, high) = (int(arguments, 0), int(arguments, 1));
        if high <= low {
            return Err("invalid argument to Intn".into());
        }
        let number = below(runtime, high.wrapping_sub(low).unsigned_abs());
        Ok(Value::Int(low.wrapping_add_unsigned(number)))
    }),
    Function::fixed("shuffle", &[Str], |runtime, arguments| {
        let mut characters: Vec<char> = text(arguments, 0).chars().collect();
        for last in (1..characters.len()).rev() {
            let other = below(runtime, last as u64 + 1);
            characters.swap(last, usize::try_from(other).unwrap_or(0));
        }
        Ok(characters.into_iter().collect::<String>().into())
    }),
    Function::fixed("uuidv4", &[], |runtime, _| {
        let mut bytes = [0; 16];
        runtime.host().random(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = hex::encode(bytes);
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        Ok(parts.join("-").into())
    }),
];

/// A number below `limit`, each as likely.
pub(super) fn below(runtime: &Runtime<'_>, limit: u64) -> u64 {
    let limit = limit.max(1);
    // Numbers in the last, incomplete round would come out more often.
    let rounds = u64::MAX - u64::MAX % limit;
    loop {
        let mut bytes = [0; 8];
        runtime.host().random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < rounds {
            return number % limit;
        }
    }
}

/// `count` characters of those that `belongs` accepts; none for a negative count.
fn characters(runtime: &mut Runtime<'_>, count: i64, belongs: fn(u8) -> bool) -> Outcome {
    let count = usize::try_from(count).unwrap_or(0);
    runtime.reserve(count)?;
    runtime.charge(count)?;
    let set: Vec<u8> = (0..128).filter(|&byte| belongs(byte)).collect();
    let usable = 256 / set.len() * set.len();
    let mut out = String::with_capacity(count);
    let mut bytes = [0; 64];
    while out.len() < count {
        runtime.host().random(&mut bytes);
        let picked = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < usable);
        let missing = count - out.len();
        out.extend(picked.take(missing).map(|byte| char::from(set[byte % set.len()])));
    }
    Ok::<_, Failure>(out.into())
}
