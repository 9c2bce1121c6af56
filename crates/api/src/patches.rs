//! Patches and images, as a Kustomization states them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::field::or_default;

/// A strategic merge patch or a JSON patch, and what it applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// The patch as YAML or JSON text: an object, or a list of JSON patch operations.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub patch: String,

    /// Which objects the patch applies to. A strategic merge patch without one names its object
    /// itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Selector>,
}

/// Selects objects; what is left out matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// API group, as a regular expression that must match in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,

    /// API version without the group, as a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,

    /// Kind, as a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// Namespace, as a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// Name, as a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Kubernetes label selector over the object's annotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotation_selector: Option<String>,

    /// Kubernetes label selector over the object's labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
}

/// A JSON patch written out as objects: the old form, replaced by [`Patch`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Json6902Patch {
    /// The operations, in order.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub patch: Vec<Json6902Operation>,

    /// Which objects the patch applies to.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub target: Selector,
}

/// One operation of a JSON patch (RFC 6902).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Json6902Operation {
    /// What to do.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("enum" = ["test", "remove", "add", "replace", "move", "copy"]))]
    pub op: String,

    /// JSON pointer to where it is done.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub path: String,

    /// JSON pointer to where `move` and `copy` take the value from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,

    /// The value that `add`, `replace` and `test` use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_value")]
    pub value: Option<Value>,
}

/// Rewrites the name, tag or digest of a container image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Image name that is looked for, without tag.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// Name to put in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,

    /// Tag to put in place of the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_tag: Option<String>,

    /// Digest to use instead of a tag; with it, the new tag is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A schema that lets any JSON value through.
pub(crate) fn any_value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
}

/// A schema of a list of any JSON values.
pub(crate) fn any_values(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": any_value(generator) })
}
