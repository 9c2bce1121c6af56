//! Deleting what left the source: never without a look, a uid and the guard's consent.

use crate::error::Error;
use crate::facts::Facts;
use crate::request::{Call, Connection, JSON};
use crate::resource::{Discovery, Resource};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use http::Method;
use inhaul_object::{GroupVersionKind, Object, ObjectId};
use inhaul_plan::{Approval, Fate, Held, Inventory, Owner, Plan, decide, examine};
use serde_json::json;
use std::time::Duration;

/// How many objects are looked at side by side.
const CONCURRENCY: usize = 8;
/// An object without finalizers is gone within this after its deletion.
const GOES_WITHIN: Duration = Duration::from_secs(2);
const GOES_POLL: Duration = Duration::from_millis(50);

/// Who prunes, and what was said about it.
#[derive(Clone, Debug)]
pub struct PruneOptions {
    /// The Kustomization that prunes.
    pub owner: Owner,
    /// The revision that is being applied.
    pub revision: String,
    /// What was said about the guard.
    pub approval: Approval,
    /// Namespaces that are never deleted beside the system's: those of the operator.
    pub protected_namespaces: Vec<String>,
}

/// An object that is being deleted and waits for its finalizers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// The object.
    pub id: ObjectId,
    /// The finalizers, as far as they are known.
    pub finalizers: Vec<String>,
}

/// What became of the objects that left the source.
#[derive(Clone, Debug, Default)]
pub struct Pruned {
    /// Deleted by this run, gone or going.
    pub deleted: Vec<ObjectId>,
    /// Still there, waiting for their finalizers.
    pub going: Vec<Going>,
    /// Not deleted, and why: refused by the API server, or protected.
    pub failed: Vec<(ObjectId, String)>,
    /// Not deleted, because the guard holds the prune.
    pub held: Option<Held>,
    /// Everything that stays in the inventory for one of these reasons.
    pub remaining: Vec<(ObjectId, String)>,
}

struct Sight {
    id: ObjectId,
    version: String,
    resource: Option<Resource>,
    live: Option<Object>,
}

/// What the API server said to a deletion.
enum End {
    /// The object is gone.
    Gone,
    /// It may wait for its finalizers.
    Unknown,
}

/// Deletes what left the source.
#[derive(Clone)]
pub struct Pruner {
    connection: Connection,
    discovery: Discovery,
}

impl Pruner {
    /// A pruner over one connection.
    pub fn new(connection: Connection, discovery: Discovery) -> Self {
        Self { connection, discovery }
    }

    /// Prunes what the plan says has left the source, of an inventory of `total` objects.
    pub async fn prune(&self, plan: &Plan, total: usize, options: &PruneOptions) -> Pruned {
        self.remove(&plan.stale, total, plan.len(), options).await
    }

    /// Deletes everything in an inventory, because its Kustomization is deleted.
    pub async fn finalize(&self, inventory: &Inventory, options: &PruneOptions) -> Pruned {
        let mut all = inventory.minus(&Inventory::default());
        all.sort_by(|(a, _), (b, _)| inhaul_object::order::compare(b, a));
        // A person deleted the Kustomization: that is the approval.
        let options = PruneOptions { approval: Approval::GuardOff, ..options.clone() };
        self.remove(&all, all.len(), 0, &options).await
    }

    async fn remove(
        &self,
        stale: &[(ObjectId, String)],
        total: usize,
        rendered: usize,
        options: &PruneOptions,
    ) -> Pruned {
        let mut pruned = Pruned::default();
        let looks: Vec<_> =
            stale.iter().map(|(id, version)| self.look(id, version).boxed()).collect();
        let sights: Vec<_> = stream::iter(looks).buffered(CONCURRENCY).collect().await;
        let mut doomed = Vec::new();
        for ((id, version), sight) in stale.iter().zip(sights) {
            let keep = |pruned: &mut Pruned| pruned.remaining.push((id.clone(), version.clone()));
            let sight = match sight {
                Ok(sight) => sight,
                Err(error) => {
                    keep(&mut pruned);
                    pruned.failed.push((id.clone(), error.to_string()));
                    continue;
                }
            };
            let live = sight.live.as_ref();
            match decide(id, live, &options.owner, &options.protected_namespaces) {
                Fate::Forget(why) => tracing::debug!(object = %id, why, "left the inventory"),
                Fate::Delete { uid } => doomed.push((sight, uid)),
                Fate::Going { finalizers } => {
                    keep(&mut pruned);
                    pruned.going.push(Going { id: id.clone(), finalizers });
                }
                Fate::Protected(why) => {
                    keep(&mut pruned);
                    pruned.failed.push((id.clone(), why.to_owned()));
                }
            }
        }
        self.delete_all(doomed, (total, rendered), options, &mut pruned).await;
        pruned
    }

