//! GitRepository: a source of files in a Git repository.

#![expect(unreachable_pub, reason = "KubeSchema writes a public copy of its struct")]

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::Artifact;
use crate::conditions::Condition;
use crate::duration::Duration;
use crate::field::{FieldError, choose, is_false, or_default};
use crate::reference::LocalObjectReference;

/// Which repository to watch, and which of its revisions.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "source.toolkit.fluxcd.io",
    version = "v1",
    kind = "GitRepository",
    plural = "gitrepositories",
    singular = "gitrepository",
    namespaced,
    status = "GitRepositoryStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "gitrepo",
    category = "all",
    category = "fluxcd",
    category = "fluxcd-sources",
    doc = "A Git repository whose files are kept as an artifact.",
    printcolumn = r#"{"name":"URL","type":"string","jsonPath":".spec.url"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].message"}"#
)]
#[x_kube(validation = Rule::new(
    "!has(self.serviceAccountName) || (has(self.provider) && (self.provider == 'azure' || self.provider == 'aws'))"
).message("serviceAccountName can only be set when provider is 'azure' or 'aws'"))]
pub struct GitRepositorySpec {
    /// Address of the repository, over http, https or ssh. The short form of ssh
    /// (`git@host:path`) is not accepted.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default, extend("pattern" = "^(http|https|ssh)://.*$"))]
    pub url: String,

    /// Secret with the credentials: `username` and `password`, or `bearerToken`, for http;
    /// `identity` and `known_hosts` for ssh; `ca.crt`, `tls.crt` and `tls.key` for TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,

    /// How credentials are had: `generic` (from the Secret, the default), or from a cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["generic", "aws", "azure", "github"]))]
    pub provider: Option<String>,

    /// ServiceAccount whose cloud identity is used. Only with provider `azure` or `aws`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,

    /// How often the remote is asked for its references.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub interval: Duration,

    /// Deadline of one fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "default" = "60s",
        "pattern" = "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$"
    ))]
    pub timeout: Option<Duration>,

    /// Which revision is taken; without it, branch `master`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitReference>,

    /// Which signature is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<GitVerification>,

    /// Secret with the proxy: `address`, and optionally `username` and `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,

    /// Which files are left out, in the syntax of `.gitignore`, in place of the built-in list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,

    /// Stops fetching. The artifact stays where it is.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub suspend: bool,

    /// Fetches all submodules too, with the same credentials.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub recurse_submodules: bool,

    /// Artifacts of other repositories that are copied into this one.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<GitRepositoryInclude>,

    /// Directories to take; without them, everything. Each must exist.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub sparse_checkout: Vec<String>,

    /// Which Git library to use. Of the old API versions; there is one implementation here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["go-git", "libgit2"]))]
    pub git_implementation: Option<String>,

    /// Who may refer to this object from other namespaces. Of the old API versions, where it was
    /// never put into effect either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
}

/// Which revision of a repository is taken. Where several fields are set the order is commit,
/// name, semver, tag, branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitReference {
    /// Branch; `master` where nothing is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,

    /// Tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,

    /// Range of versions: the highest tag within it is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,

    /// Full name of a reference, such as `refs/pull/420/head`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Hash of a commit. Together with a branch, that branch is where it is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Which signature a revision needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitVerification {
    /// What is verified: the commit (`HEAD`), the tag, or both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "HEAD", "enum" = ["head", "HEAD", "Tag", "TagAndHEAD"]))]
    pub mode: Option<String>,

    /// Secret with the trusted public keys.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub secret_ref: LocalObjectReference,
}

/// Copies the artifact of another repository, or a part of it, into this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryInclude {
    /// The other GitRepository, in the same namespace.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub repository: LocalObjectReference,

    /// Directory of the other artifact; without it, all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_path: Option<String>,

    /// Where it is put; without it, a directory of the other repository's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_path: Option<String>,
}

/// Namespaces that may refer to an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessFrom {
    /// A namespace that matches one of these may.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub namespace_selectors: Vec<NamespaceSelector>,
}

/// Selects namespaces by their labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// Labels that a namespace must have.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
}

