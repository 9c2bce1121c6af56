//! Events: written as core/v1 Events, which may carry annotations, and posted as JSON to Flux's
//! notification-controller. Publishing never waits and never fails; what cannot be delivered is
//! counted.

mod post;
mod queue;
mod record;

use crate::events::post::Post;
use crate::events::queue::Queue;
use crate::events::record::Record;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Events that wait for delivery, for each of the two ways; beyond, the oldest go.
const QUEUE_LENGTH: usize = 1024;
/// An event that says the same within this time is the same event again. As in Flux's
/// notification-controller.
const SAME_WITHIN: Duration = Duration::from_secs(300);
/// How many different events are remembered in order to know one again.
const REMEMBERED: usize = 4096;
/// A message longer than this is cut. core/v1 itself knows no limit; Flux puts the list of changed
/// objects in here, and etcd keeps each event for an hour.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// A reason, or the value of an annotation, longer than this is cut.
const MAX_VALUE_BYTES: usize = 1024;
/// How long delivering what still waits may take when the process ends.
const LAST_DELIVERY: Duration = Duration::from_secs(3);

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Nothing changed. Written as an Event of type `Normal`, and not posted.
    Trace,
    /// Something changed.
    Info,
    /// Something failed. An Event of type `Warning`.
    Error,
}

/// Something that happened to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The object that it happened to.
    pub involved: ObjectReference,
    /// How much it matters.
    pub severity: Severity,
    /// One word for what happened, such as `ReconciliationSucceeded`.
    pub reason: String,
    /// What happened, for people. Must hold no secrets.
    pub message: String,
    /// Annotations of the Event, `metadata` of what is posted: `<group>/revision` and so on.
    pub metadata: BTreeMap<String, String>,
}

