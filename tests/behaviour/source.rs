//! Git as people have it: slow, refusing, rewritten.

use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

use crate::support::{Change, Repository, Space, behaviour, config_map, eventually, within, write};

fn one(value: &str) -> [Change; 1] {
    [write("a.yaml", config_map("a", value))]
}

/// F22: the source is given up at `spec.timeout`, another app syncs meanwhile, and the source recovers.
fn slow(name: &str, mode: &str, services: &[&str]) {
    behaviour(name).run(async |space| {
        let app = space.app(&one("1"), json!({})).await;
        space.edit("GitRepository", "app", json!({"spec": {"timeout": "4s"}})).await;
        app.fail(mode, json!({"services": services})).await;
        app.commit("two", &one("2"));
        let start = Instant::now();
        space.refused("GitRepository", "app", "GitOperationFailed", &[]).await;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(25), "given up after {took:?} instead of 4 s");
        other_app_syncs(space).await;
        space.nothing_deleted();
        app.recover().await;
        space.synced("app", &app.revision()).await;
    });
}

async fn other_app_syncs(space: &Space) {
    let other = space.repository("other", &[write("b.yaml", config_map("b", "1"))]);
    space.git_repository("other", &other, json!({})).await;
    space.kustomization("other", json!({})).await;
    within(Duration::from_secs(20), "a slow source blocks no other", async || {
        space.get("ConfigMap", "b").await.map(|_| ()).ok_or_else(|| "not there yet".to_owned())
    })
    .await;
}

#[test]
fn f22_a_server_that_drips_is_given_up() {
    slow("f22-drip", "drip", &["fetch"]);
}

#[test]
fn f22_a_server_that_hangs_after_its_headers_is_given_up() {
    slow("f22-hang", "hang", &[]);
}

#[test]
fn f22_a_server_that_says_nothing_is_given_up() {
    slow("f22-silent", "hang-before", &[]);
}

#[test]
fn f22_endless_progress_is_given_up() {
    slow("f22-progress", "endless-progress", &["fetch"]);
}

#[test]
fn f23_each_refusal_has_its_reason_and_names_the_status() {
    behaviour("f23").run(async |space| {
        let app = space.app(&one("1"), json!({"interval": "3s"})).await;
        let refusals = [
            (401, "AuthenticationFailed"),
            (403, "AuthenticationFailed"),
            (404, "GitOperationFailed"),
            (407, "AuthenticationFailed"),
            (500, "GitOperationFailed"),
            (503, "GitOperationFailed"),
        ];
        for (status, reason) in refusals {
            app.fail("status", json!({"status": status})).await;
            space.reconcile("GitRepository", "app").await;
            space.refused("GitRepository", "app", reason, &[&status.to_string()]).await;
        }
        space.nothing_deleted();
        app.recover().await;
        // A request goes before the back-off.
        space.reconcile("GitRepository", "app").await;
        let revision = app.commit("two", &one("2"));
        space.synced("app", &revision).await;
    });
}

#[test]
fn f23_a_server_that_asks_to_wait_is_left_alone_so_long() {
    behaviour("f23-retry-after").run(async |space| {
        let app = space.app(&one("1"), json!({})).await;
        app.fail("status", json!({"status": 429, "retryAfter": "8"})).await;
        space.refused("GitRepository", "app", "GitOperationFailed", &["429"]).await;
        let before = handshakes(&app).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        let asked = handshakes(&app).await - before;
        assert!(asked <= 1, "asked {asked} times within 6 of the 8 seconds");
        app.recover().await;
        let revision = app.commit("two", &one("2"));
        space.synced("app", &revision).await;
    });
}

async fn handshakes(repository: &Repository) -> u64 {
    repository.statistics().await["requests"]["handshake"].as_u64().unwrap_or_default()
}

