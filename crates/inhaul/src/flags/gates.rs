//! Flux's feature gates. Most of them change nothing in inhaul; for each it is known which side inhaul is on.

use std::collections::BTreeMap;

/// How inhaul behaves, whatever a gate says.
#[derive(Clone, Copy)]
enum Side {
    /// As with the gate on.
    On,
    /// As with the gate off.
    Off,
    /// As the gate says.
    Either,
    /// The gate is about something in Flux's implementation that does not exist here.
    Neither,
}

const GATES: [(&str, Side); 25] = [
    ("AdditiveCELDependencyCheck", Side::Either),
    ("AdoptLegacyReleases", Side::Off),
    ("AllowDNSLookups", Side::Off),
    ("CacheSecretsAndConfigMaps", Side::Neither),
    ("CancelHealthCheckOnNewRevision", Side::On),
    ("DefaultToRetryOnFailure", Side::Off),
    ("DirectSourceFetch", Side::Neither),
    ("DisableChartDigestTracking", Side::Off),
    ("DisableConfigWatchers", Side::Off),
    ("DisableFailFastBehavior", Side::Off),
    ("DisableStatusPollerCache", Side::Neither),
    ("ExternalArtifact", Side::Off),
    ("GitAllBranchReferences", Side::On),
    ("GitForcePushBranch", Side::On),
    ("GitShallowClone", Side::On),
    ("GitSparseCheckout", Side::Off),
    ("GroupChangeLog", Side::Off),
    ("MigrateAPIVersion", Side::Off),
    ("OOMWatch", Side::Neither),
    ("ObjectLevelWorkloadIdentity", Side::Off),
    ("OptimizedGitClones", Side::On),
    ("StrictPostBuildSubstitutions", Side::On),
    ("UseHelm3Defaults", Side::Off),
    ("DetectDrift", Side::Off),
    ("CorrectDrift", Side::Off),
];

/// A warning for each gate that asks for something else than what inhaul does.
pub(super) fn differences(gates: &BTreeMap<String, bool>) -> Vec<String> {
    let difference = |(name, on): (&String, &bool)| {
        let known = GATES.iter().find(|(known, _)| known == name);
        let why = match (known?.1, on) {
            (Side::Neither | Side::Either, _) | (Side::On, true) | (Side::Off, false) => {
                return None;
            }
            (Side::On, false) => "it is always on",
            (Side::Off, true) => "it is always off",
        };
        Some(format!("feature gate {name}={on} is not honoured: {why}"))
    };
    let unknown = gates.keys().filter(|name| GATES.iter().all(|(known, _)| known != name));
    let unknown = unknown.map(|name| format!("feature gate {name} is unknown and is ignored"));
    gates.iter().filter_map(difference).chain(unknown).collect()
}
