//! Artifacts from tree to tree, and archives that nobody should believe.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Request, StatusCode};
use inhaul_artifact::{
    Address, Downloader, Error, IgnoreRules, IgnoredTree, Limits, Links, Retention, Store, router,
    unpack,
};
use inhaul_tree::{Kind, MemoryTree, Tree, TreePath};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

fn tree() -> MemoryTree {
    let long = format!("{}/{}.yaml", "d".repeat(120), "f".repeat(120));
    MemoryTree::builder()
        .file("apps/web.yaml", "kind: Deployment\n")
        .executable("run.sh", "#!/bin/sh\n")
        .file(&long, "long")
        .file(".gitignore", "x")
        .link("link", "run.sh")
        .directory("empty")
        .build()
        .unwrap()
}

fn store(root: &TempDir) -> Store {
    Store::open(
        root.path(),
        "source-controller.flux-system.svc.cluster.local.",
        Retention::default(),
    )
    .unwrap()
}

fn address(file: &str) -> Address {
    Address::new("GitRepository", "flux-system", "apps", file).unwrap()
}

fn packed_view() -> IgnoredTree<MemoryTree> {
    let rules = IgnoreRules::load(&tree(), None).unwrap();
    IgnoredTree::new(tree(), rules, Links::Hidden)
}

