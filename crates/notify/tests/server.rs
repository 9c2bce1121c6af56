//! The server that is called, over real connections.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use inhaul_notify::{Hook, Issuers, Limits, Registry, Requests, Target, serve};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use support::{hook, receiver, secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What was asked for, in order.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Requests for Asked {
    async fn metadata(&self, target: &Target) -> Result<Value, String> {
        Ok(json!({"metadata": {"name": target.name, "labels": {"env": "prod"}}}))
    }

    async fn labelled(
        &self,
        template: &Target,
        _: &[(String, String)],
    ) -> Result<Vec<(Target, Value)>, String> {
        let named = |name: &str| {
            let target = Target { name: name.to_owned(), ..template.clone() };
            (target, json!({"metadata": {"name": name}}))
        };
        Ok(vec![named("one"), named("two")])
    }

    async fn request(&self, target: &Target) -> Result<(), String> {
        if target.name == "missing" {
            return Err("it does not exist".to_owned());
        }
        self.0.lock().unwrap().push(format!("{}/{}", target.namespace, target.name));
        Ok(())
    }

    fn answered(&self, _: u16) {}
}

struct Running {
    address: std::net::SocketAddr,
    asked: Asked,
    client: reqwest::Client,
    stop: CancellationToken,
}

impl Running {
    async fn start(hooks: Vec<Hook>, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let registry = Arc::new(Registry::default());
        hooks.into_iter().for_each(|hook| registry.open(hook));
        let (asked, stop) = (Asked::default(), CancellationToken::new());
        let issuers = Issuers::new().unwrap();
        tokio::spawn(serve(listener, registry, asked.clone(), issuers, limits, stop.clone()));
        Self { address, asked, client: reqwest::Client::new(), stop }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.0.lock().unwrap().clone()
    }

    async fn post(&self, path: &str, body: &'static str) -> u16 {
        let call = self
            .client
            .post(format!("http://{}{path}", self.address))
            .header("content-type", "application/json");
        call.body(body).send().await.unwrap().status().as_u16()
    }

    /// Sends bytes as they are; the status line that comes back, if any does.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(5), read).await;
        String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn limits() -> Limits {
    Limits { pause: Duration::from_millis(200), ..Limits::default() }
}

#[tokio::test]
async fn a_call_of_the_right_path_asks_for_the_resource_and_any_other_is_not_found() {
    let hook = hook("generic", &[]);
    let path = hook.path();
    let running = Running::start(vec![hook], limits()).await;
    assert_eq!(running.post(&path, "{}").await, 200);
    assert_eq!(running.asked(), ["ns/app"]);
    for wrong in [&format!("{path}0"), &format!("{path}?x"), "/hook/", "/", "/hook/../healthz"] {
        assert_eq!(running.post(wrong, "{}").await, 404, "{wrong}");
    }
    assert_eq!(running.asked().len(), 1);
}

#[tokio::test]
async fn many_calls_at_once_become_two_requests() {
    let hook = hook("generic", &[]);
    let path = hook.path();
    let slow = Limits { pause: Duration::from_secs(2), ..limits() };
    let running = Running::start(vec![hook], slow).await;
    let calls = (0..200).map(|_| running.post(&path, "{}"));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|status| *status == 200));
    assert_eq!(running.asked().len(), 1, "the first call is not held up");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(running.asked().len(), 2, "the later ones are not forgotten");
}

#[tokio::test]
async fn a_suspended_receiver_answers_no_calls() {
    let mut object = receiver("generic");
    object.spec.suspend = true;
    let hook = Hook::new(&object, secret()).unwrap();
    let path = hook.path();
    let running = Running::start(vec![hook], limits()).await;
    assert_eq!(running.post(&path, "{}").await, 503);
    assert!(running.asked().is_empty());
}

#[tokio::test]
async fn one_resource_that_fails_keeps_no_other_from_being_asked_for() {
    let mut object = receiver("generic");
    let mut missing = object.spec.resources[0].clone();
    missing.name = "missing".to_owned();
    object.spec.resources.insert(0, missing);
    let hook = Hook::new(&object, secret()).unwrap();
    let path = hook.path();
    let running = Running::start(vec![hook], limits()).await;
    assert_eq!(running.post(&path, "{}").await, 500);
    assert_eq!(running.asked(), ["ns/app"]);
}

#[tokio::test]
async fn filters_decide_which_resources_a_call_concerns() {
    let mut object = receiver("generic");
    object.spec.resource_filter = Some("req.branch == 'main'".to_owned());
    let mut labelled = object.spec.resources[0].clone();
    labelled.name = "*".to_owned();
    labelled.match_labels.insert("app".to_owned(), "x".to_owned());
    labelled.filter = Some("res.metadata.name == req.name".to_owned());
    object.spec.resources.push(labelled);
    let hook = Hook::new(&object, secret()).unwrap();
    let path = hook.path();
    let running = Running::start(vec![hook], limits()).await;
    assert_eq!(running.post(&path, r#"{"branch":"main","name":"two"}"#).await, 200);
    assert_eq!(running.asked(), ["ns/app", "ns/two"]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(running.post(&path, r#"{"branch":"dev","name":"none"}"#).await, 200);
    assert_eq!(running.asked().len(), 2);
    assert_eq!(running.post(&path, r#"{"name":"two"}"#).await, 500, "the filter has no answer");
}

#[tokio::test]
async fn calls_that_are_too_long_are_refused_and_others_still_answered() {
    let hook = hook("generic", &[]);
    let path = hook.path();
    let running = Running::start(vec![hook], limits()).await;
    let long = vec![b'x'; (3 << 20) + 1];
    let call = reqwest::Client::new().post(format!("http://{}{path}", running.address));
    // The server may answer and hang up before all of it is sent.
    let answer = call.body(long).send().await.map(|answer| answer.status().as_u16());
    assert!(answer.is_err() || answer.is_ok_and(|status| status == 413));
    let headers =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(257 << 10));
    let answer = running.raw(headers.as_bytes()).await;
    assert!(answer.is_empty() || answer.contains(" 431 "), "{answer}");
    let both = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /hook/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
    );
    let answer = running.raw(both.as_bytes()).await;
    assert!(answer.is_empty() || answer.contains(" 400 ") || answer.contains(" 200 "), "{answer}");
    assert!(running.raw(b"\x16\x03\x01 no http \xff\r\n\r\n").await.len() < 200);
    assert_eq!(running.post(&path, "{}").await, 200);
}

#[tokio::test]
async fn slow_callers_are_left_and_cost_others_nothing() {
    let hook = hook("generic", &[]);
    let path = hook.path();
    let short = Limits {
        header_time: Duration::from_millis(300),
        time: Duration::from_millis(300),
        ..limits()
    };
    let running = Running::start(vec![hook], short).await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(b"POST /hook/").await.unwrap();
        idle.push(stream);
    }
    assert_eq!(running.post(&path, "{}").await, 200);
    let slow = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nx");
    let started = std::time::Instant::now();
    assert!(running.raw(slow.as_bytes()).await.contains(" 408 "));
    assert!(started.elapsed() < Duration::from_secs(5));
    for mut stream in idle {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest));
        assert!(ended.await.is_ok(), "a connection without headers stays open");
    }
}
