//! The store of artifacts that other controllers download.
//!
//! [`IgnoredTree`] is the view of a source that Flux would pack: our own apps render it, and
//! [`Store::store`] packs it, so both see the same files. [`router`] serves a store. [`Downloader`]
//! reads an artifact that another process serves, back into a tree.

mod archive;
mod download;
mod error;
mod ignore;
mod mounted;
mod serve;
mod store;
mod unpack;

pub use archive::{Packed, pack};
pub use download::{Downloader, Limits};
pub use error::Error;
pub use ignore::{IgnoreRules, IgnoredTree, Links};
pub use mounted::{MountedTree, SparseTree};
pub use serve::router;
pub use store::{Address, Retention, Store, Stored};
pub use unpack::unpack;
