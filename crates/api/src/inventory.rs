//! What a Kustomization has applied: `status.inventory`.

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
    /// The object, as `<namespace>_<name>_<group>_<kind>`; `inhaul_object::ObjectId` reads and writes it.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub id: String,

    /// API version without the group, such as `v1`.
    #[serde(default, deserialize_with = "or_default")]
    #[schemars(!default)]
    pub v: String,
}
