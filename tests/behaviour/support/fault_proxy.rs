//! The faulty way to the API server: tests/fault-proxy.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::control_plane::ControlPlane;
use super::programs::go_program;

pub(crate) struct FaultProxy {
    pub(crate) server: String,
    admin: String,
    http: reqwest::Client,
    _process: Child,
}

impl FaultProxy {
    pub(crate) fn start(control_plane: &ControlPlane, upstream: &str) -> Self {
        let mut process = Command::new(go_program("fault-proxy"))
            .args(["--upstream", upstream])
            .arg("--pki")
            .arg(&control_plane.pki)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the fault proxy starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let addresses: Value = serde_json::from_str(&line).expect("it says so in JSON");
        let address = |key: &str| addresses[key].as_str().expect("it names both").to_owned();
        Self {
            server: address("server"),
            admin: address("admin"),
            http: reqwest::Client::new(),
            _process: process,
        }
    }

    /// From now on these faults, and no others.
    pub(crate) async fn set(&self, faults: &[Fault]) {
        let rules: Vec<&Value> = faults.iter().map(|fault| &fault.0).collect();
        let answer = self.http.put(format!("{}/rules", self.admin)).json(&rules).send().await;
        let answer = answer.expect("the fault proxy answers");
        assert!(
            answer.status().is_success(),
            "a bad rule: {}",
            answer.text().await.unwrap_or_default()
        );
    }

    /// How many requests were under way at a time, at most.
    pub(crate) async fn peak(&self) -> u64 {
        let answer = self.http.get(format!("{}/peak", self.admin)).send().await;
        answer.expect("the fault proxy answers").json().await.expect("a number")
    }

    /// Forgets what was requested.
    pub(crate) async fn forget(&self) {
        let answer = self.http.delete(format!("{}/requests", self.admin)).send().await;
        answer.expect("the fault proxy answers");
    }

    /// What was requested so far: time, method, uri, body, status, fault.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let answer = self.http.get(format!("{}/requests", self.admin)).send().await;
        answer.expect("the fault proxy answers").json().await.expect("a JSON list")
    }
}

/// One rule; tests/fault-proxy/rules.go says what its parts do.
pub(crate) struct Fault(Value);

impl Fault {
    /// On requests of these methods (none: all) whose path and query match the regular expression.
    pub(crate) fn on(methods: &[&str], uri: &str) -> Self {
        Self(json!({"methods": methods, "uri": uri}))
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0[key] = value.into();
        self
    }

    pub(crate) fn status(self, status: u16, reason: &str) -> Self {
        self.with("status", status).with("reason", reason)
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.with("retryAfter", seconds)
    }

    pub(crate) fn delay(self, milliseconds: u64) -> Self {
        self.with("delayMillis", milliseconds)
    }

    pub(crate) fn drop_before(self) -> Self {
        self.with("close", "before")
    }

    pub(crate) fn drop_after(self) -> Self {
        self.with("close", "after")
    }

    pub(crate) fn truncate(self, bytes: u64) -> Self {
        self.with("truncate", bytes)
    }

    /// Events of a watch that match never arrive.
    pub(crate) fn drop_events(self, matching: &str) -> Self {
        self.with("dropEvents", matching)
    }

    /// Events of a watch arrive twice.
    pub(crate) fn duplicate_events(self) -> Self {
        self.with("duplicate", true)
    }

    /// A watch ends after that many events, because its version is too old.
    pub(crate) fn expire_after(self, events: u64) -> Self {
        self.with("expire", events)
    }

    /// Nothing comes after the head of the answer, and nobody says why.
    pub(crate) fn stall(self) -> Self {
        self.with("stall", true)
    }

    /// Answers are kept, ...
    pub(crate) fn record(self) -> Self {
        self.with("record", true)
    }

    /// ... and given again.
    pub(crate) fn replay(self) -> Self {
        self.with("replay", true)
    }

    /// The first of these requests pass.
    pub(crate) fn skip(self, requests: u64) -> Self {
        self.with("skip", requests)
    }

    pub(crate) fn times(self, times: u64) -> Self {
        self.with("times", times)
    }

    pub(crate) fn probability(self, probability: f64) -> Self {
        self.with("probability", probability)
    }
}
