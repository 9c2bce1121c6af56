//! Bearer tokens, against an issuer that the test serves.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inhaul_api::{OidcProvider, OidcValidation, OidcVariable};
use inhaul_notify::{Call, Denied, Hook, HookSecret, Issuers};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use support::{headers, receiver};

/// An issuer with one key, `k1`.
struct Issuer {
    url: String,
    key: EncodingKey,
    public: Vec<u8>,
}

impl Issuer {
    async fn start() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let document = document.unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let coordinate = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&public[range]);
        let keys = json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": coordinate(1..33), "y": coordinate(33..65),
        }]});
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let answer = |value: Value| get(move || async move { value.to_string() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", answer(discovery))
            .route("/keys", answer(keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, key: EncodingKey::from_ec_der(document.as_ref()), public }
    }

    fn claims(&self, changes: Value) -> Value {
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({
            "iss": self.url, "aud": "notification-controller", "exp": now + 300, "nbf": now - 10,
            "sub": "repo:shop:ref:refs/heads/main",
        });
        for (claim, value) in changes.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        claims
    }

    fn token(&self, changes: Value) -> String {
        let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &self.claims(changes), &self.key).unwrap()
    }
}

fn hook(issuer: &str) -> Hook {
    let mut object = receiver("generic-oidc");
    object.spec.secret_ref = None;
    object.spec.oidc_providers = vec![OidcProvider {
        issuer_url: issuer.to_owned(),
        audience: None,
        variables: vec![OidcVariable {
            name: "repository".to_owned(),
            expression: "claims.sub.startsWith('repo:shop:')".to_owned(),
        }],
        validations: vec![OidcValidation {
            expression: "vars.repository".to_owned(),
            message: "only the shop may call".to_owned(),
        }],
    }];
    Hook::new(&object, HookSecret::default()).unwrap()
}

async fn outcome(hook: &Hook, token: &str) -> Result<Value, Denied> {
    let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
    let call = Call { headers: &headers, body: &[] };
    hook.admit(&call, &Issuers::new().unwrap()).await.map(Option::unwrap_or_default)
}

#[tokio::test]
async fn a_token_of_a_known_issuer_is_believed_and_its_claims_are_seen() {
    let issuer = Issuer::start().await;
    let claims = outcome(&hook(&issuer.url), &issuer.token(json!({}))).await.unwrap();
    assert_eq!(claims["sub"], "repo:shop:ref:refs/heads/main");
    let several = issuer.token(json!({"aud": ["x", "notification-controller"]}));
    assert!(outcome(&hook(&issuer.url), &several).await.is_ok());
}

#[tokio::test]
async fn s30_a_token_for_somebody_else_or_another_time_is_refused() {
    let (issuer, stranger) = (Issuer::start().await, Issuer::start().await);
    let hook = hook(&issuer.url);
    let now = jiff::Timestamp::now().as_second();
    for changes in [
        json!({"aud": "somebody-else"}),
        json!({"aud": null}),
        json!({"exp": now - 3600}),
        json!({"exp": null}),
        json!({"nbf": now + 3600}),
        json!({"iss": stranger.url}),
        json!({"iss": ""}),
        json!({"iss": null}),
        json!({"sub": "repo:other:ref:refs/heads/main"}),
    ] {
        let outcome = outcome(&hook, &issuer.token(changes.clone())).await;
        assert!(matches!(outcome, Err(Denied::Bearer(_))), "{changes}: {outcome:?}");
    }
    // Signed by a key of somebody else who claims to be the issuer.
    let forged = stranger.token(json!({"iss": issuer.url}));
    assert!(outcome(&hook, &forged).await.is_err());
    let other = outcome(&hook, &issuer.token(json!({"sub": "repo:other:x"}))).await;
    assert_eq!(other, Err(Denied::Bearer("only the shop may call".to_owned())));
}

#[tokio::test]
async fn s30_an_algorithm_that_proves_nothing_is_refused() {
    let issuer = Issuer::start().await;
    let hook = hook(&issuer.url);
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(issuer.claims(json!({})));
    let none = format!("{}.{claims}.", part(json!({"alg": "none", "kid": "k1"})));
    // The public key is known to everybody, so as a shared secret it proves nothing.
    let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
    let shared = EncodingKey::from_secret(&issuer.public);
    let shared = jsonwebtoken::encode(&header, &issuer.claims(json!({})), &shared).unwrap();
    let header = Header { kid: Some("../k1".to_owned()), ..Header::new(Algorithm::ES256) };
    let path = jsonwebtoken::encode(&header, &issuer.claims(json!({})), &issuer.key).unwrap();
    let good = issuer.token(json!({}));
    let cut = &good[..good.len() - 3];
    for token in [&none, &shared, &path, cut, "", "a.b.c", "a.b", "....", &format!("{good}.x")] {
        assert!(matches!(outcome(&hook, token).await, Err(Denied::Bearer(_))), "{token}");
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_lets_nobody_in() {
    let issuer = Issuer::start().await;
    let hook = hook("http://127.0.0.1:9");
    let token = issuer.token(json!({"iss": "http://127.0.0.1:9"}));
    let outcome = outcome(&hook, &token).await;
    let why = "the keys of its issuer cannot be fetched".to_owned();
    assert_eq!(outcome, Err(Denied::Bearer(why)));
}
