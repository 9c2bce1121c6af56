//! What the prune guard wants to know about objects that would be deleted.

use crate::error::Error;
use crate::request::{Call, Connection, METADATA_LIST};
use crate::resource::{Discovery, Resource};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use inhaul_object::{GroupVersionKind, Object, ObjectId};
use inhaul_plan::{Doomed, Scope};
use serde_json::Value;
use std::collections::HashSet;

const CONCURRENCY: usize = 8;
const PAGE: usize = 500;
/// Kinds whose objects the cluster makes by itself and makes again.
const MADE_BY_THE_CLUSTER: [&str; 4] = ["Event", "Endpoints", "EndpointSlice", "PodMetrics"];

pub(crate) struct Facts<'a> {
    connection: &'a Connection,
    discovery: &'a Discovery,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(connection: &'a Connection, discovery: &'a Discovery) -> Self {
        Self { connection, discovery }
    }

    pub(crate) async fn gather(&self, lives: &[&Object]) -> Result<Vec<Doomed>, Error> {
        let mut going: HashSet<ObjectId> = lives.iter().map(|live| live.id()).collect();
        for live in lives {
            going.extend(inventory(live));
        }
        let mut doomed = Vec::with_capacity(lives.len());
        for live in lives {
            let json = live.as_json();
            let takes_along = match (live.group(), live.kind()) {
                ("", "Namespace") => self.in_namespace(live.name(), &going).await?,
                ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                    self.instances(json, &going).await?
                }
                _ => None,
            };
            let claim = live.group().is_empty() && live.kind() == "PersistentVolumeClaim";
            doomed.push(Doomed {
                id: live.id(),
                dependants: inventory(live).count(),
                takes_along,
                bound: claim && json["status"]["phase"] == "Bound",
            });
        }
        Ok(doomed)
    }

    /// Something in a namespace that is not going anyway.
    async fn in_namespace(
        &self,
        namespace: &str,
        going: &HashSet<ObjectId>,
    ) -> Result<Option<String>, Error> {
        let kinds = self.discovery.all().await?;
        let kinds = kinds.iter().filter(|kind| {
            kind.scope == Scope::Namespaced
                && kind.verbs.iter().any(|verb| verb == "list")
                && !MADE_BY_THE_CLUSTER.contains(&kind.gvk.kind.as_str())
        });
        let looks: Vec<_> =
            kinds.map(|kind| self.outside(kind, namespace, going).boxed()).collect();
        let others: Vec<Option<String>> =
            stream::iter(looks).buffered(CONCURRENCY).try_collect().await?;
        Ok(others.into_iter().flatten().next())
    }

    /// An instance of a CRD that is not going anyway.
    async fn instances(
        &self,
        definition: &Value,
        going: &HashSet<ObjectId>,
    ) -> Result<Option<String>, Error> {
        let spec = &definition["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let versions = spec["versions"].as_array().into_iter().flatten();
        let served = versions.filter(|version| version["served"] == true).map(|v| text(&v["name"]));
        for version in served {
            let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
            match self.discovery.resource(&GroupVersionKind { group, version, kind }).await {
                Ok(resource) => return self.outside(&resource, "", going).await,
                Err(Error::UnknownKind { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn outside(
        &self,
        kind: &Resource,
        namespace: &str,
        going: &HashSet<ObjectId>,
    ) -> Result<Option<String>, Error> {
        let path = kind.collection(namespace);
        let mut token = String::new();
        loop {
            let encoded =
                percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
            let uri = format!("{path}?limit={PAGE}&continue={encoded}");
            let page = match self.connection.send(&Call::get(uri).accepting(METADATA_LIST)).await {
                Ok(page) => page,
                Err(error) if matches!(error.code(), Some(404 | 405)) => return Ok(None),
                Err(error) => return Err(error),
            };
            let items = page["items"].as_array().into_iter().flatten();
            let other = items.map(|item| &item["metadata"]).find_map(|metadata| {
                let id = ObjectId {
                    namespace: metadata["namespace"].as_str().unwrap_or_default().to_owned(),
                    name: metadata["name"].as_str().unwrap_or_default().to_owned(),
                    group: kind.gvk.group.clone(),
                    kind: kind.gvk.kind.clone(),
                };
                (!going.contains(&id) && !made_by_the_cluster(&id, metadata))
                    .then(|| id.to_string())
            });
            if other.is_some() {
                return Ok(other);
            }
            match page["metadata"]["continue"].as_str() {
                Some(next) if !next.is_empty() => token = next.to_owned(),
                _ => return Ok(None),
            }
        }
    }
}

/// The ids in the inventory of a Kustomization or a HelmRelease.
fn inventory(live: &Object) -> impl Iterator<Item = ObjectId> + '_ {
    let has_inventory = matches!(
        (live.group(), live.kind()),
        ("kustomize.toolkit.fluxcd.io", "Kustomization")
            | ("helm.toolkit.fluxcd.io", "HelmRelease")
    );
    let entries = live.as_json()["status"]["inventory"]["entries"].as_array();
    let entries = entries.filter(|_| has_inventory).into_iter().flatten();
    entries.filter_map(|entry| ObjectId::from_inventory(entry["id"].as_str()?).ok())
}

/// Whether the cluster made the object by itself: it goes with its owner, or belongs to every
/// namespace.
fn made_by_the_cluster(id: &ObjectId, metadata: &Value) -> bool {
    let owners = metadata["ownerReferences"].as_array();
    let owned = owners.is_some_and(|owners| owners.iter().any(|o| o["controller"] == true));
    let token = metadata["annotations"].get("kubernetes.io/service-account.name").is_some();
    owned
        || (id.group.is_empty()
            && match id.kind.as_str() {
                "ConfigMap" => id.name == "kube-root-ca.crt",
                "ServiceAccount" => id.name == "default",
                "Secret" => token,
                _ => false,
            })
}
