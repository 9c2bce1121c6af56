//! Following objects by name: read in full, while somebody waits for them, and with the identity of who waits.
//!
//! One watch for each object, or one for a kind and namespace where many are waited for. A watch that breaks off, or a
//! kind that is not served (yet, or any more), is told and tried again.

use crate::error::Error;
use crate::events::root_cause;
use crate::request::Connection;
use crate::resource::{Discovery, Resource};
use futures::StreamExt;
use inhaul_object::{GroupVersionKind, ObjectId};
use inhaul_plan::Scope;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// So many objects of one kind and namespace share a watch.
const MANY: usize = 4;
/// A watch that broke off, or a kind that was not served, is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// An object as it is now, that there is none, or why that cannot be told.
pub type Sighting = Result<Option<Value>, Error>;

/// Objects that are followed until this is dropped.
pub struct Subscription {
    heard: UnboundedReceiver<(ObjectId, Sighting)>,
    _watches: JoinSet<()>,
}

impl Subscription {
    /// Follows `objects`, each with the version that it is read in. The first news of each is how it is now.
    pub fn new<'a>(
        connection: &Connection,
        discovery: &Discovery,
        objects: impl IntoIterator<Item = (&'a ObjectId, &'a str)>,
    ) -> Self {
        let mut kinds: BTreeMap<(GroupVersionKind, String), Vec<String>> = BTreeMap::new();
        for (id, version) in objects {
            let gvk = GroupVersionKind {
                group: id.group.clone(),
                version: version.to_owned(),
                kind: id.kind.clone(),
            };
            kinds.entry((gvk, id.namespace.clone())).or_default().push(id.name.clone());
        }
        let (tell, heard) = unbounded_channel();
        let mut watches = JoinSet::new();
        for ((gvk, namespace), names) in kinds {
            let shares: Vec<Vec<String>> = match names.len() {
                few if few < MANY => names.into_iter().map(|name| vec![name]).collect(),
                _ => vec![names],
            };
            for names in shares {
                let watch = Watch {
                    connection: connection.clone(),
                    discovery: discovery.clone(),
                    gvk: gvk.clone(),
                    namespace: namespace.clone(),
                    names: names.into_iter().collect(),
                    tell: tell.clone(),
                };
                watches.spawn(watch.run());
            }
        }
        Self { heard, _watches: watches }
    }

    /// The next news. It never ends by itself, unless nothing is followed.
    pub async fn next(&mut self) -> Option<(ObjectId, Sighting)> {
        self.heard.recv().await
    }
}

struct Watch {
    connection: Connection,
    discovery: Discovery,
    gvk: GroupVersionKind,
    namespace: String,
    names: HashSet<String>,
    tell: UnboundedSender<(ObjectId, Sighting)>,
}

impl Watch {
    async fn run(self) {
        loop {
            let error = match self.discovery.resource(&self.gvk).await {
                Ok(resource) => self.follow(&resource).await,
                Err(error) => error,
            };
            for name in &self.names {
                let gone = error.is_not_found();
                self.say(name, if gone { Ok(None) } else { Err(error.clone()) });
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Follows until the watch breaks off.
    async fn follow(&self, resource: &Resource) -> Error {
        let mut config = watcher::Config::default();
        if let (1, Some(name)) = (self.names.len(), self.names.iter().next()) {
            config = config.fields(&format!("metadata.name={name}"));
        }
        let mut events = pin!(watcher::watcher(self.api(resource), config));
        let mut listed = HashSet::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitApply(object)) => {
                    listed.extend(object.metadata.name.clone());
                    self.live(resource, object);
                }
                Ok(Event::InitDone) => {
                    for name in self.names.difference(&listed) {
                        self.say(name, Ok(None));
                    }
                }
                Ok(Event::Apply(object)) => self.live(resource, object),
                Ok(Event::Delete(object)) => {
                    let name = object.metadata.name.unwrap_or_default();
                    self.say(&name, Ok(None));
                }
                Err(error) => return error_of(error),
            }
        }
        Error::Unreachable("the watch ended".to_owned())
    }

    fn api(&self, resource: &Resource) -> Api<DynamicObject> {
        let kind = ApiResource {
            group: resource.gvk.group.clone(),
            version: resource.gvk.version.clone(),
            api_version: resource.gvk.api_version(),
            kind: resource.gvk.kind.clone(),
            plural: resource.plural.clone(),
        };
        match resource.scope {
            Scope::Namespaced if !self.namespace.is_empty() => {
                Api::namespaced_with(self.connection.client(), &self.namespace, &kind)
            }
            _ => Api::all_with(self.connection.client(), &kind),
        }
    }

    fn live(&self, resource: &Resource, mut object: DynamicObject) {
        let name = object.metadata.name.clone().unwrap_or_default();
        object.metadata.managed_fields = None;
        let sighting = serde_json::to_value(object).map_err(|e| Error::Garbled(e.to_string()));
        let sighting = sighting.map(|mut live| {
            // The items of a list do not repeat their type.
            live["apiVersion"] = resource.gvk.api_version().into();
            live["kind"] = resource.gvk.kind.clone().into();
            Some(live)
        });
        self.say(&name, sighting);
    }

    fn say(&self, name: &str, sighting: Sighting) {
        if !self.names.contains(name) {
            return;
        }
        let id = ObjectId {
            namespace: self.namespace.clone(),
            name: name.to_owned(),
            group: self.gvk.group.clone(),
            kind: self.gvk.kind.clone(),
        };
        // Nobody listens any more once the wait is over.
        let _ = self.tell.send((id, sighting));
    }
}

fn error_of(error: watcher::Error) -> Error {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Error::Api(status),
        other => Error::Unreachable(root_cause(&other)),
    }
}
