//! What becomes of an object that left the source.

use inhaul_object::{Object, ObjectId, policy};

/// The label that names an object's Kustomization.
pub const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
/// The label that names the namespace of an object's Kustomization.
const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";

/// The Kustomization that an object belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl Owner {
    /// The owner that the labels of an object name.
    pub fn of(object: &Object) -> Option<Self> {
        let label = |key| object.label(key).map(str::to_owned);
        Some(Self { name: label(OWNER_NAME)?, namespace: label(OWNER_NAMESPACE)? })
    }

    /// Whether the labels of a live object name this owner.
    pub fn owns(&self, live: &Object) -> bool {
        Self::of(live).as_ref() == Some(self)
    }
}

/// What becomes of an object that left the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is gone, or not ours, or was told to stay: it leaves the inventory.
    Forget(&'static str),
    /// It is deleted, if it still has this uid then.
    Delete {
        /// The uid.
        uid: String,
    },
    /// It is being deleted; it leaves the inventory when it is gone.
    Going {
        /// The finalizers that it waits for.
        finalizers: Vec<String>,
    },
    /// It may not be deleted by this operator at all.
    Protected(&'static str),
}

/// Decides the fate of the object `id`, which left the source, from what the cluster holds.
pub fn decide(
    id: &ObjectId,
    live: Option<&Object>,
    owner: &Owner,
    protected_namespaces: &[String],
) -> Fate {
    let Some(live) = live else { return Fate::Forget("it does not exist any more") };
    if !owner.owns(live) {
        return Fate::Forget("it does not carry this owner's labels");
    }
    let policy = policy::of(None, Some(live));
    if !policy.may_prune() {
        return Fate::Forget("an annotation or label on it keeps it from being pruned");
    }
    let is_namespace = id.group.is_empty() && id.kind == "Namespace";
    if is_namespace
        && (inhaul_object::protect::is_protected_namespace(&id.name)
            || protected_namespaces.contains(&id.name))
    {
        return Fate::Protected("the namespace holds the operator or the system");
    }
    if live.is_deleting() {
        let finalizers = live.finalizers().into_iter().map(str::to_owned).collect();
        return Fate::Going { finalizers };
    }
    match live.uid() {
        Some(uid) => Fate::Delete { uid: uid.to_owned() },
        None => Fate::Protected("the API server did not tell its uid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn owner() -> Owner {
        Owner { name: "apps".into(), namespace: "team".into() }
    }

    fn live(kind: &str, name: &str, patch: Value) -> Object {
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {
            "name": name, "uid": "u1",
            "labels": {OWNER_NAME: "apps", OWNER_NAMESPACE: "team"}}});
        for (key, value) in patch.as_object().unwrap() {
            object["metadata"][key] = value.clone();
        }
        Object::from_json(object).unwrap()
    }

    fn fate(object: Option<&Object>, kind: &str, name: &str) -> Fate {
        let id = ObjectId {
            namespace: String::new(),
            name: name.into(),
            group: String::new(),
            kind: kind.into(),
        };
        decide(&id, object, &owner(), &["flux-system".to_owned()])
    }

    #[test]
    fn only_what_is_ours_is_deleted_and_only_with_its_uid() {
        let ours = live("ConfigMap", "a", json!({}));
        assert_eq!(fate(Some(&ours), "ConfigMap", "a"), Fate::Delete { uid: "u1".into() });
        assert!(matches!(fate(None, "ConfigMap", "a"), Fate::Forget(_)));
        let other = live("ConfigMap", "a", json!({"labels": {OWNER_NAME: "apps"}}));
        assert!(matches!(fate(Some(&other), "ConfigMap", "a"), Fate::Forget(_)));
        let disabled = json!({"annotations": {"kustomize.toolkit.fluxcd.io/prune": "Disabled"}});
        let disabled = live("ConfigMap", "a", disabled);
        assert!(matches!(fate(Some(&disabled), "ConfigMap", "a"), Fate::Forget(_)));
    }

    #[test]
    fn namespaces_of_the_system_and_of_the_operator_are_never_deleted() {
        for name in ["kube-system", "default", "flux-system"] {
            let namespace = live("Namespace", name, json!({}));
            assert!(matches!(fate(Some(&namespace), "Namespace", name), Fate::Protected(_)));
        }
        let ordinary = live("Namespace", "team-a", json!({}));
        assert!(matches!(fate(Some(&ordinary), "Namespace", "team-a"), Fate::Delete { .. }));
    }

    #[test]
    fn an_object_with_finalizers_stays_in_the_inventory_until_it_is_gone() {
        let going = json!({"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"]});
        let going = live("ConfigMap", "a", going);
        let expected = Fate::Going { finalizers: vec!["x/y".into()] };
        assert_eq!(fate(Some(&going), "ConfigMap", "a"), expected);
    }
}
