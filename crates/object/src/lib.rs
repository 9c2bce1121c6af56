//! One Kubernetes object: its id, its place in the order of apply, its health, differences and merges.
//!
//! An [`Object`] is a map that has been checked once, at the edge: whoever holds one can ask for
//! its kind and name without a second thought. Everything here is a pure function of values.

pub mod difference;
pub mod health;
mod id;
mod invalid;
pub mod mask;
pub mod normalise;
mod object;
pub mod order;
pub mod policy;
pub mod protect;
mod value;

pub use id::{GroupVersionKind, InvalidId, ObjectId};
pub use invalid::Invalid;
pub use object::Object;
