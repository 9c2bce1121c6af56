//! X.509 certificates as Go's `x509.CreateCertificate` lays them out.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};

use super::{
    der::{
        BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT, OCTET_STRING, PRINTABLE_STRING,
        Reader, SEQUENCE, SET, UTC_TIME, UTF8_STRING, bits, element, group, integer,
    },
    keys::Key,
};
use crate::host::Host;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const KEY_USAGE: u8 = 15;
const EXTENDED_KEY_USAGE: u8 = 37;
const BASIC_CONSTRAINTS: u8 = 19;
const SUBJECT_KEY: u8 = 14;
const AUTHORITY_KEY: u8 = 35;
const ALTERNATIVE_NAMES: u8 = 17;
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// What a certificate is to say.
#[derive(Default)]
pub(super) struct Request {
    pub(super) common_name: String,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) names: Vec<String>,
    pub(super) days: i64,
    pub(super) is_authority: bool,
}

/// What of a signing certificate goes into those that it signs.
pub(super) struct Authority {
    /// The encoded name.
    subject: Vec<u8>,
    key_identifier: Vec<u8>,
}

impl Authority {
    /// Reads a certificate; `None` where it is none.
    pub(super) fn parse(certificate: &[u8]) -> Option<Self> {
        let mut outer = Reader(Reader(certificate).expect(SEQUENCE)?);
        let mut body = Reader(outer.expect(SEQUENCE)?);
        outer.expect(SEQUENCE)?;
        outer.expect(BIT_STRING)?;
        let mut first = body.next()?;
        if first.tag == 0xa0 {
            first = body.next()?;
        }
        if first.tag != INTEGER {
            return None;
        }
        for _ in ["signature", "issuer", "validity"] {
            body.expect(SEQUENCE)?;
        }
        let subject = body.next().filter(|subject| subject.tag == SEQUENCE)?.whole.to_vec();
        body.expect(SEQUENCE)?;
        let mut key_identifier = Vec::new();
        while let Some(part) = body.next() {
            if part.tag == 0xa3 {
                key_identifier = subject_key(part.content).unwrap_or_default();
            }
        }
        Some(Self { subject, key_identifier })
    }
}

fn subject_key(extensions: &[u8]) -> Option<Vec<u8>> {
    let mut list = Reader(Reader(extensions).expect(SEQUENCE)?);
    while let Some(content) = list.expect(SEQUENCE) {
        let mut extension = Reader(content);
        if extension.expect(OBJECT)? == [0x55, 0x1d, SUBJECT_KEY] {
            let value = extension.next()?;
            let value = if value.tag == BOOLEAN { extension.next()? } else { value };
            return Reader(value.content).expect(OCTET_STRING).map(<[u8]>::to_vec);
        }
    }
    None
}

/// Issues a certificate for `key`; without a signer it signs itself.
pub(super) fn issue(
    host: &dyn Host,
    request: &Request,
    key: &Key,
    signer: Option<(&Authority, &Key)>,
) -> Result<Vec<u8>, String> {
    let signing_key = signer.map_or(key, |(_, key)| key);
    let algorithm = signing_key.signature_algorithm();
    let subject = name(&request.common_name);
    let issuer = signer.map_or(&subject, |(authority, _)| &authority.subject);
    let mut serial = [0; 16];
    host.random(&mut serial);
    let public = key.public_info();
    let authority_key = match signer {
        Some((authority, _)) if *issuer != subject => authority.key_identifier.as_slice(),
        _ => &[],
    };
    let extensions = extensions(request, &public, authority_key)?;
    let body = group(
        SEQUENCE,
        &[
            element(0xa0, &integer(&[2])),
            integer(&serial),
            algorithm.clone(),
            issuer.clone(),
            validity(host.now(), request.days)?,
            subject,
            public,
            element(0xa3, &extensions),
        ],
    );
    let signature = signing_key.sign(&body)?;
    Ok(group(SEQUENCE, &[body, algorithm, bits(&signature)]))
}

