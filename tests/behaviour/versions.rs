//! Older versions of the API are served from the same objects.

use serde_json::Value;

use crate::support::{behaviour, config_map, write};

#[test]
fn older_versions_are_accepted_and_read_back() {
    behaviour("versions").run(async |space| {
        let repository = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        let namespace = &space.namespace;
        let manifest = |version: &str| {
            format!(
                "apiVersion: source.toolkit.fluxcd.io/{version}
kind: GitRepository
metadata: {{name: app-{version}, namespace: {namespace}}}
spec: {{url: {}, interval: 2s, ref: {{branch: main}}, gitImplementation: go-git}}
---
apiVersion: kustomize.toolkit.fluxcd.io/{version}
kind: Kustomization
metadata: {{name: app-{version}, namespace: {namespace}}}
spec:
  interval: 10m
  prune: true
  namePrefix: {version}-
  targetNamespace: {namespace}
  sourceRef: {{kind: GitRepository, name: app-{version}}}
",
                repository.url
            )
        };
        for version in ["v1beta1", "v1beta2", "v1"] {
            // As a person's kubectl sends them: strictly validated, where the version knows the field.
            let text = manifest(version)
                .replace(if version == "v1" { ", gitImplementation: go-git" } else { "\u{0}" }, "");
            // `namePrefix` came with v1; the superset schema has it in each version.
            space.kubectl(&["apply", "-f", "-"], &text);
            space.synced(&format!("app-{version}"), &repository.revision()).await;
            space.find("ConfigMap", &format!("{version}-a")).await;
            let path = format!(
                "/apis/kustomize.toolkit.fluxcd.io/{version}/namespaces/{namespace}/kustomizations"
            );
            let list: Value = serde_json::from_str(&space.kubectl(&["get", "--raw", &path], ""))
                .expect("it is JSON");
            assert_eq!(
                list["items"][0]["apiVersion"],
                format!("kustomize.toolkit.fluxcd.io/{version}")
            );
        }
    });
}