impl Event {
    /// What makes two events the same: Flux's key (object, message, revisions, token), and
    /// severity and reason.
    fn key(&self) -> Key {
        let counts = |key: &str| {
            let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
            matches!(name, "revision" | "originRevision" | "token")
        };
        let metadata = self.metadata.iter().filter(|(key, _)| counts(key));
        let ObjectReference { api_version, kind, namespace, name, uid, .. } = self.involved.clone();
        Key {
            object: [api_version, kind, namespace, name, uid],
            severity: self.severity,
            texts: [self.reason.clone(), self.message.clone()],
            metadata: metadata.map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    object: [Option<String>; 5],
    severity: Severity,
    texts: [String; 2],
    metadata: Vec<(String, String)>,
}

/// An event on its way.
#[derive(Debug)]
struct Published {
    event: Event,
    at: Timestamp,
    controller: Arc<str>,
}

/// Who speaks, and to whom.
#[derive(Clone, Debug)]
pub struct EventConfig {
    /// The name of the controller, such as `kustomize-controller`.
    pub controller: String,
    /// The name of this process: its host's, or its Pod's.
    pub instance: String,
    /// Where events are posted, such as
    /// `http://notification-controller.flux-system.svc.cluster.local./`; nowhere if `None`.
    pub address: Option<http::Uri>,
}

/// Why events cannot be delivered as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("events address {address}: {why}")]
pub struct EventAddressError {
    /// The address.
    pub address: String,
    /// What is wrong with it.
    pub why: String,
}

struct Ways {
    records: Queue<Arc<Published>>,
    /// Absent where events are not posted.
    posts: Option<Queue<Arc<Published>>>,
    failed: AtomicU64,
}

/// Takes events from anywhere. Clones share one queue.
#[derive(Clone)]
pub struct Recorder {
    ways: Arc<Ways>,
    controller: Arc<str>,
}

impl Recorder {
    /// A recorder, and the task that delivers what it takes.
    ///
    /// # Errors
    /// If the address is not one that HTTP can reach.
    pub fn new(
        client: kube::Client,
        config: EventConfig,
    ) -> Result<(Self, Delivery), EventAddressError> {
        let EventConfig { controller, instance, address } = config;
        let instance = bounded(&printable(&instance), 128);
        let post = address.map(|address| Post::new(&address, instance.clone())).transpose()?;
        let ways = Arc::new(Ways {
            records: Queue::new(QUEUE_LENGTH),
            posts: post.is_some().then(|| Queue::new(QUEUE_LENGTH)),
            failed: AtomicU64::new(0),
        });
        let record = Record::new(client, instance);
        let recorder = Self { ways: Arc::clone(&ways), controller: controller.into() };
        Ok((recorder, Delivery { ways, record, post }))
    }

    /// The same recorder, speaking for another controller.
    #[must_use]
    pub fn named(&self, controller: &str) -> Self {
        Self { ways: Arc::clone(&self.ways), controller: controller.into() }
    }

    /// Takes an event. Control characters are escaped, and what is too long is cut.
    pub fn publish(&self, event: Event) {
        let event = Event {
            reason: bounded(&printable(&event.reason), 128),
            message: bounded(&printable(&event.message), MAX_MESSAGE_BYTES),
            metadata: event
                .metadata
                .into_iter()
                .map(|(key, value)| (key, bounded(&printable(&value), MAX_VALUE_BYTES)))
                .collect(),
            ..event
        };
        let controller = Arc::clone(&self.controller);
        let published = Arc::new(Published { event, at: Timestamp::now(), controller });
        if published.event.severity != Severity::Trace
            && let Some(posts) = &self.ways.posts
        {
            posts.push(Arc::clone(&published));
        }
        self.ways.records.push(published);
    }

    /// How many events had to go because too many waited.
    pub fn dropped(&self) -> u64 {
        self.ways.records.dropped() + self.ways.posts.as_ref().map_or(0, Queue::dropped)
    }

    /// How many events could not be delivered one of their ways.
    pub fn failed(&self) -> u64 {
        self.ways.failed.load(Ordering::Relaxed)
    }
}

/// The task behind a [`Recorder`].
pub struct Delivery {
    ways: Arc<Ways>,
    record: Record,
    post: Option<Post>,
}

impl Delivery {
    /// Delivers until `stop` is cancelled, and then what still waits, for a few seconds at most.
    pub async fn run(self, stop: CancellationToken) {
        let Self { ways, mut record, mut post } = self;
        let write = async {
            while let Some(event) = ways.records.next(&stop).await {
                count(&ways.failed, record.write(&event).await, "cannot write an event");
            }
        };
        let send = async {
            let (Some(post), Some(posts)) = (&mut post, &ways.posts) else { return };
            while let Some(event) = posts.next(&stop).await {
                count(&ways.failed, post.send(&event).await, "cannot post an event");
            }
        };
        let late = async {
            stop.cancelled().await;
            sleep(LAST_DELIVERY).await;
        };
        tokio::select! {
            ((), ()) = futures::future::join(write, send) => {}
            () = late => tracing::warn!("some events were not delivered before the end"),
        }
    }
}

fn count(failed: &AtomicU64, result: Result<(), String>, what: &str) {
    if let Err(error) = result {
        failed.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(error, "{what}");
    }
}

/// The part of a chain of errors that says what happened; the outer ones only say that a request
/// failed.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Events that were delivered, by key: few enough of them, and none for longer than needed.
struct Memory<V>(HashMap<Key, (Instant, V)>);

impl<V> Memory<V> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn get(&mut self, key: &Key, now: Instant) -> Option<&mut (Instant, V)> {
        self.0.get_mut(key).filter(|(at, _)| now.saturating_duration_since(*at) < SAME_WITHIN)
    }

    fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }

    fn insert(&mut self, key: Key, now: Instant, value: V) {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, (at, _)| now.saturating_duration_since(*at) < SAME_WITHIN);
        }
        if self.0.len() >= REMEMBERED {
            // A flood of different events: knowing one again matters less than the memory.
            self.0.clear();
        }
        self.0.insert(key, (now, value));
    }
}

/// Escapes what a terminal or a browser would obey instead of show. Line breaks and tabs stay:
/// lists of changes are made of them.
fn printable(text: &str) -> String {
    let shown = |c: char| {
        let turns_text = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        matches!(c, '\n' | '\t') || !(c.is_control() || turns_text)
    };
    if text.chars().all(shown) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if shown(c) { escaped.push(c) } else { escaped.extend(c.escape_default()) }
    }
    escaped
}

fn bounded(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    // Room for the remark: 20 digits at most.
    let kept = &text[..text.floor_char_boundary(limit.saturating_sub(40))];
    format!("{kept}… ({} bytes left out)", text.len() - kept.len())
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