/// Every file with its content and whether it is executable, and every directory.
fn contents(tree: &dyn Tree) -> Vec<(String, Kind, Vec<u8>)> {
    let mut found = Vec::new();
    let mut pending = vec![TreePath::root()];
    while let Some(directory) = pending.pop() {
        for entry in tree.list(&directory).unwrap() {
            let path = directory.child(&entry.name);
            let content = match entry.kind {
                Kind::File { .. } => tree.read(&path).unwrap().to_vec(),
                _ => Vec::new(),
            };
            found.push((path.to_string(), entry.kind, content));
            if entry.kind == Kind::Directory {
                pending.push(path);
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn a_packed_tree_is_what_flux_would_pack() {
    let root = TempDir::new().unwrap();
    let store = store(&root);
    let stored = store.store(&address("abc.tar.gz"), &packed_view()).unwrap();
    assert_eq!(stored.path, "gitrepository/flux-system/apps/abc.tar.gz");
    assert_eq!(
        stored.url,
        "http://source-controller.flux-system.svc.cluster.local./gitrepository/flux-system/apps/abc.tar.gz"
    );
    let file = root.path().join(&stored.path);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(file.metadata().unwrap().len(), stored.size);
    let bytes = std::fs::read(&file).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(
            (header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()),
            (0, 0, 0)
        );
        assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
        seen.push((entry.path().unwrap().display().to_string(), header.mode().unwrap()));
    }
    let long = "d".repeat(120);
    assert_eq!(
        seen,
        [
            ("apps".to_owned(), 0o750),
            ("apps/web.yaml".to_owned(), 0o600),
            (long.clone(), 0o750),
            (format!("{long}/{}.yaml", "f".repeat(120)), 0o600),
            ("empty".to_owned(), 0o750),
            ("run.sh".to_owned(), 0o700),
        ]
    );
    let again = store.store(&address("def.tar.gz"), &packed_view()).unwrap();
    assert_eq!(again.digest, stored.digest, "equal trees give equal bytes");
    assert_eq!(contents(&unpack(&bytes[..], 1 << 20).unwrap()), contents(&packed_view()));
}

#[test]
fn a_failed_attempt_leaves_nothing() {
    struct Broken;
    impl Tree for Broken {
        fn kind(&self, _: &TreePath) -> Result<Option<Kind>, inhaul_tree::Error> {
            Ok(Some(Kind::Directory))
        }
        fn read(&self, path: &TreePath) -> Result<bytes::Bytes, inhaul_tree::Error> {
            Err(inhaul_tree::Error::Unreadable { path: path.clone(), why: "gone".into() })
        }
        fn list(&self, _: &TreePath) -> Result<Vec<inhaul_tree::Entry>, inhaul_tree::Error> {
            Ok(vec![inhaul_tree::Entry {
                name: "a".into(),
                kind: Kind::File { executable: false },
            }])
        }
        fn read_link(&self, path: &TreePath) -> Result<String, inhaul_tree::Error> {
            Err(inhaul_tree::Error::NotFound { path: path.clone() })
        }
    }
    let root = TempDir::new().unwrap();
    let failed = store(&root).store(&address("abc.tar.gz"), &Broken);
    assert!(matches!(failed, Err(Error::Tree(_))));
    let directory = root.path().join("gitrepository/flux-system/apps");
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0);
}

#[test]
fn what_is_stored_is_verified_and_removed_where_it_is_wrong() {
    let root = TempDir::new().unwrap();
    let store = store(&root);
    let address = address("abc.tar.gz");
    assert_eq!(store.verify(&address, "sha256:00").unwrap(), None);
    let stored = store.store(&address, &packed_view()).unwrap();
    assert_eq!(store.verify(&address, &stored.digest).unwrap(), Some(stored.clone()));
    let file = root.path().join(&stored.path);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(store.verify(&address, &stored.digest).unwrap(), None);
    assert!(!file.exists());
}

#[test]
fn the_newest_and_the_young_and_the_current_stay() {
    let root = TempDir::new().unwrap();
    let retention = Retention { records: 2, age: Duration::from_secs(60) };
    let store = Store::open(root.path(), "x", retention).unwrap();
    let age = |file: &str, seconds: u64| {
        let stored = store.store(&address(file), &packed_view()).unwrap();
        let file =
            std::fs::File::options().write(true).open(root.path().join(stored.path)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    };
    age("current.tar.gz", 9000);
    age("young.tar.gz", 10);
    age("old.tar.gz", 100);
    age("older.tar.gz", 1000);
    let directory = root.path().join("gitrepository/flux-system/apps");
    std::fs::write(directory.join(".incoming-new"), "").unwrap();
    let gone = store.collect(&address("current.tar.gz")).unwrap();
    let base = "gitrepository/flux-system/apps";
    assert_eq!(gone, [format!("{base}/old.tar.gz"), format!("{base}/older.tar.gz")]);
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 3);
    store.remove("GitRepository", "flux-system", "apps").unwrap();
    store.remove("GitRepository", "flux-system", "apps").unwrap();
    assert!(!directory.exists());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for part in ["", "..", ".", "a/b", "/etc", "a\0b", ".hidden", "a\\b", &"x".repeat(300)] {
        assert!(Address::new("GitRepository", part, "x", "x").is_err(), "{part:?}");
        assert!(Address::new("GitRepository", "x", "x", part).is_err(), "{part:?}");
    }
    assert!(Address::parse("a/b/c").is_err() && Address::parse("a/b/c/d/e").is_err());
}

async fn ask(store: &Store, method: &str, uri: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    let answer = router(store.clone()).oneshot(request).await.unwrap();
    let status = answer.status();
    (status, axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec())
}

#[tokio::test]
async fn only_files_of_the_store_are_served() {
    let root = TempDir::new().unwrap();
    let secret = root.path().join("secret.txt");
    std::fs::write(&secret, "canary").unwrap();
    let root_of_store = TempDir::new_in(root.path()).unwrap();
    let store = store(&root_of_store);
    let stored = store.store(&address("abc.tar.gz"), &packed_view()).unwrap();
    let uri = format!("/{}", stored.path);
    let (status, body) = ask(&store, "GET", &uri).await;
    assert_eq!((status, body.len() as u64), (StatusCode::OK, stored.size));
    assert_eq!(ask(&store, "HEAD", &uri).await, (StatusCode::OK, Vec::new()));
    assert_eq!(ask(&store, "GET", "/").await.0, StatusCode::OK);
    let directory = root_of_store.path().join("gitrepository/flux-system/apps");
    std::os::unix::fs::symlink(&secret, directory.join("link.tar.gz")).unwrap();
    for uri in [
        "/gitrepository",
        "/gitrepository/",
        "/gitrepository/flux-system/apps",
        "/gitrepository/flux-system/apps/",
        "/gitrepository/flux-system/apps/none.tar.gz",
        "/gitrepository/flux-system/apps/link.tar.gz",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/gitrepository/flux-system/apps/..%2f..%2f..%2f..%2fsecret.txt",
        "/gitrepository/flux-system/apps/%2fetc%2fpasswd",
        "//etc/passwd/x/y",
        "/gitrepository/flux-system/apps/.incoming-x",
        "/gitrepository/flux-system/apps/abc.tar.gz/",
    ] {
        let (status, body) = ask(&store, "GET", uri).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_FOUND, 0), "{uri}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(ask(&store, method, &uri).await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// Serves a store on a free port; the address to reach it.
async fn serve(store: Store) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(store)).await.unwrap() });
    format!("http://{address}")
}

