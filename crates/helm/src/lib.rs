//! Helm's charts, values and rendering.

mod chart;
mod dependencies;
mod error;
mod pattern;
mod values;
mod version;

pub use chart::{Chart, Dependency, File, Limits, Lock, Maintainer, Metadata};
pub use error::Error;
pub use values::{FileReader, ValueOptions};
