//! Renders of whole trees, as Flux's controller does them.

#![expect(clippy::unwrap_used, reason = "a test ends where a step of it fails")]

use inhaul_render::{
    CommonMetadata, Image, Instructions, Owner, Patch, Reason, Rendered, Selector, render,
};
use inhaul_tree::{MemoryTree, MemoryTreeBuilder};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: value\n")
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: IMAGE_PLACEHOLDER
        ports: [{containerPort: 80}]
";

fn at(path: &str) -> Instructions {
    Instructions { path: path.to_owned(), ..Instructions::default() }
}

fn rendered(tree: MemoryTreeBuilder, instructions: &Instructions) -> Rendered {
    render(&tree.build().unwrap(), instructions).unwrap()
}

fn ids(rendered: &Rendered) -> Vec<String> {
    rendered.objects().iter().map(|rendered| rendered.object.id().to_string()).collect()
}

fn failure(tree: MemoryTreeBuilder, instructions: &Instructions) -> (Reason, String) {
    let error = render(&tree.build().unwrap(), instructions).unwrap_err();
    (error.reason, error.message)
}

fn field<'a>(rendered: &'a Rendered, name: &str, pointer: &str) -> Option<&'a Value> {
    let object = rendered.objects().iter().find(|rendered| rendered.object.name() == name)?;
    object.object.as_json().pointer(pointer)
}

#[test]
fn a_plain_directory_is_rendered_in_the_order_of_its_files() {
    let tree = MemoryTree::builder()
        .file("apps/b.yaml", config_map("b"))
        .file("apps/a/x.yml", format!("{}---\n{}", config_map("x"), config_map("y")))
        .file("apps/base/kustomization.yaml", "resources: [deep/d.yaml]\nnamePrefix: p-\n")
        .file("apps/base/deep/d.yaml", config_map("d"))
        .file("apps/base/unlisted.yaml", config_map("unlisted"))
        .file("apps/notes.txt", "not: [yaml")
        .file("other/o.yaml", config_map("o"));
    assert_eq!(
        ids(&rendered(tree, &at("./apps"))),
        ["ConfigMap/x", "ConfigMap/y", "ConfigMap/b", "ConfigMap/p-d"]
    );
}

#[test]
fn an_existing_kustomization_is_used() {
    let tree = || {
        MemoryTree::builder()
            .file("4-gitops/manifests/deployment.yaml", DEPLOYMENT)
            .file("4-gitops/manifests/unlisted.yaml", config_map("unlisted"))
            .file(
                "4-gitops/manifests/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
                 resources: [deployment.yaml]\n\
                 images: [{name: IMAGE_PLACEHOLDER, newName: example.com/web, newTag: '1.0'}]\n",
            )
    };
    let plain = rendered(tree(), &at("./4-gitops/manifests"));
    assert_eq!(ids(&plain), ["Deployment/web"]);
    let image = "/spec/template/spec/containers/0/image";
    assert_eq!(field(&plain, "web", image), Some(&json!("example.com/web:1.0")));
    let protocol = "/spec/template/spec/containers/0/ports/0/protocol";
    assert_eq!(field(&plain, "web", protocol), Some(&json!("TCP")), "normalised");

    let newer =
        Image { name: "IMAGE_PLACEHOLDER".into(), new_tag: Some("2.0".into()), ..Image::default() };
    let merged =
        rendered(tree(), &Instructions { images: vec![newer], ..at("4-gitops/manifests/") });
    assert_eq!(field(&merged, "web", image), Some(&json!("example.com/web:2.0")));
}

#[test]
fn the_fields_of_the_spec_change_what_is_built() {
    let tree = MemoryTree::builder()
        .file("app/cm.yaml", config_map("a"))
        .file("app/deployment.yaml", DEPLOYMENT)
        .file("components/label/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {component: used}\n");
    let instructions = Instructions {
        owner: Owner { name: "app".into(), namespace: "flux-system".into() },
        target_namespace: Some("prod".into()),
        name_prefix: Some("x-".into()),
        name_suffix: Some("-y".into()),
        patches: vec![
            Patch {
                patch: "- {op: add, path: /data/added, value: '1'}\n".into(),
                target: Some(Selector { kind: Some("ConfigMap".into()), ..Selector::default() }),
            },
            Patch {
                patch: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n".into(),
                target: None,
            },
        ],
        components: vec!["../components/label".into(), "../components/none".into()],
        ignore_missing_components: true,
        common_metadata: CommonMetadata {
            labels: [("team".to_owned(), "a".to_owned())].into(),
            ..CommonMetadata::default()
        },
        ..at("app")
    };
    let all = rendered(tree, &instructions);
    assert_eq!(ids(&all), ["ConfigMap/prod/x-a-y", "Deployment/prod/x-web-y"]);
    assert_eq!(field(&all, "x-a-y", "/data/added"), Some(&json!("1")));
    assert_eq!(field(&all, "x-web-y", "/spec/replicas"), Some(&json!(3)));
    assert_eq!(field(&all, "x-a-y", "/metadata/annotations/component"), Some(&json!("used")));
    assert_eq!(
        field(&all, "x-a-y", "/metadata/labels"),
        Some(&json!({"team": "a", "kustomize.toolkit.fluxcd.io/name": "app",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}))
    );
}

