//! A bare client: requests as they are, and what a bench waits for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DynamicObject, WatchEvent, WatchParams};
use kube::{Client, Config};
use serde_json::{Value, json};

/// As many requests at a time as the operator has under way at most.
pub(crate) const CONCURRENCY: usize = 20;

#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
}

impl Cluster {
    pub(crate) async fn connect() -> Self {
        let mut config = Config::infer().await.expect("KUBECONFIG names a cluster");
        config.default_retry = false;
        Self { client: Client::try_from(config).expect("a client can be made") }
    }

    /// Sends a request and returns the answer; what is refused ends the bench.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        content: &str,
        body: &Value,
    ) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content)
            .body(serde_json::to_vec(body).expect("JSON"))
            .expect("a request");
        self.client
            .request(request)
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        self.client.request(request).await.ok()
    }

    /// Server-side apply, as the operator does it.
    pub(crate) async fn apply(&self, path: &str, object: &Value) -> Value {
        let path = format!("{path}?fieldManager=bench&force=true");
        self.send("PATCH", &path, "application/apply-patch+yaml", object).await
    }

    pub(crate) async fn merge(&self, path: &str, patch: &Value) -> Value {
        let path = format!("{path}?fieldManager=kubectl-edit");
        self.send("PATCH", &path, "application/merge-patch+json", patch).await
    }

    pub(crate) async fn delete(&self, path: &str) {
        let request = http::Request::delete(path).body(Vec::new()).expect("a request");
        let _: Result<Value, _> = self.client.request(request).await;
    }

    pub(crate) async fn ensure_namespace(&self, name: &str) {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.apply(&format!("/api/v1/namespaces/{name}"), &object).await;
    }

    pub(crate) async fn git_repository(&self, name: &str, url: &str) {
        let object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name, "namespace": "flux-system"},
            "spec": {"url": url, "interval": "1h", "ref": {"branch": "main"}}
        });
        self.apply(&git_repository_path(name), &object).await;
    }

    /// Asks a GitRepository to look now, as a receiver does.
    pub(crate) async fn poke(&self, name: &str) {
        let now = format!("{:?}", std::time::SystemTime::now());
        let patch = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": now}}});
        self.merge(&git_repository_path(name), &patch).await;
    }

    /// Creates a Kustomization in flux-system; `spec` is merged over what is usual.
    pub(crate) async fn kustomization(&self, name: &str, source: &str, target: &str, spec: &Value) {
        let object = kustomization(name, source, target, spec);
        self.apply(&kustomization_path(name), &object).await;
    }

    /// Waits until all of these Kustomizations are Ready at `revision`; answers how often they changed meanwhile.
    pub(crate) async fn all_ready(
        &self,
        names: &[String],
        revision: &str,
        limit: Duration,
    ) -> usize {
        let started = Instant::now();
        let api = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations";
        let mut left: HashMap<&str, String> =
            names.iter().map(|n| (n.as_str(), String::new())).collect();
        let client = self.client.clone();
        let resource = kube::api::ApiResource {
            group: "kustomize.toolkit.fluxcd.io".into(),
            version: "v1".into(),
            api_version: "kustomize.toolkit.fluxcd.io/v1".into(),
            kind: "Kustomization".into(),
            plural: "kustomizations".into(),
        };
        let watched: Api<DynamicObject> = Api::namespaced_with(client, "flux-system", &resource);
        let list = self.get(api).await.expect("Kustomizations can be listed");
        let version =
            list["metadata"]["resourceVersion"].as_str().expect("a list has one").to_owned();
        for item in list["items"].as_array().into_iter().flatten() {
            note(&mut left, item, revision);
        }
        let parameters = WatchParams::default().timeout(290);
        let mut events = watched.watch(&parameters, &version).await.expect("a watch").boxed();
        let mut changes = 0;
        while !left.is_empty() {
            let rest = limit.saturating_sub(started.elapsed());
            match tokio::time::timeout(rest, events.next()).await {
                Ok(Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)))) => {
                    changes += 1;
                    note(&mut left, &serde_json::to_value(object).expect("JSON"), revision);
                }
                Ok(Some(_)) => {}
                _ => {
                    let some: Vec<_> = left.iter().take(3).collect();
                    panic!("{} Kustomizations are not ready after {limit:?}: {some:?}", left.len());
                }
            }
        }
        changes
    }

    /// Waits until a GitRepository has an artifact of this revision.
    pub(crate) async fn fetched(&self, name: &str, revision: &str) {
        for _ in 0..6000 {
            let object = self.get(&git_repository_path(name)).await.unwrap_or_default();
            if object["status"]["artifact"]["revision"] == revision {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("GitRepository {name} has not fetched {revision} after 60 s");
    }

    /// Watches the ConfigMaps of a namespace; calls `seen` with each version until it answers true.
    pub(crate) async fn watch_config_maps(
        &self,
        namespace: &str,
        mut seen: impl FnMut(ConfigMap) -> bool,
    ) {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        let mut events =
            api.watch(&WatchParams::default().timeout(290), "0").await.expect("a watch").boxed();
        while let Some(event) = events.next().await {
            if let Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) = event
                && seen(object)
            {
                return;
            }
        }
    }
}

/// Strikes off what is ready at the revision, and keeps why the others are not.
fn note(left: &mut HashMap<&str, String>, object: &Value, revision: &str) {
    let Some(name) = object["metadata"]["name"].as_str() else { return };
    let Some(why) = left.get_mut(name) else { return };
    let status = &object["status"];
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
    let is_true = ready.is_some_and(|ready| ready["status"] == "True");
    if is_true && status["lastAppliedRevision"] == revision {
        left.remove(name);
    } else {
        *why = ready.map(|ready| ready["message"].to_string()).unwrap_or_default();
    }
}

pub(crate) fn git_repository_path(name: &str) -> String {
    format!("/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/{name}")
}

pub(crate) fn kustomization_path(name: &str) -> String {
    format!("/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/{name}")
}

pub(crate) fn kustomization(name: &str, source: &str, target: &str, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {
            "interval": "1h", "prune": true, "path": "./", "targetNamespace": target,
            "sourceRef": {"kind": "GitRepository", "name": source}
        }
    });
    for (field, value) in spec.as_object().into_iter().flatten() {
        object["spec"][field] = value.clone();
    }
    object
}

/// Runs `work` for each item, some at a time.
pub(crate) async fn for_each<T, F: Future<Output = ()>>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> F,
) {
    stream::iter(items).for_each_concurrent(CONCURRENCY, work).await;
}
