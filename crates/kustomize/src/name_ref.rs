//! References to objects by name, rewritten after all names are final.
//!
//! Candidates are found by the name that the reference holds; the sieves then are those of the real tool, in its order.

use std::collections::{HashMap, HashSet};

use inhaul_yaml::{Node, NodeKind, Tag};

use crate::collection::Collection;
use crate::config::{NameReference, Tables};
use crate::error::{Context, Error, Result};
use crate::field;
use crate::fieldspec::PathTree;
use crate::id::{Gvk, NO_NAMESPACE, split_api_version};
use crate::resource::Resource;

/// What the sieves ask of a resource that a reference may mean.
struct Candidate {
    name: String,
    /// As written.
    namespace: String,
    /// Effective.
    current_namespace: String,
    /// Effective.
    original_namespace: String,
    api_version: String,
    kind: String,
    previous_kinds: Vec<String>,
    previous_names: Vec<String>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Candidate {
    fn new(resource: &Resource) -> Self {
        let history = &resource.history;
        Self {
            name: resource.name().to_owned(),
            namespace: resource.namespace().to_owned(),
            current_namespace: resource.effective_namespace().to_owned(),
            original_namespace: resource.original_id().namespace,
            api_version: resource.api_version().to_owned(),
            kind: resource.kind().to_owned(),
            previous_kinds: history.previous.iter().map(|previous| previous.kind.clone()).collect(),
            previous_names: history.previous.iter().map(|previous| previous.name.clone()).collect(),
            prefixes: history.prefixes.clone(),
            suffixes: history.suffixes.clone(),
        }
    }

    fn was(&self, selector: &Gvk) -> bool {
        let (group, version) = split_api_version(&self.api_version);
        self.previous_kinds.iter().any(|kind| selector.selects(group, version, kind))
    }
}

/// All candidates, by the names that they had.
struct Candidates {
    list: Vec<Candidate>,
    by_name: HashMap<String, Vec<usize>>,
    /// For each original namespace, the current namespaces (effective, and as written) of its resources.
    by_original: HashMap<String, HashSet<(String, String)>>,
}

impl Candidates {
    fn new(resources: &[Resource]) -> Self {
        let list: Vec<Candidate> = resources.iter().map(Candidate::new).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_original: HashMap<String, HashSet<(String, String)>> = HashMap::new();
        for (at, candidate) in list.iter().enumerate() {
            for name in &candidate.previous_names {
                let places = by_name.entry(name.clone()).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
            by_original
                .entry(candidate.original_namespace.clone())
                .or_default()
                .insert((candidate.current_namespace.clone(), candidate.namespace.clone()));
        }
        Self { list, by_name, by_original }
    }
}

/// A resource whose references are being rewritten.
struct Referrer<'a> {
    candidates: &'a Candidates,
    own: &'a Candidate,
    /// Namespaces that a role binding's service accounts live in.
    binding_namespaces: HashSet<String>,
    /// The type that `roleRef` names.
    role: Option<Gvk>,
}

/// Whether one list ends as the other does; an empty one ends only as an empty one.
fn same_ending(a: &[String], b: &[String]) -> bool {
    a.is_empty() == b.is_empty() && a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
}

impl Referrer<'_> {
    /// Whether a resource with these namespaces may be meant at all.
    fn may_see(&self, current: &str, written: &str) -> bool {
        self.own.current_namespace == NO_NAMESPACE
            || current == NO_NAMESPACE
            || current == self.own.current_namespace
            || self.binding_namespaces.contains(written)
    }

    fn same_namespace(&self, candidate: &Candidate) -> bool {
        self.own.current_namespace == NO_NAMESPACE
            || candidate.current_namespace == NO_NAMESPACE
            || candidate.kind == "ServiceAccount"
            || candidate.current_namespace == self.own.current_namespace
    }

    fn same_affixes(&self, candidate: &Candidate, allow_empty: bool) -> bool {
        let same = |own: &[String], other: &[String]| {
            (allow_empty && (own.is_empty() || other.is_empty())) || same_ending(own, other)
        };
        same(&candidate.prefixes, &self.own.prefixes)
            && same(&candidate.suffixes, &self.own.suffixes)
    }

    /// The resource that a name means, if any.
    fn select(
        &self,
        old: &str,
        target: &Gvk,
        is_role: bool,
        within: &dyn Fn(&Candidate) -> bool,
        same_is_namespace_too: bool,
    ) -> Result<Option<&Candidate>> {
        let Some(places) = self.candidates.by_name.get(old) else { return Ok(None) };
        let role = self.role.as_ref().filter(|_| is_role);
        let mut found: Vec<&Candidate> = places
            .iter()
            .map(|&at| &self.candidates.list[at])
            .filter(|candidate| {
                self.may_see(&candidate.current_namespace, &candidate.namespace)
                    && within(candidate)
                    && candidate.was(target)
                    && role.is_none_or(|role| candidate.was(role))
                    && self.same_namespace(candidate)
            })
            .collect();
        if found.len() == 1 {
            return Ok(found.pop());
        }
        found.retain(|candidate| self.same_affixes(candidate, true));
        if found.len() > 1 {
            found.retain(|candidate| self.same_affixes(candidate, false));
        }
        let Some(first) = found.first().copied() else { return Ok(None) };
        let identical = found.iter().all(|other| {
            other.name == first.name
                && (!same_is_namespace_too || other.namespace == first.namespace)
        });
        if identical {
            return Ok(Some(first));
        }
        let ids: Vec<String> =
            found.iter().map(|c| format!("{} {}/{}", c.kind, c.namespace, c.name)).collect();
        Err(Error::new(format!(
            "found multiple possible referrals: {}; rename one of them, or reference it by its final name",
            ids.join(", ")
        )))
    }

