use super::*;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[test]
fn a_message_cannot_steer_a_terminal() {
    let hostile = "a\u{1b}[2Jb\r\nc\td\u{7f}\u{9b}\u{202e}é";
    assert_eq!(printable(hostile), "a\\u{1b}[2Jb\\r\nc\td\\u{7f}\\u{9b}\\u{202e}é");
}

#[test]
fn a_long_text_is_cut_between_characters_and_says_so() {
    let cut = bounded(&"é".repeat(1000), 101);
    assert!(cut.len() <= 101, "{}", cut.len());
    assert_eq!(cut, format!("{}… (1940 bytes left out)", "é".repeat(30)));
    assert_eq!(bounded("short", 101), "short");
}

fn event(message: &str) -> Event {
    Event {
        involved: ObjectReference {
            api_version: Some("kustomize.toolkit.fluxcd.io/v1".to_owned()),
            kind: Some("Kustomization".to_owned()),
            namespace: Some("apps".to_owned()),
            name: Some("web".to_owned()),
            uid: Some("u1".to_owned()),
            ..ObjectReference::default()
        },
        severity: Severity::Info,
        reason: "ReconciliationSucceeded".to_owned(),
        message: message.to_owned(),
        metadata: [("kustomize.toolkit.fluxcd.io/revision", "main@sha1:1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

#[test]
fn what_makes_two_events_the_same() {
    let same = |change: fn(&mut Event)| {
        let mut changed = event("done");
        change(&mut changed);
        changed.key() == event("done").key()
    };
    assert!(same(|_| ()));
    assert!(same(|e| e.involved.resource_version = Some("7".to_owned())));
    assert!(same(|e| drop(e.metadata.insert("g/checksum".to_owned(), "x".to_owned()))));
    assert!(!same(|e| drop(e.metadata.insert("g/token".to_owned(), "x".to_owned()))));
    assert!(!same(|e| drop(e.metadata.insert("g/originRevision".to_owned(), "x".to_owned()))));
    assert!(!same(|e| e.metadata.clear()));
    assert!(!same(|e| e.severity = Severity::Error));
    assert!(!same(|e| e.reason = "Other".to_owned()));
    assert!(!same(|e| e.message = "other".to_owned()));
    assert!(!same(|e| e.involved.name = Some("api".to_owned())));
}

/// A request that the server below got.
#[derive(Clone, Debug)]
struct Got {
    line: String,
    body: Value,
}

/// Answers each request with what `answer` says: a status, and a body.
async fn serve(answer: fn(usize, &Got) -> (u16, Value)) -> (http::Uri, Arc<Mutex<Vec<Got>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let all = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&all);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            one_request(stream, &seen, answer).await;
        }
    });
    (address.parse().expect("a URI"), all)
}

async fn one_request(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Got>>,
    answer: fn(usize, &Got) -> (u16, Value),
) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let (head, body) = loop {
        let read = stream.read(&mut chunk).await.expect("a request");
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase();
        let length = length.split("content-length: ").nth(1).and_then(|l| l.split("\r\n").next());
        let length = length.map_or(0, |length| length.parse().expect("a length"));
        if body.len() >= length || read == 0 {
            break (head.to_owned(), body.to_owned());
        }
    };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let got = Got { line, body: serde_json::from_str(&body).unwrap_or(Value::Null) };
    let (status, body) = answer(seen.lock().len(), &got);
    seen.lock().push(got);
    let body = body.to_string();
    let text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.expect("an answer");
}

fn client(address: http::Uri) -> kube::Client {
    let mut config = kube::Config::new(address);
    config.default_retry = false;
    kube::Client::try_from(config).expect("a client")
}

fn created(_: usize, got: &Got) -> (u16, Value) {
    let mut object = got.body.clone();
    object["metadata"]["namespace"] = json!("apps");
    object["involvedObject"] = json!({});
    (201, object)
}

async fn deliver(
    api: fn(usize, &Got) -> (u16, Value),
    receiver: fn(usize, &Got) -> (u16, Value),
    events: Vec<Event>,
) -> (Vec<Got>, Vec<Got>, Recorder) {
    let (api, written) = serve(api).await;
    let (receiver, posted) = serve(receiver).await;
    let config = EventConfig {
        controller: "source-controller".to_owned(),
        instance: "pod-1".to_owned(),
        address: Some(receiver),
    };
    let (recorder, delivery) = Recorder::new(client(api), config).expect("a recorder");
    let recorder = recorder.named("kustomize-controller");
    events.into_iter().for_each(|event| recorder.publish(event));
    let stop = CancellationToken::new();
    stop.cancel();
    delivery.run(stop).await;
    let (written, posted) = (written.lock().clone(), posted.lock().clone());
    (written, posted, recorder)
}

