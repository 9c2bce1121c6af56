//! The small HTTP servers: /metrics, and /healthz with /readyz.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use inhaul_controller::metrics::Metrics;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves `/metrics` until `stop`.
pub(crate) async fn metrics(listener: TcpListener, metrics: Arc<Metrics>, stop: CancellationToken) {
    let router = Router::new().route("/metrics", get(move || async move { scrape(&metrics) }));
    serve(listener, router, stop).await;
}

/// Serves `/healthz` and `/readyz` until `stop`. Ready means that the API server was reached; a
/// process that waits for a Lease is ready, as in Flux: it is there to take over.
pub(crate) async fn health(listener: TcpListener, ready: Arc<AtomicBool>, stop: CancellationToken) {
    let ready = move || {
        let answer = if ready.load(Ordering::Acquire) {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "the API server was not reached yet")
        };
        async move { answer }
    };
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/healthz/", get(|| async { "ok" }))
        .route("/readyz", get(ready.clone()))
        .route("/readyz/", get(ready));
    serve(listener, router, stop).await;
}

fn scrape(metrics: &Metrics) -> Response {
    match metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "a server ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    async fn get(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    async fn listener() -> (TcpListener, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    #[tokio::test]
    async fn a_process_is_healthy_before_it_is_ready() {
        let ((listener, address), stop) = (listener().await, CancellationToken::new());
        let ready = Arc::new(AtomicBool::new(false));
        let server = tokio::spawn(health(listener, Arc::clone(&ready), stop.clone()));
        assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 503"));
        ready.store(true, Ordering::Release);
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        stop.cancel();
        server.await.expect("the server ends");
    }

    #[tokio::test]
    async fn metrics_are_served_as_prometheus_reads_them() {
        let ((listener, address), stop) = (listener().await, CancellationToken::new());
        let all = Arc::new(Metrics::new().expect("metrics"));
        all.reconciled("Kustomization", "apps", "web", 1.0, "success");
        let server = tokio::spawn(metrics(listener, all, stop.clone()));
        let answer = get(address, "/metrics").await;
        assert!(answer.contains("content-type: text/plain; version=0.0.4\r\n"), "{answer}");
        assert!(answer.contains("gotk_reconcile_duration_seconds_count{"), "{answer}");
        assert!(get(address, "/other").await.starts_with("HTTP/1.1 404"));
        stop.cancel();
        server.await.expect("the server ends");
    }
}