    fn set(&self, node: &mut Node, target: &Gvk, is_role: bool) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        match &mut node.kind {
            NodeKind::Scalar(_) => self.set_scalar(node, target, is_role),
            NodeKind::Mapping(_) => self.set_mapping(node, target, is_role),
            NodeKind::Sequence(items) => items.iter_mut().try_for_each(|item| match item.kind {
                _ if item.is_null() => Ok(()),
                NodeKind::Scalar(_) => self.set_scalar(item, target, is_role),
                NodeKind::Mapping(_) => self.set_mapping(item, target, is_role),
                NodeKind::Sequence(_) => {
                    Err(Error::new("a list within a list is expected to hold names or maps"))
                }
            }),
        }
    }

    fn set_scalar(&self, node: &mut Node, target: &Gvk, is_role: bool) -> Result<()> {
        let old = node.text().unwrap_or_default();
        let Some(referral) = self.select(old, target, is_role, &|_| true, false)? else {
            return Ok(());
        };
        if referral.name == old {
            return Ok(());
        }
        field::set_scalar(node, &referral.name, Tag::None)
    }

    fn set_mapping(&self, node: &mut Node, target: &Gvk, is_role: bool) -> Result<()> {
        let Some(name) = node.get("name") else {
            return Err(Error::new(format!(
                "path config error; no 'name' field in node (line {})",
                node.line
            )));
        };
        let old = name.text().unwrap_or_default().to_owned();
        let namespace =
            node.get("namespace").map(|node| node.text().unwrap_or_default().to_owned());
        let by_original = namespace.as_ref().is_some_and(|namespace| {
            let known = self.candidates.by_original.get(namespace);
            known.is_some_and(|known| known.iter().any(|(current, own)| self.may_see(current, own)))
        });
        let within = |candidate: &Candidate| match &namespace {
            None => true,
            Some(namespace) if namespace == NO_NAMESPACE => false,
            Some(namespace) if by_original => candidate.original_namespace == *namespace,
            Some(namespace) => candidate.current_namespace == *namespace,
        };
        let Some(referral) = self.select(&old, target, is_role, &within, true)? else {
            return Ok(());
        };
        if referral.name == old && referral.namespace.is_empty() {
            return Ok(());
        }
        field::set_field(node, "name", field::bare(&referral.name))?;
        if referral.namespace.is_empty() {
            return Ok(());
        }
        field::set_field(node, "namespace", field::bare(&referral.namespace))
    }
}

/// The namespaces of the service accounts that a role binding names.
fn binding_namespaces(resource: &Resource) -> Result<HashSet<String>> {
    let mut result = HashSet::new();
    if resource.kind() != "RoleBinding" {
        return Ok(result);
    }
    for subject in resource.node.get("subjects").and_then(Node::items).unwrap_or_default() {
        let is_account = subject.get("kind").and_then(Node::text) == Some("ServiceAccount");
        let Some(namespace) = subject.get("namespace").filter(|_| is_account) else { continue };
        match namespace.text().filter(|_| namespace.tag == Tag::Str || namespace.tag == Tag::None) {
            Some(text) => result.insert(text.to_owned()),
            None => {
                let what = resource.describe();
                return Err(Error::new(format!(
                    "Invalid Input: namespace is blank for resource {what}"
                )));
            }
        };
    }
    Ok(result)
}

fn role(resource: &Resource) -> Option<Gvk> {
    let role = resource.node.get("roleRef")?;
    let text = |name: &str| Some(role.get(name)?.text()?.to_owned());
    Some(Gvk { group: text("apiGroup")?, version: String::new(), kind: text("kind")? })
}

/// Rewrites every reference that the tables know.
pub(crate) fn fix<'c>(resources: &mut Collection, tables: &'c Tables) -> Result<()> {
    // Without a history nobody is a candidate, but fields of the wrong shape are errors all the same.
    let candidates = Candidates::new(resources.list());
    let mut trees: HashMap<(String, String), PathTree<'c, &'c Gvk>> = HashMap::new();
    let config = tables.get();
    for (at, resource) in resources.contents_mut().iter_mut().enumerate() {
        let original_kind =
            resource.history.previous.first().map_or(resource.kind(), |previous| &previous.kind);
        let key = (resource.api_version().to_owned(), original_kind.to_owned());
        let tree = trees.entry(key).or_insert_with(|| {
            let mut tree = PathTree::default();
            for NameReference { target, referrers } in &config.name_reference {
                for spec in referrers.iter().filter(|s| resource.original_type_selected(&s.gvk)) {
                    tree.add(spec, target);
                }
            }
            tree
        });
        let referrer = Referrer {
            candidates: &candidates,
            own: &candidates.list[at],
            binding_namespaces: binding_namespaces(resource)?,
            role: role(resource),
        };
        let mut set = |node: &mut Node, target: &&Gvk, path: &str| {
            let result = referrer.set(node, target, path.ends_with("roleRef/name"));
            result.context(|| format!("considering field '{path}'"))
        };
        let visited = tree.visit(&mut resource.node, &mut set);
        visited.context(|| format!("updating name reference of object {}", resource.describe()))?;
    }
    Ok(())
}
