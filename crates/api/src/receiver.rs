//! Receiver: an address that others call so that something is reconciled at once.

#![expect(unreachable_pub, reason = "KubeSchema writes a public copy of its struct")]

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::Condition;
use crate::duration::Duration;
use crate::field::{FieldError, choose, is_false, or_default};
use crate::reference::LocalObjectReference;

/// How long a Receiver is believed before its Secret is looked at again, where it does not say.
const DEFAULT_INTERVAL: std::time::Duration = std::time::Duration::from_secs(600);
/// The audience of tokens where a provider names none, as in Flux.
const DEFAULT_AUDIENCE: &str = "notification-controller";

/// Who may call, and what is reconciled then.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "notification.toolkit.fluxcd.io",
    version = "v1",
    kind = "Receiver",
    plural = "receivers",
    singular = "receiver",
    namespaced,
    status = "ReceiverStatus",
    derive = "PartialEq",
    derive = "Default",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-notifications",
    doc = "An address that others call so that something is reconciled at once.",
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
#[x_kube(validation = Rule::new(
    "self.type != 'generic-oidc' || (has(self.oidcProviders) && size(self.oidcProviders) > 0)"
).message("generic-oidc receivers must define at least one oidcProvider"))]
#[x_kube(validation = Rule::new(
    "self.type == 'generic-oidc' || !has(self.oidcProviders) || size(self.oidcProviders) == 0"
).message("oidcProviders can only be set when type is generic-oidc"))]
#[x_kube(validation = Rule::new(
    "self.type != 'generic-oidc' || !has(self.secretRef)"
).message("secretRef cannot be set when type is generic-oidc"))]
#[x_kube(validation = Rule::new(
    "self.type == 'generic-oidc' || has(self.secretRef)"
).message("secretRef is required when type is not generic-oidc"))]
pub struct ReceiverSpec {
    /// Who calls: it decides how a call is verified and what its body looks like.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    #[schemars(!default, extend("enum" = [
        "generic", "generic-hmac", "generic-oidc", "github", "gitlab", "bitbucket", "harbor",
        "dockerhub", "quay", "gcr", "nexus", "acr", "cdevents"
    ]))]
    pub type_: String,

    /// How often the Secret is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "10m"))]
    pub interval: Option<Duration>,

    /// Events that are acted on, such as `push`; without any, all are.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,

    /// What is reconciled when a call comes.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub resources: Vec<ReceiverResource>,

    /// CEL expression over `res` (metadata of a resource) and `req` (body of the call): only where
    /// it is true is the resource reconciled. With `generic-oidc` there is `claims`, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_filter: Option<String>,

    /// Issuers of the tokens that callers of a `generic-oidc` receiver show.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["issuerURL"]
    ))]
    pub oidc_providers: Vec<OidcProvider>,

    /// Secret with the `token` that a call is verified by, and that makes the address hard to
    /// guess. A `gcr` receiver reads `email` and `audience` from it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,

    /// Answers no calls.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub suspend: bool,
}

/// What is reconciled when a call comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverResource {
    /// API version; without it, the one that Flux has for the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,

    /// Kind.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("enum" = [
        "Bucket", "GitRepository", "Kustomization", "HelmRelease", "HelmChart", "HelmRepository",
        "ImageRepository", "ImagePolicy", "ImageUpdateAutomation", "OCIRepository",
        "ArtifactGenerator", "ExternalArtifact"
    ]))]
    pub kind: String,

    /// Name, or `*` for all that have the labels of `matchLabels`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, length(min = 1, max = 253))]
    pub name: String,

    /// Namespace; without it, that of the Receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub namespace: Option<String>,

    /// Labels that a resource has, where the name is `*`.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,

    /// CEL expression as `resourceFilter`, for this entry in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// An issuer of tokens, and which of its tokens are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcProvider {
    /// Address of the issuer, as it stands in the claim `iss`.
    #[serde(rename = "issuerURL", default, deserialize_with = "or_default")]
    #[schemars(!default, extend("pattern" = "^https?://"))]
    pub issuer_url: String,

    /// What the claim `aud` must hold; without it, `notification-controller`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,

    /// Names for CEL expressions over `claims` and the `vars` before.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<OidcVariable>,

    /// CEL expressions over `claims` and `vars` that must all be true.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, length(min = 1))]
    pub validations: Vec<OidcValidation>,
}

/// A name for a CEL expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcVariable {
    /// The name, below `vars`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub name: String,

    /// The expression.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub expression: String,
}

/// What must hold of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcValidation {
    /// The CEL expression that must be true.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub expression: String,

    /// What is said where it is not.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub message: String,
}

/// What is known of a Receiver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverStatus {
    /// Generation that was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The conditions.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// Path of the address to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_path: Option<String>,

    /// The last value of the annotation `reconcile.fluxcd.io/requestedAt` that was acted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,

    /// Path of the address to call, as the old API versions named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverType {
    /// Anybody who knows the address.
    Generic,
    /// Anybody who signs the body with the token.
    GenericHmac,
    /// Anybody who shows a token of a known issuer.
    GenericOidc,
    /// GitHub, and what speaks like it (Gitea).
    GitHub,
    /// GitLab.
    GitLab,
    /// Bitbucket Server.
    Bitbucket,
    /// Harbor.
    Harbor,
    /// Docker Hub.
    DockerHub,
    /// Quay.
    Quay,
    /// Google's container registry, through Pub/Sub.
    Gcr,
    /// Nexus.
    Nexus,
    /// Azure's container registry.
    Acr,
    /// CDEvents.
    CdEvents,
}

const TYPES: &[(&str, ReceiverType)] = &[
    ("generic", ReceiverType::Generic),
    ("generic-hmac", ReceiverType::GenericHmac),
    ("generic-oidc", ReceiverType::GenericOidc),
    ("github", ReceiverType::GitHub),
    ("gitlab", ReceiverType::GitLab),
    ("bitbucket", ReceiverType::Bitbucket),
    ("harbor", ReceiverType::Harbor),
    ("dockerhub", ReceiverType::DockerHub),
    ("quay", ReceiverType::Quay),
    ("gcr", ReceiverType::Gcr),
    ("nexus", ReceiverType::Nexus),
    ("acr", ReceiverType::Acr),
    ("cdevents", ReceiverType::CdEvents),
];

impl ReceiverSpec {
    /// Who calls.
    ///
    /// # Errors
    /// [`FieldError`] for a type that is not known.
    pub fn receiver_type(&self) -> Result<ReceiverType, FieldError> {
        choose("spec.type", &self.type_, TYPES)
    }

    /// How often the Secret is looked at again.
    ///
    /// # Errors
    /// [`FieldError`] for a duration that cannot be read.
    pub fn interval(&self) -> Result<std::time::Duration, FieldError> {
        match &self.interval {
            Some(interval) => interval.positive_field("spec.interval"),
            None => Ok(DEFAULT_INTERVAL),
        }
    }
}

impl OidcProvider {
    /// What the claim `aud` must hold.
    pub fn audience(&self) -> &str {
        self.audience.as_deref().filter(|audience| !audience.is_empty()).unwrap_or(DEFAULT_AUDIENCE)
    }
}
