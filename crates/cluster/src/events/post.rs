//! Events as Flux's notification-controller takes them.

use crate::events::{EventAddressError, Memory, Published, Severity, root_cause};
use http::{Method, Request, StatusCode, Uri, header};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::client::Body;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Flux's.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Flux's: one try and four more.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Post {
    /// Knows nothing of the cluster's credentials: it is a client for one plain address.
    client: kube::Client,
    path: String,
    instance: String,
    sent: Memory<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    involved_object: &'a ObjectReference,
    severity: &'static str,
    timestamp: String,
    message: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, String>,
    reporting_controller: &'a str,
    reporting_instance: &'a str,
}

impl Post {
    pub(super) fn new(address: &Uri, instance: String) -> Result<Self, EventAddressError> {
        let refuse = |why: String| EventAddressError { address: address.to_string(), why };
        if !matches!(address.scheme_str(), Some("http" | "https")) {
            return Err(refuse("must start with http:// or https://".to_owned()));
        }
        let path = address.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut parts = address.clone().into_parts();
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        let origin = Uri::from_parts(parts).map_err(|e| refuse(e.to_string()))?;
        let mut config = kube::Config::new(origin);
        // Tries are counted here.
        config.default_retry = false;
        config.connect_timeout = Some(TIMEOUT);
        let client = kube::Client::try_from(config).map_err(|e| refuse(e.to_string()))?;
        Ok(Self { client, path, instance, sent: Memory::new() })
    }

    /// Posts an event, unless the same one was taken within the window in which the receiver
    /// would drop it anyway.
    pub(super) async fn send(&mut self, published: &Published) -> Result<(), String> {
        let (key, now) = (published.event.key(), Instant::now());
        if self.sent.get(&key, now).is_some() {
            return Ok(());
        }
        let body = body(published, &self.instance).map_err(|e| e.to_string())?;
        let mut pause = FIRST_PAUSE;
        for left in (0..TRIES).rev() {
            let why = match timeout(TIMEOUT, self.once(&body)).await {
                Ok(Ok(code)) if code.is_success() || code == StatusCode::TOO_MANY_REQUESTS => break,
                Ok(Ok(code)) if !code.is_server_error() => return Err(format!("HTTP {code}")),
                Ok(Ok(code)) => format!("HTTP {code}"),
                Ok(Err(why)) => why,
                Err(_) => format!("no answer in {} s", TIMEOUT.as_secs()),
            };
            if left == 0 {
                return Err(why);
            }
            sleep(pause).await;
            pause *= 2;
        }
        self.sent.insert(key, now, ());
        Ok(())
    }

    async fn once(&self, body: &[u8]) -> Result<StatusCode, String> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_vec()))
            .map_err(|e| e.to_string())?;
        // The body of the answer is never read.
        self.client.send(request).await.map(|r| r.status()).map_err(|e| root_cause(&e))
    }
}

fn body(published: &Published, instance: &str) -> Result<Vec<u8>, serde_json::Error> {
    let event = &published.event;
    serde_json::to_vec(&Message {
        involved_object: &event.involved,
        severity: match event.severity {
            Severity::Trace => "trace",
            Severity::Info => "info",
            Severity::Error => "error",
        },
        timestamp: published.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        message: &event.message,
        reason: &event.reason,
        metadata: &event.metadata,
        reporting_controller: &published.controller,
        reporting_instance: instance,
    })
}
