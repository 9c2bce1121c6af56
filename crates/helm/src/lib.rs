//! Helm's charts, values and rendering.
//!
//! The crate is pure: charts come from a [`Tree`](inhaul_tree::Tree) or from bytes, random numbers
//! and the clock from a [`Host`](inhaul_template::Host); no network, no file system.
//!
//! * [`Chart`]: loaded from a directory of a tree or from a `.tgz`.
//! * [`ValueOptions`]: `-f` and `--set` in all their forms, merged.
//! * [`Installation::render`]: chart and values become manifests, hooks and notes.
//! * [`command`]: `template` and `dependency`, for a command line to call.
//!
//! Behaviour follows Helm 4.3.1; where a text of Helm's is known to users, it is kept.

mod capabilities;
mod chart;
pub mod command;
mod dependencies;
mod error;
mod go_json;
mod install;
mod manifest;
mod pattern;
mod release;
mod render;
mod values;
mod version;

pub use capabilities::{Capabilities, HelmVersion, KubeVersion};
pub use chart::{Chart, Dependency, File, Limits, Lock, Maintainer, Metadata};
pub use error::Error;
pub use install::Installation;
pub use manifest::{Document, Head, Hook, HookEvent, Manifest};
pub use release::{Release, check_name};
pub use render::Surroundings;
pub use values::{FileReader, ValueOptions};
