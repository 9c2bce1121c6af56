//! Kustomization: files of a source, rendered and applied.

#![expect(unreachable_pub, reason = "KubeSchema writes a public copy of its struct")]

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conditions::Condition;
use crate::duration::Duration;
use crate::field::{is_false, or_default};
use crate::history::HistoryEntry;
use crate::inventory::Inventory;
use crate::patches::{Image, Json6902Patch, Patch, Selector, any_values};
use crate::reference::{
    DependencyReference, LocalObjectReference, ObjectReference, SecretKeyReference, SourceReference,
};

mod choices;
pub use choices::{DeletionPolicy, SourceKind, SubstituteStrategy};

/// What to apply, from where, and how.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "kustomize.toolkit.fluxcd.io",
    version = "v1",
    kind = "Kustomization",
    plural = "kustomizations",
    singular = "kustomization",
    namespaced,
    status = "KustomizationStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "ks",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-appliers",
    doc = "A directory of a source that is rendered and applied to a cluster.",
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
pub struct KustomizationSpec {
    /// How often everything is compared with the cluster, whether or not the source changed.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub interval: Duration,

    /// How soon a failed run is tried again; without it, at the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_interval: Option<Duration>,

    /// Deadline of one run; without it, the interval less 30 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,

    /// The source of the files.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub source_ref: SourceReference,

    /// Directory within the source; without it, the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,

    /// Deletes what was applied and is no longer in the source.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub prune: bool,

    /// What happens to the applied objects when the Kustomization is deleted; without it, what
    /// `prune` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["MirrorPrune", "Delete", "WaitForTermination", "Orphan"]))]
    pub deletion_policy: Option<String>,

    /// Stops reconciling. What is applied stays, even when the Kustomization is deleted.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub suspend: bool,

    /// Kustomizations that have to be ready first.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<DependencyReference>,

    /// Waits for every applied object to be healthy; `healthChecks` is then ignored.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub wait: bool,

    /// Objects that have to be healthy.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub health_checks: Vec<ObjectReference>,

    /// How the health of custom resources is told.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub health_check_exprs: Vec<HealthCheckExpression>,

    /// Recreates an object whose immutable fields changed.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    pub force: bool,

    /// Namespace that everything namespaced is put into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1, "maxLength" = 63))]
    pub target_namespace: Option<String>,

    /// Put before every name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1, "maxLength" = 200))]
    pub name_prefix: Option<String>,

    /// Put after every name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1, "maxLength" = 200))]
    pub name_suffix: Option<String>,

    /// Labels and annotations that every object gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_metadata: Option<CommonMetadata>,

    /// Patches, in order.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,

    /// Container images to rewrite.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,

    /// Directories of kustomize components, relative to `path`.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,

    /// Leaves out components whose directory does not exist.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub ignore_missing_components: bool,

    /// What kustomize notes on the objects about where they are from.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "items" = { "type": "string", "enum": ["originAnnotations", "transformerAnnotations"] }
    ))]
    pub build_metadata: Vec<String>,

    /// Variables that are put into the rendered objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_build: Option<PostBuild>,

    /// How encrypted files are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decryption: Option<Decryption>,

    /// ServiceAccount whose rights are used; without it, those of the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,

    /// The cluster that is written to; without it, this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_config: Option<KubeConfig>,

    /// Fields that are left alone once an object exists.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoreRule>,

    /// How objects are checked before they are applied. Of the old API versions; the API server
    /// checks all of them now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["none", "client", "server"]))]
    pub validation: Option<String>,

    /// Strategic merge patches as objects. Of the old API versions; `patches` replaces it.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "any_values")]
    pub patches_strategic_merge: Vec<Value>,

    /// JSON patches as objects. Of the old API versions; `patches` replaces it.
    #[serde(
        default,
        deserialize_with = "or_default",
        rename = "patchesJson6902",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub patches_json6902: Vec<Json6902Patch>,

    /// ServiceAccount in the form of the first v1beta1; `serviceAccountName` replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<LegacyServiceAccount>,
}

/// Labels and annotations for every object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommonMetadata {
    /// Labels; they win over those in the files.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,

    /// Annotations; they win over those in the files.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// How the health of one kind is told, in CEL over the object's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheckExpression {
    /// API version of the kind.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub api_version: String,

    /// The kind; without it, every kind of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,

    /// True while the object is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<String>,

    /// True when the object has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,

    /// True when the object is as it should be.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub current: String,
}

/// Variables that are put into the rendered objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostBuild {
    /// Variables and their values; they win over those from objects.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub substitute: BTreeMap<String, String>,

    /// ConfigMaps and Secrets whose keys are variables; a later one wins over an earlier one.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub substitute_from: Vec<SubstituteReference>,

    /// Whether to substitute where there are no variables at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["WithVariables", "Always"]))]
    pub substitute_strategy: Option<String>,
}

/// A ConfigMap or Secret whose keys are variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubstituteReference {
    /// `ConfigMap` or `Secret`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("enum" = ["Secret", "ConfigMap"]))]
    pub kind: String,

    /// Name of the object, in the same namespace.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("minLength" = 1, "maxLength" = 253))]
    pub name: String,

    /// Goes on where the object does not exist.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    pub optional: bool,
}

/// How encrypted files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decryption {
    /// The format; SOPS is the only one.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("enum" = ["sops"]))]
    pub provider: String,

    /// Secret with the private keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,

    /// ServiceAccount whose cloud identity opens keys in a cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
}

/// How another cluster is reached: by a Secret or by a ConfigMap, never both.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.configMapRef) || has(self.secretRef)").message(
        "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified"
    ),
    validation = Rule::new("!has(self.configMapRef) || !has(self.secretRef)").message(
        "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified"
    )
)]
pub struct KubeConfig {
    /// Secret with a kubeconfig, under the named key, `value` or `value.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeyReference>,

    /// ConfigMap that says which cluster of which cloud it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<LocalObjectReference>,
}

/// Fields that are left alone once an object exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IgnoreRule {
    /// JSON pointers to the fields.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub paths: Vec<String>,

    /// Which objects; without it, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Selector>,
}

/// A ServiceAccount by name and namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegacyServiceAccount {
    /// Name of the ServiceAccount.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// Namespace of the ServiceAccount.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub namespace: String,
}

/// What is known of a Kustomization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KustomizationStatus {
    /// Generation that was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The conditions.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// Revision that was last applied completely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_applied_revision: Option<String>,

    /// Revision of the origin of what was last applied, where the source knows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_applied_origin_revision: Option<String>,

    /// Revision that was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_revision: Option<String>,

    /// The last value of the annotation `reconcile.fluxcd.io/requestedAt` that was acted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,

    /// The objects that were applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,

    /// The last states, newest first.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,

    /// Kinds that were applied, as v1beta1 wrote them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// Kinds that were applied, by namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Checksum of the rendered files.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub checksum: String,

    /// One entry per namespace.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub entries: Vec<SnapshotEntry>,
}

/// Kinds that were applied in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotEntry {
    /// The namespace; without it, the kinds are cluster-scoped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,

    /// The kinds, by group, version and kind.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub kinds: BTreeMap<String, String>,
}