#[tokio::test]
async fn an_artifact_is_read_back_as_the_same_tree() {
    let root = TempDir::new().unwrap();
    let store = store(&root);
    let stored = store.store(&address("abc.tar.gz"), &packed_view()).unwrap();
    let base = serve(store).await;
    let url = format!("{base}/{}", stored.path);
    let cancel = CancellationToken::new();
    let soon = || Instant::now() + Duration::from_secs(30);
    let downloader = Downloader::new(Limits::default()).unwrap();
    let tree = downloader.fetch(&url, &stored.digest, soon(), &cancel).await.unwrap();
    assert_eq!(contents(&tree), contents(&packed_view()));

    let other = format!("sha256:{}", "0".repeat(64));
    let wrong = downloader.fetch(&url, &other, soon(), &cancel).await;
    assert!(matches!(wrong, Err(Error::Digest { found, .. }) if found == stored.digest));
    let gone = downloader.fetch(&format!("{url}x"), &stored.digest, soon(), &cancel).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })));
    for digest in ["", "md5:00", "sha256:00", &stored.digest.to_uppercase()] {
        let refused = downloader.fetch(&url, digest, soon(), &cancel).await;
        assert!(matches!(refused, Err(Error::DigestInvalid { .. })), "{digest}");
    }
    for url in ["file:///etc/passwd", "http://user:pw@host/x", "not a url"] {
        let refused = downloader.fetch(url, &stored.digest, soon(), &cancel).await;
        assert!(matches!(refused, Err(Error::Url { .. })), "{url}");
    }
    for limits in [
        Limits { compressed: 10, ..Limits::default() },
        Limits { unpacked: 10, ..Limits::default() },
    ] {
        let small = Downloader::new(limits).unwrap();
        let refused = small.fetch(&url, &stored.digest, soon(), &cancel).await;
        assert!(matches!(refused, Err(Error::TooLarge { .. })), "{limits:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let digest = format!("sha256:{}", "0".repeat(64));
    let downloader = Downloader::new(Limits::default()).unwrap();
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let deadline = began + Duration::from_millis(300);
    let ended = downloader.fetch(&url, &digest, deadline, &cancel).await;
    assert!(matches!(ended, Err(Error::Ended { .. })));
    assert!(began.elapsed() < Duration::from_secs(5));
    cancel.cancel();
    let deadline = Instant::now() + Duration::from_secs(30);
    assert!(matches!(
        downloader.fetch(&url, &digest, deadline, &cancel).await,
        Err(Error::Ended { .. })
    ));
}

/// A tar.gz of raw entries: name, type, content.
fn archive(entries: &[(&[u8], tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut raw = Vec::new();
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_mode(0o4777);
        header.set_size(content.len() as u64);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        raw.extend_from_slice(header.as_bytes());
        raw.extend_from_slice(content);
        raw.resize(raw.len().next_multiple_of(512), 0);
    }
    raw.resize(raw.len() + 1024, 0);
    compress(&raw)
}

fn compress(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn hostile_archives_are_refused() {
    use tar::EntryType as T;
    for (entries, words) in [
        (vec![(&b"../x"[..], T::Regular, &b"x"[..])], "leads out"),
        (vec![(b"a/../../x", T::Regular, b"x")], "leads out"),
        (vec![(b"/etc/x", T::Regular, b"x")], "absolute"),
        (vec![(b"a\\b", T::Regular, b"x")], "backslash"),
        (vec![(b"caf\xe9", T::Regular, b"x")], "not UTF-8"),
        (vec![(b"x", T::Link, b"")], "type Link"),
        (vec![(b"x", T::Char, b"")], "type Char"),
        (vec![(b"x", T::Fifo, b"")], "type Fifo"),
        (vec![(b"x", T::Regular, b"1"), (b"./x", T::Regular, b"2")], "appears twice"),
        (vec![(b"x", T::Regular, b"1"), (b"x/y", T::Regular, b"2")], "not a directory"),
    ] {
        let error = unpack(&archive(&entries)[..], 1 << 20).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let skipped = archive(&[
        (b"l", T::Symlink, b""),
        (b"./d/", T::Directory, b""),
        (b"d/f", T::Regular, b"1"),
    ]);
    let tree = unpack(&skipped[..], 1 << 20).unwrap();
    assert_eq!(tree.kind(&path("l")).unwrap(), None);
    assert_eq!(tree.read(&path("d/f")).unwrap(), "1");
}

#[test]
fn bombs_and_broken_streams_are_refused() {
    let zeros = vec![0; 4 << 20];
    let bomb = archive(&[(b"zeros", tar::EntryType::Regular, &zeros)]);
    assert!(matches!(unpack(&bomb[..], 1 << 20), Err(Error::TooLarge { .. })));
    let long_name = archive(&[(b"././@LongLink", tar::EntryType::GNULongName, &zeros)]);
    assert!(matches!(unpack(&long_name[..], 1 << 20), Err(Error::TooLarge { .. })));
    let good = archive(&[(b"a", tar::EntryType::Regular, &[b'x'; 3000])]);
    let many: Vec<_> = (0..2000).map(|n| format!("{n}")).collect();
    let many: Vec<_> =
        many.iter().map(|n| (n.as_bytes(), tar::EntryType::Regular, &b"x"[..])).collect();
    assert!(unpack(&archive(&many)[..], 2000).is_ok(), "headers do not count as content");
    for end in [0, 1, 10, good.len() / 2, good.len() - 1] {
        assert!(unpack(&good[..end], 1 << 20).is_err(), "{end} bytes of {}", good.len());
    }
    assert!(unpack(&b"not gzip"[..], 1 << 20).is_err());
    let mut other = Vec::new();
    compress(b"not tar, but long enough to be read as a header")
        .as_slice()
        .read_to_end(&mut other)
        .unwrap();
    assert!(unpack(&other[..], 1 << 20).is_err());
}
