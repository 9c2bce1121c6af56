//! Where the operator POSTs its events to (`--events-addr`).

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

#[derive(Clone, Default)]
pub(crate) struct EventSink {
    events: Arc<Mutex<Vec<Value>>>,
}

impl EventSink {
    /// Serves on a free port of loopback and returns its address too.
    pub(crate) async fn start() -> (Self, String) {
        let sink = Self::default();
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let address = format!("http://{}/", listener.local_addr().expect("it is bound"));
        let receive = async |State(sink): State<EventSink>, Json(event): Json<Value>| {
            sink.events.lock().expect("no holder panics").push(event);
        };
        let router = Router::new().route("/", post(receive)).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (sink, address)
    }

    /// The events about objects of one namespace, oldest first.
    pub(crate) fn events_in(&self, namespace: &str) -> Vec<Value> {
        let events = self.events.lock().expect("no holder panics");
        events
            .iter()
            .filter(|event| event["involvedObject"]["namespace"] == namespace)
            .cloned()
            .collect()
    }
}
