//! The operator under measure: the process, what it takes and what it asks.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cluster::Cluster;

pub(crate) struct Operator {
    process: Child,
    metrics: String,
}

impl Operator {
    /// Starts the release build with the default flags; returns once it is ready.
    pub(crate) async fn start(cluster: &Cluster) -> Self {
        cluster.ensure_namespace("flux-system").await;
        let state = std::path::PathBuf::from(environment("BENCH_STATE"));
        let log =
            File::create(state.join("operator.log")).expect("the state directory is writable");
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let storage = state.join(format!("storage-{}", ports[0]));
        let process = Command::new(environment("INHAUL_BIN"))
            .args(["controller", "--controllers=source,kustomize"])
            .arg(format!("--storage-path={}", storage.display()))
            .arg(format!("--storage-addr=127.0.0.1:{}", ports[0]))
            .arg(format!("--storage-adv-addr=127.0.0.1:{}", ports[0]))
            .arg(format!("--metrics-addr=127.0.0.1:{}", ports[1]))
            .arg(format!("--health-addr=127.0.0.1:{}", ports[2]))
            .args(std::env::var("BENCH_FLAGS").unwrap_or_default().split_whitespace())
            .env("RUNTIME_NAMESPACE", "flux-system")
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the operator starts");
        let operator = Self { process, metrics: format!("http://127.0.0.1:{}/metrics", ports[1]) };
        let ready = format!("http://127.0.0.1:{}/readyz", ports[2]);
        for _ in 0..300 {
            if reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_secs(1)).await;
                return operator;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!(
            "the operator is not ready after 30 s; see {}",
            state.join("operator.log").display()
        );
    }

    /// The CPU time that it has used, to a hundredth of a second.
    pub(crate) fn cpu(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.process.id());
        let text = std::fs::read_to_string(path).expect("the operator runs");
        let fields: Vec<u64> = text
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace().skip(11).take(2))
            .into_iter()
            .flatten()
            .filter_map(|field| field.parse().ok())
            .collect();
        Duration::from_millis(fields.iter().sum::<u64>() * 10)
    }

    /// The most memory that it held so far, in MiB.
    pub(crate) fn peak_memory(&self) -> f64 {
        self.memory("VmHWM:")
    }

    /// The memory that it holds, in MiB.
    pub(crate) fn memory_now(&self) -> f64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, field: &str) -> f64 {
        let path = format!("/proc/{}/status", self.process.id());
        let text = std::fs::read_to_string(path).expect("the operator runs");
        let line = text.lines().find(|line| line.starts_with(field)).expect("Linux tells");
        let kib: f64 =
            line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        kib / 1024.0
    }

    /// How many requests it has sent to the API server, watches and leases left out.
    pub(crate) async fn requests(&self) -> f64 {
        self.metric("rest_client_requests_total").await
    }

    /// The sum of a metric over its labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = reqwest::get(&self.metrics).await.expect("metrics are served").text().await;
        let text = text.expect("metrics are text");
        let lines = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

pub(crate) fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: hack/bench.sh sets it"))
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}
