//! A tree and a spec become rendered objects.
//!
//! [`render`] does what Flux's kustomize-controller does between the artifact and the API server:
//! it takes the kustomization file at `spec.path` or generates one, merges fields of the spec into
//! it, builds it, and labels and normalises the result. It is a pure function of the tree and the
//! [`Instructions`]: it knows no clock, no cluster and no environment.

mod assemble;
mod bounded;
mod charts;
mod check;
mod error;
mod generate;
mod instructions;
mod merge;
mod packed;
mod render;
mod rendered;

pub use charts::Charts;
pub use error::{Error, Reason};
pub use instructions::{CommonMetadata, Image, Instructions, JsonPatch, Owner, Patch, Selector};
pub use packed::Packed;
pub use render::render;
pub use rendered::{Rendered, RenderedObject};
