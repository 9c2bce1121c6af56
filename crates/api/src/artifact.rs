//! What a source produced: `status.artifact`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::or_default;

/// The output of the last successful run of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Path of the archive below the root of the artifact store.
    pub path: String,

    /// Address where other controllers download the archive.
    pub url: String,

    /// What the artifact was made from, in the words of the source: for Git,
    /// `main@sha1:<40 hex digits>`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub revision: String,

    /// Digest of the archive, as `algorithm:hex`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(
        !default,
        extend("pattern" = "^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$")
    )]
    pub digest: String,

    /// SHA-256 of the archive, as old versions of the API wrote it. Read, never written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,

    /// When the artifact was last written.
    pub last_update_time: Time,

    /// Size of the archive in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,

    /// What the source knows beyond the revision, such as annotations of an OCI image.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Artifact {
    /// True where the artifact was made from this revision.
    pub fn has_revision(&self, revision: &str) -> bool {
        self.revision == revision
    }
}
