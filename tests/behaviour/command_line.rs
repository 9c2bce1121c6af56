//! The commands that need no cluster.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::{behaviour, config_map, inhaul, kustomization, run_directory, write};

/// Runs `inhaul`; returns what it printed, and whether it succeeded.
fn run(arguments: &[&str]) -> (String, String, bool) {
    let output = Command::new(inhaul()).args(arguments).output().expect("inhaul runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.success())
}

fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let directory = run_directory().join("command-line").join(name);
    std::fs::create_dir_all(&directory).expect("the run's directory is writable");
    for (path, content) in files {
        std::fs::write(directory.join(path), content).expect("the run's directory is writable");
    }
    directory
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is UTF-8")
}

#[test]
fn build_renders_a_directory_as_kustomize_does() {
    let kustomization = "namePrefix: my-\nresources: [a.yaml]\n";
    let directory = directory(
        "build",
        &[("kustomization.yaml", kustomization), ("a.yaml", &config_map("a", "one"))],
    );
    let (printed, error, success) = run(&["build", text(&directory)]);
    assert!(success, "{error}");
    assert_eq!(
        printed,
        "apiVersion: v1\ndata:\n  key: one\nkind: ConfigMap\nmetadata:\n  name: my-a\n"
    );
}

#[test]
fn build_names_the_file_that_is_wrong() {
    let directory = directory("broken", &[("kustomization.yaml", "resources: [absent.yaml]\n")]);
    let (printed, error, success) = run(&["build", text(&directory)]);
    assert!(!success && printed.is_empty(), "{printed}");
    assert!(error.contains("absent.yaml"), "{error}");
}

#[test]
fn build_ks_prints_what_the_operator_applies() {
    behaviour("build-ks").run(async |space| {
        let (listed, a) = (kustomization(&["a.yaml"]), config_map("a", "one"));
        let spec = json!({"commonMetadata": {"annotations": {"example.com/team": "web"}}, "namePrefix": "my-"});
        space.app(&[write("kustomization.yaml", &listed), write("a.yaml", &a)], spec).await;
        let live = space.find("ConfigMap", "my-a").await;
        let mut object = space.find("Kustomization", "app").await;
        object["status"] = json!(null);
        let directory = directory("build-ks", &[("kustomization.yaml", &listed), ("a.yaml", &a)]);
        let file = directory.with_extension("yaml");
        std::fs::write(&file, object.to_string()).expect("the run's directory is writable");
        let (printed, error, success) = run(&["build", "ks", text(&file), "--path", text(&directory)]);
        assert!(success, "{error}");
        // Applied by hand, it changes nothing.
        let manifest = directory.with_extension("printed.yaml");
        std::fs::write(&manifest, &printed).expect("the run's directory is writable");
        let again = space.kubectl(
            &["apply", "--server-side", "--field-manager=kustomize-controller", "--output=json", "-f", text(&manifest)],
            "",
        );
        let again: serde_json::Value = serde_json::from_str(&again).expect("kubectl prints JSON");
        assert_eq!(again["metadata"]["resourceVersion"], live["metadata"]["resourceVersion"], "{printed}");
        assert_eq!(again["metadata"]["labels"], live["metadata"]["labels"]);
    });
}

#[test]
fn version_is_printed() {
    let (printed, error, success) = run(&["version"]);
    assert!(success, "{error}");
    assert!(printed.contains(env!("CARGO_PKG_VERSION")), "{printed}");
}
