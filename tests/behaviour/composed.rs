//! Sources that are more than one commit's files: signed, sparse, with submodules and includes; and many that share
//! one remote.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Change, Repository, Space, behaviour, condition, config_map, run_directory, write,
};

fn one(value: &str) -> [Change; 1] {
    [write("a.yaml", config_map("a", value))]
}

/// A key of SSH for signing, and a Secret with its public half.
fn signing_key(space: &Space, secret: &str) -> PathBuf {
    let directory = run_directory().join("keys").join(&space.namespace);
    std::fs::create_dir_all(&directory).expect("the run's directory is writable");
    let private = directory.join(secret);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "signer", "-f"])
        .arg(&private)
        .status();
    assert!(made.expect("ssh-keygen runs").success());
    let public =
        std::fs::read_to_string(private.with_extension("pub")).expect("ssh-keygen made it");
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"signer.sshpub": public},
        "metadata": {"name": secret, "namespace": space.namespace},
    });
    space.kubectl(&["apply", "-f", "-"], &object.to_string());
    private
}

/// Signs the coming commits with a key, or with none.
fn sign(repository: &Repository, key: Option<&Path>) {
    repository.git(&["config", "gpg.format", "ssh"]);
    let key_text = key.map(|key| key.display().to_string()).unwrap_or_default();
    repository.git(&["config", "user.signingkey", &key_text]);
    repository.git(&["config", "commit.gpgsign", if key.is_some() { "true" } else { "false" }]);
}

