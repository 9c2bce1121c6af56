//! The resources of a build in order, found by id without a scan.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, Result};
use crate::id::Id;
use crate::resource::{Behavior, Resource};

/// Directories that include each other twice under different names double with each level.
const MOST_RESOURCES: usize = 200_000;

/// Resources in order, no two with the same current id.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    list: Vec<Resource>,
    /// Current ids; rebuilt when the list was opened for changes.
    current: Option<HashSet<String>>,
    /// Places by every id that a resource has or had.
    any: Option<HashMap<String, Vec<usize>>>,
}

impl Collection {
    pub(crate) fn list(&self) -> &[Resource] {
        &self.list
    }

    pub(crate) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    /// The resources, for any change.
    pub(crate) fn list_mut(&mut self) -> &mut Vec<Resource> {
        self.current = None;
        self.any = None;
        &mut self.list
    }

    /// The resources, for a change that leaves every id as it is.
    pub(crate) fn contents_mut(&mut self) -> &mut [Resource] {
        &mut self.list
    }

    fn current(&mut self) -> &mut HashSet<String> {
        let list = &self.list;
        self.current.get_or_insert_with(|| list.iter().map(Resource::current_key).collect())
    }

    pub(crate) fn append(&mut self, resource: Resource) -> Result<()> {
        if self.list.len() >= MOST_RESOURCES {
            return Err(Error::new(format!("more than {MOST_RESOURCES} resources in one build")));
        }
        if !self.current().insert(resource.current_key()) {
            return Err(already_there(&resource));
        }
        self.any = None;
        self.list.push(resource);
        Ok(())
    }

    /// Looks for two resources of one id, where a change of ids may have made some.
    pub(crate) fn check_ids(&mut self) -> Result<()> {
        if self.current.is_some() {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(self.list.len());
        for resource in self.list.iter().filter(|resource| !resource.is_empty()) {
            if !seen.insert(resource.current_key()) {
                return Err(already_there(resource));
            }
        }
        self.current = Some(seen);
        Ok(())
    }

    pub(crate) fn append_all(
        &mut self,
        resources: impl IntoIterator<Item = Resource>,
    ) -> Result<()> {
        resources.into_iter().try_for_each(|resource| self.append(resource))
    }

    /// The places of the resources that have or had an id; its namespace is effective.
    pub(crate) fn find(&mut self, id: &Id) -> Vec<usize> {
        let list = &self.list;
        let index = self.any.get_or_insert_with(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::with_capacity(list.len());
            for (at, resource) in list.iter().enumerate().filter(|(_, r)| !r.is_empty()) {
                for key in resource.previous_keys().chain([resource.current_key()]) {
                    let places = index.entry(key).or_default();
                    if places.last() != Some(&at) {
                        places.push(at);
                    }
                }
            }
            index
        });
        index.get(&id.key()).cloned().unwrap_or_default()
    }

    /// The one resource that has or had an id.
    pub(crate) fn find_one(&mut self, id: &Id, shown: &Id) -> Result<usize> {
        match self.find(id)[..] {
            [at] => Ok(at),
            [] => Err(Error::new(format!(
                "no matches for Id {shown}; failed to find unique target for patch {shown}"
            ))),
            _ => Err(Error::new(format!(
                "multiple matches for Id {shown}; failed to find unique target for patch {shown}"
            ))),
        }
    }

    /// Drops what a patch has emptied.
    pub(crate) fn drop_empty(&mut self) {
        if self.list.iter().any(Resource::is_empty) {
            self.list_mut().retain(|resource| !resource.is_empty());
        }
    }

    /// Takes what a generator made: a new object, or one that merges into or replaces an existing one.
    pub(crate) fn absorb(&mut self, resource: Resource) -> Result<()> {
        let places = self.find(&resource.current_id());
        let shown = resource.id();
        let behavior = resource.history.behavior;
        let wants_old = matches!(behavior, Behavior::Merge | Behavior::Replace);
        match places[..] {
            [] if wants_old => {
                Err(Error::new(format!("id {shown} does not exist; cannot merge or replace")))
            }
            [] => self.append(resource),
            [_] if !wants_old => Err(Error::new(format!(
                "id {shown} exists; can not use behavior: '{}', behavior must be merge or replace",
                behavior.name()
            ))),
            [at] => {
                let merged = resource.merged_over(&self.list[at], behavior)?;
                self.list_mut()[at] = merged;
                Ok(())
            }
            _ => {
                let ids: Vec<String> = places.iter().map(|&at| self.list[at].describe()).collect();
                Err(Error::new(format!(
                    "found multiple objects {ids:?} that could accept merge of {shown}"
                )))
            }
        }
    }
}

fn already_there(resource: &Resource) -> Error {
    Error::new(format!("may not add resource with an already registered id: {}", resource.id()))
}
