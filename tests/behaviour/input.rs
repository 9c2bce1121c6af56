//! Bad input: a clear error that names the offender, and nothing changes.

use serde_json::{Value, json};

use crate::support::{Change, Space, behaviour, config_map, write};

/// One mistake: the files in its own directory, and what the message must name.
struct Mistake {
    name: &'static str,
    files: Vec<Change>,
    reason: &'static str,
    names: &'static [&'static str],
}

impl Mistake {
    fn new(name: &'static str, names: &'static [&'static str], files: &[(&str, &str)]) -> Self {
        let files =
            files.iter().map(|(path, content)| write(format!("{name}/{path}"), *content)).collect();
        Self { name, files, reason: "BuildFailed", names }
    }

    fn refused_when_applied(mut self) -> Self {
        self.reason = "ReconciliationFailed";
        self
    }
}

/// One Kustomization for each mistake, all at the same time, beside one that is in order.
async fn each_is_refused(space: &Space, mistakes: Vec<Mistake>) {
    let mut files = vec![write("good/good.yaml", config_map("good", "1"))];
    let mut expected = Vec::new();
    for mistake in mistakes {
        files.extend(mistake.files);
        expected.push((mistake.name, mistake.reason, mistake.names));
    }
    let repository = space.repository("app", &files);
    space.git_repository("app", &repository, json!({})).await;
    for (name, ..) in &expected {
        let spec = json!({"path": format!("./{name}"), "sourceRef": {"name": "app"}, "retryInterval": "10m"});
        space.kustomization(name, spec).await;
    }
    space.kustomization("good", json!({"path": "./good", "sourceRef": {"name": "app"}})).await;
    for (name, reason, names) in expected {
        space.refused("Kustomization", name, reason, names).await;
    }
    space.synced("good", &repository.revision()).await;
    let maps = space.cluster.list("ConfigMap", &space.namespace).await;
    let name = |map: &Value| map["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let unexpected: Vec<String> =
        maps.iter().map(name).filter(|name| name != "good" && name != "kube-root-ca.crt").collect();
    assert!(unexpected.is_empty(), "nothing of a mistake is applied: {unexpected:?}");
}

#[test]
fn b04_mistakes_in_a_kustomization_are_named() {
    const WRONG_VERSION: &str =
        "apiVersion: example.com/v9\nkind: Kustomization\nresources: [a.yaml]\n";
    const CLASH: &str =
        "configMapGenerator:\n- {name: g, literals: [a=b]}\n- {name: g, literals: [c=d]}\n";
    const NO_TARGET: &str = "resources: [a.yaml]\npatches:\n- patch: |-\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: zzz}, data: {a: b}}\n";
    let a = config_map("a", "1");
    let file = |name, names, text: &str| {
        Mistake::new(name, names, &[("kustomization.yaml", text), ("a.yaml", &a)])
    };
    let plain = "resources: [a.yaml]\n";
    let both = [("kustomization.yaml", plain), ("kustomization.yml", plain), ("a.yaml", &a)];
    let twice =
        [("kustomization.yaml", "resources: [a.yaml, b.yaml]\n"), ("a.yaml", &a), ("b.yaml", &a)];
    let no_yaml = [("kustomization.yaml", plain), ("a.yaml", "kind: [\n")];
    let mistakes = vec![
        file("unknown-field", &["kustomization.yaml", "resuorces"], "resuorces: [a.yaml]\n"),
        file("wrong-version", &["kustomization.yaml", "apiVersion"], WRONG_VERSION),
        file("missing-file", &["absent.yaml"], "resources: [absent.yaml]\n"),
        file("patch-target", &["zzz"], NO_TARGET),
        file("generator-clash", &["g"], CLASH),
        file("bad-image", &["images"], "resources: [a.yaml]\nimages: what\n"),
        Mistake::new("two-files", &["kustomization.yaml", "kustomization.yml"], &both),
        Mistake::new("duplicate", &["ConfigMap", "a"], &twice),
        Mistake::new("bad-yaml", &["a.yaml"], &no_yaml),
    ];
    behaviour("b04").run(async |space| each_is_refused(space, mistakes).await);
}

#[test]
fn b13_objects_that_cannot_be_applied_are_named() {
    let long = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: huge}}\ndata: {{key: {}}}\n",
        "x".repeat(1_400_000)
    );
    let too_long_name = config_map(&"n".repeat(300), "1");
    let mistakes = vec![
        Mistake::new(
            "no-kind",
            &["a.yaml", "kind"],
            &[("a.yaml", "apiVersion: v1\nmetadata: {name: a}\n")],
        ),
        Mistake::new(
            "no-name",
            &["a.yaml", "name"],
            &[("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")],
        ),
        Mistake::new(
            "generate-name",
            &["generateName"],
            &[("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n")],
        ),
        Mistake::new(
            "unknown-kind",
            &["Gizmo/", "gizmo"],
            &[("a.yaml", "apiVersion: example.com/v1\nkind: Gizmo\nmetadata: {name: gizmo}\n")],
        )
        .refused_when_applied(),
        Mistake::new(
            "upper-case",
            &["ConfigMap/", "UPPER"],
            &[("a.yaml", &config_map("UPPER", "1"))],
        )
        .refused_when_applied(),
        Mistake::new("long-name", &["ConfigMap/"], &[("a.yaml", &too_long_name)])
            .refused_when_applied(),
        Mistake::new("huge", &["ConfigMap/", "huge"], &[("a.yaml", &long)]).refused_when_applied(),
        Mistake::new(
            "wrong-type",
            &["ConfigMap/", "typed"],
            &[(
                "a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typed}\ndata: {key: [1]}\n",
            )],
        )
        .refused_when_applied(),
    ];
    behaviour("b13").run(async |space| each_is_refused(space, mistakes).await);
}

