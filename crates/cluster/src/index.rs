//! The live index: one watch of metadata for every kind that some inventory holds.
//!
//! It keeps a small record of each object that carries an owner's label, and passes every change
//! on. It reads with the operator's own identity, and nothing but metadata. Where a kind may not
//! be watched, it says that it does not know, and the interval remains.

use crate::request::Connection;
use crate::resource::Resource;
use futures::StreamExt;
use inhaul_object::{Object, ObjectId};
use inhaul_plan::{OWNER_NAME, Scope, Sight};
use kube::api::{Api, ApiResource, DynamicObject, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, DefaultBackoff, Event};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};

/// Every kind is listed anew this often, whatever its watch says.
const RELIST: Duration = Duration::from_secs(30 * 60);
/// A kind that could not be watched is tried again after this.
const PAUSE: Duration = Duration::from_secs(30);
/// A kind is followed at least this long: whoever asked for it may not have applied anything yet.
const FOLLOWED: Duration = Duration::from_secs(600);

/// A change of an object, as the index saw it.
#[derive(Clone, Debug)]
pub struct IndexEvent {
    /// The object.
    pub id: ObjectId,
    /// Its metadata now; `None` if it is gone, or lost its owner's label.
    pub metadata: Option<Object>,
}

/// What the index knows of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indexed {
    /// Its kind is not watched, or not listed yet.
    Unknown,
    /// It does not exist, or carries no owner's label.
    Absent,
    /// What was seen of it last.
    Seen(Sight),
}

/// Group and kind.
type Kind = (String, String);

/// A kind that is watched.
struct Watched {
    /// Listed completely, so that it answers for its objects.
    listed: bool,
    since: Instant,
    task: AbortHandle,
}

#[derive(Default)]
struct State {
    kinds: HashMap<Kind, Watched>,
    sights: HashMap<ObjectId, Sight>,
    watches: JoinSet<()>,
}

impl State {
    fn set_listed(&mut self, kind: &Kind, listed: bool) {
        if let Some(watched) = self.kinds.get_mut(kind) {
            watched.listed = listed;
        }
    }

    /// A kind that is watched no more answers for nothing.
    fn drop_kind(&mut self, kind: &Kind) {
        if let Some(watched) = self.kinds.remove(kind) {
            watched.task.abort();
        }
        self.sights.retain(|id, _| id.group != kind.0 || id.kind != kind.1);
    }
}

/// The live index.
#[derive(Clone)]
pub struct Index {
    connection: Connection,
    override_managers: Arc<[String]>,
    state: Arc<Mutex<State>>,
    events: UnboundedSender<IndexEvent>,
}

impl Index {
    /// An index that watches nothing yet, and where its changes are heard.
    pub fn new(
        connection: Connection,
        override_managers: &[String],
    ) -> (Self, UnboundedReceiver<IndexEvent>) {
        let (events, heard) = unbounded_channel();
        let override_managers = override_managers.into();
        (Self { connection, override_managers, state: Arc::default(), events }, heard)
    }

    /// Watches a kind from now on.
    pub fn follow(&self, resource: &Resource) {
        let kind = (resource.gvk.group.clone(), resource.gvk.kind.clone());
        let watchable = resource.verbs.iter().any(|verb| verb == "watch");
        let mut state = self.state.lock();
        if !watchable || state.kinds.contains_key(&kind) {
            return;
        }
        let (index, resource) = (self.clone(), resource.clone());
        let task = state.watches.spawn(async move { index.watch(resource).await });
        state.kinds.insert(kind, Watched { listed: false, since: Instant::now(), task });
    }

    /// Ends the watches of kinds that nobody needs any more.
    pub fn keep_only(&self, needed: &HashSet<(String, String)>) {
        let mut state = self.state.lock();
        let unneeded = |(kind, watched): &(&Kind, &Watched)| {
            !needed.contains(*kind) && watched.since.elapsed() > FOLLOWED
        };
        let unneeded: Vec<Kind> =
            state.kinds.iter().filter(unneeded).map(|(kind, _)| kind.clone()).collect();
        unneeded.iter().for_each(|kind| state.drop_kind(kind));
        // What has ended need not be kept.
        while state.watches.try_join_next().is_some() {}
    }

    /// What is known of an object.
    pub fn look(&self, id: &ObjectId) -> Indexed {
        let state = self.state.lock();
        if !state.kinds.get(&(id.group.clone(), id.kind.clone())).is_some_and(|kind| kind.listed) {
            return Indexed::Unknown;
        }
        state.sights.get(id).cloned().map_or(Indexed::Absent, Indexed::Seen)
    }

    /// How many kinds are watched.
    pub fn kinds(&self) -> usize {
        self.state.lock().kinds.len()
    }

