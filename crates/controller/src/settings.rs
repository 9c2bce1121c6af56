//! What the flags say.

use std::time::Duration;

/// What the flags say, as far as a reconcile asks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Deny references to sources in other namespaces (`--no-cross-namespace-refs`).
    pub no_cross_namespace_refs: bool,
    /// How long to wait for a dependency that nothing announces (`--requeue-dependency`).
    pub requeue_dependency: Duration,
    /// By how many percent an interval varies (`--interval-jitter-percentage`).
    pub interval_jitter_percentage: u8,
    /// Whether `readyExpr` is checked beside the built-in conditions, and not instead of them
    /// (`--feature-gates=AdditiveCELDependencyCheck=true`).
    pub additive_ready_expressions: bool,
    /// Whether the prune guard is on (`--prune-guard`).
    pub prune_guard: bool,
    /// Namespaces that are never deleted: that of the operator.
    pub protected_namespaces: Vec<String>,
    /// Kinds with an apply stage of their own, as (group, kind) (`--custom-apply-stage-kinds`).
    pub custom_stage_kinds: Vec<(String, String)>,
    /// The ServiceAccount of Kustomizations that name none (`--default-service-account`).
    pub default_service_account: Option<String>,
    /// How often every object is verified whatever the index says (`--audit-interval`).
    pub audit_interval: Duration,
    /// Whether this process serves sources itself (`--controllers`).
    pub serves_sources: bool,
    /// Whether charts that kustomizations name are rendered (`--enable-helm-charts`).
    pub helm_charts: bool,
}

impl Settings {
    /// The interval, varied so that not everything happens at once.
    pub fn jittered(&self, interval: Duration) -> Duration {
        let spread = f64::from(self.interval_jitter_percentage.min(100)) / 100.0;
        interval.mul_f64(1.0 + spread * (2.0 * random_unit() - 1.0))
    }
}

/// A number from 0 to 1, random enough to spread load.
pub(crate) fn random_unit() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
impl Settings {
    /// What the flags say where nobody sets any.
    pub(crate) fn plain() -> Self {
        Self {
            no_cross_namespace_refs: false,
            requeue_dependency: Duration::ZERO,
            interval_jitter_percentage: 5,
            additive_ready_expressions: false,
            prune_guard: true,
            protected_namespaces: Vec::new(),
            custom_stage_kinds: Vec::new(),
            default_service_account: None,
            audit_interval: Duration::from_secs(3600),
            serves_sources: true,
            helm_charts: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_varies_by_the_percentage_and_no_more() {
        let settings = Settings::plain();
        for _ in 0..100 {
            let seconds = settings.jittered(Duration::from_secs(100)).as_secs_f64();
            assert!((95.0..=105.0).contains(&seconds), "{seconds}");
        }
    }
}
