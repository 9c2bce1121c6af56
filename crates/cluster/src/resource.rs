//! Where the objects of a kind live on the API server.

use crate::error::Error;
use crate::request::{Call, Connection};
use inhaul_object::GroupVersionKind;
use inhaul_plan::Scope;
use parking_lot::Mutex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything but what a name of an object is made of. RBAC's names hold colons, too.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// What the API server said is believed for this long, unless a kind is missed before.
const FRESH: Duration = Duration::from_secs(300);
/// A missed kind is looked for again only after this, so that a wrong manifest costs little.
const SETTLED: Duration = Duration::from_secs(2);

/// A kind as the API server serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Group, version and kind.
    pub gvk: GroupVersionKind,
    /// The name in URLs, such as `deployments`.
    pub plural: String,
    /// Whether objects live in namespaces.
    pub scope: Scope,
    /// What can be done with them, such as `list`.
    pub verbs: Vec<String>,
}

impl Resource {
    /// The path of the collection, in `namespace` where the kind has namespaces and one is given.
    pub(crate) fn collection(&self, namespace: &str) -> String {
        let GroupVersionKind { group, version, .. } = &self.gvk;
        let encode = |text| utf8_percent_encode(text, ENCODED);
        let root = if group.is_empty() {
            format!("/api/{}", encode(version))
        } else {
            format!("/apis/{}/{}", encode(group), encode(version))
        };
        if self.scope == Scope::Namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{}/{}", encode(namespace), encode(&self.plural))
        } else {
            format!("{root}/{}", encode(&self.plural))
        }
    }

    /// The path of one object.
    pub(crate) fn object(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), utf8_percent_encode(name, ENCODED))
    }
}

type Kinds = Arc<Vec<Resource>>;

/// What kinds the API server serves, asked one group and version at a time: a group that does not
/// answer is nobody else's matter.
#[derive(Clone)]
pub struct Discovery {
    connection: Connection,
    known: Arc<Mutex<HashMap<String, (Instant, Kinds)>>>,
}

impl Discovery {
    /// Starts knowing nothing.
    pub fn new(connection: Connection) -> Self {
        Self { connection, known: Arc::default() }
    }

    /// How the API server serves a kind.
    ///
    /// # Errors
    /// [`Error::UnknownKind`] where it says that it does not; any other error means that it could
    /// not tell.
    pub async fn resource(&self, gvk: &GroupVersionKind) -> Result<Resource, Error> {
        let api_version = gvk.api_version();
        let known = self.known.lock().get(&api_version).cloned();
        if let Some((asked, kinds)) = known {
            let found = find(&kinds, &gvk.kind);
            let age = asked.elapsed();
            match found {
                Some(resource) if age < FRESH => return Ok(resource),
                None if age < SETTLED => return Err(unknown(gvk)),
                _ => {}
            }
        }
        let kinds = self.ask(&api_version).await?;
        find(&kinds, &gvk.kind).ok_or_else(|| unknown(gvk))
    }

    /// The versions in which the API server serves a group, the preferred one first; none where it
    /// does not serve the group.
    pub(crate) async fn versions(&self, group: &str) -> Result<Vec<String>, Error> {
        let path = format!("/apis/{}", utf8_percent_encode(group, ENCODED));
        let answer = match self.connection.send(&Call::get(path)).await {
            Ok(answer) => answer,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let preferred = answer["preferredVersion"]["version"].as_str();
        let others = answer["versions"].as_array().into_iter().flatten();
        let others = others.filter_map(|version| version["version"].as_str());
        Ok(preferred.into_iter().chain(others).map(str::to_owned).collect())
    }

    /// Every kind of every group in its preferred version.
    ///
    /// # Errors
    /// If one group does not answer: half of an answer is none.
    pub async fn all(&self) -> Result<Vec<Resource>, Error> {
        let groups = self.connection.send(&Call::get("/apis".to_owned())).await?;
        let mut versions = vec!["v1".to_owned()];
        for group in groups["groups"].as_array().into_iter().flatten() {
            let preferred = group["preferredVersion"]["groupVersion"].as_str();
            versions.extend(preferred.map(str::to_owned));
        }
        let mut all = Vec::new();
        for version in versions {
            let known = self.known.lock().get(&version).cloned();
            let kinds = match known {
                Some((asked, kinds)) if asked.elapsed() < FRESH => kinds,
                _ => self.ask(&version).await?,
            };
            all.extend(kinds.iter().cloned());
        }
        Ok(all)
    }

    async fn ask(&self, api_version: &str) -> Result<Kinds, Error> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let encode = |text| utf8_percent_encode(text, ENCODED);
        let path = if group.is_empty() {
            format!("/api/{}", encode(version))
        } else {
            format!("/apis/{}/{}", encode(group), encode(version))
        };
        let kinds = match self.connection.send(&Call::get(path)).await {
            Ok(list) => Arc::new(read_kinds(&list, group, version)),
            Err(error) if error.is_not_found() => Kinds::default(),
            Err(error) => return Err(error),
        };
        let entry = (Instant::now(), Arc::clone(&kinds));
        self.known.lock().insert(api_version.to_owned(), entry);
        Ok(kinds)
    }
}

fn unknown(gvk: &GroupVersionKind) -> Error {
    Error::UnknownKind { api_version: gvk.api_version(), kind: gvk.kind.clone() }
}

fn find(kinds: &[Resource], kind: &str) -> Option<Resource> {
    kinds.iter().find(|resource| resource.gvk.kind == kind).cloned()
}

fn read_kinds(list: &serde_json::Value, group: &str, version: &str) -> Vec<Resource> {
    let resources = list["resources"].as_array().into_iter().flatten();
    let read = |resource: &serde_json::Value| {
        let plural = resource["name"].as_str().filter(|name| !name.contains('/'))?;
        let verbs = resource["verbs"].as_array().into_iter().flatten();
        Some(Resource {
            gvk: GroupVersionKind {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: resource["kind"].as_str()?.to_owned(),
            },
            plural: plural.to_owned(),
            scope: if resource["namespaced"].as_bool()? {
                Scope::Namespaced
            } else {
                Scope::Cluster
            },
            verbs: verbs.filter_map(|verb| Some(verb.as_str()?.to_owned())).collect(),
        })
    };
    resources.filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_cannot_leave_its_place_in_the_url() {
        let gvk = GroupVersionKind {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
        };
        let verbs = Vec::new();
        let resource =
            Resource { gvk, plural: "deployments".into(), scope: Scope::Namespaced, verbs };
        assert_eq!(
            resource.object("a", "../../secrets?x=1#y"),
            "/apis/apps/v1/namespaces/a/deployments/..%2F..%2Fsecrets%3Fx%3D1%23y"
        );
        assert_eq!(resource.collection(""), "/apis/apps/v1/deployments");
    }
}
