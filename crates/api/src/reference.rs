//! How one object names another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::or_default;

/// Names an object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalObjectReference {
    /// Name of the object.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,
}

/// Names a Secret in the same namespace, and a key in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyReference {
    /// Name of the Secret.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// Key whose value is read. What is read without it depends on the field that refers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Names an object of any kind, in this or another namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// API version of the object. Health checks read an empty one as `apps/v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,

    /// Kind of the object.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub kind: String,

    /// Name of the object.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// Namespace of the object; without it, that of the object that refers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Names the source that a Kustomization takes its files from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceReference {
    /// API version of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,

    /// Kind of the source.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(
        !default,
        extend("enum" = ["OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"])
    )]
    pub kind: String,

    /// Name of the source.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// Namespace of the source; without it, that of the Kustomization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Names an object that has to be ready first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyReference {
    /// API version of the object, where its kind is given too. Flux knows neither field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,

    /// Kind of the object; without it, that of the object that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// Name of the object that is waited for.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// Namespace of that object; without it, that of the object that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// CEL expression that decides readiness, over `dep` (the dependency) and `self`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_expr: Option<String>,
}
