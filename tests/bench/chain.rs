//! A chain of 20 Kustomizations, each of which depends on the one before.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{Cluster, for_each};
use crate::operator::Operator;
use crate::report::Report;
use crate::repository::{Repository, config_map};

const LINKS: usize = 20;

pub(crate) async fn run(report: &mut Report) {
    let cluster = Cluster::connect().await;
    let _operator = Operator::start(&cluster).await;
    let repository = Repository::create("chain");
    for number in 0..LINKS {
        for kind in ["free", "link"] {
            let name = format!("{kind}-{number}");
            repository.write(&format!("{name}/{name}.yaml"), &config_map(&name, "1"));
        }
    }
    let revision = repository.push();
    cluster.ensure_namespace("chain").await;
    cluster.git_repository("chain", &repository.url).await;
    cluster.fetched("chain", &revision).await;
    let free = create(&cluster, "free", &revision).await;
    let chained = create(&cluster, "link", &revision).await;
    report.tell("20 Kustomizations, independent", free.as_secs_f64(), "s");
    report.tell("20 Kustomizations, each depending on the one before", chained.as_secs_f64(), "s");
    let more = chained.saturating_sub(free).as_secs_f64();
    report.below("a chain of 20 dependsOn takes longer by", more, 3.0, "s");
}

/// The last link is created first: it waits longest.
async fn create(cluster: &Cluster, kind: &str, revision: &str) -> Duration {
    let names: Vec<String> = (0..LINKS).map(|number| format!("{kind}-{number}")).collect();
    let started = std::time::Instant::now();
    for_each((0..LINKS).rev(), |number| {
        let (cluster, name) = (cluster.clone(), format!("{kind}-{number}"));
        let mut spec = json!({"path": format!("./{name}")});
        if kind == "link" && number > 0 {
            spec["dependsOn"] = json!([{"name": format!("{kind}-{}", number - 1)}]);
        }
        async move { cluster.kustomization(&name, "chain", "chain", &spec).await }
    })
    .await;
    cluster.all_ready(&names, revision, Duration::from_secs(120)).await;
    started.elapsed()
}
