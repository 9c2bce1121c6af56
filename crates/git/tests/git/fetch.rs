//! Getting commits, and what is kept of them.

use crate::support::{AMPLE, Client, Server, error, fetch, read, resolve};
use inhaul_git::{Call, ErrorKind, Limits, Mirrors, Options, RemoteUrl, Resolved, Revision};
use inhaul_tree::{ContentId, Kind, Tree, TreePath};
use serde_json::json;
use std::time::Duration;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_shows_as_a_tree_without_a_checkout() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository
        .commit("main", &[("a/b.yaml", Some("b")), ("a.yaml", Some("a")), ("a-b", Some("x"))]);
    let stream = "commit refs/heads/main\ncommitter A <a@x> 1700000001 +0000\ndata 1\nx\nfrom refs/heads/main^0\n\
        M 100755 inline run.sh\ndata 1\nr\nM 120000 inline link\ndata 6\na.yaml\n\
        M 160000 0123456789012345678901234567890123456789 module\n\n";
    repository.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
    let client = Client::new();
    let snapshot =
        fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await.unwrap();
    let tree = &snapshot.tree;
    let names: Vec<String> =
        tree.list(&path("")).unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["a", "a-b", "a.yaml", "link", "module", "run.sh"]);
    assert_eq!(tree.kind(&path("run.sh")).unwrap(), Some(Kind::File { executable: true }));
    assert_eq!(tree.kind(&path("module")).unwrap(), Some(Kind::Directory));
    assert_eq!(tree.list(&path("module")).unwrap(), []);
    assert_eq!(tree.read_link(&path("link")).unwrap(), "a.yaml");
    assert_eq!(read(&snapshot, "a/b.yaml"), "b");
    assert_eq!(tree.kind(&path("a.yaml/x")).unwrap(), None);
    assert!(tree.read(&path("nope")).unwrap_err().is_not_found());
    assert!(tree.read(&path("a")).is_err() && tree.read(&path("link")).is_err());
    let blob = repository.git(&["rev-parse", "main:a.yaml"]);
    assert_eq!(tree.content_id(&path("a.yaml")).unwrap(), ContentId::named(format!("blob:{blob}")));
    let on_disk = client.files();
    assert!(!on_disk.iter().any(|file| file.ends_with("a.yaml")), "{on_disk:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_revision_transfers_only_what_is_new() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let noise: String = (0..200_000u32)
        .map(|i| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
        .collect();
    for version in 0..20 {
        repository.commit("main", &[("big", Some(&format!("{version}{noise}"))), ("v", Some("1"))]);
    }
    let client = Client::new();
    let mirror = client.mirror(&server, "x.git");
    fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    let size =
        |client: &Client| client.packs().iter().map(|p| p.metadata().unwrap().len()).sum::<u64>();
    let first = size(&client);
    repository.commit("main", &[("v", Some("2"))]);
    let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    assert_eq!(read(&snapshot, "v"), "2");
    assert_eq!(client.packs().len(), 2);
    let second = size(&client) - first;
    assert!(second < 2000, "{second} bytes for a change of one byte ({first} at first)");
    // The same revision again costs nothing.
    let fetches = server.requests("x.git", "fetch").await;
    fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    assert_eq!(server.requests("x.git", "fetch").await, fetches);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_fetched_by_its_id_and_checked_against_its_branch() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let old = repository.commit("main", &[("a", Some("old"))]);
    for version in 0..5 {
        repository.commit("main", &[("a", Some(&version.to_string()))]);
    }
    let elsewhere = repository.import("other", None, 1, &[("a", Some("other"))]);
    let client = Client::new();
    let mirror = client.mirror(&server, "x.git");
    let alone = fetch(&mirror, json!({"commit": old})).await.unwrap();
    assert_eq!(read(&alone, "a"), "old");
    let member = fetch(&mirror, json!({"commit": old, "branch": "main"})).await.unwrap();
    assert_eq!(member.revision.to_string(), format!("main@sha1:{old}"));
    let stranger = error(fetch(&mirror, json!({"commit": elsewhere, "branch": "main"})).await);
    assert_eq!(stranger.kind(), ErrorKind::ReferenceNotFound);
    assert!(stranger.to_string().contains("is not part of branch 'main'"), "{stranger}");
    let none = "0123456789012345678901234567890123456789";
    let unknown = error(fetch(&mirror, json!({"commit": none})).await);
    assert_eq!(unknown.kind(), ErrorKind::ReferenceNotFound);
    assert!(unknown.to_string().contains("the server does not have it"), "{unknown}");
    assert!(!client.files().iter().any(|file| file.to_string_lossy().contains("odb-0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_survives_a_restart_and_needs_no_network() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    let client = Client::new();
    let revision =
        resolve(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await.unwrap();
    fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await.unwrap();
    let url = RemoteUrl::parse(&format!("{}/x.git", server.url)).unwrap();
    drop(server);
    let again = Mirrors::open(client.directory.path(), Options::default()).unwrap();
    let mirror = again.mirror(&url, &inhaul_git::Credentials::default()).unwrap();
    let revision: Revision = revision.parse().unwrap();
    let snapshot = mirror.fetch(&Resolved::from(revision), &Call::within(AMPLE)).await.unwrap();
    assert_eq!(read(&snapshot, "a"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_on_disk_is_noticed_and_fetched_anew() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let text = "some content that is long enough to be hit by the damage ".repeat(20);
    repository.commit("main", &[("a", Some(&text)), ("b", Some("b"))]);
    let client = Client::new();
    let snapshot =
        fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await.unwrap();
    let pack = client.packs().pop().unwrap();
    let sound = std::fs::read(&pack).unwrap();
    drop(snapshot);
    let writable = || {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&pack, PermissionsExt::from_mode(0o600)).unwrap();
    };
    writable();
    // Flip one bit at each of many places: the content is right or refused, never wrong.
    for at in (12..sound.len() - 20).step_by(19) {
        let mut broken = sound.clone();
        broken[at] ^= 1;
        std::fs::write(&pack, broken).unwrap();
        let mirrors = Mirrors::open(client.directory.path(), Options::default()).unwrap();
        let url = RemoteUrl::parse(&format!("{}/x.git", server.url)).unwrap();
        let mirror = mirrors.mirror(&url, &inhaul_git::Credentials::default()).unwrap();
        let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        for (name, content) in [("a", text.as_str()), ("b", "b")] {
            if let Ok(bytes) = snapshot.tree.read(&path(name)) {
                assert_eq!(bytes, content, "bit at {at}");
            }
        }
        // Reading noticed it, if checking the trees had not: the next fetch begins anew.
        drop(snapshot);
        repository.commit("main", &[("b", Some(&at.to_string()))]);
        let healed = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        assert_eq!(read(&healed, "b"), at.to_string());
        repository.git(&["update-ref", "refs/heads/main", "main^"]);
        drop((healed, mirror, mirrors));
        for directory in std::fs::read_dir(client.directory.path()).unwrap() {
            let directory = directory.unwrap().path();
            if directory.is_dir() {
                std::fs::remove_dir_all(directory).unwrap();
            }
        }
        fetch(&Client::mirror(&client_again(&client), &server, "x.git"), json!({"branch": "main"}))
            .await
            .unwrap();
        writable();
    }
}

/// The same directory, with nothing in memory.
fn client_again(client: &Client) -> Client {
    let mirrors = Mirrors::open(client.directory.path(), Options::default()).unwrap();
    Client { mirrors, directory: tempfile::TempDir::new().unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_grew_too_large_gives_way_when_nobody_reads_it() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("0"))]);
    let client = Client::with(Limits { database_packs: 3, ..Limits::default() });
    let mirror = client.mirror(&server, "x.git");
    let first = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    for version in 1..=8 {
        repository.commit("main", &[("a", Some(&version.to_string()))]);
        let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        assert_eq!(read(&snapshot, "a"), version.to_string());
        assert_eq!(read(&first, "a"), "0", "a tree that is in use stays readable");
    }
    assert!(client.packs().len() <= 8);
    drop(first);
    assert!(client.packs().len() <= 4, "{:?}", client.packs());
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_databases_are_swept() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("0"))]);
    let client = Client::new();
    let snapshot =
        fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await.unwrap();
    assert_eq!(client.mirrors.sweep(Duration::ZERO).unwrap(), 0, "a tree reads from it");
    drop(snapshot);
    assert_eq!(client.mirrors.sweep(AMPLE).unwrap(), 0);
    assert_eq!(client.mirrors.sweep(Duration::ZERO).unwrap(), 1);
    assert_eq!(client.packs().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_into_commits_is_shown_lossily() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("0"))]);
    let tree = repository.git(&["rev-parse", "main^{tree}"]);
    for (author, seconds) in
        [("-2208988800 +0000", -2_208_988_800), ("4300000000 +9999", 4_300_000_000)]
    {
        let mut object = format!("tree {tree}\nauthor J").into_bytes();
        object.extend_from_slice(b"\xf6rg <j@x> ");
        object.extend_from_slice(format!("{author}\ncommitter C <c@x> {author}\n\n").as_bytes());
        object.extend_from_slice(b"caf\xe9\n\nbody");
        let id = repository.git_with_input(
            &["hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
            &object,
        );
        repository.git(&["update-ref", "refs/heads/odd", &id]);
        let client = Client::new();
        let snapshot =
            fetch(&client.mirror(&server, "x.git"), json!({"branch": "odd"})).await.unwrap();
        assert_eq!(snapshot.commit.summary, "caf\u{fffd}");
        assert_eq!(snapshot.commit.author.name, "J\u{fffd}rg");
        assert_eq!(snapshot.commit.committer.seconds, seconds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_speak_only_the_old_protocol_work_too() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let first = repository.commit("main", &[("a", Some("1"))]);
    repository.git(&["tag", "-a", "-m", "x", "v1.0.0", &first]);
    let hidden = repository.commit("main", &[("a", Some("2"))]);
    let last = repository.commit("main", &[("a", Some("3"))]);
    server.fault(json!({"repo": "x.git", "mode": "old-protocol"})).await;
    let client = Client::new();
    let mirror = client.mirror(&server, "x.git");
    for (fields, content) in [
        (json!({"branch": "main"}), "3"),
        (json!({"tag": "v1.0.0"}), "1"),
        (json!({"semver": "1.x"}), "1"),
        (json!({"commit": last}), "3"),
        // No ref points to it, and such a server does not give it out by its id.
        (json!({"commit": hidden}), "2"),
        (json!({"commit": hidden, "branch": "main"}), "2"),
    ] {
        let snapshot = fetch(&mirror, fields.clone()).await.unwrap();
        assert_eq!(read(&snapshot, "a"), content, "{fields}");
        let fresh = Client::new();
        let snapshot = fetch(&fresh.mirror(&server, "x.git"), fields.clone()).await.unwrap();
        assert_eq!(read(&snapshot, "a"), content, "{fields} alone");
    }
    repository.commit("main", &[("a", Some("4"))]);
    assert_eq!(read(&fetch(&mirror, json!({"branch": "main"})).await.unwrap(), "a"), "4");
    let none = "0123456789012345678901234567890123456789";
    let unknown = error(fetch(&mirror, json!({"commit": none})).await);
    assert_eq!(unknown.kind(), ErrorKind::ReferenceNotFound);
    server.repository("empty.git");
    server.fault(json!({"repo": "empty.git", "mode": "old-protocol"})).await;
    let empty =
        error(resolve(&client.mirror(&server, "empty.git"), json!({"branch": "main"})).await);
    assert_eq!(empty.kind(), ErrorKind::EmptyRepository, "{empty}");
}
