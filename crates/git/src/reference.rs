//! Which commit of a remote is wanted.

use crate::revision::parse_id;
use crate::{Constraint, Error, ErrorKind};
use gix::ObjectId;

/// The `spec.ref` of a GitRepository, as written. Empty strings count as absent. Where several
/// fields are set, `commit` wins over `name`, over `semver`, over `tag`, over `branch`; where
/// none is, the branch `master` is meant (as in Flux).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reference {
    /// A branch.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// A range of versions; the highest tag in it is taken.
    pub semver: Option<String>,
    /// Any ref by its full name, such as `refs/pull/420/head`.
    pub name: Option<String>,
    /// A commit by its full id; with `branch`, it must be part of that branch.
    pub commit: Option<String>,
}

/// A checked [`Reference`].
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Branch(String),
    Tag(String),
    Range(Constraint, String),
    Name(String),
    Commit { id: ObjectId, branch: Option<String> },
}

impl Reference {
    /// A branch.
    pub fn branch(name: &str) -> Self {
        Self { branch: Some(name.to_owned()), ..Self::default() }
    }

    pub(crate) fn wanted(&self) -> Result<Wanted, Error> {
        let set = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        if let Some(commit) = set(&self.commit) {
            let id = parse_id(&commit).ok_or_else(|| {
                invalid(format!(
                    "commit {commit:?} is not a full commit id of 40 hexadecimal digits"
                ))
            })?;
            let branch = set(&self.branch).map(checked_branch).transpose()?;
            return Ok(Wanted::Commit { id, branch });
        }
        if let Some(name) = set(&self.name) {
            if name != "HEAD" && !name.starts_with("refs/") {
                let hint = "it must be a full name such as refs/heads/main";
                return Err(invalid(format!("reference name {name:?}: {hint}")));
            }
            return Ok(Wanted::Name(checked(&name, &name)?));
        }
        if let Some(range) = set(&self.semver) {
            let constraint = Constraint::parse(&range)
                .map_err(|why| invalid(format!("semver range {range:?}: {why}")))?;
            return Ok(Wanted::Range(constraint, range));
        }
        if let Some(tag) = set(&self.tag) {
            checked(&format!("refs/tags/{tag}"), &tag)?;
            return Ok(Wanted::Tag(tag));
        }
        let branch = set(&self.branch).unwrap_or_else(|| "master".to_owned());
        checked_branch(branch).map(Wanted::Branch)
    }
}

impl Wanted {
    /// The prefixes of ref names that must be listed to answer this.
    pub(crate) fn prefixes(&self) -> Vec<String> {
        match self {
            Self::Branch(branch) | Self::Commit { branch: Some(branch), .. } => {
                vec![format!("refs/heads/{branch}")]
            }
            Self::Tag(tag) => vec![format!("refs/tags/{tag}")],
            Self::Range(..) => vec!["refs/tags/".to_owned()],
            Self::Name(name) => vec![name.clone()],
            Self::Commit { branch: None, .. } => Vec::new(),
        }
    }
}

fn checked_branch(branch: String) -> Result<String, Error> {
    checked(&format!("refs/heads/{branch}"), &branch).map(|_| branch)
}

fn checked(full: &str, shown: &str) -> Result<String, Error> {
    gix::validate::reference::name(full.into())
        .map(|_| full.to_owned())
        .map_err(|_| invalid(format!("{shown:?} is not a valid name of a Git reference")))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::ReferenceInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn commit_wins_over_name_over_semver_over_tag_over_branch() {
        let id = "0123456789012345678901234567890123456789";
        let mut reference = Reference {
            branch: some("b"),
            tag: some("t"),
            semver: some(">=1.0.0"),
            name: some("refs/x/y"),
            commit: some(id),
        };
        assert!(matches!(reference.wanted(), Ok(Wanted::Commit { branch: Some(_), .. })));
        reference.commit = some("");
        assert!(matches!(reference.wanted(), Ok(Wanted::Name(_))));
        reference.name = None;
        assert!(matches!(reference.wanted(), Ok(Wanted::Range(..))));
        reference.semver = None;
        assert!(matches!(reference.wanted(), Ok(Wanted::Tag(_))));
        reference.tag = None;
        assert!(matches!(reference.wanted(), Ok(Wanted::Branch(branch)) if branch == "b"));
        let none = Reference::default();
        assert!(matches!(none.wanted(), Ok(Wanted::Branch(branch)) if branch == "master"));
    }

    #[test]
    fn names_that_git_would_not_take_are_refused() {
        for branch in ["../../x", "a..b", "a b", "a\nb", "x.lock", "/x", "x/", "a//b", "~1", "a:b"]
        {
            let error = Reference::branch(branch).wanted().expect_err(branch);
            assert_eq!(error.kind(), ErrorKind::ReferenceInvalid);
        }
        let short = Reference { commit: some("abc123"), ..Reference::default() };
        assert!(short.wanted().is_err());
        let bare = Reference { name: some("main"), ..Reference::default() };
        assert!(bare.wanted().is_err());
    }
}
