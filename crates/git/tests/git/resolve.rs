//! Which commit a reference means.

use crate::support::{AMPLE, Client, Server, error, fetch, reference, resolve};
use inhaul_git::{Call, ErrorKind};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_reference_gives_the_revision_that_flux_writes() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let first = repository.commit("main", &[("a", Some("1"))]);
    repository.git(&["tag", "v1.0.0", &first]);
    let second = repository.commit("main", &[("a", Some("2"))]);
    repository.git(&["tag", "-a", "-m", "annotated", "v1.1.0", &second]);
    repository.git(&["tag", "v1.2.0-rc.1", &second]);
    repository.git(&["update-ref", "refs/pull/420/head", &first]);
    repository.git(&["branch", "master", &first]);
    let mirror = Client::new().mirror(&server, "x.git");
    for (fields, expected) in [
        (json!({"branch": "main"}), format!("main@sha1:{second}")),
        (json!({}), format!("master@sha1:{first}")),
        (json!({"tag": "v1.1.0"}), format!("v1.1.0@sha1:{second}")),
        (json!({"semver": "1.x"}), format!("v1.1.0@sha1:{second}")),
        (json!({"semver": ">=1.0.0-0"}), format!("v1.2.0-rc.1@sha1:{second}")),
        (json!({"name": "refs/pull/420/head"}), format!("refs/pull/420/head@sha1:{first}")),
        (json!({"name": "refs/heads/main"}), format!("refs/heads/main@sha1:{second}")),
        (json!({"name": "HEAD"}), format!("HEAD@sha1:{second}")),
        (json!({"commit": first}), format!("sha1:{first}")),
        (json!({"commit": first, "branch": "main"}), format!("main@sha1:{first}")),
    ] {
        assert_eq!(resolve(&mirror, fields.clone()).await.unwrap(), expected, "{fields}");
    }
    assert_eq!(server.requests("x.git", "fetch").await, 0, "resolving transfers no pack");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_an_error_that_names_it() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    let mirror = Client::new().mirror(&server, "x.git");
    for (fields, words) in [
        (json!({"branch": "nope"}), "branch 'nope' not found"),
        (json!({"tag": "nope"}), "tag 'nope' not found"),
        (json!({"name": "refs/pull/1/head"}), "reference 'refs/pull/1/head' not found"),
        (json!({"semver": ">=9"}), "no tag matches the semver range '>=9'"),
    ] {
        let error = error(resolve(&mirror, fields).await);
        assert_eq!(error.kind(), ErrorKind::ReferenceNotFound);
        assert_eq!(error.to_string(), format!("{}/x.git: {words}", server.url));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_repository_is_its_own_error() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git");
    let mirror = Client::new().mirror(&server, "x.git");
    for fields in [json!({"branch": "main"}), json!({"semver": "*"}), json!({"name": "HEAD"})] {
        let error = error(resolve(&mirror, fields).await);
        assert_eq!(error.reason(), "EmptyGitRepository");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn force_push_deleted_branch_moved_tag_and_withdrawn_version_are_seen() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let first = repository.commit("main", &[("a", Some("1"))]);
    let second = repository.commit("main", &[("a", Some("2"))]);
    repository.git(&["tag", "v1.0.0", &first]);
    repository.git(&["tag", "v2.0.0", &second]);
    let mirror = Client::new().mirror(&server, "x.git");
    fetch(&mirror, json!({"branch": "main"})).await.unwrap();

    let forced = repository.import("main", None, 1_800_000_000, &[("b", Some("new"))]);
    let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    assert_eq!(snapshot.revision.commit(), forced);
    repository.git(&["tag", "-f", "v1.0.0", &forced]);
    let moved = resolve(&mirror, json!({"tag": "v1.0.0"})).await.unwrap();
    assert_eq!(moved, format!("v1.0.0@sha1:{forced}"));
    repository.git(&["tag", "-d", "v2.0.0"]);
    let lower = resolve(&mirror, json!({"semver": ">=1.0.0"})).await.unwrap();
    assert_eq!(lower, format!("v1.0.0@sha1:{forced}"));
    repository.git(&["update-ref", "-d", "refs/heads/main"]);
    let gone = error(resolve(&mirror, json!({"branch": "main"})).await);
    assert_eq!(gone.kind(), ErrorKind::ReferenceNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_versions_are_decided_by_the_time_of_the_commit() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let late = repository.import("main", None, 2_000_000_000, &[("a", Some("late"))]);
    let early = repository.import("main", None, 1_000_000_000, &[("a", Some("early"))]);
    repository.git(&["tag", "1.0.0+late", &late]);
    repository.git(&["tag", "-a", "-m", "x", "v1.0.0", &early]);
    let mirror = Client::new().mirror(&server, "x.git");
    let chosen = resolve(&mirror, json!({"semver": "1.0.0"})).await.unwrap();
    assert_eq!(chosen, format!("1.0.0+late@sha1:{late}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_are_one_question_to_the_remote() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    repository.commit("main", &[("a", Some("1"))]);
    repository.commit("other", &[("a", Some("1"))]);
    let mirror = Client::new().mirror(&server, "x.git");
    let interval = Duration::from_secs(60);
    for branch in ["main", "other", "main", "other"] {
        let call = Call::within(AMPLE);
        mirror.resolve(&reference(&json!({"branch": branch})), interval, &call).await.unwrap();
    }
    // The first question did not cover the second branch; after that both are listed together.
    assert_eq!(server.requests("x.git", "list-refs").await, 2);
    let asking = (0..20).map(|_| {
        let mirror = mirror.clone();
        tokio::spawn(async move { resolve(&mirror, json!({"branch": "main"})).await.unwrap() })
    });
    for asked in asking.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    let asked = server.requests("x.git", "list-refs").await - 2;
    assert!(asked <= 3, "{asked} questions for 20 callers at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_named_like_something_else_is_not_mistaken() {
    let Some(server) = Server::start() else { return };
    let repository = server.repository("x.git");
    let tagged = repository.commit("main", &[("a", Some("1"))]);
    let other = repository.commit("main", &[("a", Some("2"))]);
    repository.git(&["tag", "main", &tagged]);
    repository.git(&["update-ref", "refs/heads/refs/tags/v1", &other]);
    repository.git(&["update-ref", "refs/tags/v1", &tagged]);
    repository.git(&["update-ref", &format!("refs/heads/{tagged}"), &other]);
    let mirror = Client::new().mirror(&server, "x.git");
    for (fields, commit) in [
        (json!({"branch": "main"}), &other),
        (json!({"tag": "main"}), &tagged),
        (json!({"tag": "v1"}), &tagged),
        (json!({"name": "refs/tags/v1"}), &tagged),
        (json!({"branch": "refs/tags/v1"}), &other),
        (json!({"commit": tagged}), &tagged),
    ] {
        let revision = resolve(&mirror, fields.clone()).await.unwrap();
        assert!(revision.ends_with(commit.as_str()), "{fields}: {revision}");
    }
}
