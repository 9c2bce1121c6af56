//! Repositories that attack: nothing outside the tree is read, nothing secret is said.

use serde_json::{Value, json};

use crate::support::{Change, Space, behaviour, canary_file, config_map, eventually, link, write};

const CANARY: &str = "c4n4ry-of-the-operators-machine";

/// A kustomization.yaml whose field names `PATH`.
const FIELDS: [(&str, &str); 14] = [
    ("resources", "resources: [PATH]\n"),
    ("bases", "bases: [PATH]\n"),
    ("components", "components: [PATH]\n"),
    ("patches", "resources: [a.yaml]\npatches: [{path: PATH, target: {kind: ConfigMap}}]\n"),
    ("merges", "resources: [a.yaml]\npatchesStrategicMerge: [PATH]\n"),
    (
        "patches-json",
        "resources: [a.yaml]\npatchesJson6902: [{path: PATH, target: {version: v1, kind: ConfigMap, name: a}}]\n",
    ),
    ("files", "configMapGenerator: [{name: g, files: [PATH]}]\n"),
    ("keyed-files", "configMapGenerator: [{name: g, files: ['key=PATH']}]\n"),
    ("envs", "configMapGenerator: [{name: g, envs: [PATH]}]\n"),
    ("secret-files", "secretGenerator: [{name: g, files: [PATH]}]\n"),
    ("secret-envs", "secretGenerator: [{name: g, envs: [PATH]}]\n"),
    ("replacements", "resources: [a.yaml]\nreplacements: [{path: PATH}]\n"),
    ("openapi", "resources: [a.yaml]\nopenapi: {path: PATH}\n"),
    ("crds", "resources: [a.yaml]\ncrds: [PATH]\n"),
];

/// S03: every field that names a file, with every way to leave the tree.
#[test]
fn s03_no_field_reads_outside_the_tree() {
    behaviour("s03").run(async |space| {
        let canary = canary_file(CANARY);
        let up = format!("{}{canary}", "../".repeat(12).trim_end_matches('/'));
        let mut files: Vec<Change> = vec![write("good/good.yaml", config_map("good", "1"))];
        let mut names = Vec::new();
        for (field, text) in FIELDS {
            for (way, path) in [("up", up.as_str()), ("absolute", canary.as_str()), ("link", "link"), ("dangling", "dangling")] {
                let name = format!("{field}-{way}");
                files.push(write(format!("{name}/kustomization.yaml"), text.replace("PATH", path)));
                files.push(write(format!("{name}/a.yaml"), config_map("a", "1")));
                match way {
                    "link" => files.push(link(format!("{name}/link"), &canary)),
                    "dangling" => files.push(link(format!("{name}/dangling"), "nowhere")),
                    _ => {}
                }
                names.push(name);
            }
        }
        let repository = space.repository("app", &files);
        space.git_repository("app", &repository, json!({})).await;
        for name in &names {
            let spec = json!({"path": format!("./{name}"), "sourceRef": {"name": "app"}, "retryInterval": "10m"});
            space.kustomization(name, spec).await;
        }
        space.kustomization("good", json!({"path": "./good", "sourceRef": {"name": "app"}})).await;
        for name in &names {
            space.refused("Kustomization", name, "BuildFailed", &[]).await;
        }
        space.synced("good", &repository.revision()).await;
        said_nowhere(space, CANARY).await;
    });
}

#[test]
fn s03_the_spec_cannot_leave_the_tree_either() {
    behaviour("s03-spec").run(async |space| {
        let files = [
            write("app/a.yaml", config_map("a", "1")),
            write("linked/kustomization.yaml", "resources: [a.yaml]\n"),
            link("linked/a.yaml", "/etc/hostname"),
            link("out", "/etc"),
        ];
        let repository = space.repository("app", &files);
        space.git_repository("app", &repository, json!({})).await;
        for (name, path, reason) in [
            ("up", "../../../../../../../../etc", "ArtifactFailed"),
            ("absolute", "/etc", "ArtifactFailed"),
            ("link", "./out", "ArtifactFailed"),
            ("linked-file", "./linked", "BuildFailed"),
        ] {
            space.kustomization(name, json!({"path": path, "sourceRef": {"name": "app"}})).await;
            space.refused("Kustomization", name, reason, &[]).await;
        }
        let components =
            json!({"path": "./app", "sourceRef": {"name": "app"}, "components": ["../../../etc"]});
        space.kustomization("component", components).await;
        space.refused("Kustomization", "component", "BuildFailed", &[]).await;
    });
}

/// No status, event, object, metric or log line of this namespace holds the text.
async fn said_nowhere(space: &Space, secret: &str) {
    for kind in ["Kustomization", "GitRepository", "ConfigMap", "Event"] {
        for object in space.cluster.list(kind, &space.namespace).await {
            let mut object = object;
            // What the user wrote into the spec is the user's.
            object["spec"] = Value::Null;
            assert!(!object.to_string().contains(secret), "{kind} shows it: {object}");
        }
    }
    let operator = space.operator();
    for event in operator.events.events_in(&space.namespace) {
        assert!(!event.to_string().contains(secret), "a notification shows it: {event}");
    }
    assert!(!operator.metrics().await.contains(secret), "a metric shows it");
    let log = operator.log_text();
    let line = log.lines().find(|line| line.contains(secret));
    assert!(line.is_none(), "the log shows it: {line:?}");
}

