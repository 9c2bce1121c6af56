//! Revisions as Flux writes them (its RFC-0005).

use gix::ObjectId;
use std::fmt;
use std::str::FromStr;

/// A commit, with the name under which it was found: `main@sha1:…`, `v1.0.0@sha1:…`,
/// `refs/pull/1/head@sha1:…`, or `sha1:…` alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision {
    name: Option<String>,
    commit: ObjectId,
}

impl Revision {
    pub(crate) fn new(name: Option<String>, commit: ObjectId) -> Self {
        Self { name, commit }
    }

    /// The branch, tag or full reference name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The commit id, 40 hexadecimal digits.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    pub(crate) fn id(&self) -> ObjectId {
        self.commit
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(formatter, "{name}@")?;
        }
        write!(formatter, "sha1:{}", self.commit)
    }
}

impl FromStr for Revision {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A ref name may hold an @ itself, so the last one separates.
        let (name, digest) = match text.rsplit_once('@') {
            Some((name, digest)) => (Some(name.to_owned()), digest),
            None => (None, text),
        };
        let id = digest.strip_prefix("sha1:").ok_or("a Git revision ends in sha1:<commit>")?;
        let commit = parse_id(id).ok_or("not a full commit id")?;
        Ok(Self { name: name.filter(|name| !name.is_empty()), commit })
    }
}

/// A revision that the remote was asked about: what [`crate::Mirror::fetch`] takes.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(crate) revision: Revision,
    /// What the server advertised for it: the tag object of an annotated tag. Old servers serve
    /// only those.
    pub(crate) advertised: Option<ObjectId>,
    /// The head of the branch that the commit must be part of.
    pub(crate) branch_head: Option<ObjectId>,
}

impl Resolved {
    /// The revision.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }
}

impl From<Revision> for Resolved {
    /// A revision known from elsewhere, such as a status: it is fetched by its commit id.
    fn from(revision: Revision) -> Self {
        Self { revision, advertised: None, branch_head: None }
    }
}

pub(crate) fn parse_id(text: &str) -> Option<ObjectId> {
    // Only lower case: the id is compared as text elsewhere.
    let digits = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if text.len() != 40 || !text.bytes().all(digits) {
        return None;
    }
    ObjectId::from_hex(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_written_and_read_as_flux_does() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for text in [
            format!("main@sha1:{id}"),
            format!("v1.0.0@sha1:{id}"),
            format!("refs/pull/1/head@sha1:{id}"),
            format!("user@feature@sha1:{id}"),
            format!("sha1:{id}"),
        ] {
            let revision: Revision = text.parse().unwrap();
            assert_eq!(revision.to_string(), text);
            assert_eq!(revision.commit(), id);
        }
        for text in ["main", "main/0123", "main@sha256:00", &format!("main@sha1:{id}0")] {
            assert!(text.parse::<Revision>().is_err(), "{text}");
        }
    }
}
