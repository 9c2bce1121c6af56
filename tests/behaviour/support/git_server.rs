//! The smart-HTTP server of the run: tests/git-server, over the directory of bare repositories.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::programs::{go_program, kill_with_us, log_file, run_directory};

pub(crate) struct GitServer {
    pub(crate) root: PathBuf,
    pub(crate) url: String,
    http: reqwest::Client,
    _process: Child,
}

impl GitServer {
    pub(crate) fn start() -> Self {
        let root = run_directory().join("repositories");
        std::fs::create_dir_all(&root).expect("the run's directory is writable");
        let (_, _, err) = log_file("git-server.log");
        let mut process = Command::new(go_program("git-server"))
            .args(["--addr", "127.0.0.1:0", "--root"])
            .arg(&root)
            .stdout(Stdio::piped())
            .stderr(err)
            .spawn()
            .expect("the git server starts");
        kill_with_us(&process);
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let url =
            line.trim().strip_prefix("listening ").expect("it says where it listens").to_owned();
        Self { root, url, http: reqwest::Client::new(), _process: process }
    }

    /// Makes one repository ("namespace/name.git") fail; tests/git-server/fault.go lists the modes.
    pub(crate) async fn set_fault(&self, repository: &str, mode: &str, details: Value) {
        let mut fault = json!({"repo": repository, "mode": mode});
        let all = fault.as_object_mut().expect("it is one");
        all.extend(details.as_object().cloned().unwrap_or_default());
        let answer = self.http.post(format!("{}/-/fault", self.url)).json(&fault).send().await;
        let answer = answer.expect("the git server answers");
        assert!(
            answer.status().is_success(),
            "a bad fault: {}",
            answer.text().await.unwrap_or_default()
        );
    }

    pub(crate) async fn clear_fault(&self, repository: &str) {
        let url = format!("{}/-/fault?repo={repository}", self.url);
        self.http.delete(url).send().await.expect("the git server answers");
    }

    /// What was asked for one repository so far.
    pub(crate) async fn statistics(&self, repository: &str) -> Value {
        let answer = self.http.get(format!("{}/-/stats", self.url)).send().await;
        let all: Value =
            answer.expect("the git server answers").json().await.expect("it answers in JSON");
        all[repository].clone()
    }
}