/// S08: trees that no honest Git writes. The revision is refused or its paths stay inside the tree; the files beside
/// the operator's storage are as they were.
#[test]
fn s08_hostile_trees_write_nothing_and_stop_nobody() {
    behaviour("s08").own_operator().run(async |space| {
        let sentinel = space.operator().storage().parent().expect("it has one").join("sentinel");
        std::fs::write(&sentinel, "untouched").expect("the run's directory is writable");
        let repository = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        let blob = repository.blob(&config_map("evil", "1"));
        let escape = repository.blob("../../../../../sentinel");
        let trees: [&[(&str, &str, &str)]; 8] = [
            &[("100644", "..", &blob)],
            &[("100644", ".git", &blob)],
            &[("100644", ".GIT", &blob)],
            &[("100644", "a/b.yaml", &blob)],
            &[("100644", "../sentinel", &blob)],
            &[("100644", "a.yaml", &blob), ("100644", "a.yaml", &blob)],
            &[("120000", "a.yaml", &escape), ("100644", "b.yaml", &blob)],
            &[
                ("160000", "sub", "0123456789012345678901234567890123456789"),
                ("100644", "sub2.yaml", &blob),
            ],
        ];
        for (number, tree) in trees.into_iter().enumerate() {
            let bad = space
                .repository(&format!("tree-{number}"), &[write("a.yaml", config_map("a", "1"))]);
            let blobs = [bad.blob(&config_map("evil", "1")), bad.blob("../../../../../sentinel")];
            assert_eq!(blobs, [blob.clone(), escape.clone()], "an id depends on the content only");
            bad.commit_raw_tree(tree);
            space.git_repository(&format!("tree-{number}"), &bad, json!({})).await;
        }
        for number in 0..trees.len() {
            eventually(&format!("tree {number} is refused or taken"), async || {
                let object = space.find("GitRepository", &format!("tree-{number}")).await;
                let text = object["status"].to_string();
                let decided =
                    text.contains("\"type\":\"Ready\"") && !text.contains("Progressing\"");
                decided.then_some(()).ok_or(text)
            })
            .await;
        }
        for number in 0..5 {
            let object = space.find("GitRepository", &format!("tree-{number}")).await;
            assert!(
                object["status"]["artifact"].is_null(),
                "tree {number} must not become an artifact: {object}"
            );
        }
        space.git_repository("app", &repository, json!({})).await;
        space.kustomization("app", json!({})).await;
        space.synced("app", &repository.revision()).await;
        assert_eq!(std::fs::read_to_string(sentinel).expect("it is there"), "untouched");
        assert!(space.own_operator().is_running());
    });
}

/// S20: credentials, and secrets in the repository, appear nowhere, whatever fails, even at the finest log level.
#[test]
fn s20_secrets_are_never_said() {
    const SECRET: &str = "s3cr3t-c4n4ry";
    behaviour("s20").flags(&["--log-level=trace"]).run(async |space| {
        let broken = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: typed}}\nstringData: {{key: [{SECRET}]}}\n");
        let not_encoded = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: data}}\ndata: {{key: '{SECRET}!'}}\n");
        let unknown = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: field}}\nstringDatum: {{key: {SECRET}}}\n");
        let no_yaml = format!("apiVersion: v1\nkind: Secret\nstringData:\n  key: {SECRET}\n bad: indentation\n");
        let files = [
            write("typed/s.yaml", broken),
            write("encoded/s.yaml", not_encoded),
            write("unknown/s.yaml", unknown),
            write("yaml/s.yaml", no_yaml),
            write("good/a.yaml", config_map("a", "1")),
        ];
        let app = space.repository("app", &files);
        app.fail("basic", json!({"user": "u", "password": SECRET})).await;
        let secret = |name: &str, data: Value| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": space.namespace}, "stringData": data})
        };
        space.cluster.create(&secret("right", json!({"username": "u", "password": SECRET}))).await;
        space.cluster.create(&secret("wrong", json!({"username": "u", "password": format!("{SECRET}-wrong")}))).await;
        space.cluster.create(&secret("token", json!({"bearerToken": SECRET}))).await;
        space.cluster.create(&secret("ca", json!({"username": "u", "password": SECRET, "ca.crt": SECRET}))).await;
        space.git_repository("app", &app, json!({"secretRef": {"name": "right"}})).await;
        for name in ["wrong", "token", "ca"] {
            space.git_repository(name, &app, json!({"secretRef": {"name": name}})).await;
        }
        let url = app.url.replace("http://", &format!("http://u:{SECRET}@"));
        space.git_repository("address", &app, json!({"url": url})).await;
        for name in ["typed", "encoded", "unknown", "yaml", "good"] {
            space.kustomization(name, json!({"path": format!("./{name}"), "sourceRef": {"name": "app"}})).await;
        }
        space.synced("good", &app.revision()).await;
        for (name, reason) in [("typed", "ReconciliationFailed"), ("encoded", "ReconciliationFailed"), ("yaml", "BuildFailed")] {
            space.refused("Kustomization", name, reason, &[]).await;
        }
        for name in ["wrong", "token"] {
            space.refused("GitRepository", name, "AuthenticationFailed", &[]).await;
        }
        app.fail("status", json!({"status": 500})).await;
        space.reconcile("GitRepository", "app").await;
        space.refused("GitRepository", "app", "GitOperationFailed", &["500"]).await;
        app.fail("redirect", json!({"location": "http://127.0.0.1:1"})).await;
        space.reconcile("GitRepository", "app").await;
        space.refused("GitRepository", "app", "GitOperationFailed", &[]).await;
        said_nowhere(space, SECRET).await;
    });
}
