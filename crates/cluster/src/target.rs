//! A cluster, and who a reconcile is to it: everything that touches the cluster goes through one
//! and the same target.

use crate::apply::{Applier, ApplyOptions};
use crate::health::HealthChecker;
use crate::identity::Identity;
use crate::index::Index;
use crate::own::Own;
use crate::prune::Pruner;
use crate::resource::Discovery;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A target that nobody asked for as long as this is dropped.
const UNUSED_FOR: Duration = Duration::from_secs(3600);

/// What a reconcile does to a cluster, with one identity.
#[derive(Clone)]
pub struct Target {
    /// What kinds the API server serves.
    pub discovery: Discovery,
    /// Applies.
    pub applier: Applier,
    /// Prunes.
    pub pruner: Pruner,
    /// Looks at health.
    pub health: HealthChecker,
    /// Reads what the Kustomization refers to, in its own namespace.
    pub references: Own,
}

/// The targets in use. What one has learned of its API server serves the next reconcile too.
#[derive(Clone)]
pub struct Targets {
    own: Own,
    index: Index,
    options: ApplyOptions,
    known: Arc<Mutex<HashMap<Identity, (Instant, Target)>>>,
}

impl Targets {
    /// The targets in the operator's own cluster, which it reaches as `own` does.
    pub fn new(own: Own, index: Index, options: ApplyOptions) -> Self {
        Self { own, index, options, known: Arc::default() }
    }

    /// The operator's own cluster, as `identity`.
    pub fn local(&self, identity: &Identity) -> Target {
        let now = Instant::now();
        let mut known = self.known.lock();
        if let Some((used, target)) = known.get_mut(identity) {
            *used = now;
            return target.clone();
        }
        known.retain(|_, (used, _)| now.duration_since(*used) < UNUSED_FOR);
        let target = self.target(self.own.as_identity(identity));
        known.insert(identity.clone(), (now, target.clone()));
        target
    }

    fn target(&self, own: Own) -> Target {
        let (connection, discovery) = (own.connection.clone(), own.discovery.clone());
        let (index, options) = (self.index.clone(), self.options.clone());
        Target {
            applier: Applier::new(connection.clone(), discovery.clone(), index, options),
            pruner: Pruner::new(connection.clone(), discovery.clone()),
            health: HealthChecker::new(connection, discovery.clone()),
            discovery,
            references: own,
        }
    }
}