#[test]
fn f23_refused_credentials_are_not_tried_anonymously() {
    behaviour("f23-anonymous").run(async |space| {
        let app = space.repository("app", &one("1"));
        secret(space, json!({"username": "u", "password": "wrong"})).await;
        app.fail("basic", json!({"user": "u", "password": "right"})).await;
        space.git_repository("app", &app, json!({"secretRef": {"name": "git"}})).await;
        space.refused("GitRepository", "app", "AuthenticationFailed", &[]).await;
        let statistics = app.statistics().await;
        let all: u64 = statistics["requests"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, n)| n.as_u64())
            .sum();
        let authorized = statistics["authorized"].as_u64().unwrap_or_default();
        // HTTP's own first question without credentials, before the challenge, is not a fallback.
        assert!(
            authorized * 2 >= all,
            "credentials came with {authorized} of {all} requests: {statistics}"
        );
    });
}

async fn secret(space: &Space, data: Value) {
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git", "namespace": space.namespace},
        "stringData": data,
    });
    space.cluster.create(&object).await;
}

#[test]
fn basic_credentials_open_a_repository() {
    behaviour("basic").run(async |space| {
        let app = space.repository("app", &one("1"));
        app.fail("basic", json!({"user": "u", "password": "right"})).await;
        secret(space, json!({"username": "u", "password": "right"})).await;
        space.git_repository("app", &app, json!({"secretRef": {"name": "git"}})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &app.revision()).await;
        let header = app.statistics().await["lastAuthorization"].clone();
        let expected = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode("u:right"));
        assert_eq!(header, expected);
    });
}

#[test]
fn a_bearer_token_opens_a_repository() {
    behaviour("bearer").run(async |space| {
        let app = space.repository("app", &one("1"));
        app.fail("bearer", json!({"token": "t0ken"})).await;
        secret(space, json!({"bearerToken": "t0ken"})).await;
        space.git_repository("app", &app, json!({"secretRef": {"name": "git"}})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &app.revision()).await;
    });
}

#[test]
fn f24_a_force_push_is_taken() {
    behaviour("f24-force").run(async |space| {
        let app = space.app(&one("1"), json!({})).await;
        let first = app.revision();
        let second = app.commit("two", &one("2"));
        space.synced("app", &second).await;
        app.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        app.push(&["--force", "HEAD"]);
        space.synced("app", &first).await;
        space.shows("ConfigMap", "a", "/data/key", "1").await;
    });
}

#[test]
fn f24_a_deleted_branch_is_named() {
    behaviour("f24-branch").run(async |space| {
        let app = space.repository("app", &one("1"));
        app.push(&["HEAD:refs/heads/feature"]);
        space.git_repository("app", &app, json!({"ref": {"branch": "feature"}})).await;
        space.ready("GitRepository", "app").await;
        app.git_in_bare(&["update-ref", "-d", "refs/heads/feature"]);
        space.refused("GitRepository", "app", "GitOperationFailed", &["feature"]).await;
    });
}

#[test]
fn f24_a_moved_tag_is_followed() {
    behaviour("f24-tag").run(async |space| {
        let app = space.repository("app", &one("1"));
        app.push(&["HEAD:refs/tags/v1"]);
        space.git_repository("app", &app, json!({"ref": {"tag": "v1"}})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &as_ref(&app.revision(), "v1")).await;
        app.commit("two", &one("2"));
        app.push(&["--force", "HEAD:refs/tags/v1"]);
        space.synced("app", &as_ref(&app.revision(), "v1")).await;
        space.shows("ConfigMap", "a", "/data/key", "2").await;
    });
}

/// `main@sha1:x` as `name@sha1:x`.
fn as_ref(revision: &str, name: &str) -> String {
    revision.replacen("main@", &format!("{name}@"), 1)
}

#[test]
fn f24_a_semver_range_follows_the_highest_tag_down_too() {
    behaviour("f24-semver").run(async |space| {
        let app = space.repository("app", &one("1"));
        app.push(&["HEAD:refs/tags/1.0.0"]);
        let low = as_ref(&app.revision(), "1.0.0");
        app.commit("two", &one("2"));
        app.push(&["HEAD:refs/tags/1.2.0"]);
        app.push(&["HEAD:refs/tags/2.0.0"]);
        space.git_repository("app", &app, json!({"ref": {"semver": "1.x"}})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &as_ref(&app.revision(), "1.2.0")).await;
        app.git_in_bare(&["update-ref", "-d", "refs/tags/1.2.0"]);
        space.synced("app", &low).await;
    });
}

