//! Edits among 10,000 managed objects, and how long they last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::cluster::{Cluster, for_each};
use crate::operator::Operator;
use crate::report::Report;
use crate::repository::{Repository, config_map};
use crate::statistics::percentile;

const KUSTOMIZATIONS: usize = 100;
const OBJECTS: usize = 100;
const ALONE: usize = 100;
const PER_SECOND: u64 = 50;
const TOGETHER: usize = 500;

pub(crate) async fn run(report: &mut Report) {
    let cluster = Cluster::connect().await;
    let operator = Operator::start(&cluster).await;
    fill(&cluster).await;
    report.tell("10,000 objects in 100 Kustomizations: memory now", operator.memory_now(), "MiB");
    report.tell(
        "10,000 objects in 100 Kustomizations: memory, at most",
        operator.peak_memory(),
        "MiB",
    );
    let edits = Edits::watch(&cluster);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut alone = Vec::new();
    for number in 0..ALONE {
        let (app, object) = (number * 37 % KUSTOMIZATIONS, number * 61 % OBJECTS);
        alone.push(edits.edit(app, object).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    report.below("drift, one edit at a time: p50", percentile(&mut alone, 50), 100.0, "ms");
    report.below("drift, one edit at a time: p99", percentile(&mut alone, 99), 500.0, "ms");
    let (started, cpu) = (Instant::now(), operator.cpu());
    let mut waiting = Vec::new();
    let mut pace = tokio::time::interval(Duration::from_millis(1000 / PER_SECOND));
    for number in 0..TOGETHER {
        pace.tick().await;
        let edits = edits.clone();
        // A different object each time: the same one three times in five minutes is a fight.
        let (app, object) = (number % KUSTOMIZATIONS, 7 + number / KUSTOMIZATIONS * 11);
        waiting.push(tokio::spawn(async move { edits.edit(app, object).await }));
    }
    let mut together = Vec::new();
    for edit in waiting {
        together.push(edit.await.expect("an edit is put back"));
    }
    let rate = TOGETHER as f64 / started.elapsed().as_secs_f64();
    report.tell("drift, at a rate of", rate, "edits/s");
    report.tell("drift, p50", percentile(&mut together, 50), "ms");
    report.below("drift, p99", percentile(&mut together, 99), 1000.0, "ms");
    let each = (operator.cpu() - cpu).as_secs_f64() * 1000.0 / TOGETHER as f64;
    report.tell("drift, CPU per edit", each, "ms");
}

async fn fill(cluster: &Cluster) {
    let repository = Repository::create("drift");
    for app in 0..KUSTOMIZATIONS {
        let objects: Vec<String> =
            (0..OBJECTS).map(|object| config_map(&name(app, object), "declared")).collect();
        repository.write(&format!("app-{app}/all.yaml"), &objects.join("---\n"));
    }
    let revision = repository.push();
    cluster.ensure_namespace("drift").await;
    cluster.git_repository("drift", &repository.url).await;
    cluster.fetched("drift", &revision).await;
    for_each(0..KUSTOMIZATIONS, |app| {
        let cluster = cluster.clone();
        let (name, spec) = (format!("drift-{app}"), json!({"path": format!("./app-{app}")}));
        async move { cluster.kustomization(&name, "drift", "drift", &spec).await }
    })
    .await;
    let names: Vec<String> = (0..KUSTOMIZATIONS).map(|app| format!("drift-{app}")).collect();
    cluster.all_ready(&names, &revision, Duration::from_secs(280)).await;
}

fn name(app: usize, object: usize) -> String {
    format!("object-{app}-{object}")
}

/// Edits under way, by the name of the object.
#[derive(Clone)]
struct Edits {
    cluster: Cluster,
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Instant>>>>,
}

impl Edits {
    fn watch(cluster: &Cluster) -> Self {
        let edits = Self { cluster: cluster.clone(), waiting: Arc::default() };
        let watching = edits.clone();
        tokio::spawn(async move {
            let seen = |object: k8s_openapi::api::core::v1::ConfigMap| {
                let now = Instant::now();
                let restored = object
                    .data
                    .as_ref()
                    .and_then(|data| data.get("key"))
                    .is_some_and(|v| v == "declared");
                let name = object.metadata.name.unwrap_or_default();
                let mut waiting = watching.waiting.lock().expect("no holder panics");
                if restored && let Some(tell) = waiting.remove(&name) {
                    let _ = tell.send(now);
                }
                false
            };
            watching.cluster.watch_config_maps("drift", seen).await;
        });
        edits
    }

    /// Edits an object; answers how long after the edit's answer it was put back.
    async fn edit(&self, app: usize, object: usize) -> Duration {
        let name = name(app, object);
        let path = format!("/api/v1/namespaces/drift/configmaps/{name}");
        let patch: Value = json!({"data": {"key": "by hand"}});
        let (tell, told) = oneshot::channel();
        self.cluster.merge(&path, &patch).await;
        let answered = Instant::now();
        self.waiting.lock().expect("no holder panics").insert(name.clone(), tell);
        // It may have been put back before anybody waited for it.
        if self.cluster.get(&path).await.is_some_and(|now| now["data"]["key"] == "declared")
            && self.waiting.lock().expect("no holder panics").remove(&name).is_some()
        {
            return answered.elapsed();
        }
        let put_back = tokio::time::timeout(Duration::from_secs(60), told).await;
        let put_back = put_back.unwrap_or_else(|_| panic!("{name} is not put back after 60 s"));
        put_back.map_or_else(|_| answered.elapsed(), |at| at.saturating_duration_since(answered))
    }
}
