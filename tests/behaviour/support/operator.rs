//! `inhaul controller` as a process of its own, out of the cluster.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::event_sink::EventSink;
use super::programs::{
    forget, free_port, go_program, inhaul, kill_with_us, log_file, run_directory,
};
use super::waiting::within;

/// What one operator process is told.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Names its logs and files.
    pub(crate) name: String,
    /// Where its leases are.
    pub(crate) namespace: String,
    /// The API server, or a fault proxy before it.
    pub(crate) server: String,
    /// Of the control plane's certificate authority, base64.
    pub(crate) certificate_authority: String,
    pub(crate) token: String,
    /// `--watch-label-selector`: keeps the operators of one run apart.
    pub(crate) selector: String,
    pub(crate) flags: Vec<String>,
}

pub(crate) struct Operator {
    settings: Settings,
    kubeconfig: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) events: EventSink,
    events_address: String,
    ports: Ports,
    process: Child,
    /// By the test.
    stopped: bool,
}

struct Ports {
    metrics: u16,
    health: u16,
    storage: u16,
}

impl Operator {
    pub(crate) async fn start(settings: Settings) -> Self {
        let (events, events_address) = EventSink::start().await;
        let kubeconfig = run_directory().join(format!("{}.kubeconfig", settings.name));
        std::fs::write(&kubeconfig, kubeconfig_text(&settings))
            .expect("the run's directory is writable");
        let ports = Ports { metrics: free_port(), health: free_port(), storage: free_port() };
        let log = run_directory().join(format!("{}.log", settings.name));
        let process = spawn(&settings, &kubeconfig, &ports, &events_address);
        let mut operator = Self {
            settings,
            kubeconfig,
            log,
            events,
            events_address,
            ports,
            process,
            stopped: false,
        };
        operator.wait_until_ready().await;
        operator
    }

    async fn wait_until_ready(&mut self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.ports.health);
        within(Duration::from_secs(60), "the operator is ready", async || {
            if let Some(status) = self.process.try_wait().expect("we may wait for our child") {
                panic!("the operator ended with {status}:\n{}", self.log_tail());
            }
            match reqwest::get(&url).await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(format!("{} from {url}", answer.status())),
                Err(error) => Err(format!("{error}; see {}", self.log.display())),
            }
        })
        .await;
    }

    /// Ends it as a crash would, with no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("we may kill our child");
        self.process.wait().expect("we may wait for our child");
        forget(&self.process);
        self.stopped = true;
    }

    /// Whether the test has ended it.
    pub(crate) fn was_stopped(&self) -> bool {
        self.stopped
    }

    /// Starts it again, with the same settings and the same ports.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(&self.settings, &self.kubeconfig, &self.ports, &self.events_address);
        self.stopped = false;
        self.wait_until_ready().await;
    }

    /// The text that a scrape of its metrics gives.
    pub(crate) async fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.ports.metrics);
        let answer = reqwest::get(url).await.expect("the metrics port answers");
        answer.text().await.expect("metrics are text")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("we may wait for our child").is_none()
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A line of what the kernel says about it, such as `Seccomp`.
    pub(crate) fn kernel_status(&self, field: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("the operator runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    }

    /// The peak of its resident memory so far, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("the operator runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number =
            line.and_then(|rest| rest.split_whitespace().next()).expect("Linux reports VmHWM");
        number.parse().expect("it is a number")
    }

    /// Where it keeps artifacts and object databases.
    pub(crate) fn storage(&self) -> PathBuf {
        storage(&self.settings)
    }

    fn log_tail(&self) -> String {
        let text = self.log_text();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}

fn storage(settings: &Settings) -> PathBuf {
    run_directory().join("storage").join(&settings.name)
}

fn spawn(settings: &Settings, kubeconfig: &PathBuf, ports: &Ports, events: &str) -> Child {
    let (_, out, err) = log_file(&format!("{}.log", settings.name));
    std::fs::create_dir_all(storage(settings)).expect("the run's directory is writable");
    // No operator of any test can start a program: the launcher takes that away.
    let process = Command::new(go_program("deny-exec"))
        .arg(inhaul())
        .arg("controller")
        .arg(format!("--storage-path={}", storage(settings).display()))
        .arg(format!("--storage-addr=127.0.0.1:{}", ports.storage))
        .arg(format!("--storage-adv-addr=127.0.0.1:{}", ports.storage))
        .arg(format!("--metrics-addr=127.0.0.1:{}", ports.metrics))
        .arg(format!("--health-addr=127.0.0.1:{}", ports.health))
        .arg(format!("--events-addr={events}"))
        .arg(format!("--watch-label-selector={}", settings.selector))
        .args(["--enable-leader-election", "--log-level=debug"])
        .args(default_roles(&settings.flags))
        .args(&settings.flags)
        .env("KUBECONFIG", kubeconfig)
        .env("RUNTIME_NAMESPACE", &settings.namespace)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .expect("the operator starts");
    kill_with_us(&process);
    process
}

/// Both roles, unless a test chooses.
fn default_roles(flags: &[String]) -> Option<&'static str> {
    let chosen = flags.iter().any(|flag| flag.starts_with("--controllers="));
    (!chosen).then_some("--controllers=source,kustomize")
}

/// A kubeconfig is YAML, and JSON is YAML.
fn kubeconfig_text(settings: &Settings) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "tests",
        "clusters": [{"name": "tests", "cluster": {
            "server": settings.server, "certificate-authority-data": settings.certificate_authority,
        }}],
        "users": [{"name": "tests", "user": {"token": settings.token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
    })
    .to_string()
}
