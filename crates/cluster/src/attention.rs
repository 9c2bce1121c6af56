//! Asking that an object of whatever kind be looked at again, by Flux's annotation.

use crate::error::Error;
use crate::request::{Call, Connection, METADATA, METADATA_LIST};
use crate::resource::{Discovery, Resource};
use http::Method;
use inhaul_object::GroupVersionKind;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const MERGE_PATCH: &str = "application/merge-patch+json";
const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// A list of more objects than this is read in parts.
const PAGE: usize = 500;

/// Asks that objects be looked at again, with the operator's own identity.
#[derive(Clone)]
pub struct Attention {
    connection: Connection,
    discovery: Discovery,
    /// The manager that the annotation is written under.
    manager: &'static str,
}

impl Attention {
    /// Over one connection; the annotation is written under `manager`.
    pub fn new(connection: Connection, discovery: Discovery, manager: &'static str) -> Self {
        Self { connection, discovery, manager }
    }

    /// The metadata of an object, as `{"metadata": {…}}` with its kind.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn metadata(
        &self,
        gvk: &GroupVersionKind,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Error> {
        let uri = self.discovery.resource(gvk).await?.object(namespace, name);
        let metadata = self.connection.send(&Call::get(uri).accepting(METADATA)).await?;
        Ok(described(gvk, metadata))
    }

    /// The metadata of all objects of a kind in a namespace that have these labels, each as
    /// [`Attention::metadata`] gives it.
    ///
    /// # Errors
    /// As the API server answers; a part of the list is none.
    pub async fn labelled(
        &self,
        gvk: &GroupVersionKind,
        namespace: &str,
        labels: &[(String, String)],
    ) -> Result<Vec<Value>, Error> {
        let resource = self.discovery.resource(gvk).await?;
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let uri = page(&resource, namespace, labels, &next);
            let mut list = self.connection.send(&Call::get(uri).accepting(METADATA_LIST)).await?;
            if let Value::Array(items) = list["items"].take() {
                found.extend(items.into_iter().map(|item| described(gvk, item)));
            }
            match list["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => token.clone_into(&mut next),
                _ => return Ok(found),
            }
        }
    }

    /// Asks that an object be looked at again now.
    ///
    /// # Errors
    /// As the API server answers, also where the object does not exist.
    pub async fn request(
        &self,
        gvk: &GroupVersionKind,
        namespace: &str,
        name: &str,
    ) -> Result<(), Error> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string();
        let patch = json!({"metadata": {"annotations": {REQUESTED_AT: now}}});
        let object = self.discovery.resource(gvk).await?.object(namespace, name);
        let uri = format!("{object}?fieldManager={}", self.manager);
        let call = Call::sending(Method::PATCH, uri, MERGE_PATCH, &patch).accepting(METADATA);
        self.connection.send(&call).await.map(drop)
    }
}

fn page(resource: &Resource, namespace: &str, labels: &[(String, String)], next: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut uri = format!(
        "{}?limit={PAGE}&labelSelector={}",
        resource.collection(namespace),
        encode(&labels.join(","))
    );
    if !next.is_empty() {
        uri = format!("{uri}&continue={}", encode(next));
    }
    uri
}

/// Metadata as filters read it: under the kind of the object, not that of its metadata.
fn described(gvk: &GroupVersionKind, metadata: Value) -> Value {
    let mut metadata = metadata;
    metadata["apiVersion"] = json!(gvk.api_version());
    metadata["kind"] = json!(gvk.kind);
    metadata
}
