//! Receivers: a push is applied without waiting for the interval, and nobody else gets in.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    Change, Space, behaviour, config_map, eventually, free_port, holds_for, within, write,
};

fn one(value: &str) -> [Change; 1] {
    [write("a.yaml", config_map("a", value))]
}

/// A test with an operator that can be called at the address that it is given.
fn called(name: &str, flags: &[&str], test: impl AsyncFnOnce(&mut Space, String)) {
    let port = free_port();
    let address = format!("--receiverAddr=127.0.0.1:{port}");
    let roles = "--controllers=source,kustomize,notification";
    let flags: Vec<&str> = [roles, &address].into_iter().chain(flags.iter().copied()).collect();
    behaviour(name)
        .flags(&flags)
        .run(async |space| test(space, format!("http://127.0.0.1:{port}")).await);
}

async fn token(space: &Space, token: &str) {
    let metadata = json!({"name": "token", "namespace": space.namespace});
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": token},
    });
    space.cluster.create(&secret).await;
}

async fn receiver(space: &Space, spec: Value) -> Value {
    let mut whole = json!({
        "secretRef": {"name": "token"},
        "resources": [{"kind": "GitRepository", "name": "app"}],
    });
    for (field, value) in spec.as_object().into_iter().flatten() {
        whole[field] = value.clone();
    }
    space.create("notification.toolkit.fluxcd.io/v1", "Receiver", "hook", whole).await
}

async fn path(space: &Space) -> String {
    let object = space.ready("Receiver", "hook").await;
    object["status"]["webhookPath"].as_str().expect("a ready receiver has a path").to_owned()
}

async fn post(url: &str, headers: &[(&str, &str)], body: &'static str) -> u16 {
    let mut call = reqwest::Client::new().post(url).body(body);
    for (name, value) in headers {
        call = call.header(*name, *value);
    }
    call.send().await.expect("the receiver answers").status().as_u16()
}

/// An app whose source is polled rarely: what comes soon comes by a call.
async fn rarely_polled(space: &Space) -> crate::support::Repository {
    let app = space.repository("app", &one("1"));
    space.git_repository("app", &app, json!({"interval": "1h"})).await;
    space.kustomization("app", json!({})).await;
    space.synced("app", &app.revision()).await;
    app
}

