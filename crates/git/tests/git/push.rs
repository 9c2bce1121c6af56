//! Pushing to the real `git http-backend` and to a real `sshd`.

use crate::sshd::Sshd;
use crate::support::{AMPLE, Client, Repository, Server, error, fetch};
use inhaul_git::{
    Author, Call, ErrorKind, Expected, FileChange, Mirror, NewCommit, RemoteUrl, Snapshot,
};
use inhaul_tree::TreePath;
use serde_json::json;
use std::sync::Arc;

fn write(path: &str, content: &str) -> FileChange {
    let path = TreePath::parse(path).unwrap();
    FileChange::Write { path, content: content.as_bytes().to_vec() }
}

fn remove(path: &str) -> FileChange {
    FileChange::Remove { path: TreePath::parse(path).unwrap() }
}

fn commit(changes: Vec<FileChange>) -> NewCommit {
    let author = Author {
        name: "In Haul".to_owned(),
        email: "inhaul@example.com".to_owned(),
        seconds: 1_800_000_000,
    };
    NewCommit { message: "Change files\n\nMore.".to_owned(), author, changes }
}

async fn head(mirror: &Arc<Mirror>) -> Snapshot {
    fetch(mirror, json!({"branch": "main"})).await.unwrap()
}

/// Pushes a few kinds of changes, and lets the real Git judge what came of it.
async fn push_and_check(mirror: &Arc<Mirror>, repository: &Repository) {
    let call = Call::within(AMPLE);
    let first = commit(vec![write("README", "hello\n")]);
    let pushed = mirror.push(None, "main", &first, Expected::Absent, &call).await.unwrap().unwrap();
    assert_eq!(repository.rev_parse("main").unwrap(), pushed.commit());
    repository
        .commit("main", &[("apps/a", Some("1")), ("apps.txt", Some("2")), ("old/x", Some("3"))]);
    let base = head(mirror).await;
    let change = commit(vec![write("apps/b/c", "new"), write("apps/a", "10"), remove("old/x")]);
    let pushed = mirror.push(Some(&base), "main", &change, Expected::Base, &call).await.unwrap();
    assert_eq!(repository.rev_parse("main").unwrap(), pushed.unwrap().commit());
    let files = repository.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files, "README\napps.txt\napps/a\napps/b/c");
    assert_eq!(repository.git(&["show", "main:apps/a"]), "10");
    let shown = repository.git(&["log", "-1", "--format=%an <%ae> %at|%s|%b", "main"]);
    assert_eq!(shown, "In Haul <inhaul@example.com> 1800000000|Change files|More.");
    repository.git(&["fsck", "--strict", "--full"]);
    // Nothing to change is no commit.
    let base = head(mirror).await;
    let same = commit(vec![write("apps/a", "10")]);
    assert_eq!(mirror.push(Some(&base), "main", &same, Expected::Base, &call).await.unwrap(), None);
    // Somebody else was faster.
    let theirs = repository.commit("main", &[("apps/a", Some("theirs"))]);
    let late = commit(vec![write("apps/a", "late")]);
    let refused = error(mirror.push(Some(&base), "main", &late, Expected::Base, &call).await);
    assert_eq!(refused.kind(), ErrorKind::Rejected, "{refused}");
    assert!(refused.to_string().contains("non-fast-forward"), "{refused}");
    assert_eq!(repository.rev_parse("main").unwrap(), theirs);
    let exists = error(mirror.push(Some(&base), "main", &late, Expected::Absent, &call).await);
    assert_eq!(exists.kind(), ErrorKind::Rejected);
    // With a lease on what was seen, it is thrown away.
    let seen = head(mirror).await.revision;
    mirror.push(Some(&base), "main", &late, Expected::Lease(seen), &call).await.unwrap().unwrap();
    assert_eq!(repository.git(&["show", "main:apps/a"]), "late");
    // A branch of its own.
    let base = head(mirror).await;
    let other = commit(vec![write("x", "y")]);
    mirror
        .push(Some(&base), "auto/images", &other, Expected::Absent, &call)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(repository.git(&["show", "auto/images:x"]), "y");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_pushed_over_http() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let client = Client::new();
    push_and_check(&client.mirror(&server, "x.git"), &repository).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_pushed_over_ssh() {
    let Some(sshd) = Sshd::start_with(&[("ed25519", 0)], "AcceptEnv GIT_PROTOCOL") else { return };
    let (repository, url) = sshd.repository("x.git");
    let key = sshd.deploy_key("ed25519", 0, "", &[]);
    let client = Client::new();
    let url = RemoteUrl::parse(&url).unwrap();
    let mirror = client.mirrors.mirror(&url, &sshd.credentials(&key, None)).unwrap();
    push_and_check(&mirror, &repository).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_or_git_would_not_take_is_an_error() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    let client = Client::new();
    let mirror = client.mirror(&server, "x.git");
    let call = Call::within(AMPLE);
    let base = head(&mirror).await;
    for (branch, changes, kind) in [
        ("a..b", vec![write("b", "1")], ErrorKind::ReferenceInvalid),
        ("main", vec![write("a/b", "1")], ErrorKind::ReferenceInvalid),
        ("main", vec![remove("missing")], ErrorKind::ReferenceInvalid),
        ("main", vec![write("x/.GIT/config", "1")], ErrorKind::ReferenceInvalid),
    ] {
        let pushed =
            mirror.push(Some(&base), branch, &commit(changes), Expected::Base, &call).await;
        assert_eq!(error(pushed).kind(), kind);
    }
    let mut injected = commit(vec![write("b", "1")]);
    injected.author.name = "x\ntree 0000".to_owned();
    let pushed = mirror.push(Some(&base), "main", &injected, Expected::Base, &call).await;
    assert_eq!(error(pushed).kind(), ErrorKind::ReferenceInvalid);
    repository.git(&["config", "receive.denyNonFastForwards", "true"]);
    let hook = repository.path.join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let change = commit(vec![write("b", "1")]);
    let refused = error(mirror.push(Some(&base), "main", &change, Expected::Base, &call).await);
    assert_eq!(refused.kind(), ErrorKind::Rejected, "{refused}");
    assert!(refused.to_string().contains("pre-receive hook declined"), "{refused}");
}