#[test]
fn b13_lists_and_fields_of_the_server_are_accepted() {
    let list = "apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
";
    let service = "apiVersion: v1
kind: Service
metadata:
  name: web
  creationTimestamp: null
spec:
  selector: {app: web}
  ports: [{port: 80}]
status:
  loadBalancer: {}
";
    behaviour("b13-accepted").run(async |space| {
        space.app(&[write("list.yaml", list), write("service.yaml", service)], json!({})).await;
        space.find("ConfigMap", "one").await;
        space.find("ConfigMap", "two").await;
        space.find("Service", "web").await;
    });
}

/// B11, K12: whatever stands in an annotation, the process lives and other apps are served, also after a restart.
#[test]
fn b11_k12_hostile_annotations_stop_nobody() {
    let values = [
        String::new(),
        "x".repeat(200_000),
        "NoSlash".into(),
        "[".repeat(50_000),
        "\u{0}\u{1b}[31m".into(),
    ];
    let keys = [
        "reconcile.fluxcd.io/requestedAt",
        "inhaul.dev/allow-prune",
        "inhaul.dev/drift",
        "inhaul.dev/report-until",
        "kustomize.toolkit.fluxcd.io/reconcile",
        "kustomize.toolkit.fluxcd.io/ssa",
        "kustomize.toolkit.fluxcd.io/prune",
        "event.toolkit.fluxcd.io/commit",
    ];
    behaviour("b11").own_operator().run(async |space| {
        let app =
            space.app(&[write("a.yaml", config_map("a", "1"))], json!({"interval": "3s"})).await;
        for value in values {
            for kind in ["Kustomization", "GitRepository", "ConfigMap"] {
                let name = if kind == "ConfigMap" { "a" } else { "app" };
                for key in keys {
                    let patch = json!({"metadata": {"annotations": {key: value}}});
                    space.edit(kind, name, patch).await;
                    space.edit(kind, name, json!({"metadata": {"annotations": {key: null}}})).await;
                }
                let all: Value = keys
                    .iter()
                    .take(1)
                    .map(|key| ((*key).to_owned(), json!(value)))
                    .collect::<serde_json::Map<_, _>>()
                    .into();
                space.edit(kind, name, json!({"metadata": {"annotations": all}})).await;
            }
        }
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        space.synced("app", &revision).await;
        space.own_operator().kill();
        space.own_operator().start_again().await;
        let revision = app.commit("three", &[write("a.yaml", config_map("a", "3"))]);
        space.synced("app", &revision).await;
        assert!(!space.operator().log_text().contains("panicked"), "nothing panicked");
    });
}

#[test]
fn k12_durations_that_overflow_stall_one_object_and_stop_nobody() {
    behaviour("k12").own_operator().run(async |space| {
        let app = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &app, json!({})).await;
        for (name, interval) in [("huge", "99999999999999h"), ("many", "9999999999999999999999999999s")] {
            let spec = json!({"interval": interval, "sourceRef": {"name": "app"}, "namePrefix": format!("{name}-")});
            space.kustomization(name, spec).await;
        }
        space.kustomization("app", json!({})).await;
        space.synced("app", &app.revision()).await;
        space.own_operator().kill();
        space.own_operator().start_again().await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "2"))]);
        space.synced("app", &revision).await;
        assert!(!space.operator().log_text().contains("panicked"), "nothing panicked");
    });
}

#[test]
fn an_unsupported_field_is_named() {
    behaviour("unsupported").run(async |space| {
        let app = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &app, json!({})).await;
        space.kustomization("app", json!({"decryption": {"provider": "sops"}})).await;
        space.refused("Kustomization", "app", "UnsupportedField", &["spec.decryption"]).await;
        assert!(
            space.get("ConfigMap", "a").await.is_none(),
            "nothing is applied as if the field were not there"
        );
        space.git_repository("source", &app, json!({"provider": "azure"})).await;
        space.refused("GitRepository", "source", "UnsupportedField", &["spec.provider"]).await;
    });
}
