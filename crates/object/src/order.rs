//! The order in which objects are applied.

use crate::{GroupVersionKind, ObjectId};
use std::cmp::Ordering;

/// What is applied together and waited for, in the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Definitions that others need: CustomResourceDefinition, Namespace, ClusterRole.
    Definitions,
    /// Kinds whose name ends in `Class`.
    Classes,
    /// Kinds that the operator was told to put before the rest.
    Custom,
    /// Everything else.
    Rest,
}

/// Flux 2.9's order within a stage. Kinds that are not listed stand at 0, between the two lists.
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The stage of a kind. `custom_stage_kinds` are (group, kind), as in Flux's flag
/// `--custom-apply-stage-kinds`.
pub fn stage(kind: &GroupVersionKind, custom_stage_kinds: &[(String, String)]) -> Stage {
    let definition = match kind.group.as_str() {
        "" => kind.kind.eq_ignore_ascii_case("Namespace") && kind.version == "v1",
        "apiextensions.k8s.io" => kind.kind.eq_ignore_ascii_case("CustomResourceDefinition"),
        "rbac.authorization.k8s.io" => kind.kind.eq_ignore_ascii_case("ClusterRole"),
        _ => false,
    };
    if definition {
        Stage::Definitions
    } else if kind.kind.ends_with("Class") {
        Stage::Classes
    } else if custom_stage_kinds.iter().any(|(g, k)| *g == kind.group && *k == kind.kind) {
        Stage::Custom
    } else {
        Stage::Rest
    }
}

/// Flux's order within a stage: by the lists of kinds, then by group and kind, ties by namespace
/// and name. Prune goes through it backwards.
pub fn compare(a: &ObjectId, b: &ObjectId) -> Ordering {
    rank(&a.kind).cmp(&rank(&b.kind)).then_with(|| {
        let texts_of_a = (&a.group, &a.kind, &a.namespace, &a.name);
        texts_of_a.cmp(&(&b.group, &b.kind, &b.namespace, &b.name))
    })
}

fn rank(kind: &str) -> usize {
    let first = FIRST.iter().position(|name| *name == kind);
    let last = || LAST.iter().position(|name| *name == kind).map(|at| FIRST.len() + 1 + at);
    first.or_else(last).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectId;

    fn gvk(group: &str, kind: &str) -> GroupVersionKind {
        GroupVersionKind { group: group.into(), version: "v1".into(), kind: kind.into() }
    }

    #[test]
    fn stages_follow_kind_and_group() {
        let custom = [("example.com".to_owned(), "Database".to_owned())];
        let cases = [
            ("", "Namespace", Stage::Definitions),
            ("apiextensions.k8s.io", "CustomResourceDefinition", Stage::Definitions),
            ("rbac.authorization.k8s.io", "ClusterRole", Stage::Definitions),
            ("rbac.authorization.k8s.io", "ClusterRoleBinding", Stage::Rest),
            ("example.com", "Namespace", Stage::Rest),
            ("storage.k8s.io", "StorageClass", Stage::Classes),
            ("networking.k8s.io", "IngressClass", Stage::Classes),
            ("example.com", "Database", Stage::Custom),
            ("other.com", "Database", Stage::Rest),
            ("apps", "Deployment", Stage::Rest),
        ];
        for (group, kind, expected) in cases {
            assert_eq!(stage(&gvk(group, kind), &custom), expected, "{group}/{kind}");
        }
        assert!(Stage::Definitions < Stage::Classes && Stage::Custom < Stage::Rest);
    }

    #[test]
    fn objects_are_ordered_as_flux_orders_them() {
        let mut ids: Vec<ObjectId> = [
            "_check_admissionregistration.k8s.io_ValidatingWebhookConfiguration",
            "_hook_admissionregistration.k8s.io_MutatingWebhookConfiguration",
            "b_x_example.com_Widget",
            "b_x_batch_Job",
            "b_web_apps_Deployment",
            "a_web_apps_Deployment",
            "a_api_apps_Deployment",
            "a_web__Service",
            "a_web__Secret",
            "a_web__ConfigMap",
            "_b__Namespace",
            "_a__Namespace",
            "_x.example.com_apiextensions.k8s.io_CustomResourceDefinition",
            "_fast_storage.k8s.io_StorageClass",
            "_admin_rbac.authorization.k8s.io_ClusterRole",
        ]
        .iter()
        .filter_map(|id| ObjectId::from_inventory(id).ok())
        .collect();
        ids.sort_by(compare);
        let shown: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "CustomResourceDefinition/x.example.com",
                "Namespace/a",
                "Namespace/b",
                "ClusterRole/admin",
                "StorageClass/fast",
                "ConfigMap/a/web",
                "Secret/a/web",
                "Service/a/web",
                "Deployment/a/api",
                "Deployment/a/web",
                "Deployment/b/web",
                "Job/b/x",
                "Widget/b/x",
                "MutatingWebhookConfiguration/hook",
                "ValidatingWebhookConfiguration/check",
            ]
        );
    }
}
