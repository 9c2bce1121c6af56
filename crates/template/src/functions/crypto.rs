//! Checksums and AES.

use aes::Aes256;
use cbc::cipher::{
    BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::NoPadding, block_padding::Pkcs7,
};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{
    argument::bytes,
    encoding::{base64, decode_base64},
    registry::{Function, Parameter::String as Str},
};
use crate::{error::Outcome, runtime::Runtime, value::Value};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("sha1sum", &[Str], |_, arguments| {
        Ok(hex::encode(Sha1::digest(bytes(arguments, 0))).into())
    }),
    Function::fixed("sha256sum", &[Str], |_, arguments| {
        Ok(hex::encode(Sha256::digest(bytes(arguments, 0))).into())
    }),
    Function::fixed("sha512sum", &[Str], |_, arguments| {
        Ok(hex::encode(Sha512::digest(bytes(arguments, 0))).into())
    }),
    Function::fixed("adler32sum", &[Str], |_, arguments| {
        Ok(adler32(bytes(arguments, 0)).to_string().into())
    }),
    Function::fixed("encryptAES", &[Str, Str], encrypt),
    Function::fixed("decryptAES", &[Str, Str], decrypt),
];

fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % PRIME;
        (low, (high + low) % PRIME)
    });
    high << 16 | low
}

const BLOCK: usize = 16;

/// The password's first 32 bytes, or zeros after it.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

fn encrypt(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (password, plain) = (bytes(arguments, 0), bytes(arguments, 1));
    if plain.is_empty() {
        return Ok(Value::from(""));
    }
    let mut vector = [0; BLOCK];
    runtime.host().random(&mut vector);
    let cipher = cbc::Encryptor::<Aes256>::new(&key(password).into(), &vector.into());
    let mut buffer = plain.to_vec();
    buffer.resize(plain.len() + BLOCK, 0);
    let encrypted = cipher
        .encrypt_padded_mut::<Pkcs7>(&mut buffer, plain.len())
        .map_err(|error| error.to_string())?;
    Ok(base64(&[&vector, encrypted].concat()).into())
}

fn decrypt(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let (password, encoded) = (bytes(arguments, 0), bytes(arguments, 1));
    if encoded.is_empty() {
        return Ok(Value::from(""));
    }
    let encrypted = decode_base64(encoded)?;
    let Some((vector, blocks)) = encrypted.split_at_checked(BLOCK) else {
        let length = encrypted.len();
        return Err(format!(
            "runtime error: slice bounds out of range [:{BLOCK}] with capacity {length}"
        )
        .into());
    };
    if blocks.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let vector: [u8; BLOCK] = vector.try_into().map_err(|_| "no initialization vector")?;
    let cipher = cbc::Decryptor::<Aes256>::new(&key(password).into(), &vector.into());
    let mut buffer = blocks.to_vec();
    let plain =
        cipher.decrypt_padded_mut::<NoPadding>(&mut buffer).map_err(|error| error.to_string())?;
    // Only the last byte is looked at, as in the original.
    let Some(&padding) = plain.last() else {
        return Err("runtime error: index out of range [-1]".into());
    };
    let Some(length) = plain.len().checked_sub(usize::from(padding)) else {
        return Err("runtime error: slice bounds out of range".into());
    };
    Ok((&plain[..length]).into())
}