#[test]
fn a_push_is_applied_without_waiting_for_the_interval() {
    called("receiver-push", &[], async |space, address| {
        let app = rarely_polled(space).await;
        token(space, "s3cret").await;
        receiver(space, json!({"type": "gitlab", "events": ["Push Hook"]})).await;
        let url = format!("{address}{}", path(space).await);
        let revision = app.commit("two", &one("2"));
        let start = Instant::now();
        let genuine = [("x-gitlab-token", "s3cret"), ("x-gitlab-event", "Push Hook")];
        assert_eq!(post(&url, &genuine, "{}").await, 200);
        space.synced("app", &revision).await;
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        space.shows("ConfigMap", "a", "/data/key", "2").await;
        let asked = space.find("GitRepository", "app").await;
        let asked = &asked["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
        assert!(asked.is_string());
    });
}

#[test]
fn s30_a_call_that_is_not_genuine_asks_for_nothing() {
    called("receiver-denied", &[], async |space, address| {
        rarely_polled(space).await;
        token(space, "CANARY-token").await;
        receiver(space, json!({"type": "gitlab", "events": ["Push Hook"]})).await;
        let url = format!("{address}{}", path(space).await);
        let event = ("x-gitlab-event", "Push Hook");
        let (right, wrong) =
            (("x-gitlab-token", "CANARY-token"), ("x-gitlab-token", "CANARY-wrong"));
        assert_eq!(post(&url, &[event], "{}").await, 400, "no token");
        assert_eq!(post(&url, &[event, wrong], "{}").await, 400, "a wrong token");
        assert_eq!(post(&url, &[right], "{}").await, 400, "no event");
        assert_eq!(post(&url, &[right, ("x-gitlab-event", "Note Hook")], "{}").await, 400);
        assert_eq!(post(&format!("{url}0"), &[event, right], "{}").await, 404);
        let json = ("content-type", "application/json");
        assert_eq!(post(&url, &[event, right, json], "{").await, 400, "no JSON");
        holds_for(Duration::from_secs(3), "nothing is asked for", async || {
            let object = space.find("GitRepository", "app").await;
            let asked = &object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
            if asked.is_null() { Ok(()) } else { Err(asked.to_string()) }
        })
        .await;
        assert!(!space.operator().log_text().contains("CANARY"), "a token is in the log");
    });
}

#[test]
fn f35_many_calls_at_once_become_few_reconciles() {
    called("receiver-many", &[], async |space, address| {
        rarely_polled(space).await;
        token(space, "s3cret").await;
        receiver(space, json!({"type": "generic"})).await;
        let url = format!("{address}{}", path(space).await);
        let before = space.find("GitRepository", "app").await;
        let client = reqwest::Client::new();
        let start = Instant::now();
        let calls = (0..300).map(|_| client.post(&url).send());
        for answer in futures::future::join_all(calls).await {
            assert_eq!(answer.expect("the receiver answers").status().as_u16(), 200);
        }
        let seconds = start.elapsed().as_secs();
        let generation = |object: &Value| object["metadata"]["generation"].clone();
        let after = eventually("the last request is handled", async || {
            let object = space.find("GitRepository", "app").await;
            let asked = &object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
            let handled = &object["status"]["lastHandledReconcileAt"];
            if asked == handled { Ok(object.clone()) } else { Err(handled.to_string()) }
        })
        .await;
        assert_eq!(generation(&before), generation(&after));
        let asked = space.requests().into_iter().filter(|request| {
            // Of the object itself there are these, and that of the finalizer.
            request.verb == "patch"
                && request.resource == "gitrepositories"
                && request.subresource.is_empty()
        });
        let asked = asked.count() as u64;
        assert!(asked <= seconds + 3, "{asked} requests in {seconds} s");
    });
}

#[test]
fn a_receiver_without_its_token_says_so_and_is_ready_once_it_comes() {
    called("receiver-token", &["--max-retry-delay=2s"], async |space, _| {
        receiver(space, json!({"type": "generic"})).await;
        let name = format!("{}/token", space.namespace);
        space.refused("Receiver", "hook", "TokenNotFound", &[&name, "not found"]).await;
        token(space, "s3cret").await;
        assert!(path(space).await.starts_with("/hook/"));
    });
}

#[test]
fn a_receiver_whose_filter_is_wrong_is_stalled_and_names_the_field() {
    called("receiver-filter", &[], async |space, _| {
        token(space, "s3cret").await;
        receiver(space, json!({"type": "generic", "resourceFilter": "req.a =="})).await;
        let fields = &["spec.resourceFilter"];
        space.refused("Receiver", "hook", "InvalidCELExpression", fields).await;
        space.edit("Receiver", "hook", json!({"spec": {"resourceFilter": "req.a == 'x'"}})).await;
        path(space).await;
    });
}

#[test]
fn a_filter_and_labels_choose_what_a_call_concerns() {
    called("receiver-labels", &[], async |space, address| {
        rarely_polled(space).await;
        let other = space.repository("other", &one("1"));
        space.git_repository("other", &other, json!({"interval": "1h"})).await;
        for name in ["app", "other"] {
            let labels = json!({"metadata": {"labels": {"team": "shop"}}});
            space.edit("GitRepository", name, labels).await;
        }
        token(space, "s3cret").await;
        receiver(
            space,
            json!({
                "type": "generic",
                "resources": [{
                    "kind": "GitRepository", "name": "*", "matchLabels": {"team": "shop"},
                    "filter": "res.metadata.name == req.repository",
                }],
            }),
        )
        .await;
        let url = format!("{address}{}", path(space).await);
        let json = [("content-type", "application/json")];
        assert_eq!(post(&url, &json, r#"{"repository":"other"}"#).await, 200);
        let asked = |object: Value| {
            object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"].is_string()
        };
        within(Duration::from_secs(10), "the other one is asked for", async || {
            let object = space.find("GitRepository", "other").await;
            if asked(object) { Ok(()) } else { Err("not yet".to_owned()) }
        })
        .await;
        assert!(!asked(space.find("GitRepository", "app").await), "the call did not concern it");
    });
}

#[test]
fn a_suspended_or_deleted_receiver_cannot_be_called() {
    called("receiver-suspend", &[], async |space, address| {
        rarely_polled(space).await;
        token(space, "s3cret").await;
        receiver(space, json!({"type": "generic"})).await;
        let url = format!("{address}{}", path(space).await);
        assert_eq!(post(&url, &[], "").await, 200);
        space.edit("Receiver", "hook", json!({"spec": {"suspend": true}})).await;
        let answers = async |status: u16| {
            eventually(&format!("a call is answered with {status}"), async || {
                let found = post(&url, &[], "").await;
                if found == status { Ok(()) } else { Err(found.to_string()) }
            })
            .await;
        };
        answers(503).await;
        space.edit("Receiver", "hook", json!({"spec": {"suspend": false}})).await;
        answers(200).await;
        space.delete("Receiver", "hook").await;
        space.gone("Receiver", "hook").await;
        answers(404).await;
    });
}

#[test]
fn s13_a_receiver_reaches_no_other_namespace_where_that_is_forbidden() {
    called("receiver-namespace", &["--no-cross-namespace-refs"], async |space, _| {
        token(space, "s3cret").await;
        let resources = json!([{"kind": "GitRepository", "name": "x", "namespace": "default"}]);
        receiver(space, json!({"type": "generic", "resources": resources})).await;
        space.refused("Receiver", "hook", "AccessDenied", &["default/x"]).await;
    });
}