    async fn delete_all(
        &self,
        doomed: Vec<(Sight, String)>,
        (total, rendered): (usize, usize),
        options: &PruneOptions,
        pruned: &mut Pruned,
    ) {
        let remaining = |sight: &Sight| (sight.id.clone(), sight.version.clone());
        let mut unconfirmed = Vec::new();
        if options.approval != Approval::GuardOff {
            let lives: Vec<_> = doomed.iter().filter_map(|(s, _)| s.live.as_ref()).collect();
            let facts = Facts::new(&self.connection, &self.discovery).gather(&lives).await;
            let consent = match facts {
                Ok(facts) => examine(&facts, total, rendered, &options.revision, &options.approval)
                    .map_err(|held| pruned.held = Some(held)),
                Err(error) => {
                    let why = format!("cannot tell what a prune would take along: {error}");
                    let ids = doomed.iter().map(|(sight, _)| (sight.id.clone(), why.clone()));
                    pruned.failed.extend(ids);
                    Err(())
                }
            };
            if consent.is_err() {
                pruned.remaining.extend(doomed.iter().map(|(sight, _)| remaining(sight)));
                return;
            }
        }
        // Objects of one kind side by side, one kind after another.
        for of_kind in doomed.chunk_by(|(a, _), (b, _)| a.id.kind == b.id.kind) {
            let deletes: Vec<_> =
                of_kind.iter().map(|(sight, uid)| self.delete(sight, uid).boxed()).collect();
            let ends: Vec<_> = stream::iter(deletes).buffered(CONCURRENCY).collect().await;
            for ((sight, uid), end) in of_kind.iter().zip(ends) {
                match end {
                    Ok(End::Gone) => pruned.deleted.push(sight.id.clone()),
                    Ok(End::Unknown) => {
                        pruned.deleted.push(sight.id.clone());
                        unconfirmed.push((sight, uid.as_str()));
                    }
                    Err(error) => {
                        pruned.remaining.push(remaining(sight));
                        let why = if error.is_conflict() {
                            "it was replaced by another object of the same name meanwhile"
                                .to_owned()
                        } else {
                            error.to_string()
                        };
                        pruned.failed.push((sight.id.clone(), why));
                    }
                }
            }
        }
        self.confirm(&unconfirmed, pruned).await;
    }

    /// An entry leaves the inventory only when the API server said that the object is gone.
    async fn confirm(&self, deleted: &[(&Sight, &str)], pruned: &mut Pruned) {
        let looks: Vec<_> =
            deleted.iter().map(|(sight, uid)| self.still_there(sight, uid).boxed()).collect();
        let ends: Vec<_> = stream::iter(looks).buffered(CONCURRENCY).collect().await;
        for ((sight, _), finalizers) in deleted.iter().zip(ends) {
            if let Some(finalizers) = finalizers {
                pruned.remaining.push((sight.id.clone(), sight.version.clone()));
                pruned.going.push(Going { id: sight.id.clone(), finalizers });
            }
        }
    }

    async fn still_there(&self, sight: &Sight, uid: &str) -> Option<Vec<String>> {
        let resource = sight.resource.as_ref()?;
        let path = resource.object(&sight.id.namespace, &sight.id.name);
        let deadline = tokio::time::Instant::now() + GOES_WITHIN;
        loop {
            let live = match self.connection.send(&Call::get(path.clone())).await {
                Err(error) if error.is_not_found() => return None,
                // Not knowing, it stays in the inventory.
                Err(_) => return Some(Vec::new()),
                Ok(live) => live,
            };
            if live["metadata"]["uid"] != uid {
                return None;
            }
            let finalizers = live["metadata"]["finalizers"].as_array().cloned();
            let finalizers: Vec<String> = finalizers
                .into_iter()
                .flatten()
                .filter_map(|f| Some(f.as_str()?.to_owned()))
                .collect();
            if !finalizers.is_empty() || tokio::time::Instant::now() >= deadline {
                return Some(finalizers);
            }
            tokio::time::sleep(GOES_POLL).await;
        }
    }

    async fn look(&self, id: &ObjectId, version: &str) -> Result<Sight, Error> {
        let resource = self.served(id, version).await?;
        let live = match &resource {
            None => None,
            Some(resource) => {
                let path = resource.object(&id.namespace, &id.name);
                match self.connection.send(&Call::get(path)).await {
                    Ok(value) => {
                        let object = Object::from_json(value);
                        Some(object.map_err(|invalid| Error::Garbled(invalid.to_string()))?)
                    }
                    Err(error) if error.is_not_found() => None,
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(Sight { id: id.clone(), version: version.to_owned(), resource, live })
    }

    /// How the kind is served: in the version it was applied in, or else in any. `None` only
    /// where the API server says that it serves the kind in no version.
    async fn served(&self, id: &ObjectId, version: &str) -> Result<Option<Resource>, Error> {
        let gvk = |version: &str| GroupVersionKind {
            group: id.group.clone(),
            version: version.to_owned(),
            kind: id.kind.clone(),
        };
        match self.discovery.resource(&gvk(version)).await {
            Err(Error::UnknownKind { .. }) if !id.group.is_empty() => {}
            Err(Error::UnknownKind { .. }) => return Ok(None),
            answer => return answer.map(Some),
        }
        for version in self.discovery.versions(&id.group).await? {
            match self.discovery.resource(&gvk(&version)).await {
                Err(Error::UnknownKind { .. }) => {}
                answer => return answer.map(Some),
            }
        }
        Ok(None)
    }

    async fn delete(&self, sight: &Sight, uid: &str) -> Result<End, Error> {
        let Some(resource) = &sight.resource else { return Ok(End::Gone) };
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        });
        let path = resource.object(&sight.id.namespace, &sight.id.name);
        match self.connection.send(&Call::sending(Method::DELETE, path, JSON, &options)).await {
            // Else it answers with the object: it waits for something, or its kind is shown once
            // more as it goes.
            Ok(answer) if answer["kind"] == "Status" && answer["status"] == "Success" => {
                Ok(End::Gone)
            }
            Ok(_) => Ok(End::Unknown),
            Err(error) if error.is_not_found() => Ok(End::Gone),
            Err(error) => Err(error),
        }
    }
}
