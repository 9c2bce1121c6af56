//! What names an object, and how an inventory writes it.

use std::fmt;

/// The kinds whose names may hold a `:`, which an inventory cannot write as it is.
const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const RBAC_KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

/// More than the API server lets a namespace, a name, a group and a kind have together.
const MAX_INVENTORY_ID: usize = 1024;

/// Group, version and kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupVersionKind {
    /// The group; empty for the core group.
    pub group: String,
    /// The version, such as `v1`.
    pub version: String,
    /// The kind, such as `Deployment`.
    pub kind: String,
}

impl GroupVersionKind {
    /// The `apiVersion` that says this group and version.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// What names an object whatever version it is written in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// The namespace; empty if the object has none, or if it is not yet known.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// Why a text is not the id of an object in an inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("inventory id {id:?}: {why}")]
pub struct InvalidId {
    /// The text, cut where it is long.
    pub id: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl ObjectId {
    /// The id as an inventory writes it: `<namespace>_<name>_<group>_<kind>`, with `:` in the
    /// names of RBAC kinds written as `__`. This is the form that Flux and cli-utils share, with
    /// its flaw: an RBAC name that itself holds `__` is read back with `:`.
    pub fn to_inventory(&self) -> String {
        let transcoded = self.group == RBAC_GROUP && RBAC_KINDS.contains(&self.kind.as_str());
        let name = if transcoded { self.name.replace(':', "__") } else { self.name.clone() };
        format!("{}_{name}_{}_{}", self.namespace, self.group, self.kind)
    }

    /// Reads the id that an inventory holds.
    ///
    /// # Errors
    /// [`InvalidId`] where a part is missing, or holds what no object of the API server can have
    /// there: a status can be written by others than us, and its ids become request paths.
    pub fn from_inventory(id: &str) -> Result<Self, InvalidId> {
        let fail = |why| InvalidId { id: id.chars().take(120).collect(), why };
        if id.len() > MAX_INVENTORY_ID {
            return Err(fail("is too long"));
        }
        let parts = || {
            let (namespace, rest) = id.split_once('_')?;
            let (rest, kind) = rest.rsplit_once('_')?;
            let (name, group) = rest.rsplit_once('_')?;
            Some((namespace, name, group, kind))
        };
        let (namespace, name, group, kind) =
            parts().ok_or_else(|| fail("is not <namespace>_<name>_<group>_<kind>"))?;
        if !namespace.chars().all(is_dns) {
            return Err(fail("has an invalid namespace"));
        }
        if !group.chars().all(is_dns) {
            return Err(fail("has an invalid group"));
        }
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(fail("has an invalid kind"));
        }
        let name = name.replace("__", ":");
        if !is_path_segment(&name) {
            return Err(fail("has an invalid name"));
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            name,
            group: group.to_owned(),
            kind: kind.to_owned(),
        })
    }
}

impl fmt::Display for ObjectId {
    /// `Kind/namespace/name`, or `Kind/name` without a namespace, as Flux's messages have it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(formatter, "{}/{}", self.kind, self.name)
        } else {
            write!(formatter, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}

fn is_dns(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.')
}

/// The weakest rule that the API server has for names: one element of a request's path.
fn is_path_segment(name: &str) -> bool {
    let bad = |c: char| matches!(c, '/' | '%' | '?' | '#' | '\\') || c.is_control() || c == ' ';
    !name.is_empty() && name != "." && name != ".." && !name.contains(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(namespace: &str, name: &str, group: &str, kind: &str) -> ObjectId {
        let [namespace, name, group, kind] = [namespace, name, group, kind].map(str::to_owned);
        ObjectId { namespace, name, group, kind }
    }

    #[test]
    fn ids_are_written_and_read_as_flux_does() {
        let cases = [
            ("default_web_apps_Deployment", id("default", "web", "apps", "Deployment")),
            ("_apps__Namespace", id("", "apps", "", "Namespace")),
            ("default_config__ConfigMap", id("default", "config", "", "ConfigMap")),
            (
                "_system__auth-delegator_rbac.authorization.k8s.io_ClusterRole",
                id("", "system:auth-delegator", "rbac.authorization.k8s.io", "ClusterRole"),
            ),
            (
                "_with_underscore_rbac.authorization.k8s.io_ClusterRole",
                id("", "with_underscore", "rbac.authorization.k8s.io", "ClusterRole"),
            ),
        ];
        for (text, id) in cases {
            assert_eq!(id.to_inventory(), text);
            assert_eq!(ObjectId::from_inventory(text).unwrap(), id, "{text}");
        }
    }

    #[test]
    fn hostile_ids_are_errors() {
        let long = format!("a_{}_b_C", "x".repeat(5000));
        for text in [
            "",
            "_",
            "__",
            "web",
            "a_b_c",
            "a__b_C",
            "a_.._b_C",
            "a_x/y__Pod",
            "a_x%2fy__Pod",
            "a_x?y__Pod",
            "../a_x__Pod",
            "a_x_../b_Pod",
            "a_x__Pod/exec",
            "a_x\n__Pod",
            "a_x__",
            "a_x__Pöd",
            long.as_str(),
        ] {
            assert!(ObjectId::from_inventory(text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn ids_are_shown_as_flux_shows_them() {
        assert_eq!(id("a", "b", "apps", "Deployment").to_string(), "Deployment/a/b");
        assert_eq!(id("", "b", "", "Namespace").to_string(), "Namespace/b");
    }

    proptest! {
        #[test]
        fn valid_ids_survive_an_inventory(
            namespace in "([a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?)?",
            name in "[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?",
            group in "(|apps|example\\.com)",
            kind in "[A-Z][A-Za-z0-9]{0,12}",
        ) {
            let id = id(&namespace, &name, &group, &kind);
            prop_assert_eq!(ObjectId::from_inventory(&id.to_inventory()).unwrap(), id);
        }

        #[test]
        fn rbac_names_with_colons_survive_an_inventory(name in "[a-z]([a-z:.-]{0,20}[a-z])?") {
            let id = id("", &name, RBAC_GROUP, "ClusterRole");
            prop_assert_eq!(ObjectId::from_inventory(&id.to_inventory()).unwrap(), id);
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,60}") {
            let _ = ObjectId::from_inventory(&text);
        }
    }
}
