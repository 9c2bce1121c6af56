//! Credentials: what is sent, to whom, and what is never sent.

use crate::support::{Client, Server, error, fetch, read, resolve};
use inhaul_git::{Credentials, ErrorKind, RemoteUrl};
use serde_json::json;

const CANARY: &str = "canary-hunter2";

#[tokio::test(flavor = "multi_thread")]
async fn basic_and_bearer_are_sent_over_plain_http_too() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let basic = json!({"repo": "x.git", "mode": "basic", "user": "ann", "password": CANARY});
    let bearer = json!({"repo": "x.git", "mode": "bearer", "token": CANARY});
    for (fault, good, bad) in [
        (basic, Credentials::basic("ann", CANARY), Credentials::basic("ann", "wrong")),
        (bearer, Credentials::bearer(CANARY), Credentials::bearer("wrong")),
    ] {
        server.clear().await;
        server.fault(fault).await;
        let client = Client::new();
        let snapshot =
            fetch(&client.mirror_as(&server, "x.git", &good), json!({"branch": "main"})).await;
        assert_eq!(read(&snapshot.unwrap(), "a"), "1");
        let refused = error(
            resolve(&client.mirror_as(&server, "x.git", &bad), json!({"branch": "main"})).await,
        );
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
        assert!(refused.to_string().contains("were not accepted"), "{refused}");
        // It is not tried again without credentials, or with others.
        let stats = server.stats("x.git").await;
        let requests: u64 =
            stats["requests"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(stats["authorized"].as_u64(), Some(requests));
        let anonymous =
            error(resolve(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await);
        assert!(anonymous.to_string().contains("none are set"), "{anonymous}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_other_credentials_sees_nothing_of_what_was_fetched() {
    let Some(server) = Server::start() else { return };
    let commit = server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let fault = json!({"repo": "x.git", "mode": "bearer", "token": CANARY});
    server.fault(fault).await;
    let client = Client::new();
    let good = client.mirror_as(&server, "x.git", &Credentials::bearer(CANARY));
    fetch(&good, json!({"branch": "main"})).await.unwrap();
    let bad = client.mirror_as(&server, "x.git", &Credentials::bearer("wrong"));
    let refused = error(fetch(&bad, json!({"commit": commit})).await);
    assert_eq!(refused.kind(), ErrorKind::Unauthorized);
    let again = client.mirror_as(&server, "x.git", &Credentials::bearer(CANARY));
    assert!(std::sync::Arc::ptr_eq(&good, &again), "equal identities share a mirror");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_renewed_keeps_what_was_fetched() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let client = Client::new();
    for token in ["first", "second"] {
        server.fault(json!({"repo": "x.git", "mode": "bearer", "token": token})).await;
        let mut credentials = Credentials::bearer(token);
        credentials.identity = Some("app/1".to_owned());
        let mirror = client.mirror_as(&server, "x.git", &credentials);
        fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    }
    assert_eq!(server.requests("x.git", "fetch").await, 1, "the second token had nothing to fetch");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let (Some(first), Some(second)) = (Server::start(), Server::start()) else { return };
    second.repository("x.git").commit("main", &[("a", Some("1"))]);
    for status in [301, 302, 307, 308] {
        second.clear().await;
        let fault =
            json!({"repo": "x.git", "mode": "redirect", "location": second.url, "status": status});
        first.fault(fault).await;
        let client = Client::new();
        let mirror = client.mirror_as(&first, "x.git", &Credentials::basic("ann", CANARY));
        let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        assert_eq!(read(&snapshot, "a"), "1");
        assert!(first.stats("x.git").await["authorized"].as_u64().unwrap() > 0);
        let stats = second.stats("x.git").await;
        assert_eq!(stats["authorized"], json!(0), "{status}: {stats}");
        assert!(stats["requests"]["fetch"].as_u64().unwrap() > 0);
        // Where the other host wants credentials, it does not get these.
        second
            .fault(json!({"repo": "x.git", "mode": "basic", "user": "ann", "password": CANARY}))
            .await;
        let refused = error(resolve(&mirror, json!({"branch": "main"})).await);
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
        assert!(refused.to_string().contains("redirected to another host"), "{refused}");
        assert_eq!(second.stats("x.git").await["authorized"], json!(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_stay_within_bounds() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let client = Client::new();
    let credentials = Credentials::basic("ann", CANARY);
    let mirror = client.mirror_as(&server, "x.git", &credentials);
    // To another path of the same host: followed, with credentials.
    server.repository("moved/x.git").commit("main", &[("a", Some("2"))]);
    let moved = format!("{}/moved", server.url);
    server.fault(json!({"repo": "x.git", "mode": "redirect", "location": moved})).await;
    let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    assert_eq!(read(&snapshot, "a"), "2");
    assert_eq!(server.requests("x.git", "handshake").await, 2);
    assert!(server.stats("moved/x.git").await["authorized"].as_u64().unwrap() > 0);
    let host = server.url.trim_start_matches("http://");
    for (fault, words) in [
        (json!({"mode": "loop"}), "more than 5 redirects"),
        (json!({"mode": "redirect", "location": "ftp://127.0.0.1"}), "neither http nor https"),
        (json!({"mode": "redirect", "location": "file:///etc"}), "neither http nor https"),
        (
            json!({"mode": "redirect", "location": format!("http://ann:{CANARY}@{host}")}),
            "carries credentials",
        ),
        (json!({"mode": "redirect", "location": server.url, "services": ["list-refs"]}), "302"),
    ] {
        let mut fault = fault;
        fault["repo"] = json!("x.git");
        server.fault(fault.clone()).await;
        let refused = error(resolve(&mirror, json!({"branch": "main"})).await);
        assert_eq!(refused.kind(), ErrorKind::Redirect, "{fault}: {refused}");
        assert!(refused.to_string().contains(words), "{fault}: {refused}");
        assert!(!refused.to_string().contains(CANARY), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked_and_ours_are_shown() {
    let certificates = tempfile::TempDir::new().unwrap();
    let Some(()) = Server::generate_certificates(certificates.path()) else { return };
    let file = |name: &str| certificates.path().join(name).to_str().unwrap().to_owned();
    let bytes = |name: &str| std::fs::read(file(name)).unwrap();
    let (cert, key, ca) = (file("server.crt"), file("server.key"), file("ca.crt"));
    let tls = ["--tls-cert", &cert, "--tls-key", &key];
    let Some(server) = Server::start_with(&tls) else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let client = Client::new();
    let unknown = error(resolve(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await);
    assert_eq!(unknown.kind(), ErrorKind::Network);
    assert!(unknown.to_string().contains("certificate"), "{unknown}");
    let mut trusting = Credentials::basic("ann", CANARY);
    trusting.certificate_authority = Some(bytes("ca.crt"));
    let mirror = client.mirror_as(&server, "x.git", &trusting);
    fetch(&mirror, json!({"branch": "main"})).await.unwrap();

    let Some(plain) = Server::start() else { return };
    plain.repository("x.git").commit("main", &[("a", Some("1"))]);
    let trusting_only = reqwest::Certificate::from_pem(&bytes("ca.crt")).unwrap();
    let admin =
        reqwest::Client::builder().no_proxy().tls_certs_merge([trusting_only]).build().unwrap();
    let fault = json!({"repo": "x.git", "mode": "redirect", "location": plain.url});
    admin.post(format!("{}/-/fault", server.url)).body(fault.to_string()).send().await.unwrap();
    let downgraded = error(resolve(&mirror, json!({"branch": "main"})).await);
    assert_eq!(downgraded.kind(), ErrorKind::Redirect);
    assert!(downgraded.to_string().contains("from https to http"), "{downgraded}");
    assert_eq!(plain.requests("x.git", "handshake").await, 0);

    let mutual = [&tls[..], &["--tls-client-ca", &ca]].concat();
    let Some(server) = Server::start_with(&mutual) else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let refused = error(
        resolve(&client.mirror_as(&server, "x.git", &trusting), json!({"branch": "main"})).await,
    );
    assert_eq!(refused.kind(), ErrorKind::Network, "{refused}");
    trusting.client_certificate = Some((bytes("client.crt"), bytes("client.key")));
    let mirror = client.mirror_as(&server, "x.git", &trusting);
    fetch(&mirror, json!({"branch": "main"})).await.unwrap();

    trusting.certificate_authority = Some(b"not a certificate".to_vec());
    let url = RemoteUrl::parse(&format!("{}/x.git", server.url)).unwrap();
    let broken = error(client.mirrors.mirror(&url, &trusting));
    assert_eq!(broken.reason(), "AuthenticationFailed", "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_shows_a_secret() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let host = server.url.trim_start_matches("http://").to_owned();
    let in_url = RemoteUrl::parse(&format!("http://ann:{CANARY}@{host}/x.git")).unwrap();
    let client = Client::new();
    for (url, credentials) in [
        (in_url.clone(), Credentials::default()),
        (
            RemoteUrl::parse(&format!("{}/x.git", server.url)).unwrap(),
            Credentials::basic("ann", CANARY),
        ),
        (RemoteUrl::parse(&format!("{}/x.git", server.url)).unwrap(), Credentials::bearer(CANARY)),
    ] {
        let mirror = client.mirrors.mirror(&url, &credentials).unwrap();
        for fault in [
            json!({"mode": "status", "status": 401}),
            json!({"mode": "status", "status": 500}),
            json!({"mode": "html"}),
            json!({"mode": "empty"}),
            json!({"mode": "loop"}),
            json!({"mode": "truncate", "bytes": 10}),
            json!({"mode": "redirect", "location": "ftp://127.0.0.1"}),
        ] {
            let mut fault = fault;
            fault["repo"] = json!("x.git");
            server.fault(fault).await;
            let error = error(resolve(&mirror, json!({"branch": "main"})).await);
            let shown = format!("{error} {error:?} {url} {url:?} {credentials:?}");
            assert!(!shown.contains(CANARY), "{shown}");
        }
        server.clear().await;
        fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    }
    for file in client.files() {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found && !file.to_string_lossy().contains(CANARY), "{}", file.display());
    }
}
