//! What a Kustomization has applied: `status.inventory`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::or_default;

/// The objects that were applied, or were about to be when the list was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// One entry per object.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub entries: Vec<InventoryEntry>,
}

/// One object of an inventory.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct InventoryEntry {
    /// The object, as `<namespace>_<name>_<group>_<kind>`; see [`InventoryId`].
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub id: String,

    /// API version without the group, such as `v1`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub v: String,
}

impl InventoryEntry {
    /// An entry for this object at this API version (without the group).
    pub fn new(id: &InventoryId, version: impl Into<String>) -> Self {
        Self { id: id.to_string(), v: version.into() }
    }

    /// The object that the entry names.
    ///
    /// # Errors
    ///
    /// [`InventoryIdError`] where the id does not have its four parts.
    pub fn object(&self) -> Result<InventoryId, InventoryIdError> {
        self.id.parse()
    }
}

/// The four parts of an entry's id.
///
/// Written as Flux writes it (cli-utils' object metadata): `_` between the parts, the namespace
/// empty for cluster-scoped objects and the group empty for the core one, and `:` in the names of
/// RBAC objects written as `__`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InventoryId {
    /// Namespace, or empty.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// API group, or empty.
    pub group: String,
    /// Kind.
    pub kind: String,
}

/// An inventory id that does not have its four parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("inventory id {id:?} is not <namespace>_<name>_<group>_<kind>")]
pub struct InventoryIdError {
    /// The id as it was found.
    pub id: String,
}

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const RBAC_KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

impl fmt::Display for InventoryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, name, group, kind } = self;
        if group == RBAC_GROUP && RBAC_KINDS.contains(&kind.as_str()) {
            write!(formatter, "{namespace}_{}_{group}_{kind}", name.replace(':', "__"))
        } else {
            write!(formatter, "{namespace}_{name}_{group}_{kind}")
        }
    }
}

impl FromStr for InventoryId {
    type Err = InventoryIdError;

    fn from_str(id: &str) -> Result<Self, InventoryIdError> {
        let parts = || {
            let (namespace, rest) = id.split_once('_')?;
            let (rest, kind) = rest.rsplit_once('_')?;
            let (name, group) = rest.rsplit_once('_')?;
            let name = name.replace("__", ":");
            let complete = !name.is_empty() && !name.contains('_') && !kind.is_empty();
            complete.then(|| Self {
                namespace: namespace.to_owned(),
                name,
                group: group.to_owned(),
                kind: kind.to_owned(),
            })
        };
        parts().ok_or_else(|| InventoryIdError { id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::{InventoryEntry, InventoryId};

    fn id(namespace: &str, name: &str, group: &str, kind: &str) -> InventoryId {
        InventoryId {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn an_id_is_written_and_read_as_flux_does() {
        let rbac = "rbac.authorization.k8s.io";
        let cases = [
            ("default_web_apps_Deployment", id("default", "web", "apps", "Deployment")),
            ("_apps__Namespace", id("", "apps", "", "Namespace")),
            ("default_settings__ConfigMap", id("default", "settings", "", "ConfigMap")),
            (
                "_system__node_rbac.authorization.k8s.io_ClusterRole",
                id("", "system:node", rbac, "ClusterRole"),
            ),
            (
                "apps_a__b__c_rbac.authorization.k8s.io_RoleBinding",
                id("apps", "a:b:c", rbac, "RoleBinding"),
            ),
        ];
        for (text, object) in cases {
            assert_eq!(object.to_string(), text);
            assert_eq!(
                InventoryEntry { id: text.to_owned(), v: "v1".to_owned() }.object(),
                Ok(object)
            );
        }
    }

    #[test]
    fn an_id_without_its_four_parts_is_refused() {
        for text in
            ["", "a", "a_b", "a_b_c", "_", "___", "ns_na_me_apps_Deployment", "ns_web_apps_"]
        {
            let error = text.parse::<InventoryId>().unwrap_err();
            assert_eq!(error.id, text);
        }
    }
}
