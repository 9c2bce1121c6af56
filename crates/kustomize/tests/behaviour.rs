//! What a build does, said in small cases; and that no input makes it panic.

use inhaul_kustomize::{LoadRestrictor, Options, Reorder, build, build_with_root};
use inhaul_tree::{MemoryTree, MemoryTreeBuilder};
use proptest::prelude::*;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: main
        image: nginx:1
        envFrom:
        - configMapRef:
            name: settings
";

fn tree(files: &[(&str, &str)]) -> Result<MemoryTree, inhaul_tree::Error> {
    let add = |builder: MemoryTreeBuilder, (path, text): &(&str, &str)| {
        builder.file(path, text.to_string())
    };
    files.iter().fold(MemoryTree::builder(), add).build()
}

fn rendered(files: &[(&str, &str)], directory: &str) -> Result<String, String> {
    let tree = tree(files).map_err(|error| error.to_string())?;
    let options = Options { reorder: Reorder::None, ..Options::default() };
    let built = build(&tree, directory, &options).map_err(|error| error.to_string())?;
    built.to_yaml().map_err(|error| error.to_string())
}

fn error(files: &[(&str, &str)], directory: &str) -> String {
    rendered(files, directory).err().unwrap_or_default()
}

#[test]
fn a_generated_name_is_hashed_and_references_follow() {
    let kustomization = "resources: [web.yaml]\nnamePrefix: p-\nconfigMapGenerator:\n- name: settings\n  literals: [a=1]\n";
    let files = [("kustomization.yaml", kustomization), ("web.yaml", DEPLOYMENT)];
    let out = rendered(&files, ".").unwrap();
    let name = out.split("name: p-settings-").nth(1).unwrap().split('\n').next().unwrap();
    assert_eq!(name.len(), 10, "{out}");
    assert_eq!(out.matches(&format!("p-settings-{name}")).count(), 2, "{out}");
}

#[test]
fn a_root_can_be_given_from_outside() {
    let tree = tree(&[("app/web.yaml", DEPLOYMENT)]).unwrap();
    let root = "resources: [web.yaml]\nnamespace: prod\n";
    let built = build_with_root(&tree, "app", root, &Options::default()).unwrap();
    assert_eq!(built.resources[0].namespace(), "prod");
    assert_eq!(built.resources[0].file(), Some("app/web.yaml"));
    assert_eq!(built.resources[0].to_json().unwrap()["kind"], "Deployment");
}

#[test]
fn files_outside_are_read_only_without_the_restriction() {
    let files =
        [("app/kustomization.yaml", "resources: [../web.yaml]\n"), ("web.yaml", DEPLOYMENT)];
    assert!(error(&files, "app").contains("security; file 'web.yaml' is not in or below 'app'"));
    let options = Options { load_restrictor: LoadRestrictor::None, ..Options::default() };
    assert_eq!(build(&tree(&files).unwrap(), "app", &options).unwrap().resources.len(), 1);
    let escape = [("kustomization.yaml", "resources: [../../etc/passwd]\n")];
    assert!(error(&escape, ".").contains("etc/passwd"));
}

#[test]
fn what_is_not_done_is_refused_by_name() {
    for (text, named) in [
        ("resources: [\"https://example.com/x.yaml\"]\n", "https://example.com/x.yaml"),
        ("resources: [\"github.com/org/repo?ref=v1\"]\n", "github.com/org/repo?ref=v1"),
        ("helmCharts: [{name: minio}]\n", "minio"),
        ("transformers: [\"{apiVersion: me/v1, kind: Mine, metadata: {name: x}}\"]\n", "Mine"),
    ] {
        assert!(error(&[("kustomization.yaml", text)], ".").contains(named), "{text}");
    }
}

