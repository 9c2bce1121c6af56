//! Hooks and calls for tests.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use aws_lc_rs::hmac::{self, Key};
use http::{HeaderMap, HeaderName, HeaderValue};
use inhaul_api::{LocalObjectReference, Receiver, ReceiverResource, ReceiverSpec};
use inhaul_notify::{Hook, HookSecret, Token};

pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let parsed = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(parsed).collect()
}

/// A receiver `ns/name` of one GitRepository `app`.
pub(crate) fn receiver(type_: &str) -> Receiver {
    let resource = ReceiverResource {
        kind: "GitRepository".to_owned(),
        name: "app".to_owned(),
        ..ReceiverResource::default()
    };
    let spec = ReceiverSpec {
        type_: type_.to_owned(),
        resources: vec![resource],
        secret_ref: Some(LocalObjectReference { name: "token".to_owned() }),
        ..ReceiverSpec::default()
    };
    let mut receiver = Receiver::new("name", spec);
    receiver.metadata.namespace = Some("ns".to_owned());
    receiver
}

pub(crate) fn secret() -> HookSecret {
    HookSecret { token: Token::new(b"s3cret"), ..HookSecret::default() }
}

pub(crate) fn hook(type_: &str, events: &[&str]) -> Hook {
    let mut receiver = receiver(type_);
    receiver.spec.events = events.iter().map(|&event| event.to_owned()).collect();
    Hook::new(&receiver, secret()).unwrap()
}

pub(crate) fn hook_with(type_: &str, change: impl FnOnce(&mut HookSecret)) -> Hook {
    let mut secret = secret();
    change(&mut secret);
    Hook::new(&receiver(type_), secret).unwrap()
}

/// A signature header's value, such as `sha256=…`.
pub(crate) fn hmac(algorithm: &str, key: &[u8], body: &[u8]) -> String {
    let kind = match algorithm {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        _ => hmac::HMAC_SHA512,
    };
    let code = hmac::sign(&Key::new(kind, key), body);
    format!("{algorithm}={}", hex::encode(code))
}