#[test]
fn a_path_that_is_no_directory_of_the_tree_is_an_artifact_failure() {
    let tree = || {
        MemoryTree::builder()
            .file("apps/a.yaml", config_map("a"))
            .link("out", "/etc")
            .link("up", "../..")
            .link("loop", "loop")
            .link("inside", "apps")
    };
    let cases = [
        ("./none", "no such file or directory"),
        ("apps/a.yaml", "not a directory"),
        ("apps/a.yaml/deeper", "no such file or directory"),
        ("../apps", "is outside the source root"),
        ("apps/../../..", "is outside the source root"),
        ("out", "the symbolic link points to /etc, which is outside the source root"),
        ("up", "outside the source root"),
        ("loop", "too many levels of symbolic links"),
        ("a\0b", "NUL"),
    ];
    for (path, why) in cases {
        let (reason, message) = failure(tree(), &at(path));
        assert_eq!(reason, Reason::PathNotFound, "{path}: {message}");
        assert!(message.starts_with("kustomization path not found: "), "{message}");
        assert!(message.contains(why), "{path}: {message}");
    }
    for path in ["apps", "./apps/", "/apps", "apps/../apps", "inside"] {
        assert_eq!(ids(&rendered(tree(), &at(path))), ["ConfigMap/a"], "{path}");
    }
}

#[test]
fn nothing_to_render_is_valid_and_empty() {
    let tree = || {
        MemoryTree::builder()
            .file("README.md", "")
            .file("none/.keep", "")
            .file("blank/kustomization.yaml", "")
            .file(
                "header/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
            )
            .file("comments/a.yaml", "# nothing\n---\n---\n# yet\n")
            .file("list/kustomization.yaml", "resources: []\n")
    };
    for path in ["none", "blank", "header", "comments", "list"] {
        for target_namespace in [None, Some("prod".to_owned())] {
            let instructions = Instructions { target_namespace, ..at(path) };
            let result = rendered(tree(), &instructions);
            assert!(result.objects().is_empty(), "{path}");
            assert_eq!(result.to_yaml(), "");
        }
    }
}

#[test]
fn one_bad_file_of_a_plain_directory_fails_the_render_and_is_named() {
    let cases = [
        ("replicas: 3\n", "apps/bad.yaml: line 1: not a Kubernetes object: apiVersion is missing"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n",
            "apps/bad.yaml: line 1: metadata.name is missing",
        ),
        (
            "kind: ConfigMap\nmetadata: {name: a}\n",
            "apps/bad.yaml: line 1: not a Kubernetes object: apiVersion is missing",
        ),
        ("a: b: c\n", "apps/bad.yaml: line 1"),
        ("---\n- a\n", "apps/bad.yaml: line 2: not a Kubernetes object: expected a map"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n",
            "apps/bad.yaml: line 1: metadata.generateName is not supported",
        ),
    ];
    for (text, expected) in cases {
        let tree = MemoryTree::builder()
            .file("apps/a.yaml", config_map("good"))
            .file("apps/bad.yaml", text)
            .file("apps/c.yaml", config_map("also-good"));
        let (reason, message) = failure(tree, &at("apps"));
        assert_eq!(reason, Reason::Build);
        assert!(message.starts_with(expected), "{text}: {message}");
    }
}

#[test]
fn bad_kustomizations_are_named() {
    let cases = [
        ("resources: [none.yaml]\n", "none.yaml"),
        ("resources: [a.yaml]\nfoo: 1\n", "foo"),
        ("resources: [a.yaml, a.yaml]\n", "ConfigMap"),
        ("resources: [a.yaml]\npatches: [{path: none.yaml}]\n", "none.yaml"),
        ("resources: [https://example.com/a.yaml]\n", "https://example.com/a.yaml"),
        ("resources: [.]\n", "cycle"),
        ("kind: Deployment\nresources: [a.yaml]\n", "kind"),
    ];
    for (text, named) in cases {
        let tree = MemoryTree::builder()
            .file("apps/kustomization.yaml", text)
            .file("apps/a.yaml", config_map("a"));
        let (reason, message) = failure(tree, &at("apps"));
        assert_eq!(reason, Reason::Build);
        assert!(message.contains(named), "{text}: {message}");
    }
}

