//! OpenPGP: which keys may sign now, and did one of them.

use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::KeyDetails;
use std::time::{Duration, SystemTime};

/// Clocks may differ by this much.
const SKEW: Duration = Duration::from_secs(300);
/// Keys in one file; more are a mistake.
const MAX_KEYS: usize = 1000;

/// A trusted key.
pub(super) struct Key(SignedPublicKey);

/// Reads the keys of an armoured file, which may hold several blocks.
pub(super) fn read(text: &str) -> Result<Vec<Key>, String> {
    const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    let mut keys = Vec::new();
    let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let block = text.get(*start..end).unwrap_or_default();
        let (read, _) = SignedPublicKey::from_string_many(block).map_err(|_| unreadable())?;
        for key in read {
            keys.push(Key(key.map_err(|_| unreadable())?));
            if keys.len() > MAX_KEYS {
                return Err(format!("it holds more than {MAX_KEYS} keys"));
            }
        }
    }
    if keys.is_empty() {
        return Err("it holds no armoured OpenPGP public key".into());
    }
    Ok(keys)
}

fn unreadable() -> String {
    "it cannot be read as armoured OpenPGP public keys".to_owned()
}

/// Checks a detached signature; answers the id of the key that made it.
pub(super) fn verify(keys: &[Key], payload: &[u8], armoured: &str) -> Result<String, String> {
    let (detached, _) = DetachedSignature::from_string(armoured)
        .map_err(|_| "the OpenPGP signature cannot be read".to_owned())?;
    let signature = &detached.signature;
    check_form(signature)?;
    let now = SystemTime::now();
    if let Some(lasts) = signature.signature_expiration_time()
        && ended(signature.created().map(SystemTime::from), lasts.into(), now)
    {
        return Err("the signature has expired".into());
    }
    for Key(key) in keys {
        let id = key.primary_key.legacy_key_id().to_string().to_uppercase();
        if signature.verify(&key.primary_key, payload).is_ok() {
            return check_primary(key, now, true)
                .map(|()| id.clone())
                .map_err(|why| shown(&id, &why));
        }
        for subkey in &key.public_subkeys {
            if signature.verify(&subkey.key, payload).is_ok() {
                return check_primary(key, now, false)
                    .and_then(|()| check_subkey(key, subkey, now))
                    .map(|()| id.clone())
                    .map_err(|why| shown(&id, &why));
            }
        }
    }
    let made_by = signature.issuer_key_id().first().map(|id| id.to_string().to_uppercase());
    Err(format!(
        "it is not a good signature by a trusted key (made by {})",
        made_by.unwrap_or_else(|| "an unnamed key".into())
    ))
}

fn shown(id: &str, why: &str) -> String {
    format!("the key {id} {why}")
}

/// Only a signature over a document counts, made with a hash that nobody can forge.
fn check_form(signature: &Signature) -> Result<(), String> {
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        return Err("the signature is not one of a document".into());
    }
    match signature.hash_alg() {
        Some(HashAlgorithm::Md5 | HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160) | None => {
            Err("the signature uses a hash that can be forged".into())
        }
        Some(_) => Ok(()),
    }
}

/// The primary key speaks for itself: its self-signatures must be good.
fn check_primary(key: &SignedPublicKey, now: SystemTime, signs: bool) -> Result<(), String> {
    let primary = &key.primary_key;
    if key.details.revocation_signatures.iter().any(|revoked| revoked.verify_key(primary).is_ok()) {
        return Err("is revoked".into());
    }
    let of_users = key.details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(|signature| {
            signature.verify_certification(primary, pgp::types::Tag::UserId, &user.id).is_ok()
        })
    });
    let direct =
        key.details.direct_signatures.iter().filter(|direct| direct.verify_key(primary).is_ok());
    let newest = of_users
        .chain(direct)
        .filter(|signature| signature.typ() != Some(SignatureType::CertRevocation))
        .max_by_key(|signature| signature.created().map(SystemTime::from))
        .ok_or("has no good signature of its own")?;
    check_time(primary.created_at().into(), newest, now)?;
    if signs && !newest.key_flags().sign() && newest.key_flags().certify() {
        return Err("is not one for signing".into());
    }
    Ok(())
}

/// The primary key must say that the subkey is its own, and the subkey that it agrees.
fn check_subkey(
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: SystemTime,
) -> Result<(), String> {
    let primary = &key.primary_key;
    let good =
        |signature: &&Signature| signature.verify_subkey_binding(primary, &subkey.key).is_ok();
    let revoked = |signature: &&Signature| signature.typ() == Some(SignatureType::SubkeyRevocation);
    if subkey.signatures.iter().filter(good).any(|signature| revoked(&signature)) {
        return Err("has revoked the subkey that signed".into());
    }
    let newest = subkey
        .signatures
        .iter()
        .filter(|signature| signature.typ() == Some(SignatureType::SubkeyBinding))
        .filter(good)
        .max_by_key(|signature| signature.created().map(SystemTime::from))
        .ok_or("does not know the subkey that signed")?;
    check_time(subkey.key.created_at().into(), newest, now)?;
    let agrees = newest
        .embedded_signature()
        .is_some_and(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok());
    if !newest.key_flags().sign() || !agrees {
        return Err("has a subkey that is not one for signing".into());
    }
    Ok(())
}

fn check_time(created: SystemTime, newest: &Signature, now: SystemTime) -> Result<(), String> {
    if created > now + SKEW {
        return Err("is from the future".into());
    }
    let lasts = newest.key_expiration_time().map(Duration::from);
    if lasts.is_some_and(|lasts| ended(Some(created), lasts, now)) {
        return Err("has expired".into());
    }
    Ok(())
}

/// A length of zero means without end.
fn ended(from: Option<SystemTime>, lasts: Duration, now: SystemTime) -> bool {
    !lasts.is_zero() && from.is_none_or(|from| from + lasts < now)
}
