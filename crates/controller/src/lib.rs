//! The controllers: observe, render, plan, apply, report.

pub mod download;
pub mod events;
pub mod git_repository;
mod host;
pub mod kustomization;
pub mod metrics;
pub mod operator;
pub mod queue;
pub mod receiver;
pub mod settings;
pub mod sources;
pub mod step;
mod tracked;

pub use host::SystemHost;

use queue::Key;

/// The span of one reconcile, with the keys that Flux's logs have.
fn reconcile_span(group: &'static str, kind: &'static str, key: &Key) -> tracing::Span {
    let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
    let id = format!("{:016x}", reconcile_id());
    tracing::info_span!(
        "reconcile",
        controller = kind.to_lowercase(),
        controllerGroup = group,
        controllerKind = kind,
        namespace,
        name,
        reconcileID = id,
    )
}

/// Tells the lines of one reconcile from those of another.
fn reconcile_id() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8)
}
