//! Our own resources: reading them, their status and finalizers; and what they refer to.

use crate::error::Error;
use crate::identity::Identity;
use crate::request::{Call, Connection};
use crate::resource::Discovery;
use http::Method;
use inhaul_object::GroupVersionKind;
use kube::Resource;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

const MERGE_PATCH: &str = "application/merge-patch+json";
/// How often a status is written again after somebody else changed the object.
const CONFLICTS: u32 = 8;

/// The data of a Secret. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretData(BTreeMap<String, Vec<u8>>);

impl SecretData {
    /// The bytes under a key.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// Every key with its bytes.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(key, bytes)| (key.as_str(), bytes.as_slice()))
    }
}

impl fmt::Debug for SecretData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretData(***)")
    }
}

/// Reads and writes objects of our own kinds.
#[derive(Clone)]
pub struct Own {
    pub(crate) connection: Connection,
    pub(crate) discovery: Discovery,
    /// The manager that status patches are written under, such as `gotk-kustomize-controller`.
    manager: &'static str,
}

fn path<K: Resource<DynamicType = ()>>(namespace: &str, name: &str) -> String {
    format!("{}/{name}", K::url_path(&(), Some(namespace)))
}

fn read<K: DeserializeOwned>(value: Value) -> Result<K, Error> {
    serde_json::from_value(value).map_err(|error| Error::Garbled(error.to_string()))
}

impl Own {
    /// Over one connection; status patches are written under `manager`.
    pub fn new(connection: Connection, discovery: Discovery, manager: &'static str) -> Self {
        Self { connection, discovery, manager }
    }

    /// The same as another identity, which asks for kinds by itself.
    pub(crate) fn as_identity(&self, identity: &Identity) -> Self {
        match identity {
            Identity::Own => self.clone(),
            Identity::As(_) => {
                let connection = self.connection.as_identity(identity);
                let discovery = Discovery::new(connection.clone());
                Self { connection, discovery, manager: self.manager }
            }
        }
    }

    /// One object, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`Error::Garbled`] if it does not have the shape of its kind.
    pub async fn get<K>(&self, namespace: &str, name: &str) -> Result<Option<K>, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        match self.connection.send(&Call::get(path::<K>(namespace, name))).await {
            Ok(value) => read(value).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Merges `status` into the object's status. With `resource_version`, only if the object has
    /// not changed since.
    ///
    /// # Errors
    /// As the API server answers; a conflict without a resource version is tried again.
    pub async fn patch_status<K>(
        &self,
        namespace: &str,
        name: &str,
        status: &Value,
        resource_version: Option<&str>,
    ) -> Result<K, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let mut patch = json!({"status": status});
        if let Some(version) = resource_version {
            patch["metadata"] = json!({"resourceVersion": version});
        }
        let uri = format!("{}/status?fieldManager={}", path::<K>(namespace, name), self.manager);
        let call = Call::sending(Method::PATCH, uri, MERGE_PATCH, &patch);
        let mut conflicts = 0;
        loop {
            match self.connection.send(&call).await {
                Err(error)
                    if error.is_conflict()
                        && resource_version.is_none()
                        && conflicts < CONFLICTS =>
                {
                    conflicts += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                Err(error) => return Err(error),
                Ok(value) => return read(value),
            }
        }
    }

    /// Says in the status of an object that it cannot be read as its kind.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn condemn<K>(&self, namespace: &str, name: &str, why: &str) -> Result<(), Error>
    where
        K: Resource<DynamicType = ()>,
    {
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let condition = |type_: &str, status: &str| {
            json!({"type": type_, "status": status, "reason": "InvalidField", "message": why,
                   "lastTransitionTime": time})
        };
        let conditions = [condition("Ready", "False"), condition("Stalled", "True")];
        let patch = json!({"status": {"conditions": conditions}});
        let uri = format!("{}/status?fieldManager={}", path::<K>(namespace, name), self.manager);
        let call = Call::sending(Method::PATCH, uri, MERGE_PATCH, &patch);
        self.connection.send(&call).await.map(drop)
    }

    /// Sets the object's finalizers, if it has not changed since `resource_version`. Answers the
    /// object as it is then, `None` if it is gone.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn set_finalizers<K>(
        &self,
        namespace: &str,
        name: &str,
        finalizers: &[String],
        resource_version: &str,
    ) -> Result<Option<K>, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let patch = json!({"metadata": {
            "finalizers": finalizers, "resourceVersion": resource_version}});
        let uri = format!("{}?fieldManager={}", path::<K>(namespace, name), self.manager);
        let call = Call::sending(Method::PATCH, uri, MERGE_PATCH, &patch);
        match self.connection.send(&call).await {
            Ok(value) => read(value).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The status of a source of whatever kind, with the rest of the object, or `None` if it does
    /// not exist. Sources that other processes serve are read like this.
    ///
    /// # Errors
    /// As the API server answers; a kind that it does not serve is [`Error::UnknownKind`].
    pub async fn source(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, Error> {
        let gvk = GroupVersionKind {
            group: "source.toolkit.fluxcd.io".to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
        };
        self.object(&gvk, namespace, name).await
    }

    /// An object of whatever kind, or `None` if it does not exist.
    ///
    /// # Errors
    /// As the API server answers; a kind that it does not serve is [`Error::UnknownKind`].
    pub async fn object(
        &self,
        gvk: &GroupVersionKind,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, Error> {
        let resource = self.discovery.resource(gvk).await?;
        match self.connection.send(&Call::get(resource.object(namespace, name))).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The data of a Secret, or `None` if it does not exist.
    ///
    /// # Errors
    /// As the API server answers; [`Error::Garbled`] never quotes a value.
    pub async fn secret(&self, namespace: &str, name: &str) -> Result<Option<SecretData>, Error> {
        let path = path::<k8s_openapi::api::core::v1::Secret>(namespace, name);
        let value = match self.connection.send(&Call::get(path)).await {
            Ok(value) => value,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let secret: k8s_openapi::api::core::v1::Secret = serde_json::from_value(value)
            .map_err(|_| Error::Garbled(format!("Secret/{namespace}/{name} is not a Secret")))?;
        let data = secret.data.unwrap_or_default();
        Ok(Some(SecretData(data.into_iter().map(|(key, bytes)| (key, bytes.0)).collect())))
    }
}
