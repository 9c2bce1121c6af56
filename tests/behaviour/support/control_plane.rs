//! The API server of the run.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::programs::{free_port, go_program, log_file, run_directory};
use super::waiting::within;

pub(crate) struct ControlPlane {
    pub(crate) kubeconfig: PathBuf,
    pub(crate) pki: PathBuf,
    pub(crate) audit_log: PathBuf,
    // Its input stays open as long as we live; the program ends with it.
    _process: Child,
}

impl ControlPlane {
    pub(crate) async fn start() -> Self {
        let data = run_directory().join("control-plane");
        std::fs::create_dir_all(&data).expect("the run's directory is writable");
        let (log, out, err) = log_file("control-plane.log");
        let audit_log = run_directory().join("audit.jsonl");
        let ready = data.join("ready");
        let mut process = Command::new(go_program("control-plane"))
            .arg("--data-dir")
            .arg(&data)
            .arg("--port")
            .arg(free_port().to_string())
            .arg("--audit-log")
            .arg(&audit_log)
            .arg("--ready-file")
            .arg(&ready)
            .arg("--exit-with-stdin")
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .expect("the control plane starts");
        within(Duration::from_secs(120), "the control plane is ready", async || {
            if let Some(status) = process.try_wait().expect("we may wait for our child") {
                panic!("the control plane ended with {status}; see {}", log.display());
            }
            ready.exists().then_some(()).ok_or_else(|| format!("see {}", log.display()))
        })
        .await;
        let kubeconfig = data.join("kubeconfig");
        Self { kubeconfig, pki: data.join("pki"), audit_log, _process: process }
    }
}
