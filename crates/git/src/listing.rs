//! The refs that a remote has, and which of them a reference means.

use crate::reference::Wanted;
use crate::{Error, ErrorKind, parse_version};
use gix::ObjectId;
use gix::protocol::handshake::Ref;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// One ref of the remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Advertised {
    /// What the ref itself points to.
    pub(crate) object: ObjectId,
    /// The same, behind an annotated tag.
    pub(crate) peeled: ObjectId,
}

/// What one question to the remote brought.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// When the question was asked: the answer is not older than this.
    pub(crate) asked: Instant,
    /// The prefixes that were asked for.
    pub(crate) prefixes: BTreeSet<String>,
    refs: BTreeMap<String, Advertised>,
}

impl Listing {
    pub(crate) fn new(asked: Instant, prefixes: BTreeSet<String>, refs: Vec<Ref>) -> Self {
        let mut named = BTreeMap::new();
        for found in refs {
            let (name, object, peeled) = match found {
                Ref::Direct { full_ref_name, object } => (full_ref_name, object, object),
                Ref::Peeled { full_ref_name, tag, object } => (full_ref_name, tag, object),
                Ref::Symbolic { full_ref_name, tag, object, .. } => {
                    (full_ref_name, tag.unwrap_or(object), object)
                }
                Ref::Unborn { .. } => continue,
            };
            // A name that is not UTF-8 cannot be asked for.
            if let Ok(name) = String::from_utf8(name.into()) {
                named.insert(name, Advertised { object, peeled });
            }
        }
        Self { asked, prefixes, refs: named }
    }

    pub(crate) fn covers(&self, prefixes: &[String]) -> bool {
        prefixes.iter().all(|prefix| self.prefixes.contains(prefix))
    }

    /// Whether a ref that this one shows is gone from `newer`, or somewhere else in it, or whether
    /// one came under a prefix that both asked for.
    pub(crate) fn differs(&self, newer: &Self) -> bool {
        let moved = |(name, ad): (&String, &Advertised)| newer.refs.get(name) != Some(ad);
        let came = |name: &String| {
            !self.refs.contains_key(name)
                && self.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
        };
        self.refs.iter().any(moved) || newer.refs.keys().any(came)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Advertised> {
        self.refs.get(name).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Every commit that some branch or tag points to, without repetition.
    pub(crate) fn heads(&self) -> BTreeSet<ObjectId> {
        let wanted = |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
        self.refs.iter().filter(|(name, _)| wanted(name)).map(|(_, ad)| ad.object).collect()
    }

    /// The tags that are tied for the highest version in a range: more than one where tags differ
    /// only in a leading `v` or in build metadata.
    pub(crate) fn highest(&self, constraint: &crate::Constraint) -> Vec<(String, Advertised)> {
        let mut best: Vec<(String, Advertised)> = Vec::new();
        let mut highest: Option<semver::Version> = None;
        for (name, advertised) in &self.refs {
            let Some(tag) = name.strip_prefix("refs/tags/") else { continue };
            let Some(version) = parse_version(tag).filter(|v| constraint.matches(v)) else {
                continue;
            };
            match highest.as_ref().map(|highest| version.cmp_precedence(highest)) {
                Some(std::cmp::Ordering::Less) => continue,
                Some(std::cmp::Ordering::Equal) => {}
                Some(std::cmp::Ordering::Greater) | None => {
                    best.clear();
                    highest = Some(version);
                }
            }
            best.push((tag.to_owned(), *advertised));
        }
        best
    }
}

/// The name that a wanted ref has on the remote, for the kinds that name exactly one.
pub(crate) fn full_name(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Branch(branch) | Wanted::Commit { branch: Some(branch), .. } => {
            Some(format!("refs/heads/{branch}"))
        }
        Wanted::Tag(tag) => Some(format!("refs/tags/{tag}")),
        Wanted::Name(name) => Some(name.clone()),
        Wanted::Range(..) | Wanted::Commit { branch: None, .. } => None,
    }
}

/// The error for a ref that the remote does not have.
pub(crate) fn not_found(wanted: &Wanted) -> Error {
    let what = match wanted {
        Wanted::Branch(branch) | Wanted::Commit { branch: Some(branch), .. } => {
            format!("branch '{branch}' not found")
        }
        Wanted::Tag(tag) => format!("tag '{tag}' not found"),
        Wanted::Name(name) => format!("reference '{name}' not found"),
        Wanted::Range(_, range) => format!("no tag matches the semver range '{range}'"),
        Wanted::Commit { id, .. } => format!("commit '{id}' not found"),
    };
    Error::new(ErrorKind::ReferenceNotFound, what)
}
