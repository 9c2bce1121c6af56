//! What was applied, as `status.inventory` keeps it.

use inhaul_object::ObjectId;
use std::collections::BTreeMap;

/// One line of `status.inventory.entries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `<namespace>_<name>_<group>_<kind>`.
    pub id: String,
    /// The API version without its group.
    pub version: String,
}

/// The objects that a Kustomization answers for, each with the version it was applied in. An id
/// that cannot be read is kept as it is: dropping it would lose an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    objects: BTreeMap<ObjectId, String>,
    unreadable: BTreeMap<String, String>,
}

impl Inventory {
    /// Reads the lines of a status.
    pub fn from_entries<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut inventory = Self::default();
        for (id, version) in entries {
            match ObjectId::from_inventory(id) {
                Ok(object) => inventory.objects.insert(object, version.to_owned()),
                Err(_) => inventory.unreadable.insert(id.to_owned(), version.to_owned()),
            };
        }
        inventory
    }

    /// The lines for a status, sorted by id.
    pub fn to_entries(&self) -> Vec<Entry> {
        let objects = self.objects.iter().map(|(id, version)| (id.to_inventory(), version));
        let unreadable = self.unreadable.iter().map(|(id, version)| (id.clone(), version));
        let mut entries: Vec<Entry> = objects
            .chain(unreadable)
            .map(|(id, version)| Entry { id, version: version.clone() })
            .collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        entries
    }

    /// Adds an object, or changes its version.
    pub fn insert(&mut self, id: ObjectId, version: String) {
        self.objects.insert(id, version);
    }

    /// Whether the object is there, in whatever version.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.objects.contains_key(id)
    }

    /// The version that the object was applied in.
    pub fn version(&self, id: &ObjectId) -> Option<&str> {
        self.objects.get(id).map(String::as_str)
    }

    /// The objects with their versions, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &str)> {
        self.objects.iter().map(|(id, version)| (id, version.as_str()))
    }

    /// Ids that could not be read.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.unreadable.keys().map(String::as_str)
    }

    /// How many objects there are, unreadable ids included.
    pub fn len(&self) -> usize {
        self.objects.len() + self.unreadable.len()
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of this and all of `other`, whose versions win: what is stored before the first write,
    /// so that a crash at any moment loses no object.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.objects.extend(other.objects.iter().map(|(id, v)| (id.clone(), v.clone())));
        union.unreadable.extend(other.unreadable.iter().map(|(id, v)| (id.clone(), v.clone())));
        union
    }

    /// What is here and not in `other`, by id and whatever the version.
    pub fn minus(&self, other: &Self) -> Vec<(ObjectId, String)> {
        let gone = self.objects.iter().filter(|(id, _)| !other.contains(id));
        gone.map(|(id, version)| (id.clone(), version.clone())).collect()
    }

    /// Roughly how many bytes the lines take in a status.
    pub fn bytes(&self) -> usize {
        self.to_entries().iter().map(|entry| entry.id.len() + entry.version.len() + 17).sum()
    }

    /// Only the unreadable ids: they stay in every inventory that follows from this one.
    pub(crate) fn unreadable_only(&self) -> Self {
        Self { objects: BTreeMap::new(), unreadable: self.unreadable.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_survives_the_way_through_a_status() {
        let lines = [("_apps__Namespace", "v1"), ("apps_web_apps_Deployment", "v1"), ("odd", "v1")];
        let inventory = Inventory::from_entries(lines);
        assert_eq!(inventory.len(), 3);
        assert_eq!(inventory.unreadable().collect::<Vec<_>>(), ["odd"]);
        let back: Vec<_> = inventory.to_entries();
        let back: Vec<_> = back.iter().map(|e| (e.id.as_str(), e.version.as_str())).collect();
        assert_eq!(back, lines);
    }

    #[test]
    fn another_version_of_an_object_is_not_another_object() {
        let old = Inventory::from_entries([("a_b_batch_CronJob", "v1beta1")]);
        let new = Inventory::from_entries([("a_b_batch_CronJob", "v1")]);
        assert_eq!(old.minus(&new), []);
        assert_eq!(old.union(&new).to_entries()[0].version, "v1");
    }
}