#[test]
fn errors_name_file_line_and_object() {
    let broken = [("kustomization.yaml", "resources: [r.yaml]\n"), ("r.yaml", "a: b\n c: d\n")];
    let message = error(&broken, ".");
    assert!(message.contains("line 2") && message.contains("r.yaml"), "{message}");
    let missing = [
        ("kustomization.yaml", "resources: [web.yaml]\npatches:\n- path: p.yaml\n"),
        ("web.yaml", DEPLOYMENT),
        ("p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\n"),
    ];
    assert!(error(&missing, ".").contains("Deployment.v1.apps/other"));
    let unknown = [("kustomization.yaml", "resorces: []\n")];
    assert!(error(&unknown, ".").contains("resorces"));
}

#[test]
fn what_doubles_is_bounded() {
    let copy = "- {op: copy, from: /x, path: /x/-}\n".repeat(64);
    let copy = format!("- {{op: add, path: /x, value: [text]}}\n{copy}");
    let patched = "resources: [web.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n";
    let files = [("kustomization.yaml", patched), ("web.yaml", DEPLOYMENT), ("p.yaml", &copy)];
    assert!(error(&files, ".").contains("copy operations add more than"));
    let entry = "- source: {kind: Deployment}\n  targets: [{select: {kind: Deployment}, options: {delimiter: x, index: 9}}]\n";
    let replaced = format!("resources: [web.yaml]\nreplacements:\n{}", entry.repeat(64));
    let files = [("kustomization.yaml", replaced.as_str()), ("web.yaml", DEPLOYMENT)];
    assert!(error(&files, ".").contains("grows beyond"));
}

#[test]
fn a_pointer_to_content_elsewhere_is_no_content() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    let generator = "configMapGenerator: [{name: c, files: [data.bin]}]\n";
    let message = error(&[("kustomization.yaml", generator), ("data.bin", pointer)], ".");
    assert!(message.contains("data.bin") && message.contains("LFS"), "{message}");
    assert!(error(&[("kustomization.yaml", pointer)], ".").contains("kustomization.yaml"));
}

/// The real tool puts one node into all fields that a label creates, so that a later change of one is a change of all.
#[test]
fn a_label_that_changes_changes_every_field_that_it_made() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {}, template: {}}\n";
    let base = "resources: [web.yaml]\nlabels: [{pairs: {app: one}, includeSelectors: true}]\n";
    let overlay = "resources: [../base]\nlabels: [{pairs: {app: two}}]\n";
    let files = |patched| {
        [
            ("base/kustomization.yaml", base),
            ("base/web.yaml", deployment),
            ("overlay/kustomization.yaml", overlay),
            ("patched/kustomization.yaml", patched),
        ]
    };
    let out = rendered(&files(""), "overlay").unwrap();
    assert_eq!(out.matches("app: two").count(), 3, "{out}");
    // JSON knows no shared nodes.
    let patched = "resources: [../overlay]\npatches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 2}]'}]\nlabels: [{pairs: {app: three}}]\n";
    let out = rendered(&files(patched), "patched").unwrap();
    assert_eq!(out.matches("app: two").count(), 2, "{out}");
    assert_eq!(out.matches("app: three").count(), 1, "{out}");
    let labels = patched.replace("patches:", "#");
    let out = rendered(&files(&labels), "patched").unwrap();
    assert_eq!(out.matches("app: three").count(), 3, "{out}");
}

#[test]
fn cycles_end() {
    let files = [
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ];
    assert!(error(&files, "a").contains("cycle detected"));
}

