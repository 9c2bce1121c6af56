//! S01: the operator starts no program. In these tests it could not: each operator is started by tests/deny-exec, whose
//! filter answers every execve with EPERM. So every behaviour test is one of this.

use std::process::Command;

use serde_json::json;

use crate::support::{behaviour, config_map, go_program, write};

#[test]
fn s01_the_whole_way_from_a_commit_to_the_cluster_starts_no_program() {
    behaviour("s01").run(async |space| {
        assert_eq!(
            space.operator().kernel_status("Seccomp"),
            "2",
            "the filter holds for the operator"
        );
        let files = [write("a.yaml", config_map("a", "1"))];
        let app = space.app(&files, json!({"wait": true})).await;
        app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        space.synced("app", &app.revision()).await;
        space.shows("ConfigMap", "a", "/data/key", "2").await;
    });
}

#[test]
fn s01_the_filter_of_these_tests_denies_every_further_program() {
    let denied = Command::new(go_program("deny-exec"))
        .args(["/bin/sh", "-c", "echo started; /bin/true"])
        .output()
        .expect("the launcher runs");
    assert_eq!(String::from_utf8_lossy(&denied.stdout), "started\n");
    assert_eq!(denied.status.code(), Some(126), "the shell could not start /bin/true");
}
