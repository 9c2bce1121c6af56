//! What the operator may take of a machine.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::support::{behaviour, go_program, within};

/// 200 MB of history and 20,000 files: fetched shallow, in time, in little memory, without a checkout.
#[test]
fn a_large_repository_is_fetched_in_little_memory() {
    behaviour("large").own_operator().run(async |space| {
        let repository = space.empty_repository("app");
        repository.replace_with(|bare| {
            let status =
                Command::new(go_program("git-server")).arg("--generate-large").arg(bare).status();
            assert!(status.expect("the generator runs").success());
        });
        // Three times the default: this is a debug build, on a machine that runs other tests. `make bench` has the
        // default for a release build.
        space.git_repository("app", &repository, json!({"timeout": "3m", "interval": "10m"})).await;
        let source =
            within(Duration::from_secs(200), "the large repository is fetched", async || {
                let object = space.find("GitRepository", "app").await;
                if object["status"]["artifact"].is_null() {
                    Err(object["status"].to_string())
                } else {
                    Ok(object)
                }
            })
            .await;
        assert!(source["status"]["artifact"]["size"].as_u64().unwrap_or_default() > 100_000);
        let peak = space.operator().peak_memory() / 1024;
        println!("the operator's peak memory with a large repository: {peak} MiB");
        assert!(peak < 150, "the peak is {peak} MiB, the limit is 150");
        let storage = space.operator().storage();
        let manifests = Command::new("find")
            .arg(&storage)
            .args(["-name", "*.yaml"])
            .output()
            .expect("find runs");
        assert!(manifests.stdout.is_empty(), "there is a checkout below {}", storage.display());
    });
}
