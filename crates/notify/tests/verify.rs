//! Who may call: every type of receiver, with calls that are genuine and calls that are not.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use inhaul_notify::{Call, Denied, Hook, Issuers};
use proptest::prelude::*;
use support::{headers, hook, hook_with};

// Made with: printf BODY | openssl dgst -<algorithm> -r -hmac s3cret
const PUSH: &str = r#"{"ref":"refs/heads/main"}"#;

/// What a call by these headers and this body comes to.
async fn outcome(hook: &Hook, pairs: &[(&str, &str)], body: &str) -> Result<(), Denied> {
    let headers = headers(pairs);
    let early = Call { headers: &headers, body: &[] };
    let claims = hook.admit(&early, &Issuers::new().unwrap()).await?;
    hook.verify(&Call { headers: &headers, body: body.as_bytes() }, claims).map(drop)
}

fn signed(algorithm: &str, body: &str) -> String {
    support::hmac(algorithm, b"s3cret", body.as_bytes())
}

#[tokio::test]
async fn github_and_bitbucket_are_believed_by_their_signature() {
    for (type_, header) in [("github", "x-github-event"), ("bitbucket", "x-event-key")] {
        let hook = hook(type_, &["push", "Ping"]);
        let sha256 = signed("sha256", PUSH);
        let sha1 = signed("sha1", PUSH);
        let json = ("content-type", "application/json");
        let good = [json, (header, "push"), ("x-hub-signature-256", &sha256)];
        assert_eq!(outcome(&hook, &good, PUSH).await, Ok(()));
        let old = [json, (header, "PING"), ("x-hub-signature", &sha1)];
        assert_eq!(outcome(&hook, &old, PUSH).await, Ok(()));

        let form = format!("payload={}", "%7B%22ref%22%3A1%7D");
        let form_signature = signed("sha256", &form);
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        let as_form = [form_type, (header, "push"), ("x-hub-signature-256", &form_signature)];
        assert_eq!(outcome(&hook, &as_form, &form).await, Ok(()));

        let unsigned = [json, (header, "push")];
        assert_eq!(outcome(&hook, &unsigned, PUSH).await, Err(Denied::Unsigned));
        assert_eq!(outcome(&hook, &good, "{}").await, Err(Denied::Signature));
        let other_event = [json, (header, "issues"), ("x-hub-signature-256", &sha256)];
        assert!(matches!(outcome(&hook, &other_event, PUSH).await, Err(Denied::Event(_))));
        // Where both are sent, the stronger one counts.
        let mixed = [
            json,
            (header, "push"),
            ("x-hub-signature", &sha1),
            ("x-hub-signature-256", "sha256=00"),
        ];
        assert_eq!(outcome(&hook, &mixed, PUSH).await, Err(Denied::Signature));
        let text = [(header, "push"), ("x-hub-signature-256", sha256.as_str())];
        assert!(matches!(outcome(&hook, &text, PUSH).await, Err(Denied::Payload(_))));
    }
}

#[tokio::test]
async fn gitlab_and_harbor_are_believed_by_their_token() {
    for (type_, header) in [("gitlab", "x-gitlab-token"), ("harbor", "authorization")] {
        let hook = hook(type_, &[]);
        assert_eq!(outcome(&hook, &[(header, "s3cret")], PUSH).await, Ok(()));
        for wrong in [&[][..], &[(header, "")], &[(header, "s3cret2")], &[(header, "S3CRET")]] {
            assert!(matches!(outcome(&hook, wrong, PUSH).await, Err(Denied::Token(_))));
        }
    }
    let hook = hook("gitlab", &["Push Hook"]);
    let token = ("x-gitlab-token", "s3cret");
    assert_eq!(outcome(&hook, &[token, ("x-gitlab-event", "push hook")], PUSH).await, Ok(()));
    let other = [token, ("x-gitlab-event", "Note Hook")];
    assert!(matches!(outcome(&hook, &other, PUSH).await, Err(Denied::Event(_))));
}

#[tokio::test]
async fn generic_hmac_and_nexus_are_believed_by_their_signature() {
    let hmac = hook("generic-hmac", &[]);
    for algorithm in ["sha1", "sha256", "sha512"] {
        let signature = signed(algorithm, "anything");
        assert_eq!(outcome(&hmac, &[("x-signature", &signature)], "anything").await, Ok(()));
        assert_eq!(
            outcome(&hmac, &[("x-signature", &signature)], "anything else").await,
            Err(Denied::Signature)
        );
    }
    let nexus = hook("nexus", &[]);
    let body = r#"{"action":"CREATED","repositoryName":"docker"}"#;
    let signature = signed("sha1", body).replace("sha1=", "");
    let header = [("x-nexus-webhook-signature", signature.as_str())];
    assert_eq!(outcome(&nexus, &header, body).await, Ok(()));
    assert_eq!(outcome(&nexus, &header, "{}").await, Err(Denied::Signature));
    assert_eq!(outcome(&nexus, &[], body).await, Err(Denied::Unsigned));
}