    /// The kinds that should be watched and are not.
    pub fn blind(&self) -> Vec<String> {
        let state = self.state.lock();
        let blind = state.kinds.iter().filter(|(_, watched)| !watched.listed);
        blind.map(|((_, kind), _)| kind.clone()).collect()
    }

    /// How many objects are indexed.
    pub fn len(&self) -> usize {
        self.state.lock().sights.len()
    }

    /// Whether nothing is indexed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    async fn watch(self, resource: Resource) {
        let kind = (resource.gvk.group.clone(), resource.gvk.kind.clone());
        let api: Api<PartialObjectMeta<DynamicObject>> =
            Api::all_with(self.connection.client(), &api_resource(&resource));
        let config = watcher::Config::default().labels(OWNER_NAME);
        loop {
            let events = watcher::watcher(api.clone(), config.clone());
            let mut events = std::pin::pin!(events.backoff(DefaultBackoff::default()));
            let listing = async {
                let mut listed = HashSet::new();
                while let Some(event) = events.next().await {
                    match event {
                        Ok(event) => self.take(&resource, &kind, event, &mut listed),
                        Err(error) if is_not_served(&error) => {
                            // Its definition is gone. If it comes back, somebody will ask again.
                            self.state.lock().drop_kind(&kind);
                            return;
                        }
                        Err(error) => {
                            self.state.lock().set_listed(&kind, false);
                            tracing::warn!(kind = kind.1, %error, "the index cannot watch a kind");
                            tokio::time::sleep(PAUSE).await;
                        }
                    }
                }
            };
            // What a watch lost is found when it begins anew.
            let _ = tokio::time::timeout(RELIST, listing).await;
        }
    }

    fn take(
        &self,
        resource: &Resource,
        kind: &Kind,
        event: Event<PartialObjectMeta<DynamicObject>>,
        listed: &mut HashSet<ObjectId>,
    ) {
        match event {
            Event::Init => listed.clear(),
            Event::InitApply(object) => {
                if let Some((id, metadata)) = read(resource, object) {
                    listed.insert(id.clone());
                    self.seen(id, metadata);
                }
            }
            Event::InitDone => self.complete(kind, listed),
            Event::Apply(object) => {
                if let Some((id, metadata)) = read(resource, object) {
                    self.seen(id, metadata);
                }
            }
            Event::Delete(object) => {
                if let Some((id, _)) = read(resource, object) {
                    self.gone(id);
                }
            }
        }
    }

    fn seen(&self, id: ObjectId, metadata: Object) {
        let sight = Sight::of(&metadata, &self.override_managers);
        let before = self.state.lock().sights.insert(id.clone(), sight.clone());
        // A status that somebody writes every second is nobody's news.
        if before.as_ref() != Some(&sight) {
            self.tell(IndexEvent { id, metadata: Some(metadata) });
        }
    }

    fn gone(&self, id: ObjectId) {
        self.state.lock().sights.remove(&id);
        self.tell(IndexEvent { id, metadata: None });
    }

    /// The kind was listed to its end: what was there before and is not on the list is gone.
    fn complete(&self, kind: &Kind, listed: &HashSet<ObjectId>) {
        let mut state = self.state.lock();
        state.set_listed(kind, true);
        let gone: Vec<ObjectId> = state
            .sights
            .keys()
            .filter(|id| id.group == kind.0 && id.kind == kind.1 && !listed.contains(*id))
            .cloned()
            .collect();
        drop(state);
        gone.into_iter().for_each(|id| self.gone(id));
    }

    fn tell(&self, event: IndexEvent) {
        // Nobody listens while the process ends.
        let _ = self.events.send(event);
    }
}

/// Whether the API server says that it does not serve the kind.
fn is_not_served(error: &watcher::Error) -> bool {
    let not_found = |error: &kube::Error| matches!(error, kube::Error::Api(s) if s.code == 404);
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => not_found(error),
        watcher::Error::WatchError(status) => status.code == 404,
        _ => false,
    }
}

fn api_resource(resource: &Resource) -> ApiResource {
    ApiResource {
        group: resource.gvk.group.clone(),
        version: resource.gvk.version.clone(),
        api_version: resource.gvk.api_version(),
        kind: resource.gvk.kind.clone(),
        plural: resource.plural.clone(),
    }
}

/// The metadata as an object of its own kind, with what the index looks at and nothing else.
fn read(
    resource: &Resource,
    object: PartialObjectMeta<DynamicObject>,
) -> Option<(ObjectId, Object)> {
    let mut metadata = object.metadata;
    if resource.scope == Scope::Cluster {
        metadata.namespace = None;
    }
    let json = serde_json::json!({
        "apiVersion": resource.gvk.api_version(),
        "kind": resource.gvk.kind,
        "metadata": serde_json::to_value(metadata).ok()?,
    });
    let object = Object::from_json(json).ok()?;
    Some((object.id(), object))
}
