//! An interval of 100 Deployments that are in order.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{Cluster, kustomization_path};
use crate::operator::Operator;
use crate::report::Report;
use crate::repository::Repository;

const DEPLOYMENTS: usize = 100;
const INTERVAL: Duration = Duration::from_secs(1);
/// Enough that the clock of the CPU, which counts hundredths of a second, does not matter.
const INTERVALS: u32 = 40;

pub(crate) async fn run(report: &mut Report) {
    let cluster = Cluster::connect().await;
    let operator = Operator::start(&cluster).await;
    let repository = Repository::create("noop");
    for number in 0..DEPLOYMENTS {
        repository.write(&format!("web-{number}.yaml"), &deployment(&format!("web-{number}")));
    }
    let revision = repository.push();
    cluster.ensure_namespace("noop").await;
    cluster.git_repository("noop", &repository.url).await;
    cluster.fetched("noop", &revision).await;
    cluster.kustomization("noop", "noop", "noop", &json!({"interval": "1s"})).await;
    cluster.all_ready(&["noop".to_owned()], &revision, Duration::from_secs(120)).await;
    // Until the Deployments' controller has nothing to do any more.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let span = INTERVAL * INTERVALS;
    let (requests, cpu) = (operator.requests().await, operator.cpu());
    tokio::time::sleep(span).await;
    let busy = operator.cpu().saturating_sub(cpu);
    let asked = operator.requests().await - requests;
    cluster.merge(&kustomization_path("noop"), &json!({"spec": {"suspend": true}})).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cpu = operator.cpu();
    tokio::time::sleep(span).await;
    let idle = operator.cpu().saturating_sub(cpu);
    let each = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / f64::from(INTERVALS);
    report.tell("no-op: CPU of an idle operator in that time", each(idle), "ms");
    report.below(
        "no-op interval of 100 Deployments: CPU",
        each(busy.saturating_sub(idle)),
        2.0,
        "ms",
    );
    report.below(
        "no-op interval of 100 Deployments: requests",
        asked / f64::from(INTERVALS),
        1.0,
        "",
    );
}

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 0\n  selector:\n    \
         matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      \
         containers:\n      - name: main\n        image: registry.example.com/{name}:1.0\n        ports:\n        \
         - containerPort: 8080\n        env:\n        - {{name: MODE, value: production}}\n"
    )
}
