//! One commit, as it was fetched.

use crate::check::check_tag;
use crate::generation::{Generation, read_object};
use crate::signature::Signed;
use crate::{Commit, Error, GitTree, Resolved, Revision, TrustedKeys, Unverified};
use gix::ObjectId;
use std::sync::Arc;

/// One commit with its files.
pub struct Snapshot {
    /// The revision.
    pub revision: Revision,
    /// What the commit says about itself.
    pub commit: Commit,
    /// Its files.
    pub tree: Arc<GitTree>,
    /// The commit object's bytes.
    raw: Vec<u8>,
    tag: Option<Tag>,
}

/// An annotated tag.
struct Tag {
    name: String,
    id: ObjectId,
    raw: Vec<u8>,
}

impl Snapshot {
    pub(crate) fn new(
        generation: Arc<Generation>,
        wanted: &Resolved,
        commit: Commit,
    ) -> Result<Self, Error> {
        let handle = generation.handle();
        let id = wanted.revision.id();
        let mut raw = Vec::new();
        read_object(&handle, &id, &mut raw)?;
        let tag = match (
            wanted.advertised.filter(|advertised| *advertised != id),
            wanted.revision.name(),
        ) {
            (Some(tag), Some(name)) => {
                let name = name.strip_prefix("refs/tags/").unwrap_or(name).to_owned();
                Some(Tag { name, id: tag, raw: check_tag(&handle, &tag)? })
            }
            _ => None,
        };
        let revision = wanted.revision.clone();
        let tree = Arc::new(GitTree::new(generation, commit.tree));
        Ok(Self { revision, commit, tree, raw, tag })
    }

    /// The annotated tag that led to the commit, as `name@sha1:id`.
    pub fn tag_name(&self) -> Option<String> {
        self.tag.as_ref().map(|tag| format!("{}@sha1:{}", tag.name, tag.id))
    }

    /// Checks the signature of the commit; answers the key that made it: the id of an OpenPGP
    /// key, or the fingerprint of an SSH key.
    ///
    /// # Errors
    /// Why the commit does not count as signed.
    pub fn verify_commit(&self, keys: &TrustedKeys) -> Result<String, Unverified> {
        Signed::commit(&self.raw)?.verify(keys)
    }

    /// The same for the annotated tag that led to the commit.
    ///
    /// # Errors
    /// Why the tag does not count as signed; a tag without an object of its own is unsigned.
    pub fn verify_tag(&self, keys: &TrustedKeys) -> Result<String, Unverified> {
        let tag = self.tag.as_ref().ok_or(Unverified::Unsigned)?;
        Signed::tag(&tag.raw, &tag.name, &self.revision.id())?.verify(keys)
    }
}