#[tokio::test]
async fn registries_are_believed_by_the_shape_of_what_they_send() {
    for (type_, good, bad) in [
        (
            "dockerhub",
            r#"{"push_data":{"tag":"1.0"},"repository":{"repo_url":"https://x"}}"#,
            r#"{"push_data":{"tag":7}}"#,
        ),
        ("quay", r#"{"docker_url":"quay.io/a/b","updated_tags":["1"]}"#, r#"{"updated_tags":[1]}"#),
        (
            "acr",
            r#"{"action":"push","target":{"repository":"a","tag":"1"}}"#,
            r#"{"target":{"tag":[]}}"#,
        ),
    ] {
        let hook = hook(type_, &[]);
        assert_eq!(outcome(&hook, &[], good).await, Ok(()), "{type_}");
        for bad in [bad, "", "[]", "null", "{", "\u{0}", r#""text""#] {
            let outcome = outcome(&hook, &[], bad).await;
            assert!(matches!(outcome, Err(Denied::Payload(_))), "{type_} {bad}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn cdevents_are_believed_by_their_context() {
    let event = |type_: &str| {
        format!(
            r#"{{"context":{{"version":"0.4.1","id":"1","source":"/ci","type":"{type_}","timestamp":"2026-03-20T14:27:05.315384Z"}},"subject":{{"id":"x","content":{{}}}}}}"#
        )
    };
    let hook = hook("cdevents", &["dev.cdevents.change.merged.0.2.0"]);
    let header = [("ce-type", "dev.cdevents.change.merged.0.2.0")];
    assert_eq!(outcome(&hook, &header, &event("dev.cdevents.change.merged.0.2.0")).await, Ok(()));
    assert_eq!(outcome(&hook, &header, &event("dev.cdeventsx.tool-scan.done.0.1.0")).await, Ok(()));
    for bad in [
        event("dev.cdevents.change.eaten.0.2.0"),
        event("dev.cdevents.change"),
        event("change"),
        "{}".to_owned(),
        event("dev.cdevents.change.merged.0.2.0").replace("2026-03-20", "yesterday"),
        event("dev.cdevents.change.merged.0.2.0").replace(r#""id":"x","#, ""),
    ] {
        let outcome = outcome(&hook, &header, &bad).await;
        assert!(matches!(outcome, Err(Denied::Payload(_))), "{bad}: {outcome:?}");
    }
    let other = [("ce-type", "dev.cdevents.build.started.0.2.0")];
    assert!(matches!(outcome(&hook, &other, "{}").await, Err(Denied::Event(_))));
}

#[tokio::test]
async fn a_gcr_receiver_without_a_bearer_token_turns_everybody_away() {
    let hook = hook_with("gcr", |secret| {
        secret.email = Some("push@example.com".to_owned());
        secret.audience = Some("https://hook.example.com".to_owned());
    });
    for pairs in [&[][..], &[("authorization", "Basic x")], &[("authorization", "Bearer ")]] {
        assert!(matches!(outcome(&hook, pairs, "{}").await, Err(Denied::Bearer(_))), "{pairs:?}");
    }
}

#[tokio::test]
async fn a_refusal_shows_neither_the_token_nor_the_call() {
    let hook = hook("gitlab", &[]);
    let refused = outcome(&hook, &[("x-gitlab-token", "CANARY")], "CANARY").await.unwrap_err();
    for text in [refused.to_string(), format!("{refused:?}"), format!("{hook:?}")] {
        assert!(!text.contains("CANARY") && !text.contains("s3cret"), "{text}");
    }
}

proptest! {
    #[test]
    fn no_body_and_no_header_breaks_a_reader(
        type_ in 0..11_usize, body in proptest::collection::vec(any::<u8>(), 0..200),
        value in "\\PC{0,40}", json in "\\{\"(context|message|target|push_data|updated_tags)\":(\\[\\]|null|7|\\{\\}|\"x\")\\}",
    ) {
        let types = ["generic", "generic-hmac", "github", "gitlab", "bitbucket", "harbor", "dockerhub",
            "quay", "nexus", "acr", "cdevents"];
        let hook = hook(types[type_], &[]);
        let mut sent = http::HeaderMap::new();
        for name in ["x-signature", "x-hub-signature-256", "content-type", "x-gitlab-token"] {
            if let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes()) {
                sent.insert(name, value);
            }
        }
        for body in [&body[..], json.as_bytes()] {
            let _ = hook.verify(&Call { headers: &sent, body }, None);
        }
    }
}
