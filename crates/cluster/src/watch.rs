//! Watching our own kinds.

use crate::request::Connection;
use futures::stream::{self, Stream, StreamExt};
use kube::api::Api;
use kube::core::{DeserializeGuard, NamespaceResourceScope};
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, DefaultBackoff};
use kube::runtime::{WatchStreamExt, reflector::ObjectRef};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// Everything is listed anew this often, whatever the watch says.
const RELIST: Duration = Duration::from_secs(30 * 60);

/// A kind as a watch delivers it: one object that cannot be read is an item, not the end.
pub type Guarded<K> = DeserializeGuard<K>;

/// What to watch.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only what this label selector selects (`--watch-label-selector`).
    pub label_selector: Option<String>,
}

/// What a watch saw of an object.
#[derive(Clone, Debug)]
pub struct Seen<K> {
    /// Where the object is, or was.
    pub namespace: String,
    /// What it is called.
    pub name: String,
    /// The object now; `None` if it is gone, or cannot be read.
    pub object: Option<Arc<K>>,
}

/// Watches a kind: a store of what there is, and a stream of what changes. The stream never ends
/// by itself; errors are waited out, longer each time. It must be polled for the store to follow.
pub fn watch<K>(
    connection: &Connection,
    options: &WatchOptions,
) -> (Store<K>, impl Stream<Item = Seen<K>> + Send + use<K>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + DeserializeOwned
        + Clone
        + Debug
        + Send
        + Sync
        + 'static,
{
    let api: Api<Guarded<K>> = all(connection, options);
    let config =
        watcher::Config { label_selector: options.label_selector.clone(), ..<_>::default() };
    let (store, writer) = reflector::store::<K>();
    // A watch that begins anew lists everything, and so finds what it had lost.
    let events = stream::repeat_with(move || {
        let events = watcher::watcher(api.clone(), config.clone());
        events.backoff(DefaultBackoff::default()).take_until(tokio::time::sleep(RELIST))
    });
    let mut follower = Follower { writer, listing: HashSet::new(), before: HashSet::new() };
    let seen = events.flatten().flat_map(move |event| match event {
        Ok(event) => stream::iter(follower.take(event)),
        Err(error) => {
            tracing::warn!(kind = %K::kind(&()), %error, "watch broke off");
            stream::iter(Vec::new())
        }
    });
    (store, seen)
}

/// Fills the store, and tells what changed.
struct Follower<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    /// What the list that is under way has shown.
    listing: HashSet<ObjectRef<K>>,
    /// What there was before.
    before: HashSet<ObjectRef<K>>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Follower<K> {
    fn take(&mut self, event: watcher::Event<Guarded<K>>) -> Vec<Seen<K>> {
        use watcher::Event;
        let (guarded, exists) = match event {
            Event::Init => {
                self.listing.clear();
                self.writer.apply_watcher_event(&Event::Init);
                return Vec::new();
            }
            Event::InitDone => {
                self.writer.apply_watcher_event(&Event::InitDone);
                return self.gone();
            }
            Event::InitApply(guarded) => {
                return vec![readable(guarded).map_or_else(unreadable, |object| {
                    self.listing.insert(ObjectRef::from_obj(&object));
                    self.writer.apply_watcher_event(&Event::InitApply(object.clone()));
                    seen(object, true)
                })];
            }
            Event::Apply(guarded) => (guarded, true),
            Event::Delete(guarded) => (guarded, false),
        };
        vec![readable(guarded).map_or_else(unreadable, |object| {
            let event = if exists {
                self.before.insert(ObjectRef::from_obj(&object));
                Event::Apply(object.clone())
            } else {
                self.before.remove(&ObjectRef::from_obj(&object));
                Event::Delete(object.clone())
            };
            self.writer.apply_watcher_event(&event);
            seen(object, exists)
        })]
    }

    /// What was there before the watch broke off, and is not any more.
    fn gone(&mut self) -> Vec<Seen<K>> {
        let gone = self.before.difference(&self.listing).map(|key| Seen {
            namespace: key.namespace.clone().unwrap_or_default(),
            name: key.name.clone(),
            object: None,
        });
        let gone = gone.collect();
        self.before.clone_from(&self.listing);
        gone
    }
}

fn all<K>(connection: &Connection, options: &WatchOptions) -> Api<Guarded<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let api = Api::all(connection.client());
    match &options.namespace {
        Some(namespace) => api.constrain(namespace),
        None => api,
    }
}

fn readable<K: Resource<DynamicType = ()>>(guarded: Guarded<K>) -> Result<K, Key> {
    let object = guarded.0.map(|mut object| {
        // Nobody asks for them, and they take more than all the rest.
        object.meta_mut().managed_fields = None;
        object
    });
    object.map_err(|invalid| {
        let namespace = invalid.metadata.namespace.unwrap_or_default();
        let name = invalid.metadata.name.unwrap_or_default();
        tracing::error!(kind = %K::kind(&()), namespace, name, error = %invalid.error, "unreadable");
        (namespace, name)
    })
}

/// Namespace and name.
type Key = (String, String);

/// An object that cannot be read is seen like one that is gone: whoever looks closer finds out.
fn unreadable<K>((namespace, name): Key) -> Seen<K> {
    Seen { namespace, name, object: None }
}

fn seen<K: Resource<DynamicType = ()>>(object: K, exists: bool) -> Seen<K> {
    Seen {
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        object: exists.then(|| Arc::new(object)),
    }
}
