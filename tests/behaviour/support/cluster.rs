//! A thin client: objects are JSON values, kinds are named as in a manifest.

use std::path::Path;

use kube::api::{
    ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
    PostParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Error};
use serde_json::{Value, json};

#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    server: String,
}

impl Cluster {
    pub(crate) async fn connect(kubeconfig: &Path) -> Self {
        let file = Kubeconfig::read_from(kubeconfig).expect("the kubeconfig can be read");
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
        let config = config.expect("the kubeconfig is whole");
        let server = config.cluster_url.to_string();
        Self { client: Client::try_from(config).expect("a client can be made"), server }
    }

    /// The address of the API server, without a slash at its end.
    pub(crate) fn server(&self) -> &str {
        self.server.trim_end_matches('/')
    }

    pub(crate) fn api(&self, kind: &str, namespace: &str) -> Api<DynamicObject> {
        let resource = resource(api_version(kind), kind);
        if CLUSTER_SCOPED.contains(&kind) {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), namespace, &resource)
        }
    }

    pub(crate) async fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let answer = self.api(kind, namespace).get_opt(name).await;
        answer.unwrap_or_else(|error| panic!("get {kind}/{namespace}/{name}: {error}")).map(value)
    }

    /// The object of an inventory entry: `<namespace>_<name>_<group>_<kind>` and the version.
    pub(crate) async fn get_by_id(&self, id: &str, version: &str) -> Option<Value> {
        let (namespace, rest) = id.split_once('_')?;
        let (rest, kind) = rest.rsplit_once('_')?;
        let (name, group) = rest.rsplit_once('_')?;
        let api_version =
            if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let resource = resource(&api_version, kind);
        let api: Api<DynamicObject> = match namespace {
            "" => Api::all_with(self.client.clone(), &resource),
            namespace => Api::namespaced_with(self.client.clone(), namespace, &resource),
        };
        // A colon in a name is written as two underscores.
        let answer = api.get_opt(&name.replace("__", ":")).await;
        answer.unwrap_or_else(|error| panic!("get {id}: {error}")).map(value)
    }

    pub(crate) async fn list(&self, kind: &str, namespace: &str) -> Vec<Value> {
        let answer = self.api(kind, namespace).list(&ListParams::default()).await;
        let list = answer.unwrap_or_else(|error| panic!("list {kind} in {namespace}: {error}"));
        // A list's items do not repeat their type.
        let typed = |item| {
            let mut item = value(item);
            item["kind"] = json!(kind);
            item["apiVersion"] = json!(api_version(kind));
            item
        };
        list.items.into_iter().map(typed).collect()
    }

    /// Creates an object; its kind and namespace are read from it.
    pub(crate) async fn create(&self, object: &Value) -> Value {
        let (kind, namespace, name) = identity(object);
        let object = serde_json::from_value(object.clone()).expect("an object has metadata");
        let answer = self.api(kind, namespace).create(&PostParams::default(), &object).await;
        value(answer.unwrap_or_else(|error| panic!("create {kind}/{namespace}/{name}: {error}")))
    }

    /// Changes an object as a person at a keyboard does, under the name that `kubectl edit` has.
    pub(crate) async fn edit(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        patch: Value,
    ) -> Value {
        let parameters =
            PatchParams { field_manager: Some("kubectl-edit".into()), ..Default::default() };
        let answer = self.api(kind, namespace).patch(name, &parameters, &Patch::Merge(patch)).await;
        value(answer.unwrap_or_else(|error| panic!("edit {kind}/{namespace}/{name}: {error}")))
    }

    /// Changes the status as the controller of a built-in kind would.
    pub(crate) async fn edit_status(&self, kind: &str, namespace: &str, name: &str, status: Value) {
        let patch = Patch::Merge(json!({"status": status}));
        let answer =
            self.api(kind, namespace).patch_status(name, &PatchParams::default(), &patch).await;
        answer.unwrap_or_else(|error| {
            panic!("edit the status of {kind}/{namespace}/{name}: {error}")
        });
    }

    /// Deletes an object; one that is not there is no error.
    pub(crate) async fn delete(&self, kind: &str, namespace: &str, name: &str) {
        match self.api(kind, namespace).delete(name, &DeleteParams::default()).await {
            Ok(_) => {}
            Err(Error::Api(status)) if status.code == 404 => {}
            Err(error) => panic!("delete {kind}/{namespace}/{name}: {error}"),
        }
    }

    /// A bearer token for a ServiceAccount, good for a day.
    pub(crate) async fn token(&self, namespace: &str, account: &str) -> String {
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "metadata": {}, "spec": {"expirationSeconds": 86400},
        });
        let api = self.api("ServiceAccount", namespace);
        let answer =
            api.create_subresource("token", account, &PostParams::default(), &request).await;
        let answer: Value = answer.expect("an administrator may ask for tokens");
        answer["status"]["token"].as_str().expect("the answer holds the token").to_owned()
    }
}

fn value(object: DynamicObject) -> Value {
    serde_json::to_value(object).expect("an object is JSON")
}

/// Kind, namespace (empty if there is none) and name.
fn identity(object: &Value) -> (&str, &str, &str) {
    let text =
        |value: &'static str| object.pointer(value).and_then(Value::as_str).unwrap_or_default();
    (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// The address of a kind, with the plural that the API server forms too.
pub(crate) fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

const CLUSTER_SCOPED: [&str; 7] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "APIService",
];

fn api_version(kind: &str) -> &'static str {
    match kind {
        "ConfigMap" | "Secret" | "Service" | "ServiceAccount" | "Namespace" | "Event" | "Pod" => {
            "v1"
        }
        "Deployment" => "apps/v1",
        "Job" => "batch/v1",
        "Lease" => "coordination.k8s.io/v1",
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
            "rbac.authorization.k8s.io/v1"
        }
        "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
        "APIService" => "apiregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding" => {
            "admissionregistration.k8s.io/v1"
        }
        "GitRepository" => "source.toolkit.fluxcd.io/v1",
        "Kustomization" => "kustomize.toolkit.fluxcd.io/v1",
        "Receiver" => "notification.toolkit.fluxcd.io/v1",
        other => panic!("cluster.rs does not know the API version of {other}"),
    }
}
