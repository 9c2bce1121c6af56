//! The fields that only older versions of the API had.

use serde_json::Value;

/// A field that v1beta1 or v1beta2 had and v1 has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyField {
    /// Kind that has it.
    pub kind: &'static str,
    /// Path of the field; `[]` stands for every item of a list.
    pub path: &'static str,
    /// Versions that had it.
    pub versions: &'static [&'static str],
    /// What is done with it.
    pub handling: LegacyHandling,
}

/// What is done with a field of an older version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyHandling {
    /// It has its old effect, in the way that is said here.
    HonouredAs(&'static str),
    /// It has no effect, and whoever sets it is told so, in these words.
    AcceptedWithWarning(&'static str),
    /// A status field that is kept as it was found, and never written.
    ReadOnly(&'static str),
}

use LegacyHandling::{AcceptedWithWarning, HonouredAs, ReadOnly};

const V1BETA1: &[&str] = &["v1beta1"];
const V1BETA2: &[&str] = &["v1beta2"];
const BOTH: &[&str] = &["v1beta1", "v1beta2"];

const fn git(
    path: &'static str,
    versions: &'static [&'static str],
    handling: LegacyHandling,
) -> LegacyField {
    LegacyField { kind: "GitRepository", path, versions, handling }
}

const fn kustomization(
    path: &'static str,
    versions: &'static [&'static str],
    handling: LegacyHandling,
) -> LegacyField {
    LegacyField { kind: "Kustomization", path, versions, handling }
}

/// Every field beyond Flux's v1, and what is done with it.
///
/// From `api/v1beta1` and `api/v1beta2` of kustomize-controller and source-controller, whatever
/// release they were in (`spec.serviceAccount` went in kustomize-controller 0.3). Defaults that
/// differed (`spec.timeout` was 20s, `spec.gitImplementation` was filled in) follow v1.
pub const LEGACY_FIELDS: &[LegacyField] = &[
    git(
        "spec.gitImplementation",
        BOTH,
        AcceptedWithWarning("there is one Git implementation; the field has no effect"),
    ),
    git(
        "spec.accessFrom",
        BOTH,
        AcceptedWithWarning(
            "access between namespaces is decided by --no-cross-namespace-refs; the field has no effect",
        ),
    ),
    git("status.url", BOTH, ReadOnly("status.artifact.url says it")),
    git(
        "status.contentConfigChecksum",
        V1BETA2,
        ReadOnly("status.observedIgnore, observedInclude and their like say it"),
    ),
    git("status.artifact.checksum", BOTH, ReadOnly("status.artifact.digest says it")),
    git(
        "status.includedArtifacts[].checksum",
        BOTH,
        ReadOnly("status.includedArtifacts[].digest says it"),
    ),
    kustomization(
        "spec.validation",
        BOTH,
        AcceptedWithWarning(
            "every changed object is checked by the API server before one is written; the field has no effect",
        ),
    ),
    kustomization(
        "spec.patchesStrategicMerge",
        BOTH,
        HonouredAs("patchesStrategicMerge of the generated kustomization"),
    ),
    kustomization(
        "spec.patchesJson6902",
        BOTH,
        HonouredAs("patchesJson6902 of the generated kustomization"),
    ),
    kustomization(
        "spec.serviceAccount",
        V1BETA1,
        HonouredAs("spec.serviceAccountName; another namespace than the object's own is refused"),
    ),
    kustomization(
        "status.snapshot",
        V1BETA1,
        ReadOnly("it names kinds, not objects; status.inventory says what was applied"),
    ),
    LegacyField {
        kind: "Receiver",
        path: "status.url",
        versions: BOTH,
        handling: ReadOnly("status.webhookPath says it"),
    },
];

/// The fields of [`LEGACY_FIELDS`] that this object's `spec` sets, for the warning that names
/// them.
///
/// `object` is the whole object as JSON.
pub fn legacy_fields_set(kind: &str, object: &Value) -> Vec<&'static LegacyField> {
    let is_set = |field: &&LegacyField| {
        field.kind == kind
            && field.path.starts_with("spec.")
            && object.pointer(&format!("/{}", field.path.replace('.', "/"))).is_some()
    };
    LEGACY_FIELDS.iter().filter(is_set).collect()
}
