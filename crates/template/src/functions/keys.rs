//! Private keys. Their randomness is the system's: the host's cannot be handed to the generator.

use aws_lc_rs::{
    encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256,
    },
};

use super::{
    der::{INTEGER, NULL, OBJECT, OCTET_STRING, Reader, SEQUENCE, bits, element, group},
    pem,
};

/// OIDs in their encoded form.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ECDSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A private key that can sign.
pub(super) enum Key {
    Rsa(rsa::KeyPair),
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The curves of Go's `crypto/elliptic` that certificates use.
#[derive(Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    fn signing(self) -> &'static aws_lc_rs::signature::EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        }
    }

    fn identifiers(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::P256 => (P256, ECDSA_SHA256),
            Self::P384 => (P384, ECDSA_SHA384),
            Self::P521 => (P521, ECDSA_SHA512),
        }
    }
}

fn failed(action: &str) -> String {
    format!("{action} failed")
}

impl Key {
    pub(super) fn generate_rsa(size: KeySize) -> Result<Self, String> {
        rsa::KeyPair::generate(size).map(Self::Rsa).map_err(|_| failed("rsa key generation"))
    }

    pub(super) fn generate_ecdsa() -> Result<Self, String> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .map(|key| Self::Ec(Curve::P256, key))
            .map_err(|_| failed("ecdsa key generation"))
    }

    pub(super) fn generate_ed25519() -> Result<Self, String> {
        Ed25519KeyPair::generate().map(Self::Ed25519).map_err(|_| failed("ed25519 key generation"))
    }

    /// Reads a key from PEM: PKCS #8, PKCS #1 (`RSA`) or SEC 1 (`EC`).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (label, content) = pem::read(text).ok_or("no PEM data in input")?;
        if label == "PRIVATE KEY" {
            return Self::from_pkcs8(&content).ok_or_else(|| {
                "decoding PEM as PKCS#8: not an RSA, ECDSA or Ed25519 key".to_owned()
            });
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        match kind {
            "RSA" => rsa::KeyPair::from_der(&content)
                .map(Self::Rsa)
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            "EC" => {
                Self::ec(|curve| EcdsaKeyPair::from_private_key_der(curve.signing(), &content).ok())
                    .ok_or_else(|| {
                        "parsing EC private key from PEM: unknown or malformed key".to_owned()
                    })
            }
            "DSA" => Err("DSA keys are not supported".to_owned()),
            other => Err(format!("invalid private key type {other}")),
        }
    }

    fn from_pkcs8(content: &[u8]) -> Option<Self> {
        if let Ok(key) = rsa::KeyPair::from_pkcs8(content) {
            return Some(Self::Rsa(key));
        }
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(content) {
            return Some(Self::Ed25519(key));
        }
        Self::ec(|curve| EcdsaKeyPair::from_pkcs8(curve.signing(), content).ok())
    }

    fn ec(read: impl Fn(Curve) -> Option<EcdsaKeyPair>) -> Option<Self> {
        Curve::ALL.into_iter().find_map(|curve| Some(Self::Ec(curve, read(curve)?)))
    }

    /// The key as PEM, in the form that Go's functions choose for its kind.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        match self {
            Self::Rsa(key) => {
                let wrapped: Pkcs8V1Der<'_> =
                    key.as_der().map_err(|_| failed("encoding an rsa key"))?;
                let inner = pkcs1(wrapped.as_ref()).ok_or_else(|| failed("encoding an rsa key"))?;
                Ok(pem::write("RSA PRIVATE KEY", inner))
            }
            Self::Ec(_, key) => {
                let encoded: EcPrivateKeyRfc5915Der<'_> =
                    key.private_key().as_der().map_err(|_| failed("encoding an ecdsa key"))?;
                Ok(pem::write("EC PRIVATE KEY", encoded.as_ref()))
            }
            Self::Ed25519(key) => {
                let encoded = key.to_pkcs8v1().map_err(|_| failed("encoding an ed25519 key"))?;
                Ok(pem::write("PRIVATE KEY", encoded.as_ref()))
            }
        }
    }

    /// The public key as a certificate holds it.
    pub(super) fn public_info(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Rsa(key) => (
                group(SEQUENCE, &[element(OBJECT, RSA), element(NULL, &[])]),
                key.public_key().as_ref().to_vec(),
            ),
            Self::Ec(curve, key) => (
                group(SEQUENCE, &[element(OBJECT, EC), element(OBJECT, curve.identifiers().0)]),
                key.public_key().as_ref().to_vec(),
            ),
            Self::Ed25519(key) => {
                (group(SEQUENCE, &[element(OBJECT, ED25519)]), key.public_key().as_ref().to_vec())
            }
        };
        group(SEQUENCE, &[algorithm, bits(&key)])
    }

    /// How the key's signatures are named in a certificate.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => {
                group(SEQUENCE, &[element(OBJECT, SHA256_WITH_RSA), element(NULL, &[])])
            }
            Self::Ec(curve, _) => group(SEQUENCE, &[element(OBJECT, curve.identifiers().1)]),
            Self::Ed25519(_) => group(SEQUENCE, &[element(OBJECT, ED25519)]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        let error = |_| failed("signing a certificate");
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(error)?;
                Ok(signature)
            }
            Self::Ec(_, key) => {
                key.sign(&random, message).map(|signed| signed.as_ref().to_vec()).map_err(error)
            }
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

/// The RSA key inside a PKCS #8 wrapping.
fn pkcs1(wrapped: &[u8]) -> Option<&[u8]> {
    let mut body = Reader(Reader(wrapped).expect(SEQUENCE)?);
    body.expect(INTEGER)?;
    body.expect(SEQUENCE)?;
    body.expect(OCTET_STRING)
}