#[test]
fn encrypted_secrets_are_refused_and_their_values_not_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n\
        stringData: {password: 'ENC[AES256_GCM,data:canary]'}\nsops: {version: 3.9.0, mac: canary}\n";
    let tree = MemoryTree::builder().file("a.yaml", config_map("a")).file("db.yaml", secret);
    let (_, message) = failure(tree, &Instructions::default());
    assert!(message.contains("Secret/db is encrypted with SOPS"), "{message}");
    assert!(!message.contains("canary"), "{message}");
}

#[test]
fn an_object_in_two_files_is_refused() {
    let tree = MemoryTree::builder()
        .file("a.yaml", config_map("same"))
        .file("b/b.yaml", config_map("same"));
    let (reason, message) = failure(tree, &Instructions::default());
    assert_eq!(reason, Reason::Build);
    assert_eq!(message, "b/b.yaml: ConfigMap/same is in a.yaml too");
}

#[test]
fn a_render_is_the_same_each_time_and_written_as_yaml() {
    let tree = MemoryTree::builder()
        .file("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {b: '1', a: x}\nstatus: {}\n")
        .file("b.yaml", config_map("c"))
        .build()
        .unwrap();
    let first = render(&tree, &Instructions::default()).unwrap();
    assert_eq!(
        first.to_yaml(),
        "apiVersion: v1\ndata:\n  a: eA==\n  b: MQ==\nkind: Secret\nmetadata:\n  name: s\n---\n\
         apiVersion: v1\ndata:\n  key: value\nkind: ConfigMap\nmetadata:\n  name: c\n"
    );
    assert_eq!(render(&tree, &Instructions::default()).unwrap(), first);
}

#[test]
fn deprecated_fields_are_warned_of() {
    let tree = MemoryTree::builder()
        .file("kustomization.yaml", "resources: [a.yaml]\ncommonLabels: {a: b}\n")
        .file("a.yaml", config_map("a"));
    let result = rendered(tree, &Instructions::default());
    assert_eq!(result.objects().len(), 1);
    assert!(result.warnings().iter().any(|text| text.contains("commonLabels")));
}

#[test]
fn a_long_error_is_cut() {
    let text = format!("resources: [a.yaml]\npatches: [{{patch: '{}'}}]\n", "ü".repeat(100_000));
    let tree =
        MemoryTree::builder().file("kustomization.yaml", text).file("a.yaml", config_map("a"));
    let (_, message) = failure(tree, &Instructions::default());
    assert!(message.chars().count() < 5000, "{} characters", message.chars().count());
}

#[test]
fn lists_are_unwrapped() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
        - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n";
    let tree = MemoryTree::builder().file("list.yaml", list);
    assert_eq!(ids(&rendered(tree, &Instructions::default())), ["ConfigMap/a", "ConfigMap/b"]);
}

#[test]
fn hostile_yaml_is_a_bounded_error_that_names_the_file() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let previous = format!("*a{}, ", level - 1).repeat(9);
        aliases.push_str(&format!("a{level}: &a{level} [{}]\n", previous.trim_end_matches(", ")));
    }
    let cases = [
        ("alias bomb", aliases),
        ("deep list", "[".repeat(1_000_000)),
        ("deep map", format!("a: {}", "{a: ".repeat(100_000))),
        ("unknown alias", "a: *b\n".to_owned()),
        ("own alias", "a: &a [*a]\n".to_owned()),
        ("NUL", "a: \0\n".to_owned()),
        ("UTF-16", "\u{feff}a: b\n".to_owned()),
        ("tabs", "a:\n\t- b\n".to_owned()),
    ];
    for (name, text) in cases {
        for file in ["bomb.yaml", "kustomization.yaml"] {
            let tree = MemoryTree::builder().file(&format!("apps/{file}"), text.clone());
            // Far above what it takes, for a busy machine without optimisation.
            let started = Instant::now();
            let (_, message) = failure(tree, &at("apps"));
            assert!(started.elapsed() < Duration::from_secs(60), "{name}: took too long");
            assert!(message.contains(&format!("apps/{file}")), "{name}: {message}");
            assert!(message.len() < 2000, "{name}: a message of {} bytes", message.len());
        }
    }
}
