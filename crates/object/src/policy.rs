//! What the labels and annotations of an object ask of the operator.

use crate::Object;

const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// How an object is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServerSideApply {
    /// Fields of override managers are taken over (the default).
    #[default]
    Override,
    /// Fields of others stay theirs.
    Merge,
    /// Created where it is absent, and left alone afterwards.
    IfNotPresent,
    /// Neither applied nor pruned.
    Ignore,
}

/// What is asked for one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How it is applied.
    pub ssa: ServerSideApply,
    /// Whether it may be deleted and created again on an immutable-field error.
    pub force: bool,
    /// Whether it may be deleted when it leaves the source.
    pub prune: bool,
    /// Whether it is applied, and deleted, at all.
    pub reconcile: bool,
}

impl Policy {
    /// Whether the operator may write the object, given whether it exists.
    pub fn may_apply(&self, exists: bool) -> bool {
        match self.ssa {
            ServerSideApply::Ignore => false,
            ServerSideApply::IfNotPresent => self.reconcile && !exists,
            ServerSideApply::Override | ServerSideApply::Merge => self.reconcile,
        }
    }

    /// Whether the operator may delete the object when it left the source.
    pub fn may_prune(&self) -> bool {
        self.prune && self.reconcile && self.ssa != ServerSideApply::Ignore
    }
}

/// Reads what is asked from a label or an annotation (values are compared without regard to
/// case), of the desired object or the live one. `ssa: IfNotPresent` counts in the desired object
/// only, as in Flux: otherwise its removal from the source could never take effect.
pub fn of(desired: Option<&Object>, live: Option<&Object>) -> Policy {
    let either = |key: &str, value: &str| {
        [desired, live].into_iter().flatten().any(|object| has(object, key, value))
    };
    let ssa = if either(SSA, "Ignore") {
        ServerSideApply::Ignore
    } else if desired.is_some_and(|object| has(object, SSA, "IfNotPresent")) {
        ServerSideApply::IfNotPresent
    } else if either(SSA, "Merge") {
        ServerSideApply::Merge
    } else {
        ServerSideApply::Override
    };
    Policy {
        ssa,
        force: either(FORCE, "enabled"),
        prune: !either(PRUNE, "disabled"),
        reconcile: !either(RECONCILE, "disabled"),
    }
}

fn has(object: &Object, key: &str, value: &str) -> bool {
    let says = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(value));
    says(object.label(key)) || says(object.annotation(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(place: &str, key: &str, value: &str) -> Object {
        let value = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", place: {key: value}}});
        Object::from_json(value).unwrap()
    }

    const DEFAULT: Policy =
        Policy { ssa: ServerSideApply::Override, force: false, prune: true, reconcile: true };

    #[test]
    fn each_key_is_read_from_labels_and_annotations_in_any_case() {
        let cases = [
            (RECONCILE, "Disabled", Policy { reconcile: false, ..DEFAULT }),
            (RECONCILE, "enabled", DEFAULT),
            (SSA, "merge", Policy { ssa: ServerSideApply::Merge, ..DEFAULT }),
            (SSA, "Override", DEFAULT),
            (SSA, "IGNORE", Policy { ssa: ServerSideApply::Ignore, ..DEFAULT }),
            (FORCE, "Enabled", Policy { force: true, ..DEFAULT }),
            (PRUNE, "disabled", Policy { prune: false, ..DEFAULT }),
            (PRUNE, "true", DEFAULT),
            ("other", "disabled", DEFAULT),
        ];
        for (key, value, expected) in cases {
            for place in ["labels", "annotations"] {
                let object = object(place, key, value);
                assert_eq!(of(Some(&object), None), expected, "{key}={value} in desired {place}");
                assert_eq!(of(None, Some(&object)), expected, "{key}={value} in live {place}");
            }
        }
        assert_eq!(of(None, None), DEFAULT);
    }

    #[test]
    fn if_not_present_counts_in_the_desired_object_only() {
        let marked = object("annotations", SSA, "IfNotPresent");
        let plain = object("annotations", "other", "x");
        let policy = of(Some(&marked), Some(&plain));
        assert_eq!(policy.ssa, ServerSideApply::IfNotPresent);
        assert!(policy.may_apply(false) && !policy.may_apply(true) && policy.may_prune());
        assert_eq!(of(Some(&plain), Some(&marked)).ssa, ServerSideApply::Override);
    }

    #[test]
    fn what_is_ignored_or_disabled_is_neither_applied_nor_pruned() {
        for marked in [object("labels", SSA, "Ignore"), object("labels", RECONCILE, "disabled")] {
            let policy = of(None, Some(&marked));
            assert!(!policy.may_apply(false) && !policy.may_apply(true) && !policy.may_prune());
        }
        let kept = of(None, Some(&object("labels", PRUNE, "disabled")));
        assert!(kept.may_apply(true) && !kept.may_prune());
    }
}
