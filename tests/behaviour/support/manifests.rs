//! Manifests that tests commit.

/// A ConfigMap with one value, at `key`.
pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: \"{value}\"\n"
    )
}

/// A Deployment that needs no node: nothing has to run for it to be available.
pub(crate) fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 0
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
      - name: main
        image: {image}
"
    )
}

/// A kustomization.yaml with these resources.
pub(crate) fn kustomization(resources: &[&str]) -> String {
    let list: String = resources.iter().map(|path| format!("- {path}\n")).collect();
    let list = if list.is_empty() { " []\n".to_owned() } else { format!("\n{list}") };
    format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:{list}")
}

/// The manifest (of one object whose metadata begins with its name) in a namespace.
pub(crate) fn in_namespace(manifest: &str, namespace: &str) -> String {
    manifest.replacen("metadata:\n", &format!("metadata:\n  namespace: {namespace}\n"), 1)
}
