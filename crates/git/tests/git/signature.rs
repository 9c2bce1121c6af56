//! Signatures made by the real `git` with the real `gpg` and `ssh-keygen`.

use crate::support::{Client, Repository, Server, fetch};
use inhaul_git::{Snapshot, TrustedKeys, Unverified};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A directory of keys for `gpg`; short, since its agent's socket is in it.
struct Gpg(TempDir);

impl Gpg {
    fn new() -> Option<Self> {
        if Command::new("gpg").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!("skipped: no gpg");
            return None;
        }
        let home = tempfile::Builder::new().prefix("g").tempdir_in("/tmp").unwrap();
        Some(Self(home))
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        use std::io::Write;
        let mut child = Command::new("gpg")
            .args(["--batch", "--quiet", "--pinentry-mode=loopback", "--passphrase="])
            .args(arguments)
            .env("GNUPGHOME", self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes a key; answers its fingerprint.
    fn key(&self, name: &str, kind: &str, expires: &str) -> String {
        let user = format!("{name} <{name}@example.com>");
        self.run(&["--quick-gen-key", &user, kind, "sign", expires], "");
        let listed = self.run(&["--with-colons", "--list-keys", &format!("={user}")], "");
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    fn export(&self, fingerprint: &str) -> String {
        self.run(&["--armor", "--export", fingerprint], "")
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let mut end = Command::new("gpgconf");
        let _ = end.args(["--kill", "all"]).env("GNUPGHOME", self.0.path()).status();
    }
}

fn ssh_key(directory: &Path, name: &str, kind: &str) -> (String, String) {
    let path = directory.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", "", "-C", name, "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let public = std::fs::read_to_string(directory.join(format!("{name}.pub"))).unwrap();
    (path.to_str().unwrap().to_owned(), public)
}

/// Signs a commit, and a tag of it where `tag` is there.
fn sign(repository: &Repository, home: &Path, format: &str, key: &str, tag: Option<&str>) {
    let tree = repository.git_with_input(&["mktree"], b"");
    let signing = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(&repository.path)
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c"])
            .arg(format!("gpg.format={format}"))
            .arg("-c")
            .arg(format!("user.signingkey={key}"))
            .args(arguments)
            .env("GNUPGHOME", home)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let commit = signing(&["commit-tree", "-S", "-m", "Signed\n\nBody", &tree]);
    repository.git(&["update-ref", "refs/heads/main", &commit]);
    if let Some(tag) = tag {
        signing(&["tag", "-s", "-f", "-m", "Tagged", tag, &commit]);
    }
}

async fn head(server: &Server, fields: serde_json::Value) -> Snapshot {
    let client = Client::new();
    fetch(&client.mirror(server, "x.git"), fields).await.unwrap()
}

fn trust(name: &str, key: &str) -> TrustedKeys {
    TrustedKeys::read([(name, key.as_bytes())].into_iter()).unwrap()
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Unverified>) -> String {
    outcome.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn openpgp_signatures_of_commits_and_tags_are_verified() {
    let (Some(server), Some(gpg)) = (Server::start(), Gpg::new()) else { return };
    let repository = server.repository("x.git");
    let other = trust("other.asc", &gpg.export(&gpg.key("other", "ed25519", "0")));
    for kind in ["ed25519", "rsa2048", "nistp256"] {
        let fingerprint = gpg.key(kind, kind, "0");
        sign(&repository, gpg.0.path(), "openpgp", &fingerprint, Some("v1"));
        let snapshot = head(&server, json!({"tag": "v1"})).await;
        let keys = trust("ann.asc", &gpg.export(&fingerprint));
        let id = &fingerprint[24..];
        assert_eq!(snapshot.verify_commit(&keys).unwrap(), id, "{kind}");
        assert_eq!(snapshot.verify_tag(&keys).unwrap(), id, "{kind}");
        let stranger = refusal(snapshot.verify_commit(&other));
        assert!(stranger.contains("not a good signature by a trusted key"), "{stranger}");
        assert!(stranger.contains(id), "{stranger}");
        let branch = head(&server, json!({"branch": "main"})).await;
        assert!(branch.tag_name().is_none());
        assert_eq!(refusal(branch.verify_tag(&keys)), "it is not signed");
    }
    // Several keys in one file, and a signing subkey.
    let owner = gpg.key("owner", "ed25519", "0");
    gpg.run(&["--quick-add-key", &owner, "ed25519", "sign", "0"], "");
    sign(&repository, gpg.0.path(), "openpgp", &owner, None);
    let snapshot = head(&server, json!({"branch": "main"})).await;
    let all = gpg.run(&["--armor", "--export"], "");
    assert_eq!(snapshot.verify_commit(&trust("all", &all)).unwrap(), owner[24..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_and_revoked_keys_sign_nothing() {
    let (Some(server), Some(gpg)) = (Server::start(), Gpg::new()) else { return };
    let repository = server.repository("x.git");
    let old = gpg.key("old", "ed25519", "seconds=4");
    sign(&repository, gpg.0.path(), "openpgp", &old, None);
    let snapshot = head(&server, json!({"branch": "main"})).await;
    let keys = trust("old.asc", &gpg.export(&old));
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let refused = refusal(snapshot.verify_commit(&keys));
    assert!(refused.contains("has expired"), "{refused}");
    let lost = gpg.key("lost", "ed25519", "0");
    sign(&repository, gpg.0.path(), "openpgp", &lost, None);
    let snapshot = head(&server, json!({"branch": "main"})).await;
    assert!(snapshot.verify_commit(&trust("lost.asc", &gpg.export(&lost))).is_ok());
    let certificate = gpg.0.path().join(format!("openpgp-revocs.d/{lost}.rev"));
    let certificate = std::fs::read_to_string(certificate).unwrap().replace("\n:-----", "\n-----");
    gpg.run(&["--import"], &certificate);
    let refused = refusal(snapshot.verify_commit(&trust("lost.asc", &gpg.export(&lost))));
    assert!(refused.contains("is revoked"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_signatures_of_commits_and_tags_are_verified() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let directory = TempDir::new().unwrap();
    let (_, stranger) = ssh_key(directory.path(), "stranger", "ed25519");
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let (private, public) = ssh_key(directory.path(), kind, kind);
        sign(&repository, directory.path(), "ssh", &private, Some("v1"));
        let snapshot = head(&server, json!({"tag": "v1"})).await;
        let keys = trust("team.sshpub", &format!("# team\n{stranger}{public}"));
        let key = snapshot.verify_commit(&keys).unwrap();
        assert!(key.starts_with("SHA256:"), "{key}");
        assert_eq!(snapshot.verify_tag(&keys).unwrap(), key);
        let refused = refusal(snapshot.verify_commit(&trust("a.sshpub", &stranger)));
        assert!(refused.contains("is not a trusted one"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_or_moved_after_signing_is_refused() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let directory = TempDir::new().unwrap();
    let (private, public) = ssh_key(directory.path(), "ann", "ed25519");
    let keys = trust("ann.sshpub", &public);
    let unsigned = repository.commit("plain", &[("a", Some("1"))]);
    let snapshot = head(&server, json!({"branch": "plain"})).await;
    assert_eq!(refusal(snapshot.verify_commit(&keys)), "it is not signed");
    sign(&repository, directory.path(), "ssh", &private, Some("v1"));
    let commit = repository.git(&["cat-file", "commit", "main"]) + "\n";
    let tree = repository.git(&["rev-parse", &format!("{unsigned}^{{tree}}")]);
    let old_tree = commit[5..45].to_owned();
    let store = |text: &str| {
        let id = repository.git_with_input(
            &["hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
            text.as_bytes(),
        );
        repository.git(&["update-ref", "refs/heads/main", &id]);
    };
    for (changed, expected) in [
        (commit.replace("Body", "Evil"), "is not good"),
        (commit.replace(&old_tree, &tree), "is not good"),
        (commit.replace("\ngpgsig ", &format!("\nextra {tree}\ngpgsig ")), "is not good"),
    ] {
        store(&changed);
        let snapshot = head(&server, json!({"branch": "main"})).await;
        let refused = refusal(snapshot.verify_commit(&keys));
        assert!(refused.contains(expected), "{refused}");
    }
    // A good tag under another name is the tag of another version.
    repository.git(&["update-ref", "refs/tags/v2", "refs/tags/v1"]);
    let snapshot = head(&server, json!({"tag": "v2"})).await;
    let refused = refusal(snapshot.verify_tag(&keys));
    assert!(refused.contains("the tag says tag \"v1\", not \"v2\""), "{refused}");
    // A signature for something else than Git.
    let file = directory.path().join("payload");
    let payload: String = commit
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("gpgsig") && !line.starts_with(' '))
        .collect();
    std::fs::write(&file, &payload).unwrap();
    let made = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "file", "-f", &private])
        .arg(&file)
        .status();
    assert!(made.unwrap().success());
    let signature = std::fs::read_to_string(directory.path().join("payload.sig")).unwrap();
    let header = format!("gpgsig {}\n", signature.trim_end().replace('\n', "\n "));
    store(&payload.replace("\n\n", &format!("\n{header}\n")));
    let snapshot = head(&server, json!({"branch": "main"})).await;
    let refused = refusal(snapshot.verify_commit(&keys));
    assert!(refused.contains("is not good"), "{refused}");
}

#[test]
fn keys_that_cannot_be_read_are_named() {
    for (name, content, expected) in [
        ("a.asc", &b"nonsense"[..], "'a.asc': it holds no armoured OpenPGP public key"),
        ("a.sshpub", b"nonsense", "'a.sshpub': line 1 is not a public key of SSH"),
        ("a.sshpub", b"# none", "'a.sshpub': it holds no public key"),
        ("a.asc", b"\xff", "the key 'a.asc' is not text"),
        (
            "a.asc",
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
            "'a.asc': it cannot be read",
        ),
    ] {
        let error = TrustedKeys::read([(name, content)].into_iter()).err().unwrap();
        assert!(error.contains(expected), "{error}");
    }
    assert!(TrustedKeys::read([].into_iter()).is_err());
}
