//! Keys and certificates: what is random cannot be compared, so its shape is.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use inhaul_template::{Budget, MissingKey, SeededHost, TemplateSet, Value, helm};

fn render(template: &str) -> String {
    let mut set = TemplateSet::new(helm(), MissingKey::Zero);
    set.parse("t", template).unwrap();
    let host = SeededHost::new(3, "2026-01-02T03:04:05Z".parse().unwrap());
    let out = set.execute("t", &Value::Nil, &host, Budget::default());
    out.map_or_else(|error| error.to_string(), |text| text.to_str().into_owned())
}

/// The blocks of PEM in a text, decoded.
fn blocks(text: &str) -> Vec<(String, Vec<u8>)> {
    text.split("-----BEGIN ")
        .skip(1)
        .map(|block| {
            let (label, body) = block.split_once("-----\n").unwrap();
            let body = body.split_once("-----END").unwrap().0;
            assert!(body.lines().all(|line| line.len() <= 64), "{body}");
            let decoded = render(&format!(
                "{{{{ range $_, $b := b64dec `{}` | printf \"%x\" | list }}}}{{{{ $b }}}}{{{{ end }}}}",
                body.replace('\n', "")
            ));
            (label.to_owned(), hex::decode(decoded).unwrap())
        })
        .collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_signed_certificate_names_its_hosts_and_its_authority() {
    let out = render(
        r#"{{ $ca := genCA "my-ca" 365 }}{{ $c := genSignedCert "my.host" (list "10.0.0.1" "fd00::1") (list "a.example" "b.example") 30 $ca }}{{ $ca.Cert }}{{ $c.Cert }}{{ $c.Key }}"#,
    );
    let blocks = blocks(&out);
    let labels: Vec<&str> = blocks.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["CERTIFICATE", "CERTIFICATE", "RSA PRIVATE KEY"]);
    let (authority, signed) = (&blocks[0].1, &blocks[1].1);
    for part in ["my-ca", "my.host", "a.example", "b.example", "260102030405Z", "260201030405Z"] {
        assert!(holds(signed, part.as_bytes()), "{part}");
    }
    assert!(holds(signed, &[0x87, 4, 10, 0, 0, 1]), "an IPv4 address has four bytes");
    assert!(holds(signed, &[0x87, 16, 0xfd, 0]), "an IPv6 address has sixteen");
    // The authority's subject key identifier is the signed certificate's authority key.
    let marker = [0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14];
    let at = authority.windows(marker.len()).position(|window| window == marker).unwrap();
    let identifier = &authority[at + marker.len()..][..20];
    assert!(holds(signed, identifier));
}

#[test]
fn keys_of_each_kind_sign_and_are_read_back() {
    for (kind, label) in [("ecdsa", "EC PRIVATE KEY"), ("ed25519", "PRIVATE KEY")] {
        let out = render(&format!(
            r#"{{{{ $k := genPrivateKey "{kind}" }}}}{{{{ $ca := genCAWithKey "ca" 1 $k }}}}{{{{ eq $ca.Key $k }}}}
{{{{ $c := genSignedCertWithKey "x" nil nil 1 $ca $k }}}}{{{{ $s := genSelfSignedCertWithKey "é" nil (list "d") 1 $k }}}}
{{{{ (buildCustomCert (b64enc $c.Cert) (b64enc $c.Key)).Cert | eq $c.Cert }}}}{{{{ $k }}}}{{{{ $s.Cert }}}}"#
        ));
        assert!(out.starts_with("true\n\ntrue"), "{out}");
        let blocks = blocks(&out);
        assert_eq!(blocks[0].0, label);
        assert!(holds(&blocks[1].1, &[0x0c, 2, 0xc3, 0xa9]), "a name beyond ASCII is UTF-8");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    assert!(render(r#"{{ genPrivateKey "dsa" }}"#).contains("DSA keys are not supported"));
    let bad = r#"{{ buildCustomCert (b64enc "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") "" }}"#;
    assert!(render(bad).contains("error parsing certificate"), "{}", render(bad));
}

#[test]
fn a_derived_hash_is_accepted_by_its_own_form() {
    let hash = render(r#"{{ htpasswd "user" "secret" }}"#);
    assert!(hash.starts_with("user:$2a$10$"), "{hash}");
    assert_eq!(hash.len(), "user:".len() + 60);
}

#[test]
fn what_was_encrypted_is_decrypted_with_the_same_password_only() {
    let template = r#"{{ $e := encryptAES "secret" "some plain text" }}{{ decryptAES "secret" $e }}|{{ ne $e (encryptAES "secret" "some plain text") }}"#;
    assert_eq!(render(template), "some plain text|true");
    let other = render(r#"{{ decryptAES "other" (encryptAES "secret" "some plain text") }}"#);
    assert_ne!(other, "some plain text");
}

#[test]
fn random_functions_follow_the_hosts_source() {
    let template = "{{ randAlphaNum 24 }} {{ uuidv4 }} {{ randBytes 9 }} {{ shuffle \"abcdef\" }}";
    let first = render(template);
    assert_eq!(first, render(template));
    let uuid = first.split(' ').nth(1).unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    assert_eq!(render("{{ now | date \"2006-01-02 15:04\" }}"), "2026-01-02 03:04");
}