/// A name of a common name alone.
fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return element(SEQUENCE, &[]);
    }
    let is_printable =
        |character: char| character.is_ascii_alphanumeric() || " '()+,-./:=?*&".contains(character);
    let tag = if common_name.chars().all(is_printable) { PRINTABLE_STRING } else { UTF8_STRING };
    let attribute =
        group(SEQUENCE, &[element(OBJECT, COMMON_NAME), element(tag, common_name.as_bytes())]);
    element(SEQUENCE, &element(SET, &attribute))
}

fn validity(now: Timestamp, days: i64) -> Result<Vec<u8>, String> {
    let out_of_range = |_| "cannot represent time as GeneralizedTime".to_owned();
    let hours = days.checked_mul(24).ok_or("validity is out of range")?;
    let end = now.checked_add(SignedDuration::from_hours(hours)).map_err(out_of_range)?;
    Ok(group(SEQUENCE, &[time(now), time(end)]))
}

fn time(time: Timestamp) -> Vec<u8> {
    let time = time.to_zoned(TimeZone::UTC);
    let rest = time.strftime("%m%d%H%M%SZ");
    if (1950..2050).contains(&time.year()) {
        element(UTC_TIME, format!("{:02}{rest}", time.year() % 100).as_bytes())
    } else {
        element(GENERALIZED_TIME, format!("{:04}{rest}", time.year()).as_bytes())
    }
}

fn extension(identifier: u8, is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { element(BOOLEAN, &[0xff]) } else { Vec::new() };
    group(
        SEQUENCE,
        &[element(OBJECT, &[0x55, 0x1d, identifier]), critical, element(OCTET_STRING, value)],
    )
}

fn extensions(request: &Request, public: &[u8], authority_key: &[u8]) -> Result<Vec<u8>, String> {
    // Digital signature and key encipherment; for authorities, signing certificates too.
    let usage: &[u8] = if request.is_authority { &[2, 0xa4] } else { &[5, 0xa0] };
    let purposes = group(SEQUENCE, &[element(OBJECT, SERVER_AUTH), element(OBJECT, CLIENT_AUTH)]);
    let constraints: Vec<u8> =
        if request.is_authority { element(BOOLEAN, &[0xff]) } else { Vec::new() };
    let mut all = vec![
        extension(KEY_USAGE, true, &element(BIT_STRING, usage)),
        extension(EXTENDED_KEY_USAGE, false, &purposes),
        extension(BASIC_CONSTRAINTS, true, &element(SEQUENCE, &constraints)),
    ];
    if request.is_authority {
        let identifier = key_identifier(public).ok_or("no public key")?;
        all.push(extension(SUBJECT_KEY, false, &element(OCTET_STRING, &identifier)));
    }
    if !authority_key.is_empty() {
        let value = element(SEQUENCE, &element(0x80, authority_key));
        all.push(extension(AUTHORITY_KEY, false, &value));
    }
    let mut names = Vec::new();
    for dns in &request.names {
        if !dns.is_ascii() {
            let dns = crate::format::quote(dns);
            return Err(format!("x509: {dns} cannot be encoded as an IA5String"));
        }
        names.push(element(0x82, dns.as_bytes()));
    }
    names.extend(request.addresses.iter().map(|address| match address.to_canonical() {
        IpAddr::V4(address) => element(0x87, &address.octets()),
        IpAddr::V6(address) => element(0x87, &address.octets()),
    }));
    if !names.is_empty() {
        let value = group(SEQUENCE, &names);
        all.push(extension(ALTERNATIVE_NAMES, request.common_name.is_empty(), &value));
    }
    Ok(group(SEQUENCE, &all))
}

/// The first 160 bits of the hash of the public key (RFC 7093).
fn key_identifier(public: &[u8]) -> Option<Vec<u8>> {
    let mut body = Reader(Reader(public).expect(SEQUENCE)?);
    body.expect(SEQUENCE)?;
    let key = body.expect(BIT_STRING)?.get(1..)?;
    Some(Sha256::digest(key)[..20].to_vec())
}
