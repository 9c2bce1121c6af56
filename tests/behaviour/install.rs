//! The manifests that install inhaul, against a real API server that enforces Pod security.

use std::path::Path;
use std::process::Command;

use crate::support::{behaviour, inhaul};

fn rendered(folder: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("config").join(folder);
    let output = Command::new(inhaul()).arg("build").arg(path).output().expect("inhaul runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("manifests are text")
}

#[test]
fn h01_the_manifests_are_admitted_where_restricted_pods_are_enforced() {
    behaviour("install").run(async |space| {
        let text = rendered("default").replace("flux-system", &space.namespace);
        // The namespace with its labels first: they are what is enforced.
        let documents: Vec<&str> = text.split("\n---\n").collect();
        let (first, rest): (Vec<&str>, Vec<&str>) = documents.iter().partition(|one| {
            one.contains("kind: Namespace\n") || one.contains("\nkind: ServiceAccount\n")
        });
        assert_eq!(first.len(), 2);
        first.iter().for_each(|one| drop(space.kubectl(&["apply", "-f", "-"], one)));
        let arguments = ["create", "--dry-run=server", "-o", "name", "-f", "-"];
        let rest: Vec<&str> = rest
            .into_iter()
            .filter(|one| !one.contains("kind: CustomResourceDefinition\n"))
            .collect();
        let created = space.kubectl(&arguments, &rest.join("\n---\n"));
        assert!(created.contains("deployment.apps/inhaul"), "{created}");
        let pod = pod_of(&text, &space.namespace);
        let created = space.kubectl(&arguments, &pod);
        assert!(created.contains("pod/inhaul"), "{created}");
    });
}

/// The Pod that the Deployment would make: a Deployment only warns of what its Pods may not.
fn pod_of(text: &str, namespace: &str) -> String {
    let deployment = text.split("\n---\n").find(|one| one.contains("kind: Deployment\n"));
    let template =
        deployment.and_then(|one| one.split_once("\n  template:\n")).expect("it is there").1;
    let mut pod = "apiVersion: v1\nkind: Pod\n".to_owned();
    for line in template.lines() {
        pod.push_str(line.strip_prefix("    ").unwrap_or(line));
        pod.push('\n');
    }
    pod.replacen(
        "metadata:\n",
        &format!("metadata:\n  name: inhaul\n  namespace: {namespace}\n"),
        1,
    )
}

#[test]
fn the_locked_down_operator_may_not_apply_anything_in_its_own_name() {
    let bindings = |folder: &str| {
        let text = rendered(folder);
        let all = text.split("\n---\n").filter(|one| one.contains("kind: ClusterRoleBinding\n"));
        all.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert!(bindings("default").contains("name: cluster-admin"));
    assert!(!bindings("locked-down").contains("name: cluster-admin"));
    assert!(rendered("locked-down").contains("--multi-tenant"));
}

#[test]
fn the_samples_render() {
    let text = rendered("samples");
    for kind in ["GitRepository", "Kustomization", "Receiver"] {
        assert!(text.contains(&format!("kind: {kind}\n")), "{kind}");
    }
}