#[test]
fn f24_a_renamed_default_branch_is_a_clear_error() {
    behaviour("f24-default").run(async |space| {
        let app = space.app(&one("1"), json!({})).await;
        app.git_in_bare(&["branch", "-m", "main", "trunk"]);
        space.refused("GitRepository", "app", "GitOperationFailed", &["main"]).await;
        space.nothing_deleted();
        space.edit("GitRepository", "app", json!({"spec": {"ref": {"branch": "trunk"}}})).await;
        space.synced("app", &as_ref(&app.revision(), "trunk")).await;
    });
}

#[test]
fn a_commit_and_a_full_reference_can_be_named() {
    behaviour("ref-forms").run(async |space| {
        let app = space.repository("app", &one("1"));
        let sha = app.git(&["rev-parse", "HEAD"]);
        app.push(&["HEAD:refs/pull/7/head"]);
        app.commit("two", &one("2"));
        space.git_repository("app", &app, json!({"ref": {"commit": sha}})).await;
        space
            .shows("GitRepository", "app", "/status/artifact/revision", format!("main@sha1:{sha}"))
            .await;
        space
            .git_repository(
                "pull",
                &app,
                json!({"ref": {"branch": null, "name": "refs/pull/7/head"}}),
            )
            .await;
        let revision = format!("refs/pull/7/head@sha1:{sha}");
        space.shows("GitRepository", "pull", "/status/artifact/revision", revision).await;
    });
}

#[test]
fn the_artifact_is_served_as_its_digest_says() {
    behaviour("artifact").run(async |space| {
        let app = space.app(&one("1"), json!({})).await;
        let source = space.find("GitRepository", "app").await;
        let artifact = &source["status"]["artifact"];
        let url = artifact["url"].as_str().expect("the artifact has an address");
        let answer = reqwest::get(url).await.expect("the artifact server answers");
        assert_eq!(answer.status(), 200);
        let bytes = answer.bytes().await.expect("the body is whole");
        assert_eq!(artifact["size"], bytes.len());
        let file = space.operator().storage().with_extension(format!("{}.tar.gz", space.namespace));
        std::fs::write(&file, &bytes).expect("the run's directory is writable");
        let digest = command("sha256sum", &[file.to_str().expect("UTF-8")]);
        let sum = digest.split(' ').next().unwrap_or_default();
        assert_eq!(artifact["digest"], format!("sha256:{sum}"));
        let names = command("tar", &["-tzf", file.to_str().expect("UTF-8")]);
        assert!(names.lines().any(|name| name.trim_start_matches("./") == "a.yaml"), "{names}");
        let revision = app.commit("two", &one("2"));
        space.synced("app", &revision).await;
        let newer = space.find("GitRepository", "app").await;
        assert_ne!(newer["status"]["artifact"]["digest"], artifact["digest"]);
        assert_eq!(
            reqwest::get(url).await.expect("it answers").status(),
            200,
            "the one before is kept for a while"
        );
    });
}

fn command(program: &str, arguments: &[&str]) -> String {
    let output =
        std::process::Command::new(program).args(arguments).output().expect("the program is there");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

#[test]
fn a_quiet_source_lists_references_only() {
    behaviour("poll").run(async |space| {
        let app = space.app(&one("1"), json!({})).await;
        let fetched = app.statistics().await["requests"]["fetch"].clone();
        let before = handshakes(&app).await;
        eventually("it is polled", async || {
            let now = handshakes(&app).await;
            if now > before + 1 { Ok(()) } else { Err(format!("{now} handshakes")) }
        })
        .await;
        assert_eq!(
            app.statistics().await["requests"]["fetch"],
            fetched,
            "nothing new, nothing fetched"
        );
    });
}

#[test]
fn one_remote_is_fetched_once_for_all_its_sources() {
    behaviour("one-mirror").run(async |space| {
        let app = space.repository("app", &one("1"));
        for name in ["x", "y", "z"] {
            space.git_repository(name, &app, json!({"interval": "1m"})).await;
            space.ready("GitRepository", name).await;
        }
        let fetches = app.statistics().await["requests"]["fetch"].as_u64().unwrap_or_default();
        assert_eq!(fetches, 1, "three sources of one remote share its objects");
    });
}
