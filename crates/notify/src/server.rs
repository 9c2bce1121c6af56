//! The server that is called.

mod connections;

use crate::call::Call;
use crate::calm::{Calm, Turn};
use crate::hook::{Hook, Wanted};
use crate::oidc::Issuers;
use crate::registry::Registry;
use crate::verify::{Accepted, Denied};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Something that is looked at again when a call comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// API version; empty for the one that Flux has for the kind.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// How a target is asked to be looked at again, and what is known of it.
pub trait Requests: Send + Sync + 'static {
    /// The metadata of the target, as `{"metadata": {…}}`.
    fn metadata(&self, target: &Target) -> impl Future<Output = Result<Value, String>> + Send;

    /// All of a kind with these labels, with the metadata of each. `template` has no name.
    fn labelled(
        &self,
        template: &Target,
        labels: &[(String, String)],
    ) -> impl Future<Output = Result<Vec<(Target, Value)>, String>> + Send;

    /// Asks for the target to be looked at again.
    fn request(&self, target: &Target) -> impl Future<Output = Result<(), String>> + Send;

    /// Counts an answer, by its status.
    fn answered(&self, status: u16);
}

/// What a caller may make the server do. [`Limits::default`] has Flux's values.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest body.
    pub body_bytes: usize,
    /// The longest headers.
    pub header_bytes: usize,
    /// How long headers may take.
    pub header_time: Duration,
    /// How long a whole call may take.
    pub time: Duration,
    /// How many callers are listened to at once.
    pub connections: usize,
    /// One target is asked once in this time, however many calls concern it.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 3 << 20,
            header_bytes: 256 << 10,
            header_time: Duration::from_secs(10),
            time: Duration::from_secs(30),
            connections: 512,
            pause: Duration::from_secs(1),
        }
    }
}

struct Server<R> {
    registry: Arc<Registry>,
    requests: R,
    issuers: Issuers,
    calm: Calm<Target>,
    limits: Limits,
}

/// Answers calls at `/hook/…` until `stop`.
pub async fn serve<R: Requests>(
    listener: TcpListener,
    registry: Arc<Registry>,
    requests: R,
    issuers: Issuers,
    limits: Limits,
    stop: CancellationToken,
) {
    let calm = Calm::new(limits.pause);
    let server = Arc::new(Server { registry, requests, issuers, calm, limits });
    let router = Router::new().fallback(answer::<R>).with_state(server);
    connections::accept(listener, router, limits, stop).await;
}

async fn answer<R: Requests>(State(server): State<Arc<Server<R>>>, request: Request) -> StatusCode {
    let limit = server.limits.time;
    let status = match tokio::time::timeout(limit, Arc::clone(&server).called(request)).await {
        Ok(status) => status,
        Err(_) => StatusCode::REQUEST_TIMEOUT,
    };
    server.requests.answered(status.as_u16());
    status
}

/// The connection bounds what is read; what of it is headers is known only now.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

impl<R: Requests> Server<R> {
    async fn called(self: Arc<Self>, request: Request) -> StatusCode {
        let (head, body) = request.into_parts();
        if header_bytes(&head.headers) > self.limits.header_bytes {
            return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        }
        // The whole path, query included, as Flux compares it. A wrong one is not looked at closer.
        let path = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let Some(hook) = self.registry.find(path) else { return StatusCode::NOT_FOUND };
        let (name, namespace) = (hook.name.as_str(), hook.namespace.as_str());
        if hook.suspended {
            tracing::error!(receiver = name, namespace, "receiver is suspended");
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let refused = |denied: &Denied| {
            tracing::error!(receiver = name, namespace, error = %denied, "a call was refused");
            StatusCode::BAD_REQUEST
        };
        let early = Call { headers: &head.headers, body: &[] };
        let claims = match hook.admit(&early, &self.issuers).await {
            Ok(claims) => claims,
            Err(denied) => return refused(&denied),
        };
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(status) => return status,
        };
        match hook.verify(&Call { headers: &head.headers, body: &body }, claims) {
            Ok(accepted) => self.act(&hook, &accepted).await,
            Err(denied) => refused(&denied),
        }
    }

    async fn read(&self, body: Body) -> Result<Vec<u8>, StatusCode> {
        match Limited::new(body, self.limits.body_bytes).collect().await {
            Ok(body) => Ok(body.to_bytes().into()),
            Err(error) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Err(_) => Err(StatusCode::BAD_REQUEST),
        }
    }

    /// Asks for everything that the call concerns; what fails stops nothing else.
    async fn act(self: &Arc<Self>, hook: &Hook, accepted: &Accepted) -> StatusCode {
        let mut status = StatusCode::OK;
        for wanted in &hook.wanted {
            if let Err(error) = self.ask_for(hook, wanted, accepted).await {
                let (name, namespace) = (hook.name.as_str(), hook.namespace.as_str());
                tracing::error!(receiver = name, namespace, %error, "unable to request reconciliation");
                status = StatusCode::INTERNAL_SERVER_ERROR;
            }
        }
        status
    }

    async fn ask_for(
        self: &Arc<Self>,
        hook: &Hook,
        wanted: &Wanted,
        accepted: &Accepted,
    ) -> Result<(), String> {
        let resource = &wanted.resource;
        let target = Target {
            api_version: resource.api_version.clone().unwrap_or_default(),
            kind: resource.kind.clone(),
            namespace: resource.namespace.clone().unwrap_or_else(|| hook.namespace.clone()),
            name: resource.name.clone(),
        };
        if target.name != "*" {
            if wanted.is_filtered() {
                let metadata = self.requests.metadata(&target).await?;
                if !hook.wants(wanted, &metadata, accepted).map_err(|e| e.to_string())? {
                    return Ok(());
                }
            }
            return self.ask(target).await;
        }
        let labels: Vec<_> = resource.match_labels.clone().into_iter().collect();
        for (target, metadata) in self.requests.labelled(&target, &labels).await? {
            if hook.wants(wanted, &metadata, accepted).map_err(|e| e.to_string())? {
                self.ask(target).await?;
            }
        }
        Ok(())
    }

    async fn ask(self: &Arc<Self>, target: Target) -> Result<(), String> {
        match self.calm.turn(&target) {
            Turn::Now => return self.requests.request(&target).await,
            Turn::Covered => {}
            Turn::At(at) => {
                let server = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep_until(at).await;
                    server.calm.begin(&target);
                    if let Err(error) = server.requests.request(&target).await {
                        tracing::error!(%error, "unable to request reconciliation");
                    }
                });
            }
        }
        Ok(())
    }
}
