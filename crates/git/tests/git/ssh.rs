//! Repositories over SSH, from a real `sshd`.

use crate::sshd::{Sshd, credentials};
use crate::support::{AMPLE, Client, error, fetch, read, resolve};
use inhaul_git::{
    Call, Credentials, Egress, ErrorKind, Mirrors, Options, RemoteUrl, SshAlgorithms,
};
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

const ED25519: &[(&str, u32)] = &[("ed25519", 0)];

fn mirror(
    client: &Client,
    url: &str,
    credentials: &Credentials,
) -> std::sync::Arc<inhaul_git::Mirror> {
    client.mirrors.mirror(&RemoteUrl::parse(url).unwrap(), credentials).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn deploy_keys_of_every_kind_and_format_log_in() {
    let Some(sshd) = Sshd::start_with(ED25519, "AcceptEnv GIT_PROTOCOL") else { return };
    let (repository, url) = sshd.repository("a team's.git");
    repository.commit("main", &[("a", Some("1"))]);
    for (kind, bits, passphrase, format) in [
        ("ed25519", 0, "", &[][..]),
        ("ed25519", 0, "secret words", &[]),
        ("ecdsa", 256, "", &[]),
        ("ecdsa", 384, "", &["-m", "PKCS8"]),
        ("ecdsa", 521, "secret", &[]),
        ("ecdsa", 256, "", &["-m", "PEM"]),
        ("rsa", 2048, "", &["-m", "PEM"]),
        ("rsa", 3072, "", &["-m", "PKCS8"]),
        ("rsa", 2048, "secret", &["-m", "PEM"]),
        ("rsa", 2048, "secret", &["-m", "PKCS8"]),
        ("rsa", 2048, "secret", &[]),
    ] {
        let key = sshd.deploy_key(kind, bits, passphrase, format);
        let passphrase = Some(passphrase).filter(|text| !text.is_empty());
        let client = Client::new();
        let mirror = client
            .mirrors
            .mirror(&RemoteUrl::parse(&url).unwrap(), &sshd.credentials(&key, passphrase))
            .unwrap_or_else(|error| panic!("{kind} {bits} {format:?}: {error}"));
        let snapshot = fetch(&mirror, json!({"branch": "main"})).await;
        let snapshot =
            snapshot.unwrap_or_else(|e| panic!("{kind} {format:?}: {e}\n{}", sshd.log()));
        assert_eq!(read(&snapshot, "a"), "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_not_fetched_and_later_commits_come_alone_in_both_protocols() {
    for accepted in ["AcceptEnv GIT_PROTOCOL", ""] {
        let Some(sshd) = Sshd::start_with(ED25519, accepted) else { return };
        let (repository, url) = sshd.repository("x.git");
        for number in 0..5 {
            repository.commit("main", &[("a", Some(&number.to_string()))]);
        }
        let old = repository.rev_parse("main~2").unwrap();
        let key = sshd.deploy_key("ed25519", 0, "", &[]);
        let client = Client::new();
        let mirror = mirror(&client, &url, &sshd.credentials(&key, None));
        let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        assert_eq!(read(&snapshot, "a"), "4");
        repository.commit("main", &[("a", Some("5"))]);
        let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        assert_eq!(read(&snapshot, "a"), "5");
        let pinned = fetch(&mirror, json!({"commit": old, "branch": "main"})).await.unwrap();
        assert_eq!(read(&pinned, "a"), "2");
        let missing = error(resolve(&mirror, json!({"branch": "other"})).await);
        assert_eq!(missing.kind(), ErrorKind::ReferenceNotFound, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_the_known_one_is_refused() {
    let Some(sshd) = Sshd::start(ED25519) else { return };
    let Some(other) = Sshd::start(ED25519) else { return };
    let (_, url) = sshd.repository("x.git");
    let key = sshd.deploy_key("ed25519", 0, "", &[]);
    let impostor = other.known_hosts().replace(&other.port.to_string(), &sshd.port.to_string());
    let hosts = sshd.known_hosts();
    let revoked = format!("{hosts}@revoked * {}", hosts.split_once(' ').unwrap().1);
    let authority = format!("@cert-authority {hosts}");
    for (known_hosts, expected) in [
        (impostor, "is not the one in known_hosts (line 1)"),
        (sshd.known_as("elsewhere.example"), "known_hosts has no key for it"),
        (revoked, "is marked @revoked"),
        (authority, "only a @cert-authority for it (line 1)"),
    ] {
        let client = Client::new();
        let mirror = mirror(&client, &url, &credentials(&key, None, &known_hosts));
        let refused = error(resolve(&mirror, json!({"branch": "main"})).await);
        assert_eq!(refused.kind(), ErrorKind::HostKey, "{refused}");
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    assert!(!sshd.log().contains("Accepted"), "no key was shown to a host that is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_known_hosts_and_each_type_of_host_key_are_understood() {
    for kind in [("ed25519", 0), ("ecdsa", 256), ("ecdsa", 521), ("rsa", 3072)] {
        let Some(sshd) = Sshd::start(&[kind]) else { return };
        let (repository, url) = sshd.repository("x.git");
        repository.commit("main", &[("a", Some("1"))]);
        let key = sshd.deploy_key("ed25519", 0, "", &[]);
        let file = sshd.directory.path().join("known_hosts");
        std::fs::write(&file, sshd.known_hosts()).unwrap();
        let hashed = Command::new("ssh-keygen").args(["-H", "-f"]).arg(&file).output().unwrap();
        assert!(hashed.status.success());
        let known_hosts = std::fs::read_to_string(&file).unwrap();
        assert!(known_hosts.starts_with("|1|"));
        let client = Client::new();
        let mirror = mirror(&client, &url, &credentials(&key, None, &known_hosts));
        fetch(&mirror, json!({"branch": "main"})).await.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_host_key_is_taken_from_the_known_hosts() {
    let Some(sshd) = Sshd::start(&[("ed25519", 0), ("rsa", 3072)]) else { return };
    let (repository, url) = sshd.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    let key = sshd.deploy_key("ed25519", 0, "", &[]);
    let only = |kind: &str| -> String {
        let all = sshd.known_hosts();
        all.lines().filter(|line| line.contains(kind)).map(|line| format!("{line}\n")).collect()
    };
    let client = Client::new();
    let rsa = mirror(&client, &url, &credentials(&key, None, &only("ssh-rsa")));
    resolve(&rsa, json!({"branch": "main"})).await.unwrap();
    // Where the flags say otherwise, the host cannot be believed.
    let options = Options {
        ssh: SshAlgorithms::parse(&[], &["ecdsa-sha2-nistp256".to_owned()]).unwrap(),
        ..Options::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let mirrors = Mirrors::open(directory.path(), options).unwrap();
    let strict =
        mirrors.mirror(&RemoteUrl::parse(&url).unwrap(), &sshd.credentials(&key, None)).unwrap();
    let refused = error(resolve(&strict, json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::HostKey, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_repositories_that_do_not_do_are_refused_with_a_reason() {
    let Some(sshd) = Sshd::start(ED25519) else { return };
    let (repository, url) = sshd.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    let good = sshd.deploy_key("ed25519", 0, "", &[]);
    let locked = sshd.deploy_key("ed25519", 0, "hunter2", &[]);
    let weak = sshd.deploy_key("rsa", 1024, "", &[]);
    let client = Client::new();
    let parsed = RemoteUrl::parse(&url).unwrap();
    for (key, passphrase, expected) in [
        (locked.as_str(), None, "is encrypted; its passphrase belongs in 'password'"),
        (&locked, Some("wrong-canary"), "cannot be read with the passphrase"),
        (&weak, None, "an RSA key of 1024 bits, at least 2048 are needed"),
        ("canary", None, "the key in 'identity' cannot be read"),
        ("", None, "the key in 'identity' cannot be read"),
    ] {
        let refused = client.mirrors.mirror(&parsed, &sshd.credentials(key, passphrase));
        let refused = error(refused);
        assert_eq!(refused.kind(), ErrorKind::CredentialsInvalid);
        assert!(refused.to_string().contains(expected), "{refused}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
    let missing = mirror(&client, &url.replace("x.git", "no.git"), &sshd.credentials(&good, None));
    let refused = error(resolve(&missing, json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
    assert!(refused.to_string().contains("does not appear to be a git repository"), "{refused}");
    std::fs::write(sshd.directory.path().join("authorized_keys"), "").unwrap();
    let stranger = mirror(&client, &url, &sshd.credentials(&good, None));
    let refused = error(resolve(&stranger, json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{refused}");
    assert!(refused.to_string().contains("does not accept the key SHA256:"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_cannot_run_a_command_on_the_server() {
    let Some(sshd) = Sshd::start(ED25519) else { return };
    let (_, url) = sshd.repository("x.git");
    let key = sshd.deploy_key("ed25519", 0, "", &[]);
    let pwned = sshd.directory.path().join("pwned");
    let hostile = url.replace("x.git", &format!("x';touch%20{};'", pwned.display()));
    let client = Client::new();
    let mirror = mirror(&client, &hostile, &sshd.credentials(&key, None));
    let refused = error(resolve(&mirror, json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
    assert!(!pwned.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up_and_one_that_is_denied_is_not_asked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let Some(sshd) = Sshd::start(ED25519) else { return };
    let key = sshd.deploy_key("ed25519", 0, "", &[]);
    let known_hosts = sshd.known_hosts().replace(&sshd.port.to_string(), &port.to_string());
    let url = format!("ssh://git@127.0.0.1:{port}/x.git");
    let client = Client::new();
    let silent = mirror(&client, &url, &credentials(&key, None, &known_hosts));
    let began = Instant::now();
    let call = Call::within(Duration::from_secs(2));
    let reference = inhaul_git::Reference::branch("main");
    let refused = error(silent.resolve(&reference, Duration::ZERO, &call).await);
    assert_eq!(refused.kind(), ErrorKind::Timeout);
    assert!(began.elapsed() < AMPLE / 2);
    let directory = tempfile::tempdir().unwrap();
    let egress = Egress::parse(&["loopback".to_owned()]).unwrap();
    let options = Options { egress, ..Options::default() };
    let mirrors = Mirrors::open(directory.path(), options).unwrap();
    let denied = mirrors
        .mirror(&RemoteUrl::parse(&url).unwrap(), &credentials(&key, None, &known_hosts))
        .unwrap();
    let refused = error(resolve(&denied, json!({"branch": "main"})).await);
    assert!(refused.to_string().contains("sources may not reach"), "{refused}");
}