#[tokio::test]
async fn an_event_is_written_and_posted_as_flux_does() {
    let accepted = |_: usize, _: &Got| (202, Value::Null);
    let (written, posted, recorder) = deliver(created, accepted, vec![event("done")]).await;
    assert_eq!((recorder.failed(), recorder.dropped()), (0, 0));
    let [written] = written.as_slice() else { panic!("one Event, not {written:?}") };
    assert!(written.line.starts_with("POST /api/v1/namespaces/apps/events?"), "{}", written.line);
    let body = &written.body;
    assert_eq!(
        body["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/revision"],
        "main@sha1:1"
    );
    assert_eq!(body["involvedObject"]["kind"], "Kustomization");
    assert_eq!(body["source"], json!({"component": "kustomize-controller"}));
    assert_eq!(body["reportingComponent"], "kustomize-controller");
    assert_eq!((&body["type"], &body["count"]), (&json!("Normal"), &json!(1)));
    assert_eq!(body["message"], "done");
    let [posted] = posted.as_slice() else { panic!("one post, not {posted:?}") };
    assert_eq!(posted.line, "POST / HTTP/1.1");
    let mut body = posted.body.clone();
    let time = body["timestamp"].take();
    assert_eq!(time.as_str().map(str::len), Some("2026-11-21T04:00:00Z".len()), "{time}");
    let expected = json!({
        "involvedObject": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "namespace": "apps", "name": "web", "uid": "u1"},
        "severity": "info", "timestamp": null, "message": "done",
        "reason": "ReconciliationSucceeded",
        "metadata": {"kustomize.toolkit.fluxcd.io/revision": "main@sha1:1"},
        "reportingController": "kustomize-controller", "reportingInstance": "pod-1",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_same_event_again_is_counted_and_not_posted_again() {
    let api = |index: usize, got: &Got| match index {
        // The API server has forgotten the Event: it is written anew.
        2 => {
            (404, json!({"kind": "Status", "code": 404, "status": "Failure", "reason": "NotFound"}))
        }
        _ => created(index, got),
    };
    let accepted = |_: usize, _: &Got| (429, Value::Null);
    let events = vec![event("same"), event("same"), event("same"), event("other")];
    let (written, posted, recorder) = deliver(api, accepted, events).await;
    assert_eq!(recorder.failed(), 0, "429 means: I have this one");
    let verbs: Vec<_> = written.iter().filter_map(|got| got.line.split(' ').next()).collect();
    assert_eq!(verbs, ["POST", "PATCH", "PATCH", "POST", "POST"]);
    assert_eq!(written[1].body["count"], 2);
    assert!(written[1].body["lastTimestamp"].is_string());
    let messages: Vec<_> = posted.iter().map(|got| got.body["message"].clone()).collect();
    assert_eq!(messages, ["same", "other"]);
}

#[tokio::test]
async fn a_trace_is_written_as_normal_and_not_posted() {
    let trace = Event { severity: Severity::Trace, ..event("nothing new") };
    let failure = Event { severity: Severity::Error, ..event("broken") };
    let accepted = |_: usize, _: &Got| (202, Value::Null);
    let (written, posted, _) = deliver(created, accepted, vec![trace, failure]).await;
    let types: Vec<_> = written.iter().map(|got| got.body["type"].clone()).collect();
    assert_eq!(types, ["Normal", "Warning"]);
    let severities: Vec<_> = posted.iter().map(|got| got.body["severity"].clone()).collect();
    assert_eq!(severities, ["error"]);
}

#[tokio::test]
async fn a_refusal_is_counted_and_not_tried_again() {
    let forbidden = |_: usize, _: &Got| {
        (
            403,
            json!({"kind": "Status", "code": 403, "status": "Failure", "message": "no", "reason": "Forbidden"}),
        )
    };
    let (written, posted, recorder) =
        deliver(forbidden, |_, _| (400, Value::Null), vec![event("done")]).await;
    assert_eq!((written.len(), posted.len()), (1, 1));
    assert_eq!(recorder.failed(), 2);
}

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_again() {
    let flaky = |index: usize, got: &Got| match index {
        0 => (503, json!({"kind": "Status", "code": 503, "status": "Failure", "reason": "x"})),
        _ => created(index, got),
    };
    let receiver = |index: usize, _: &Got| (if index == 0 { 500 } else { 202 }, Value::Null);
    let (written, posted, recorder) = deliver(flaky, receiver, vec![event("done")]).await;
    assert_eq!((written.len(), posted.len(), recorder.failed()), (2, 2, 0));
}

#[test]
fn memory_is_bounded_and_forgets() {
    let (start, mut memory) = (Instant::now(), Memory::new());
    for index in 0..(2 * REMEMBERED) {
        memory.insert(event(&index.to_string()).key(), start, ());
    }
    assert!(memory.0.len() <= REMEMBERED);
    let key = event("again").key();
    memory.insert(key.clone(), start, ());
    assert!(memory.get(&key, start + SAME_WITHIN / 2).is_some());
    assert!(memory.get(&key, start + SAME_WITHIN).is_none());
}

#[test]
fn an_address_must_be_http() {
    let error = Post::new(&"ftp://host/".parse().expect("a URI"), String::new()).err();
    let error = error.map(|e| e.to_string()).unwrap_or_default();
    assert_eq!(error, "events address ftp://host/: must start with http:// or https://");
}
