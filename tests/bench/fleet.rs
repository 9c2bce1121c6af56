//! 500 Kustomizations of 10 objects from one repository, and a commit that touches one of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{Cluster, for_each, kustomization, kustomization_path};
use crate::operator::Operator;
use crate::report::Report;
use crate::repository::{Repository, config_map};

const APPS: usize = 500;
const OBJECTS: usize = 10;

pub(crate) async fn run(report: &mut Report) {
    let cluster = Cluster::connect().await;
    let bare = bare_client(&cluster).await;
    report.tell("500 x 10: a bare client with the same writes", bare.as_secs_f64(), "s");
    let operator = Operator::start(&cluster).await;
    let repository = Repository::create("fleet");
    for app in 0..APPS {
        for object in 0..OBJECTS {
            let name = format!("app-{app}-{object}");
            repository.write(&format!("app-{app}/{name}.yaml"), &config_map(&name, "1"));
        }
    }
    let revision = repository.push();
    cluster.ensure_namespace("fleet").await;
    cluster.git_repository("fleet", &repository.url).await;
    cluster.fetched("fleet", &revision).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let names: Vec<String> = (0..APPS).map(name).collect();
    let (cpu, requests, started) = (operator.cpu(), operator.requests().await, Instant::now());
    for_each(0..APPS, |app| {
        let cluster = cluster.clone();
        async move {
            let spec = json!({"path": format!("./app-{app}")});
            cluster.kustomization(&name(app), "fleet", "fleet", &spec).await;
        }
    })
    .await;
    cluster.all_ready(&names, &revision, Duration::from_secs(280)).await;
    let took = started.elapsed();
    // Until the last events are written.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = |value: f64| value / APPS as f64;
    report.below("500 x 10: from creation to all Ready", took.as_secs_f64(), 25.0, "s");
    report.below("500 x 10: times a bare client", took.as_secs_f64() / bare.as_secs_f64(), 1.5, "");
    report.below(
        "500 x 10: CPU per Kustomization",
        each((operator.cpu() - cpu).as_secs_f64() * 1000.0),
        10.0,
        "ms",
    );
    report.below(
        "500 x 10: requests per Kustomization",
        each(operator.requests().await - requests),
        25.0,
        "",
    );
    report.below("500 x 10: peak memory", operator.peak_memory(), 100.0, "MiB");
    tokio::time::sleep(Duration::from_secs(3)).await;
    touch_one(&cluster, &operator, &repository, &names, report).await;
}

fn name(app: usize) -> String {
    format!("fleet-{app}")
}

async fn touch_one(
    cluster: &Cluster,
    operator: &Operator,
    repository: &Repository,
    names: &[String],
    report: &mut Report,
) {
    repository.write("app-377/app-377-5.yaml", &config_map("app-377-5", "touched"));
    let revision = repository.push();
    let (cpu, requests) = (operator.cpu(), operator.requests().await);
    let watching = cluster.clone();
    let visible = tokio::spawn(async move {
        let touched = |object: k8s_openapi::api::core::v1::ConfigMap| {
            object.data.unwrap_or_default().get("key").is_some_and(|value| value == "touched")
        };
        watching.watch_config_maps("fleet", touched).await;
        Instant::now()
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.poke("fleet").await;
    cluster.fetched("fleet", &revision).await;
    let fetched = Instant::now();
    cluster.all_ready(names, &revision, Duration::from_secs(280)).await;
    let all = fetched.elapsed().as_secs_f64();
    let visible = visible.await.expect("the watch goes on").saturating_duration_since(fetched);
    tokio::time::sleep(Duration::from_secs(1)).await;
    report.below(
        "a commit to 1 of 500: visible after",
        visible.as_secs_f64() * 1000.0,
        500.0,
        "ms",
    );
    report.below("a commit to 1 of 500: all at the new revision after", all, 5.0, "s");
    report.below("a commit to 1 of 500: CPU", (operator.cpu() - cpu).as_secs_f64(), 2.0, "s");
    report.tell("a commit to 1 of 500: requests", operator.requests().await - requests, "");
}

/// What the operator writes, without the operator: for each app a finalizer, the objects, the status twice, and two
/// events. No trial before a write, no look at anything.
async fn bare_client(cluster: &Cluster) -> Duration {
    cluster.ensure_namespace("flux-system").await;
    cluster.ensure_namespace("bare").await;
    let started = Instant::now();
    for_each(0..APPS, |app| {
        let cluster = cluster.clone();
        async move { bare_app(&cluster, app).await }
    })
    .await;
    let took = started.elapsed();
    for_each(0..APPS, |app| {
        let cluster = cluster.clone();
        async move {
            let path = kustomization_path(&format!("bare-{app}"));
            cluster.merge(&path, &json!({"metadata": {"finalizers": null}})).await;
            cluster.delete(&path).await;
        }
    })
    .await;
    took
}

async fn bare_app(cluster: &Cluster, app: usize) {
    let name = format!("bare-{app}");
    let path = kustomization_path(&name);
    let object = kustomization(&name, "bare", "bare", &json!({"suspend": true}));
    cluster.apply(&path, &object).await;
    cluster.merge(&path, &json!({"metadata": {"finalizers": ["finalizers.fluxcd.io"]}})).await;
    let entries: Vec<Value> = (0..OBJECTS)
        .map(|object| json!({"id": format!("bare_app-{app}-{object}__ConfigMap"), "v": "v1"}))
        .collect();
    let status = json!({"status": {
        "inventory": {"entries": entries}, "lastAttemptedRevision": "main@sha1:0",
        "conditions": [condition("Reconciling", "applying"), condition("Ready", "in progress")]}});
    cluster.merge(&format!("{path}/status"), &status).await;
    let writes = (0..OBJECTS).map(|object| {
        let name = format!("app-{app}-{object}");
        let labels = json!({
            "app.kubernetes.io/part-of": "bench", "kustomize.toolkit.fluxcd.io/name": format!("fleet-{app}"),
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "bare", "labels": labels},
            "data": {"key": "1", "text": "lorem ipsum dolor ".repeat(8)}});
        let path = format!("/api/v1/namespaces/bare/configmaps/{name}");
        async move { cluster.apply(&path, &object).await }
    });
    for write in writes {
        write.await;
    }
    for reason in ["Progressing", "ReconciliationSucceeded"] {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "reason": reason, "message": "done", "type": "Normal",
            "metadata": {"name": format!("{name}.{}", reason.to_lowercase()), "namespace": "flux-system"},
            "involvedObject": {"kind": "Kustomization", "name": name, "namespace": "flux-system"}});
        cluster
            .send("POST", "/api/v1/namespaces/flux-system/events", "application/json", &event)
            .await;
    }
    let status = json!({"status": {
        "lastAppliedRevision": "main@sha1:0", "observedGeneration": 1,
        "conditions": [condition("Ready", "applied revision")]}});
    cluster.merge(&format!("{path}/status"), &status).await;
}

fn condition(kind: &str, message: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": "Bench", "message": message,
           "lastTransitionTime": "2026-01-01T00:00:00Z"})
}