#[test]
fn builds_of_two_thousand_objects_are_quick() {
    let one = |at: usize| DEPLOYMENT.replace("web", &format!("web-{at}"));
    let all: Vec<String> = (0..2000).map(one).collect();
    let kustomization = "resources: [all.yaml]\nnamespace: prod\nnamePrefix: p-\nimages: [{name: nginx, newTag: \"2\"}]\npatches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 2}]'\n";
    let text = all.join("---\n");
    let started = std::time::Instant::now();
    let out = rendered(&[("kustomization.yaml", kustomization), ("all.yaml", &text)], ".").unwrap();
    assert_eq!(out.matches("replicas: 2").count(), 2000);
    // Without optimisation, on a busy machine; anything quadratic takes minutes.
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

/// Lines of which kustomizations, patches and replacements are made.
const LINES: [&str; 40] = [
    "resources: [web.yaml]\n",
    "namePrefix: p-\n",
    "namespace: prod\n",
    "labels:\n- pairs: {a: b}\n  includeSelectors: true\n",
    "images:\n- name: nginx\n",
    "  newTag: \"2\"\n",
    "replicas:\n- name: web\n  count: 3\n",
    "patches:\n",
    "- target: {kind: Deployment}\n",
    "- target: {kind: \"(\"}\n",
    "  patch: |-\n",
    "    - op: add\n      path: /spec/template/spec/containers/-1/x\n      value: [1]\n",
    "    - op: move\n      from: /spec\n      path: /spec/template\n",
    "    - op: test\n      path: ''\n      value: null\n",
    "    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n",
    "    spec: {template: {spec: {containers: [{name: main, $patch: delete}]}}}\n",
    "    spec: {template: {spec: {containers: [{$patch: replace}, {name: b}, 1, null]}}}\n",
    "    $patch: replace\n",
    "    spec: null\n",
    "replacements:\n",
    "- source: {kind: Deployment, fieldPath: spec.template.spec.containers.0.image}\n",
    "- sourceValue: v\n",
    "  targets:\n  - select: {kind: Deployment}\n",
    "    fieldPaths: [\"spec.template.spec.containers.[name=main].image\"]\n",
    "    fieldPaths: [\"spec.*.x\", \"metadata.annotations.a\\\\.b\", \"spec.template.[=]\"]\n",
    "    options: {create: true, delimiter: \":\", index: -1}\n",
    "    options: {create: true}\n",
    "configMapGenerator:\n- name: settings\n  literals: [a=b]\n",
    "  behavior: merge\n",
    "vars:\n- name: V\n  objref: {kind: Deployment, name: web, apiVersion: apps/v1}\n",
    "sortOptions: {order: legacy}\n",
    "buildMetadata: [originAnnotations, transformerAnnotations]\n",
    "transformers:\n- |-\n  apiVersion: builtin\n  kind: ValueAddTransformer\n  metadata: {name: x}\n",
    "  targets: [{fieldPath: metadata/labels/x}]\n",
    "components: [.]\n",
    "openapi: {path: web.yaml}\n",
    "crds: [web.yaml]\n",
    "configurations: [web.yaml]\n",
    "commonAnnotations: {a: b}\n",
    "secretGenerator: [{name: s, files: [web.yaml]}]\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_kustomization_makes_a_build_panic(
        lines in prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..12),
    ) {
        let text = format!("resources: [web.yaml]\n{}", lines.concat());
        let _ = rendered(&[("kustomization.yaml", &text), ("web.yaml", DEPLOYMENT)], ".");
    }

    #[test]
    fn no_text_makes_a_build_panic(kustomization in any::<String>(), resource in "[-a:\n {}\\[\\]\"$|>0-9#&*!]{0,80}") {
        let _ = rendered(&[("kustomization.yaml", &kustomization), ("web.yaml", &resource)], ".");
        let _ = rendered(&[("kustomization.yaml", "resources: [web.yaml]\n"), ("web.yaml", &resource)], ".");
        let patch = "resources: [web.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n";
        let files = [("kustomization.yaml", patch), ("web.yaml", DEPLOYMENT), ("p.yaml", &resource)];
        let _ = rendered(&files, ".");
    }

    #[test]
    fn edits_keep_a_kustomization_readable(path in "[a-z./-]{1,12}", namespace in "[ -~]{1,12}") {
        use inhaul_kustomize::edit::{add_resource, set_namespace};
        let text = "# head\nresources:\n- a.yaml # x\nnamespace: n\n";
        let edited = set_namespace(&add_resource(text, &path).unwrap(), &namespace).unwrap();
        let data = inhaul_yaml::from_str(&edited, inhaul_yaml::Dialect::GoV2).unwrap();
        prop_assert_eq!(&data["namespace"], &namespace);
        prop_assert!(data["resources"].as_array().unwrap().contains(&path.into()));
    }
}
