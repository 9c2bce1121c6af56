//! The one place that speaks Git.
//!
//! [`Mirrors`] keeps one bare object database on disk per (URL, credential identity). A [`Mirror`]
//! lists the refs of its remote ([`Mirror::resolve`]) and fetches single commits without history
//! ([`Mirror::fetch`]); what it hands out is a [`GitTree`], which reads blobs straight from the
//! object database: nothing is ever checked out.
//!
//! Everything happens in this process: no `git`, no helper programs, no Git configuration and no
//! environment variables. All of gix stays behind this crate's door.

mod access;
mod call;
mod check;
mod commit;
mod constraint;
mod credentials;
mod egress;
mod error;
mod generation;
mod github;
mod http;
mod ledger;
mod limits;
mod listing;
mod mirror;
mod mirrors;
mod progress;
mod push;
mod reference;
mod revision;
mod session;
mod signature;
mod snapshot;
mod ssh;
mod submodules;
mod tree;
mod url;

pub use call::Call;
pub use commit::{Commit, Person};
pub use constraint::{Constraint, parse_version};
pub use credentials::{Authorization, Credentials, Proxy};
pub use egress::Egress;
pub use error::{Error, ErrorKind};
pub use github::{GitHubApp, Installation};
pub use limits::Limits;
pub use mirror::Mirror;
pub use mirrors::{Mirrors, Options};
pub use push::{Author, Expected, FileChange, NewCommit};
pub use reference::Reference;
pub use revision::{Resolved, Revision};
pub use signature::{TrustedKeys, Unverified};
pub use snapshot::Snapshot;
pub use ssh::SshAlgorithms;
pub use tree::GitTree;
pub use url::RemoteUrl;
