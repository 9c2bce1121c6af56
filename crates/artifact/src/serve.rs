//! The store over HTTP: files by their exact path, and nothing else.

use crate::{Address, Store};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio_util::io::ReaderStream;

/// Serves `store`. `GET /` answers 200: it is what probes ask. There is no listing, and what is
/// not a file of the store is not found.
pub fn router(store: Store) -> Router {
    Router::new()
        .route("/", get(|| async { "ok\n" }))
        .route("/{*path}", get(file))
        .with_state(store)
}

async fn file(State(store): State<Store>, method: Method, Path(path): Path<String>) -> Response {
    // What cannot be an address is no file of ours, whatever the disk holds there.
    let Ok(address) = Address::parse(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match open(&store, &address).await {
        Ok((file, size)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/gzip".to_owned()),
                (header::CONTENT_LENGTH, size.to_string()),
            ];
            let body = if method == Method::HEAD {
                Body::empty()
            } else {
                Body::from_stream(ReaderStream::with_capacity(file, 1 << 16))
            };
            (headers, body).into_response()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            StatusCode::NOT_FOUND.into_response()
        }
        Err(error) => {
            tracing::error!(%path, %error, "cannot serve an artifact");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn open(store: &Store, address: &Address) -> std::io::Result<(tokio::fs::File, u64)> {
    let path = store.file(address);
    let not_found = || std::io::Error::from(std::io::ErrorKind::NotFound);
    // Links are never made here, so none is followed.
    if !tokio::fs::symlink_metadata(&path).await?.is_file() {
        return Err(not_found());
    }
    let file = tokio::fs::File::open(&path).await?;
    let size = file.metadata().await?.len();
    Ok((file, size))
}
