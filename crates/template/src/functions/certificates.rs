//! Private keys and certificates.

use std::sync::Arc;

use aws_lc_rs::rsa::KeySize;

use super::{
    argument::{any, bytes, int, text},
    certificate::{Authority, Request, issue},
    encoding::decode_base64,
    keys::Key,
    pem,
    registry::{
        Function,
        Parameter::{Certificate, Int, List, String as Str},
    },
};
use crate::{
    error::{Failure, Outcome},
    runtime::Runtime,
    value::{Structure, TypeInfo, Value},
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("genPrivateKey", &[Str], private_key),
    Function::fixed("buildCustomCert", &[Str, Str], |_, arguments| build_custom(arguments)),
    Function::fixed("genCA", &[Str, Int], |runtime, arguments| {
        let key = new_rsa(runtime)?;
        authority(runtime, arguments, &key)
    }),
    Function::fixed("genCAWithKey", &[Str, Int, Str], |runtime, arguments| {
        let key = given(arguments, 2)?;
        authority(runtime, arguments, &key)
    }),
    Function::fixed("genSelfSignedCert", &[Str, List, List, Int], |runtime, arguments| {
        let key = new_rsa(runtime)?;
        self_signed(runtime, arguments, &key)
    }),
    Function::fixed(
        "genSelfSignedCertWithKey",
        &[Str, List, List, Int, Str],
        |runtime, arguments| {
            let key = given(arguments, 4)?;
            self_signed(runtime, arguments, &key)
        },
    ),
    Function::fixed("genSignedCert", &[Str, List, List, Int, Certificate], |runtime, arguments| {
        let key = new_rsa(runtime)?;
        signed(runtime, arguments, &key)
    }),
    Function::fixed(
        "genSignedCertWithKey",
        &[Str, List, List, Int, Certificate, Str],
        |runtime, arguments| {
            let key = given(arguments, 5)?;
            signed(runtime, arguments, &key)
        },
    ),
];

static CERTIFICATE: TypeInfo = TypeInfo::plain("sprig.certificate", "");

/// What a key counts for in the budget: large ones take seconds.
const STEPS: usize = 2_000_000;
const LARGE_STEPS: usize = 20_000_000;

fn new_rsa(runtime: &mut Runtime<'_>) -> Result<Key, Failure> {
    runtime.charge(STEPS)?;
    Ok(Key::generate_rsa(KeySize::Rsa2048)
        .map_err(|error| format!("error generating rsa key: {error}"))?)
}

fn given(arguments: &[Value], index: usize) -> Result<Key, Failure> {
    Ok(Key::parse(&text(arguments, index))
        .map_err(|error| format!("parsing private key: {error}"))?)
}

fn private_key(runtime: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let kind = text(arguments, 0);
    let key = match &*kind {
        "" | "rsa" => {
            runtime.charge(LARGE_STEPS)?;
            Key::generate_rsa(KeySize::Rsa4096)
        }
        "ecdsa" => {
            runtime.charge(STEPS / 10)?;
            Key::generate_ecdsa()
        }
        "ed25519" => {
            runtime.charge(STEPS / 10)?;
            Key::generate_ed25519()
        }
        "dsa" => return Err("DSA keys are not supported: use rsa, ecdsa or ed25519".into()),
        other => return Ok(format!("Unknown type {other}").into()),
    };
    Ok(key.and_then(|key| key.to_pem())?.into())
}

fn pair(certificate: String, key: String) -> Value {
    let fields = vec![("Cert", Value::from(certificate)), ("Key", Value::from(key))];
    Value::Structure(Arc::new(Structure::new(&CERTIFICATE, false, fields)))
}

fn build_custom(arguments: &[Value]) -> Outcome {
    let certificate =
        decode_base64(bytes(arguments, 0)).map_err(|_| "unable to decode base64 certificate")?;
    let key =
        decode_base64(bytes(arguments, 1)).map_err(|_| "unable to decode base64 private key")?;
    let certificate = String::from_utf8_lossy(&certificate).into_owned();
    let key = String::from_utf8_lossy(&key).into_owned();
    let (_, content) = pem::read(&certificate).ok_or("unable to decode certificate")?;
    Authority::parse(&content)
        .ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
    Key::parse(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(pair(certificate, key))
}

/// The strings of a list; anything else in it fails.
fn names(value: &Value, what: &str) -> Result<Vec<String>, Failure> {
    let Value::List(list) = value else { return Ok(Vec::new()) };
    list.items()
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.to_str().into_owned()),
            other => {
                let shown = crate::format::value_text(other);
                Err(format!("error {what}: {shown} is not a string").into())
            }
        })
        .collect()
}

fn request(arguments: &[Value]) -> Result<Request, Failure> {
    let mut addresses = Vec::new();
    for address in names(any(arguments, 1), "parsing ip")? {
        match address.parse() {
            Ok(parsed) => addresses.push(parsed),
            Err(_) => return Err(format!("error parsing ip: {address}").into()),
        }
    }
    Ok(Request {
        common_name: text(arguments, 0).into_owned(),
        addresses,
        names: names(any(arguments, 2), "processing alternate dns name")?,
        days: int(arguments, 3),
        is_authority: false,
    })
}

fn finish(
    runtime: &Runtime<'_>,
    request: &Request,
    key: &Key,
    signer: Option<(&Authority, &Key)>,
) -> Outcome {
    let certificate = issue(runtime.host(), request, key, signer)
        .map_err(|error| format!("error creating certificate: {error}"))?;
    Ok(pair(pem::write("CERTIFICATE", &certificate), key.to_pem()?))
}

fn authority(runtime: &Runtime<'_>, arguments: &[Value], key: &Key) -> Outcome {
    let request = Request {
        common_name: text(arguments, 0).into_owned(),
        days: int(arguments, 1),
        is_authority: true,
        ..Request::default()
    };
    finish(runtime, &request, key, None)
}

fn self_signed(runtime: &Runtime<'_>, arguments: &[Value], key: &Key) -> Outcome {
    finish(runtime, &request(arguments)?, key, None)
}

fn signed(runtime: &Runtime<'_>, arguments: &[Value], key: &Key) -> Outcome {
    let field = |name: &str| match any(arguments, 4) {
        Value::Structure(pair) => {
            let text = pair.field(name).and_then(Value::as_text);
            text.map(|text| text.to_str().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    let (_, content) = pem::read(&field("Cert")).ok_or("unable to decode certificate")?;
    let authority = Authority::parse(&content)
        .ok_or("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate")?;
    let signer =
        Key::parse(&field("Key")).map_err(|error| format!("error parsing private key: {error}"))?;
    finish(runtime, &request(arguments)?, key, Some((&authority, &signer)))
}