/// What is known of a repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryStatus {
    /// Generation that was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The conditions.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// The artifact that is stored now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,

    /// Artifacts of the includes that went into it, in their order.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub included_artifacts: Vec<Artifact>,

    /// `spec.ignore` that the artifact was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_ignore: Option<String>,

    /// `spec.recurseSubmodules` that the artifact was made with.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    pub observed_recurse_submodules: bool,

    /// `spec.include` that the artifact was made with.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub observed_include: Vec<GitRepositoryInclude>,

    /// `spec.sparseCheckout` that the artifact was made with.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub observed_sparse_checkout: Vec<String>,

    /// Mode of the last verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_verification_mode: Option<String>,

    /// The last value of the annotation `reconcile.fluxcd.io/requestedAt` that was acted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,

    /// Address of the newest artifact, as old versions of the API wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,

    /// Digest of what the artifact was made with, as old versions of the API wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_config_checksum: Option<String>,
}

/// Where the credentials of a repository come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitProvider {
    /// From the Secret.
    Generic,
    /// From AWS, for CodeCommit.
    Aws,
    /// From Azure, for Azure DevOps.
    Azure,
    /// From a GitHub App, whose key is in the Secret.
    GitHub,
}

/// What is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerificationMode {
    /// The commit.
    Head,
    /// The tag.
    Tag,
    /// The tag, and the commit that it names.
    TagAndHead,
}

/// The one revision that a [`GitReference`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutTarget<'a> {
    /// This commit.
    Commit {
        /// Its hash.
        commit: &'a str,
        /// The branch where it is looked for, if one is named.
        branch: Option<&'a str>,
    },
    /// The reference of this full name.
    Name(&'a str),
    /// The highest tag within this range of versions.
    SemVer(&'a str),
    /// This tag.
    Tag(&'a str),
    /// This branch.
    Branch(&'a str),
}

const DEFAULT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

impl GitRepositorySpec {
    /// How often the remote is asked.
    ///
    /// # Errors
    ///
    /// Where `spec.interval` is not a positive duration.
    pub fn interval(&self) -> Result<std::time::Duration, FieldError> {
        self.interval.positive_field("spec.interval")
    }

    /// Deadline of one fetch, 60 seconds by default.
    ///
    /// # Errors
    ///
    /// Where `spec.timeout` is not a positive duration.
    pub fn timeout(&self) -> Result<std::time::Duration, FieldError> {
        match &self.timeout {
            Some(timeout) => timeout.positive_field("spec.timeout"),
            None => Ok(DEFAULT_TIMEOUT),
        }
    }

    /// Where credentials come from.
    ///
    /// # Errors
    ///
    /// Where `spec.provider` is not one that is known.
    pub fn provider(&self) -> Result<GitProvider, FieldError> {
        let table = [
            ("generic", GitProvider::Generic),
            ("aws", GitProvider::Aws),
            ("azure", GitProvider::Azure),
            ("github", GitProvider::GitHub),
        ];
        match self.provider.as_deref() {
            None | Some("") => Ok(GitProvider::Generic),
            Some(provider) => choose("spec.provider", provider, &table),
        }
    }

    /// The revision that is asked for; branch `master` where nothing is said.
    pub fn checkout_target(&self) -> CheckoutTarget<'_> {
        self.reference.as_ref().map_or(CheckoutTarget::Branch("master"), GitReference::target)
    }
}

impl GitReference {
    /// The field that counts among those that are set.
    pub fn target(&self) -> CheckoutTarget<'_> {
        let Self { branch, tag, semver, name, commit } = self;
        let branch = filled(branch);
        if let Some(commit) = filled(commit) {
            return CheckoutTarget::Commit { commit, branch };
        }
        filled(name)
            .map(CheckoutTarget::Name)
            .or(filled(semver).map(CheckoutTarget::SemVer))
            .or(filled(tag).map(CheckoutTarget::Tag))
            .unwrap_or(CheckoutTarget::Branch(branch.unwrap_or("master")))
    }
}

/// An empty string means what a missing one does, as in Go.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl GitVerification {
    /// What is verified; the commit by default.
    ///
    /// # Errors
    ///
    /// Where `spec.verify.mode` is not one that is known.
    pub fn mode(&self) -> Result<VerificationMode, FieldError> {
        let table = [
            ("HEAD", VerificationMode::Head),
            ("head", VerificationMode::Head),
            ("Tag", VerificationMode::Tag),
            ("TagAndHEAD", VerificationMode::TagAndHead),
        ];
        match self.mode.as_deref() {
            None | Some("") => Ok(VerificationMode::Head),
            Some(mode) => choose("spec.verify.mode", mode, &table),
        }
    }
}

impl GitRepositoryInclude {
    /// Where the other artifact is put: `toPath`, or the name of the other repository.
    pub fn destination(&self) -> &str {
        filled(&self.to_path).unwrap_or(&self.repository.name)
    }
}