#[test]
fn s14_only_signed_commits_are_taken_and_the_last_one_stays() {
    behaviour("s14-signed").run(async |space| {
        let key = signing_key(space, "signers");
        let repository = space.empty_repository("app");
        sign(&repository, Some(&key));
        repository.commit("signed", &one("1"));
        let verify = json!({"verify": {"mode": "HEAD", "secretRef": {"name": "signers"}}});
        space.git_repository("app", &repository, verify).await;
        space.kustomization("app", json!({})).await;
        let signed = repository.revision();
        space.synced("app", &signed).await;
        let source = space.find("GitRepository", "app").await;
        let verified = condition(&source, "SourceVerified").cloned().unwrap_or_default();
        assert_eq!(
            (&verified["status"], &verified["reason"]),
            (&json!("True"), &json!("Succeeded"))
        );
        let message = verified["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("verified signature of\n\t- commit '"), "{message}");
        assert!(message.contains("with key 'SHA256:"), "{message}");
        assert_eq!(source["status"]["sourceVerificationMode"], "HEAD");

        sign(&repository, None);
        repository.commit("not signed", &one("2"));
        let refused = space
            .refused("GitRepository", "app", "InvalidCommitSignature", &["it is not signed"])
            .await;
        assert_eq!(
            refused["status"]["artifact"]["revision"], signed,
            "the last verified one stays"
        );
        let verified = condition(&refused, "SourceVerified").cloned().unwrap_or_default();
        assert_eq!(verified["status"], "False");
        space.shows("ConfigMap", "a", "/data/key", "1").await;

        sign(&repository, Some(&signing_key(space, "strangers")));
        repository.commit("signed by a stranger", &one("3"));
        let stranger = ["is not a trusted one"];
        space.refused("GitRepository", "app", "InvalidCommitSignature", &stranger).await;
        sign(&repository, Some(&key));
        repository.commit("signed again", &one("4"));
        space.synced("app", &repository.revision()).await;
    });
}

#[test]
fn a_tag_mode_without_a_tag_is_refused() {
    behaviour("s14-mode").run(async |space| {
        signing_key(space, "signers");
        let repository = space.repository("app", &one("1"));
        let verify = json!({"verify": {"mode": "Tag", "secretRef": {"name": "signers"}}});
        space.git_repository("app", &repository, verify).await;
        let why = ["a tag reference is not specified"];
        space.refused("GitRepository", "app", "InvalidVerificationMode", &why).await;
        space.nothing_deleted();
    });
}

#[test]
fn f26_sparse_directories_are_taken_alone_and_must_exist() {
    behaviour("f26-sparse").run(async |space| {
        let files = [
            write("apps/a.yaml", config_map("a", "1")),
            write("other/b.yaml", config_map("b", "1")),
        ];
        let repository = space.repository("app", &files);
        space.git_repository("app", &repository, json!({"sparseCheckout": ["apps"]})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &repository.revision()).await;
        assert!(space.get("ConfigMap", "b").await.is_none(), "it was left out");
        for bad in ["missing", "../sibling", "apps/a.yaml"] {
            let patch = json!({"spec": {"sparseCheckout": [bad]}});
            space.edit("GitRepository", "app", patch).await;
            space.refused("GitRepository", "app", "GitOperationFailed", &[bad]).await;
        }
        space.nothing_deleted();
        let patch = json!({"spec": {"sparseCheckout": ["apps", "other"]}});
        space.edit("GitRepository", "app", patch).await;
        space.shows("ConfigMap", "b", "/data/key", "1").await;
    });
}

#[test]
fn an_include_is_part_of_the_source_and_its_change_is_taken_at_once() {
    behaviour("include").run(async |space| {
        let library = space.repository("lib", &[write("base/b.yaml", config_map("b", "1"))]);
        let repository = space.repository("app", &one("1"));
        let include =
            json!([{"repository": {"name": "lib"}, "fromPath": "base", "toPath": "from-lib"}]);
        let spec = json!({"include": include, "interval": "10m"});
        space.git_repository("app", &repository, spec).await;
        let missing = ["could not get resource for include"];
        let source = space.refused("GitRepository", "app", "NotFound", &missing).await;
        assert!(condition(&source, "IncludeUnavailable").is_some());
        space.git_repository("lib", &library, json!({})).await;
        space.ready("GitRepository", "lib").await;
        space.kustomization("app", json!({})).await;
        space.shows("ConfigMap", "b", "/data/key", "1").await;
        library.commit("two", &[write("base/b.yaml", config_map("b", "2"))]);
        space.shows("ConfigMap", "b", "/data/key", "2").await;
        let source = space.ready("GitRepository", "app").await;
        let included = &source["status"]["includedArtifacts"];
        assert_eq!(included[0]["revision"], library.revision());
        let patch =
            json!({"spec": {"include": [{"repository": {"name": "lib"}, "toPath": "../x"}]}});
        space.edit("GitRepository", "app", patch).await;
        space.refused("GitRepository", "app", "IllegalPath", &["../x"]).await;
        let back = json!({"spec": {"include": [{"repository": {"name": "app"}}]}});
        space.edit("GitRepository", "lib", back).await;
        space
            .refused("GitRepository", "lib", "NotFound", &["includes itself by way of 'app'"])
            .await;
        space.nothing_deleted();
    });
}

#[test]
fn s09_submodules_are_off_by_default_and_hostile_ones_are_refused() {
    behaviour("s09-submodules").run(async |space| {
        let module = space.repository("module", &[write("b.yaml", config_map("b", "1"))]);
        let repository = space.repository("app", &one("1"));
        let declare = |url: &str, more: &str| {
            let text = format!("[submodule \"m\"]\n\tpath = deps/m\n\turl = {url}\n{more}");
            let head = module.git(&["rev-parse", "HEAD"]);
            let link = format!("160000,{head},deps/m");
            repository.git(&["rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "deps/m"]);
            repository.git(&["update-index", "--add", "--cacheinfo", &link]);
            std::fs::create_dir_all(repository.path("deps/m")).expect("the work tree is writable");
            repository.commit("declare a submodule", &[write(".gitmodules", text)]);
        };
        declare("../module.git", "");
        space.git_repository("app", &repository, json!({})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &repository.revision()).await;
        assert!(space.get("ConfigMap", "b").await.is_none(), "submodules are off by default");
        space.edit("GitRepository", "app", json!({"spec": {"recurseSubmodules": true}})).await;
        space.shows("ConfigMap", "b", "/data/key", "1").await;
        for (url, more, reason) in [
            ("file:///etc", "", "InvalidGitObject"),
            ("-u./p", "", "InvalidGitObject"),
            ("../../../../../x", "", "InvalidGitObject"),
            ("../module.git", "\tupdate = !touch /tmp/pwned\n", "InvalidGitObject"),
        ] {
            declare(url, more);
            space.refused("GitRepository", "app", reason, &["submodule 'm'"]).await;
        }
        space.nothing_deleted();
        declare("../module.git", "");
        space.synced("app", &repository.revision()).await;
    });
}

/// Many objects, one remote: one poll per interval, and whoever polls tells the others.
#[test]
fn a_hundred_sources_of_one_remote_poll_it_once_per_interval() {
    behaviour("one-poll").run(async |space| {
        let repository = space.repository("app", &one("1"));
        let names: Vec<String> = (0..100).map(|number| format!("app-{number}")).collect();
        for name in &names {
            space.git_repository(name, &repository, json!({"interval": "20s"})).await;
        }
        let all_at = async |space: &Space, revision: &str| {
            for name in &names {
                space.shows("GitRepository", name, "/status/artifact/revision", revision).await;
            }
        };
        all_at(space, &repository.revision()).await;
        let polls = async || -> u64 {
            let statistics = repository.statistics().await;
            statistics["requests"]["list-refs"].as_u64().unwrap_or_default()
        };
        let before = polls().await;
        tokio::time::sleep(Duration::from_secs(45)).await;
        let made = polls().await - before;
        assert!((1..=4).contains(&made), "{made} polls in 45 s at an interval of 20 s");
        repository.commit("two", &one("2"));
        all_at(space, &repository.revision()).await;
        let made = polls().await - before;
        assert!(made <= 8, "{made} polls for 100 objects to see one commit");
        let fetched = repository.statistics().await["requests"]["fetch"].clone();
        assert_eq!(fetched, Value::from(2), "each commit is fetched once for all");
    });
}
