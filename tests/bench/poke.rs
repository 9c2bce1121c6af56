//! From a push, with a poke at the source, until the change is in the cluster.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;

use crate::cluster::Cluster;
use crate::operator::Operator;
use crate::report::Report;
use crate::repository::{Repository, config_map};
use crate::statistics::percentile;

const COMMITS: usize = 25;

pub(crate) async fn run(report: &mut Report) {
    let cluster = Cluster::connect().await;
    let _operator = Operator::start(&cluster).await;
    let repository = Repository::create("poke");
    for name in ["a", "b", "c"] {
        repository.write(&format!("{name}.yaml"), &config_map(name, "0"));
    }
    let revision = repository.push();
    cluster.ensure_namespace("poke").await;
    cluster.git_repository("poke", &repository.url).await;
    cluster.kustomization("poke", "poke", "poke", &json!({})).await;
    cluster.all_ready(&["poke".to_owned()], &revision, Duration::from_secs(60)).await;
    let (seen, mut values) = mpsc::unbounded_channel();
    let watching = cluster.clone();
    let watch = tokio::spawn(async move {
        let tell = |object: k8s_openapi::api::core::v1::ConfigMap| {
            let value = object.data.unwrap_or_default().remove("key").unwrap_or_default();
            object.metadata.name.as_deref() == Some("a")
                && seen.send((value, Instant::now())).is_err()
        };
        watching.watch_config_maps("poke", tell).await;
    });
    let mut times = Vec::new();
    for commit in 1..=COMMITS {
        repository.write("a.yaml", &config_map("a", &commit.to_string()));
        repository.push();
        let started = Instant::now();
        cluster.poke("poke").await;
        let applied = async {
            loop {
                let (value, at) = values.recv().await.expect("the watch goes on");
                if value == commit.to_string() {
                    return at;
                }
            }
        };
        let at = tokio::time::timeout(Duration::from_secs(30), applied).await;
        times.push(at.expect("a commit is applied within 30 s") - started);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    watch.abort();
    report.below("commit to applied, with a poke: median", percentile(&mut times, 50), 100.0, "ms");
    report.tell("commit to applied, with a poke: p90", percentile(&mut times, 90), "ms");
}
