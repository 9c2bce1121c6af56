//! Password hashes, and passwords derived from a master password.

use base64::{
    Engine as _,
    engine::general_purpose::{GeneralPurpose, NO_PAD},
};
use hmac::{Hmac, Mac};
use scrypt::Params;
use sha2::Sha256;

use super::{
    argument::{any, bytes, text},
    registry::{
        Function,
        Parameter::{String as Str, Uint32},
    },
};
use crate::{error::Outcome, runtime::Runtime, value::Value};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("bcrypt", &[Str], |runtime, arguments| {
        Ok(hash(runtime, bytes(arguments, 0))?.into())
    }),
    Function::fixed("htpasswd", &[Str, Str], |runtime, arguments| {
        let user = text(arguments, 0);
        if user.contains(':') {
            return Ok(format!("invalid username: {user}").into());
        }
        Ok(format!("{user}:{}", hash(runtime, bytes(arguments, 1))?).into())
    }),
    Function::fixed("derivePassword", &[Uint32, Str, Str, Str, Str], derive),
];

/// bcrypt's cost, and how many bytes of a password it takes.
const COST: u32 = 10;
const LONGEST: usize = 72;

/// What a hash counts for in the budget: it takes a good part of a second.
const STEPS: usize = 1_000_000;

/// A bcrypt hash, or the text that the original gives instead of one.
fn hash(runtime: &mut Runtime<'_>, password: &[u8]) -> Result<String, crate::Failure> {
    if password.len() > LONGEST {
        let why = "bcrypt: password length exceeds 72 bytes";
        return Ok(format!("failed to encrypt string with bcrypt: {why}"));
    }
    runtime.charge(STEPS)?;
    let mut salt = [0; 16];
    runtime.host().random(&mut salt);
    // The algorithm takes the password with a zero after it, where there is room.
    let mut terminated = password.to_vec();
    terminated.push(0);
    terminated.truncate(LONGEST);
    let hash = bcrypt::bcrypt(COST, salt, &terminated);
    let encoding = GeneralPurpose::new(&base64::alphabet::BCRYPT, NO_PAD);
    let (salt, hash) = (encoding.encode(salt), encoding.encode(&hash[..23]));
    Ok(format!("$2a${COST}${salt}{hash}"))
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// The shapes of each kind of password; each letter names a set of characters.
fn shapes(kind: &str) -> &'static [&'static str] {
    match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => &[],
    }
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn length_of(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The Master Password algorithm: scrypt of the password, then a hash of site and counter.
fn derive(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let counter = u32::try_from(any(arguments, 0).unsigned().unwrap_or(0)).unwrap_or(u32::MAX);
    let kind = text(arguments, 1);
    let shapes = shapes(&kind);
    if shapes.is_empty() {
        return Ok(format!("cannot find password template {kind}").into());
    }
    runtime.charge(STEPS)?;
    let [password, user, site] = [2, 3, 4].map(|index| bytes(arguments, index));
    let salt = [SEED, &length_of(user), user].concat();
    let mut key = [0; 64];
    let failed = |error: String| format!("failed to derive password: {error}");
    let parameters = Params::new(15, 8, 2, key.len()).map_err(|error| failed(error.to_string()))?;
    scrypt::scrypt(password, &salt, &parameters, &mut key)
        .map_err(|error| failed(error.to_string()))?;
    let mut seed =
        Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(error.to_string()))?;
    seed.update(&[SEED, &length_of(site), site, &counter.to_be_bytes()].concat());
    let seed = seed.finalize().into_bytes();
    let shape = shapes[usize::from(seed[0]) % shapes.len()];
    let letters = shape.bytes().zip(&seed[1..]).map(|(class, &byte)| {
        let set = characters(class);
        char::from(set[usize::from(byte) % set.len()])
    });
    Ok(letters.collect::<String>().into())
}
