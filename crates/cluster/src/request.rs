//! One door for every request: deadlines, size limits, retries, and the leader's gate.

use crate::error::Error;
use crate::events::root_cause;
use crate::flow::{Flow, Outcome, Traffic};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::core::Status;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// An answer larger than this is not read to its end. A list of 10,000 records of metadata takes
/// about a tenth of it.
const MAX_ANSWER_BYTES: usize = 128 * 1024 * 1024;
/// How long one try may take. The API server itself ends a request after 60 s.
const TRY_TIMEOUT: Duration = Duration::from_secs(65);
/// How often a request is tried when the API server is busy or the connection breaks.
const TRIES: u32 = 5;
/// The pause after the first try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A request waits this long at most for a busy API server; beyond, the caller decides.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Tells whether this process may still write. Implemented by the holder of the Leases.
pub trait Gate: Send + Sync {
    /// Whether the leader's renew deadline has not passed.
    fn may_write(&self) -> bool;
}

/// The gate of a process that shares its cluster with no other: the command line, tests.
#[derive(Clone, Copy, Debug)]
pub struct AlwaysOpen;

impl Gate for AlwaysOpen {
    fn may_write(&self) -> bool {
        true
    }
}

/// A connection to one API server with one identity.
#[derive(Clone)]
pub struct Connection {
    client: kube::Client,
    gate: Arc<dyn Gate>,
    flow: Flow,
}

/// What to ask of the API server.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query, percent-encoded.
    pub(crate) uri: String,
    pub(crate) content_type: &'static str,
    pub(crate) accept: &'static str,
    pub(crate) body: Vec<u8>,
}

pub(crate) const JSON: &str = "application/json";
/// Only the metadata of an object, whatever its kind.
pub(crate) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// The same of a list.
pub(crate) const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

impl Call {
    pub(crate) fn get(uri: String) -> Self {
        Self { method: Method::GET, uri, content_type: JSON, accept: JSON, body: Vec::new() }
    }

    pub(crate) fn accepting(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    pub(crate) fn sending(
        method: Method,
        uri: String,
        content_type: &'static str,
        body: &Value,
    ) -> Self {
        Self { method, uri, content_type, accept: JSON, body: body.to_string().into_bytes() }
    }
}

enum Failure {
    Final(Error),
    /// Worth another try, after a pause of the API server's choice where it named one.
    Passing(Error, Option<Duration>),
}

impl Connection {
    /// A connection that writes only while `gate` allows it.
    pub fn new(client: kube::Client, gate: Arc<dyn Gate>) -> Self {
        Self { client, gate, flow: Flow::new() }
    }

    /// The requests that were sent so far, watches and Leases left out.
    pub fn traffic(&self) -> Traffic {
        self.flow.traffic()
    }

    /// The same API server and gate, with another client.
    pub(crate) fn over(&self, client: kube::Client) -> Self {
        Self { client, gate: Arc::clone(&self.gate), flow: self.flow.clone() }
    }

    /// The client behind this connection, for watches.
    pub(crate) fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// Sends a call, again where that may help and cannot harm: every write that this crate makes
    /// may be repeated (server-side apply, patches and deletions with preconditions).
    pub(crate) async fn send(&self, call: &Call) -> Result<Value, Error> {
        self.ask(call).await.map(|(_, answer)| answer)
    }

    /// As [`Self::send`], with the status code of the answer: 201 tells that a write created
    /// something.
    pub(crate) async fn ask(&self, call: &Call) -> Result<(StatusCode, Value), Error> {
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        loop {
            tries += 1;
            if call.method != Method::GET && !self.gate.may_write() {
                return Err(Error::NotLeader);
            }
            // A request that waits for another try is not under way.
            let ticket = self.flow.enter().await;
            let answer = tokio::time::timeout(TRY_TIMEOUT, self.once(call)).await;
            let answer = answer.unwrap_or_else(|_| {
                let why = format!("none within {} s", TRY_TIMEOUT.as_secs());
                Err(Failure::Passing(Error::Unreachable(why), None))
            });
            ticket.end(&call.method, outcome(&answer));
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let (error, asked) = match failure {
                Failure::Final(error) => return Err(error),
                Failure::Passing(error, asked) => (error, asked),
            };
            let wait = asked.unwrap_or(pause);
            if tries >= TRIES || wait > MAX_WAIT {
                return Err(busy(error, asked));
            }
            // Not the error's text: the API server quotes what it refuses, Secrets too.
            let code = error.code().unwrap_or_default();
            tracing::debug!(method = %call.method, code, "trying a request again");
            tokio::time::sleep(if asked.is_some() { wait } else { varied(wait) }).await;
            pause *= 2;
        }
    }

    async fn once(&self, call: &Call) -> Result<(StatusCode, Value), Failure> {
        let request = Request::builder()
            .method(call.method.clone())
            .uri(&call.uri)
            .header(header::ACCEPT, call.accept)
            .header(header::CONTENT_TYPE, call.content_type)
            .body(Body::from(call.body.clone()))
            .map_err(|e| Failure::Final(Error::Garbled(format!("{}: {e}", call.uri))))?;
        let unreachable = |why: String| Failure::Passing(Error::Unreachable(why), None);
        let response = self.client.send(request).await.map_err(|e| unreachable(root_cause(&e)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|e| unreachable(format!("the answer broke off: {e}")))?.to_bytes();
        if head.status.is_success() {
            return serde_json::from_slice(&body)
                .map(|answer| (head.status, answer))
                .map_err(|e| Failure::Passing(Error::Garbled(e.to_string()), None));
        }
        let asked = head
            .headers
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        Err(failed(head.status, &body, asked))
    }
}

/// So that what failed together does not come back together: from half of a pause to all of it.
fn varied(pause: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let bits = RandomState::new().hash_one(0_u8) >> 40;
    pause.mul_f64(0.5 + bits as f64 / f64::from(1_u32 << 25))
}

fn outcome(answer: &Result<(StatusCode, Value), Failure>) -> Outcome {
    match answer {
        Ok((code, _)) => Outcome::Answered(code.as_u16()),
        Err(Failure::Final(error)) => error.code().map_or(Outcome::Lost, Outcome::Answered),
        Err(Failure::Passing(error, _)) => match error.code() {
            Some(code @ (429 | 503 | 504)) => Outcome::Busy(code),
            Some(code) => Outcome::Answered(code),
            None => Outcome::Lost,
        },
    }
}

fn failed(code: StatusCode, body: &Bytes, asked: Option<Duration>) -> Failure {
    let status = serde_json::from_slice::<Status>(body).ok().filter(|s| !s.message.is_empty());
    let mut status = status.unwrap_or_else(|| {
        // Not the API server's own answer, so of no known shape: a proxy's, or a load balancer's.
        Status::failure(&format!("HTTP {code}"), code.canonical_reason().unwrap_or_default())
    });
    status.code = code.as_u16();
    let asked = asked.or_else(|| {
        let seconds = status.details.as_ref()?.retry_after_seconds;
        (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)))
    });
    let error = Error::Api(Box::new(status));
    match code {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Failure::Passing(error, asked),
        _ => Failure::Final(error),
    }
}

fn busy(error: Error, asked: Option<Duration>) -> Error {
    match (error.code(), asked) {
        (Some(code), Some(retry_after)) => Error::Busy { code, retry_after },
        _ => error,
    }
}
