//! Servers that misbehave: an error in time, nothing half-believed, nothing left behind.

use crate::support::{Client, Server, error, fetch, fetch_within, read, reference, resolve};
use inhaul_git::{Call, ErrorKind, Limits};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A server with a repository of a few hundred files.
fn medium() -> Option<(Server, Client)> {
    let server = Server::start()?;
    let repository = server.repository("x.git");
    let text = |n: u64| -> String {
        let noise = (0..20).map(|line| (n * 20 + line + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        noise.map(|noise| format!("value: {noise}\n")).collect()
    };
    let files: Vec<(String, String)> =
        (0..300).map(|n| (format!("apps/{}/{n}.yaml", n % 17), text(n))).collect();
    let files: Vec<(&str, Option<&str>)> =
        files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    repository.commit("main", &files);
    Some((server, Client::new()))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_status_has_its_own_error() {
    let Some((server, client)) = medium() else { return };
    let mirror = client.mirror(&server, "x.git");
    for (status, kind, reason) in [
        (401, ErrorKind::Unauthorized, "AuthenticationFailed"),
        (403, ErrorKind::Forbidden, "AuthenticationFailed"),
        (404, ErrorKind::NotFound, "GitOperationFailed"),
        (407, ErrorKind::Unauthorized, "AuthenticationFailed"),
        (418, ErrorKind::Protocol, "GitOperationFailed"),
        (429, ErrorKind::RateLimited, "GitOperationFailed"),
        (500, ErrorKind::Server, "GitOperationFailed"),
        (503, ErrorKind::Server, "GitOperationFailed"),
    ] {
        for services in [["handshake"], ["list-refs"]] {
            let fault = json!({"repo": "x.git", "mode": "status", "status": status, "retryAfter": "17", "services": services});
            server.fault(fault).await;
            let error = error(resolve(&mirror, json!({"branch": "main"})).await);
            assert_eq!((error.kind(), error.reason()), (kind, reason), "{status}: {error}");
            assert!(error.to_string().starts_with(&format!("{}/x.git: ", server.url)), "{error}");
            assert!(error.to_string().contains(&status.to_string()), "{error}");
            assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
        }
    }
    server.clear().await;
    resolve(&mirror, json!({"branch": "main"})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_or_drips_is_left_at_the_deadline_and_blocks_nobody() {
    let Some(server) = Server::start() else { return };
    let (server, client) = (Arc::new(server), Arc::new(Client::new()));
    let timeout = Duration::from_secs(3);
    let mut slow = Vec::new();
    for (mode, service) in [
        ("hang", "handshake"),
        ("hang", "list-refs"),
        ("hang", "fetch"),
        ("hang-before", "handshake"),
        ("hang-before", "list-refs"),
        ("hang-before", "fetch"),
        ("drip", "handshake"),
        ("drip", "list-refs"),
        ("drip", "fetch"),
        ("endless-progress", "fetch"),
    ] {
        let name = format!("{mode}-{service}.git");
        server.repository(&name).commit("main", &[("a", Some("x"))]);
        server.fault(json!({"repo": name, "mode": mode, "services": [service]})).await;
        let (server, client) = (Arc::clone(&server), Arc::clone(&client));
        slow.push(tokio::spawn(async move {
            let mirror = client.mirror(&server, &name);
            let began = Instant::now();
            let outcome = fetch_within(&mirror, json!({"branch": "main"}), timeout).await;
            let error = outcome.err().unwrap_or_else(|| panic!("{name} succeeded"));
            assert_eq!(error.kind(), ErrorKind::Timeout, "{name}: {error}");
            let took = began.elapsed();
            assert!(took >= timeout && took < timeout * 2, "{name}: {took:?}");
            let fault = json!({"repo": name, "mode": "drip", "services": ["push"]});
            server.fault(fault).await;
            fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        }));
    }
    let began = Instant::now();
    server.repository("quick.git").commit("main", &[("a", Some("y"))]);
    let quick = fetch(&client.mirror(&server, "quick.git"), json!({"branch": "main"})).await;
    assert_eq!(read(&quick.unwrap(), "a"), "y");
    assert!(began.elapsed() < timeout, "slow servers block others");
    for slow in slow {
        slow.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_ends_at_once() {
    let Some((server, client)) = medium() else { return };
    let mirror = client.mirror(&server, "x.git");
    server.fault(json!({"repo": "x.git", "mode": "hang"})).await;
    let call = Call::within(Duration::from_secs(60));
    let cancel = call.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancel.cancel();
    });
    let began = Instant::now();
    let branch = reference(&json!({"branch": "main"}));
    let error = error(mirror.resolve(&branch, Duration::ZERO, &call).await);
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_breaks_off_or_was_changed_leaves_nothing() {
    let Some((server, _)) = medium() else { return };
    let mut faults = Vec::new();
    for bytes in [0, 3, 4, 20, 60, 200, 2000, 9000] {
        faults.push(("truncate", bytes));
    }
    // A change in the framing, in progress messages, and in what is surely the pack.
    for bytes in [1, 9, 45, 700, 5000, 20_000, 30_001, 40_002, 50_003] {
        faults.push(("corrupt", bytes));
    }
    let mut refused = 0;
    for (mode, bytes) in faults {
        let client = Client::new();
        let mirror = client.mirror(&server, "x.git");
        server
            .fault(json!({"repo": "x.git", "mode": mode, "bytes": bytes, "services": ["fetch"]}))
            .await;
        match fetch_within(&mirror, json!({"branch": "main"}), Duration::from_secs(10)).await {
            // A flipped bit in a progress message harms nobody.
            Ok(snapshot) => {
                assert!(mode == "corrupt" && bytes < 20_000, "{mode} at {bytes}");
                assert!(read(&snapshot, "apps/0/0.yaml").starts_with("value: 1"));
                continue;
            }
            Err(error) => {
                let expected =
                    [ErrorKind::Protocol, ErrorKind::Network, ErrorKind::ReferenceNotFound];
                assert!(expected.contains(&error.kind()), "{mode} at {bytes}: {error}");
                refused += 1;
            }
        }
        let left: Vec<_> =
            client.files().into_iter().filter(|file| !file.ends_with("identity-key")).collect();
        assert_eq!(left, Vec::<std::path::PathBuf>::new(), "{mode} at {bytes}");
        server.clear().await;
        fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    }
    assert!(refused >= 12, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_answers_web_pages_and_floods_are_errors() {
    let Some((server, _)) = medium() else { return };
    let client = Client::with(Limits { listing_bytes: 100_000, ..Limits::default() });
    let mirror = client.mirror(&server, "x.git");
    for (fault, kind, words) in [
        (json!({"mode": "empty"}), ErrorKind::Protocol, ""),
        (json!({"mode": "html"}), ErrorKind::Protocol, "a web page"),
        (
            json!({"mode": "many-refs", "count": 1_000_000, "services": ["list-refs"]}),
            ErrorKind::TooLarge,
            "limit",
        ),
        (
            json!({"mode": "many-refs", "count": 1_000_000, "services": ["handshake"]}),
            ErrorKind::Protocol,
            "",
        ),
        (json!({"mode": "empty", "services": ["fetch"]}), ErrorKind::Protocol, ""),
    ] {
        let mut fault = fault;
        fault["repo"] = json!("x.git");
        server.fault(fault.clone()).await;
        let error = error(fetch(&mirror, json!({"branch": "main"})).await);
        assert_eq!(error.kind(), kind, "{fault}: {error}");
        assert!(error.to_string().contains(words), "{fault}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_on_packs_and_files_hold() {
    let Some((server, _)) = medium() else { return };
    for (limits, kind) in [
        (Limits { pack_bytes: 1000, ..Limits::default() }, ErrorKind::TooLarge),
        (Limits { pack_objects: 10, ..Limits::default() }, ErrorKind::TooLarge),
        (Limits { tree_entries: 100, ..Limits::default() }, ErrorKind::TooLarge),
        (Limits { tree_depth: 1, ..Limits::default() }, ErrorKind::TooLarge),
        (Limits { object_bytes: 100, ..Limits::default() }, ErrorKind::TooLarge),
    ] {
        let client = Client::with(limits);
        let error = error(fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await);
        assert_eq!(error.kind(), kind, "{limits:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_a_network_error() {
    let Some((server, client)) = medium() else { return };
    let mirror = client.mirror(&server, "x.git");
    drop(server);
    let error = error(resolve(&mirror, json!({"branch": "main"})).await);
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_quite_git_are_errors_without_a_panic() {
    let Some((server, client)) = medium() else { return };
    let mirror = client.mirror(&server, "x.git");
    let bodies = odd_answers();
    for service in ["handshake", "list-refs", "fetch"] {
        for body in &bodies {
            let hex = hex::encode(body);
            server
                .fault(json!({"repo": "x.git", "mode": "raw", "hex": hex, "services": [service]}))
                .await;
            let outcome =
                fetch_within(&mirror, json!({"branch": "main"}), Duration::from_secs(10)).await;
            let error = error(outcome);
            let shown = String::from_utf8_lossy(body).into_owned();
            assert!(!error.to_string().contains("internal error"), "{service} {shown:?}: {error}");
            assert_ne!(error.kind(), ErrorKind::Timeout, "{service} {shown:?}: {error}");
        }
    }
    server.clear().await;
    fetch(&mirror, json!({"branch": "main"})).await.unwrap();
}

/// A pack with one object that claims to be 2^60 bytes long.
fn huge_object() -> Vec<u8> {
    let size = [0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    let deflated_nothing = [0x78, 0x9c, 0x03, 0, 0, 0, 0, 1];
    [b"PACK\0\0\0\x02\0\0\0\x01".as_slice(), &size, &deflated_nothing, &[0; 20]].concat()
}

/// Answers that some part of the protocol forbids.
fn odd_answers() -> Vec<Vec<u8>> {
    let id = "0123456789012345678901234567890123456789";
    let line = |payload: &[u8]| [format!("{:04x}", payload.len() + 4).as_bytes(), payload].concat();
    vec![
        b"0000".to_vec(),
        b"0001".to_vec(),
        b"0002".to_vec(),
        b"0003".to_vec(),
        b"0004".to_vec(),
        b"0005\x02".to_vec(),
        b"0005\x02".repeat(1000),
        b"fff0 short".to_vec(),
        b"ffff".to_vec(),
        b"zzzz".to_vec(),
        b"-001".to_vec(),
        line(b"ERR go away\n"),
        line(b"\x03fatal: no\n"),
        line(b"version 3\n"),
        [line(b"version 2\n"), b"0000".to_vec()].concat(),
        [line(b"version 2\n"), line(b"object-format=sha256\n"), b"0000".to_vec()].concat(),
        [line(b"# service=git-receive-pack\n"), b"0000".to_vec()].concat(),
        [line(format!("{id} refs/heads/\u{e9}\n").as_bytes()), b"0000".to_vec()].concat(),
        [line(&[id.as_bytes(), b" refs/heads/\xff\xfe\n"].concat()), b"0000".to_vec()].concat(),
        [line(format!("{id} \n").as_bytes()), b"0000".to_vec()].concat(),
        [line(b"nonsense refs/heads/main\n"), b"0000".to_vec()].concat(),
        [line(format!("{id} HEAD symref-target:\n").as_bytes()), b"0000".to_vec()].concat(),
        [line(b"unborn HEAD symref-target:refs/heads/main\n"), b"0000".to_vec()].concat(),
        [line(b"packfile\n"), line(b"\x01PACK\0\0\0\x02\xff\xff\xff\xff"), b"0000".to_vec()]
            .concat(),
        [line(b"packfile\n"), line(b"\x01PACK\0\0\0\x09\0\0\0\x01"), b"0000".to_vec()].concat(),
        [
            line(b"packfile\n"),
            line(&[b"\x01PACK\0\0\0\x02\0\0\0\0".as_slice(), &[0; 20]].concat()),
            b"0000".to_vec(),
        ]
        .concat(),
        [
            line(b"packfile\n"),
            line(&[b"\x01".as_slice(), &huge_object()].concat()),
            b"0000".to_vec(),
        ]
        .concat(),
        [line(b"acknowledgments\n"), line(b"NAK\n"), b"0000".to_vec()].concat(),
        [line(b"shallow-info\n"), line(b"shallow nonsense\n"), b"0000".to_vec()].concat(),
    ]
}
