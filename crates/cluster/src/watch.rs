//! Watching our own kinds.

use crate::request::Connection;
use futures::{Stream, StreamExt};
use kube::api::Api;
use kube::core::{DeserializeGuard, NamespaceResourceScope};
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, DefaultBackoff};
use kube::runtime::{WatchStreamExt, reflector::ObjectRef};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

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
    let (store, mut writer) = reflector::store::<K>();
    let events = watcher::watcher(api, config).backoff(DefaultBackoff::default());
    let mut listing: HashMap<ObjectRef<K>, ()> = HashMap::new();
    let mut before: HashMap<ObjectRef<K>, ()> = HashMap::new();
    let seen = events.flat_map(move |event| {
        let mut out = Vec::new();
        match event {
            Err(error) => tracing::warn!(kind = %K::kind(&()), %error, "watch broke off"),
            Ok(watcher::Event::Init) => {
                listing.clear();
                writer.apply_watcher_event(&watcher::Event::Init);
            }
            Ok(watcher::Event::InitApply(guarded)) => {
                out.push(readable(guarded).map_or_else(unreadable, |object| {
                    listing.insert(ObjectRef::from_obj(&object), ());
                    writer.apply_watcher_event(&watcher::Event::InitApply(object.clone()));
                    seen(object, true)
                }));
            }
            Ok(watcher::Event::InitDone) => {
                writer.apply_watcher_event(&watcher::Event::InitDone);
                // What was there before the watch broke off, and is not any more.
                let gone = before.keys().filter(|key| !listing.contains_key(*key));
                out.extend(gone.map(|key| Seen {
                    namespace: key.namespace.clone().unwrap_or_default(),
                    name: key.name.clone(),
                    object: None,
                }));
                before.clone_from(&listing);
            }
            Ok(watcher::Event::Apply(guarded)) => {
                out.push(readable(guarded).map_or_else(unreadable, |object| {
                    before.insert(ObjectRef::from_obj(&object), ());
                    writer.apply_watcher_event(&watcher::Event::Apply(object.clone()));
                    seen(object, true)
                }));
            }
            Ok(watcher::Event::Delete(guarded)) => {
                out.push(readable(guarded).map_or_else(unreadable, |object| {
                    before.remove(&ObjectRef::from_obj(&object));
                    writer.apply_watcher_event(&watcher::Event::Delete(object.clone()));
                    seen(object, false)
                }));
            }
        }
        futures::stream::iter(out)
    });
    (store, seen)
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
    guarded.0.map_err(|invalid| {
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
