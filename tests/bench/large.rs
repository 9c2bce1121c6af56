//! 10,000 objects in one Kustomization.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{Cluster, for_each, kustomization_path};
use crate::operator::Operator;
use crate::report::Report;
use crate::repository::{Repository, config_map};

const FILES: usize = 100;
const OBJECTS: usize = 100;
const LEAVE: usize = 30;

pub(crate) async fn run(report: &mut Report) {
    let cluster = Cluster::connect().await;
    let bare = bare_client(&cluster).await.as_secs_f64();
    report.tell("10,000 objects: a bare client", bare, "s");
    let operator = Operator::start(&cluster).await;
    let repository = Repository::create("large");
    for file in 0..FILES {
        let objects: Vec<String> = (0..OBJECTS)
            .map(|object| config_map(&format!("o-{file}-{object}"), "declared"))
            .collect();
        repository.write(&format!("all/{file}.yaml"), &objects.join("---\n"));
        // Long names: an inventory of these does not fit into a status.
        let long = "x".repeat(120);
        let objects: Vec<String> = (0..OBJECTS)
            .map(|object| config_map(&format!("{long}-{file}-{object}"), "declared"))
            .collect();
        repository.write(&format!("too-long/{file}.yaml"), &objects.join("---\n"));
    }
    let revision = repository.push();
    cluster.ensure_namespace("large").await;
    cluster.git_repository("large", &repository.url).await;
    cluster.fetched("large", &revision).await;
    let names = ["large".to_owned()];
    let limit = Duration::from_secs(280);
    let (started, cpu) = (Instant::now(), operator.cpu());
    let spec = json!({"path": "./all"});
    let create = cluster.kustomization("large", "large", "large", &spec);
    let (changes, ()) = tokio::join!(cluster.all_ready(&names, &revision, limit), create);
    let took = started.elapsed().as_secs_f64();
    report.tell("10,000 objects: applied after", took, "s");
    report.tell("10,000 objects: times a bare client", took / bare, "");
    report.tell("10,000 objects: CPU", (operator.cpu() - cpu).as_secs_f64(), "s");
    // It was created, and got its finalizer; the rest are writes of the status.
    report.below(
        "10,000 objects: status writes of the run",
        changes.saturating_sub(2) as f64,
        3.0,
        "",
    );
    report.tell("10,000 objects: peak memory", operator.peak_memory(), "MiB");
    tokio::time::sleep(Duration::from_secs(3)).await;
    put_back(&cluster, report).await;
    prune(&cluster, &repository, report).await;
    refuse(&cluster, report).await;
}

async fn put_back(cluster: &Cluster, report: &mut Report) {
    let path = "/api/v1/namespaces/large/configmaps/o-50-50";
    cluster.merge(path, &json!({"data": {"key": "by hand"}})).await;
    let took = until(async || {
        let object = cluster.get(path).await.unwrap_or_default();
        object["data"]["key"] == "declared"
    })
    .await;
    report.below(
        "10,000 objects: an edit is put back after",
        took.as_secs_f64() * 1000.0,
        500.0,
        "ms",
    );
}

async fn prune(cluster: &Cluster, repository: &Repository, report: &mut Report) {
    for file in 0..LEAVE {
        repository.remove(&format!("all/{file}.yaml"));
    }
    let revision = repository.push();
    cluster.poke("large").await;
    let started = Instant::now();
    cluster.all_ready(&["large".to_owned()], &revision, Duration::from_secs(280)).await;
    report.tell("10,000 objects: 3,000 of them pruned after", started.elapsed().as_secs_f64(), "s");
    let gone = cluster.get("/api/v1/namespaces/large/configmaps/o-0-0").await.is_none();
    let kept = cluster.get("/api/v1/namespaces/large/configmaps/o-99-99").await.is_some();
    report.holds("10,000 objects: what left is gone, the rest is there", gone && kept);
}

async fn refuse(cluster: &Cluster, report: &mut Report) {
    cluster.ensure_namespace("too-large").await;
    cluster.kustomization("too-large", "large", "too-large", &json!({"path": "./too-long"})).await;
    let path = kustomization_path("too-large");
    until(async || {
        let object = cluster.get(&path).await.unwrap_or_default();
        object["status"]["conditions"].to_string().contains("too many for one Kustomization")
    })
    .await;
    let list =
        cluster.get("/api/v1/namespaces/too-large/configmaps?limit=5").await.unwrap_or_default();
    let applied = list["items"].as_array().into_iter().flatten();
    let applied = applied.filter(|item| item["metadata"]["name"] != "kube-root-ca.crt").count();
    report.holds("an inventory that would not fit: nothing is applied", applied == 0);
}

async fn until(mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(120), "not after two minutes");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    started.elapsed()
}

async fn bare_client(cluster: &Cluster) -> Duration {
    cluster.ensure_namespace("bare-large").await;
    let started = Instant::now();
    for_each(0..FILES * OBJECTS, |number| {
        let cluster = cluster.clone();
        async move {
            let (name, namespace) = (format!("o-{number}"), "bare-large");
            let object: Value = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
                "data": {"key": "declared", "text": "lorem ipsum dolor ".repeat(8)}});
            cluster.apply(&format!("/api/v1/namespaces/{namespace}/configmaps/{name}"), &object).await;
        }
    })
    .await;
    started.elapsed()
}
