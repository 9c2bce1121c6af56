//! Trees that no honest Git writes.

use crate::support::{Client, Repository, Server, error, fetch};
use inhaul_git::ErrorKind;
use inhaul_tree::{Tree, TreePath};
use serde_json::json;

/// Writes a tree object byte by byte; `git` itself would refuse most of them.
fn write_tree(repository: &Repository, entries: &[(&str, &[u8], &str)]) -> String {
    let mut object = Vec::new();
    for (mode, name, id) in entries {
        object.extend_from_slice(format!("{mode} ").as_bytes());
        object.extend_from_slice(name);
        object.push(0);
        object.extend(hex::decode(id).unwrap());
    }
    repository
        .git_with_input(&["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], &object)
}

fn commit_tree(repository: &Repository, tree: &str) {
    let commit = format!("tree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nx\n");
    let id = repository.git_with_input(
        &["hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        commit.as_bytes(),
    );
    repository.git(&["update-ref", "refs/heads/main", &id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_with_a_hostile_name_is_refused_as_a_whole() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let blob = repository.git_with_input(&["hash-object", "-w", "--stdin"], b"canary");
    let names: [&[u8]; 9] = [
        b"..",
        b".",
        b"a/b",
        b"../../etc/passwd",
        b".git",
        b".GIT",
        b"git~1",
        b".g\xe2\x80\x8cit",
        b".git. ",
    ];
    for name in names {
        for (mode, id) in [("100644", blob.as_str()), ("120000", blob.as_str())] {
            let inner = write_tree(&repository, &[(mode, name, id)]);
            let root =
                write_tree(&repository, &[("100644", b"good", &blob), ("40000", b"sub", &inner)]);
            commit_tree(&repository, &root);
            let client = Client::new();
            let refused =
                error(fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await);
            assert_eq!(refused.kind(), ErrorKind::HostileTree, "{name:?}: {refused}");
            assert!(refused.to_string().contains("sub/"), "{refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_appears_twice_is_refused() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let blob = repository.git_with_input(&["hash-object", "-w", "--stdin"], b"canary");
    let inner = write_tree(&repository, &[("100644", b"x", &blob)]);
    let link_then_directory =
        [("120000", &b"a"[..], blob.as_str()), ("40000", &b"a"[..], inner.as_str())];
    let directory_then_link = [link_then_directory[1], link_then_directory[0]];
    for entries in [link_then_directory, directory_then_link] {
        commit_tree(&repository, &write_tree(&repository, &entries));
        let client = Client::new();
        let refused =
            error(fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await);
        assert_eq!(refused.kind(), ErrorKind::HostileTree, "{refused}");
        assert!(refused.to_string().contains("a: appears twice"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_explodes_when_walked_is_refused() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let blob = repository.git_with_input(&["hash-object", "-w", "--stdin"], b"boom");
    let names: Vec<String> = (0..10).map(|n| format!("d{n}")).collect();
    let mut tree = {
        let entries: Vec<_> =
            names.iter().map(|name| ("100644", name.as_bytes(), blob.as_str())).collect();
        write_tree(&repository, &entries)
    };
    for _ in 0..9 {
        let entries: Vec<_> =
            names.iter().map(|name| ("40000", name.as_bytes(), tree.as_str())).collect();
        tree = write_tree(&repository, &entries);
    }
    commit_tree(&repository, &tree);
    let client = Client::new();
    let refused = error(fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::TooLarge, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ref_that_points_to_no_commit_is_an_error() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    let blob = repository.git(&["rev-parse", "main:a"]);
    repository.git(&["update-ref", "refs/tags/blob", &blob]);
    repository.git(&["tag", "-a", "-m", "x", "tree", "main^{tree}"]);
    let client = Client::new();
    for tag in ["blob", "tree"] {
        let refused = error(fetch(&client.mirror(&server, "x.git"), json!({"tag": tag})).await);
        assert_eq!(refused.kind(), ErrorKind::ReferenceNotFound, "{refused}");
        assert!(refused.to_string().contains("is not a commit"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_utf8_makes_its_directory_unreadable_and_no_other() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let blob = repository.git_with_input(&["hash-object", "-w", "--stdin"], b"x");
    let inner = write_tree(&repository, &[("100644", b"caf\xe9", &blob), ("100644", b"ok", &blob)]);
    let root = write_tree(&repository, &[("100644", b"a", &blob), ("40000", b"sub", &inner)]);
    commit_tree(&repository, &root);
    let client = Client::new();
    let snapshot =
        fetch(&client.mirror(&server, "x.git"), json!({"branch": "main"})).await.unwrap();
    let path = |text: &str| TreePath::parse(text).unwrap();
    assert_eq!(snapshot.tree.list(&path("")).unwrap().len(), 2);
    assert_eq!(snapshot.tree.read(&path("sub/ok")).unwrap(), "x");
    let error = snapshot.tree.list(&path("sub")).unwrap_err().to_string();
    assert!(error.contains("not UTF-8"), "{error}");
}
