//! Leader election on Leases. All the Leases that a process needs are taken together or not at
//! all: a half of them in hand would only keep another controller from its work.
//!
//! Time is this process's own: a Lease counts as renewed when this process *saw* its record
//! change, as client-go does it. What the record says about the time is never believed, so a wrong
//! clock elsewhere cannot make two leaders.

mod store;

use crate::request::Gate;
use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::{ApiServer, Store, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long giving the Leases back may take when the process ends.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(3);

/// Which Leases to take, as whom, and at what pace.
#[derive(Clone, Debug)]
pub struct ElectionConfig {
    /// The namespace of the Leases.
    pub namespace: String,
    /// The names of the Leases: the leader holds all of them.
    pub leases: Vec<String>,
    /// This process, unlike any other; see [`identity`].
    pub identity: String,
    /// How long others wait before they take a Lease that is not renewed any more.
    pub lease_duration: Duration,
    /// How long the leader goes on without being able to renew.
    pub renew_deadline: Duration,
    /// The pause between two tries.
    pub retry_period: Duration,
    /// Whether the Leases are given back when the process ends.
    pub release_on_cancel: bool,
}

/// Why an election cannot be held as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElectionError {
    /// A leader must notice that it lost before another one starts.
    #[error(
        "leader election: lease duration {lease:?} must be longer than renew deadline {renew:?}"
    )]
    LeaseTooShort {
        /// The lease duration.
        lease: Duration,
        /// The renew deadline.
        renew: Duration,
    },
    /// A leader needs more than one try before it gives up.
    #[error("leader election: renew deadline {renew:?} must be longer than retry period {retry:?}")]
    DeadlineTooShort {
        /// The renew deadline.
        renew: Duration,
        /// The retry period.
        retry: Duration,
    },
    /// Without a Lease there is nothing to hold.
    #[error("leader election: no lease is named")]
    NoLease,
}

/// A name for this process that no other has, nor had: `<hostname>_<random>`.
pub fn identity(hostname: &str) -> String {
    let [high, low] = [random(), random()];
    format!(
        "{hostname}_{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// Each state is keyed from the operating system's randomness.
fn random() -> u64 {
    RandomState::new().hash_one((std::process::id(), std::time::SystemTime::now()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Candidate,
    Leading,
    /// Lost, given back, or the election's task is gone. There is no way back: the process ends.
    Over,
}

struct Shared {
    started: Instant,
    /// Milliseconds after `started` until which this process may write; 0 while it may not.
    write_until: AtomicU64,
    phase: watch::Sender<Phase>,
}

impl Shared {
    fn new() -> Arc<Self> {
        let phase = watch::Sender::new(Phase::Candidate);
        Arc::new(Self { started: Instant::now(), write_until: AtomicU64::new(0), phase })
    }

    fn lead_until(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(self.started).as_millis();
        self.write_until.store(u64::try_from(left).unwrap_or(u64::MAX), Ordering::Release);
        self.phase
            .send_if_modified(|phase| std::mem::replace(phase, Phase::Leading) != Phase::Leading);
    }

    fn end(&self) {
        self.write_until.store(0, Ordering::Release);
        self.phase.send_replace(Phase::Over);
    }
}

/// Whether this process leads.
#[derive(Clone)]
pub struct Leadership(Arc<Shared>);

impl Leadership {
    /// The leadership of a process that shares its cluster with no other.
    pub fn undisputed() -> Self {
        let shared = Shared::new();
        shared.write_until.store(u64::MAX, Ordering::Release);
        shared.phase.send_replace(Phase::Leading);
        Self(shared)
    }

    /// Waits until this process leads. `false` if it never will.
    pub async fn acquired(&self) -> bool {
        let mut phase = self.0.phase.subscribe();
        let reached = phase.wait_for(|phase| *phase != Phase::Candidate).await;
        reached.is_ok_and(|phase| *phase == Phase::Leading)
    }

    /// Waits until this process leads no more, for whatever reason.
    pub async fn lost(&self) {
        // An error would mean that the sender is gone, which this value itself holds.
        let _ = self.0.phase.subscribe().wait_for(|phase| *phase == Phase::Over).await;
    }

    /// Whether this process leads, and has renewed within its deadline.
    pub fn may_write(&self) -> bool {
        let until = self.0.write_until.load(Ordering::Acquire);
        self.0.started.elapsed().as_millis() < u128::from(until)
    }
}

impl Gate for Leadership {
    fn may_write(&self) -> bool {
        Leadership::may_write(self)
    }
}

/// What this process saw of a Lease.
#[derive(Clone, Debug)]
struct Sight {
    spec: LeaseSpec,
    version: Option<String>,
    /// When the record was first seen as it is.
    since: Instant,
}

impl Sight {
    /// A record that is as it was before has not been renewed since. Only the spec counts:
    /// somebody who labels a Lease does not renew it.
    fn next(previous: Option<&Self>, lease: Lease, now: Instant) -> Self {
        let spec = lease.spec.unwrap_or_default();
        let since = previous.filter(|sight| sight.spec == spec).map_or(now, |sight| sight.since);
        Self { spec, version: lease.metadata.resource_version, since }
    }

    fn holder(&self) -> &str {
        self.spec.holder_identity.as_deref().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// There is no such Lease.
    Create,
    /// Nobody holds it, or nobody renews it.
    Take,
    /// It is ours.
    Renew,
    /// Its holder is alive, or was until at least then.
    Wait(Duration),
}

fn decide(seen: Option<&Sight>, me: &str, now: Instant, ours: Duration) -> Move {
    let Some(sight) = seen else { return Move::Create };
    let holder = sight.holder();
    if holder.is_empty() {
        return Move::Take;
    }
    if holder == me {
        return Move::Renew;
    }
    let stated = sight.spec.lease_duration_seconds.and_then(|s| u64::try_from(s).ok());
    let duration = stated.filter(|s| *s > 0).map_or(ours, Duration::from_secs);
    let age = now.saturating_duration_since(sight.since);
    if age >= duration { Move::Take } else { Move::Wait(duration - age) }
}

/// The task that takes the Leases and renews them. Dropping it ends the leadership.
pub struct Election {
    config: ElectionConfig,
    client: kube::Client,
    shared: Arc<Shared>,
}

impl Election {
    /// Prepares an election; nothing happens before [`Election::run`].
    ///
    /// # Errors
    /// If the configured times cannot keep two leaders apart, or no Lease is named.
    pub fn new(
        client: kube::Client,
        mut config: ElectionConfig,
    ) -> Result<(Leadership, Self), ElectionError> {
        let ElectionConfig { lease_duration: lease, renew_deadline: renew, .. } = config;
        let retry = config.retry_period;
        if lease <= renew {
            return Err(ElectionError::LeaseTooShort { lease, renew });
        }
        if renew <= retry.mul_f64(1.2) {
            return Err(ElectionError::DeadlineTooShort { renew, retry });
        }
        if config.leases.is_empty() {
            return Err(ElectionError::NoLease);
        }
        // All processes ask for them in one order, so that of two candidates one gets everything.
        config.leases.sort_unstable();
        config.leases.dedup();
        let shared = Shared::new();
        Ok((Leadership(Arc::clone(&shared)), Self { config, client, shared }))
    }

    /// Takes part in the election until the leadership is lost or `stop` is cancelled. Cancel it
    /// only when nothing writes any more: the Leases are given back then.
    pub async fn run(self, stop: CancellationToken) {
        let store = ApiServer(Api::namespaced(self.client, &self.config.namespace));
        let member = Member { config: self.config, store, shared: self.shared };
        member.run(stop).await;
    }
}

struct Member<S> {
    config: ElectionConfig,
    store: S,
    shared: Arc<Shared>,
}

impl<S> Drop for Member<S> {
    /// However the task ends, be it by a panic: nothing is written after it.
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// A Lease in hand.
struct Held {
    name: String,
    sight: Sight,
    /// When the last successful renewal was *sent*.
    renewed: Instant,
}

impl<S: Store> Member<S> {
    async fn run(self, stop: CancellationToken) {
        let Some(mut held) = stop.run_until_cancelled(self.campaign()).await else { return };
        tracing::info!(identity = self.config.identity, leases = ?self.config.leases, "became leader");
        loop {
            let deadline = self.deadline(&held);
            self.shared.lead_until(deadline);
            let pause = self.config.retry_period.min(deadline.duration_since(Instant::now()));
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return self.release(held).await;
            }
            let renewals = held.iter_mut().map(|lease| self.renew(lease));
            let still_ours = join_all(renewals).await.into_iter().all(|ours| ours);
            if !still_ours || self.deadline(&held) <= Instant::now() {
                tracing::error!(identity = self.config.identity, "leader election lost");
                return;
            }
        }
    }

    fn deadline(&self, held: &[Held]) -> Instant {
        let oldest = held.iter().map(|lease| lease.renewed).min().unwrap_or_else(Instant::now);
        oldest + self.config.renew_deadline
    }

    /// Tries until all Leases are in hand.
    async fn campaign(&self) -> Vec<Held> {
        let mut seen = HashMap::new();
        loop {
            if self.look(&mut seen).await
                && let Some(held) = self.take_all(&seen).await
            {
                return held;
            }
            // A little earlier than asked for: a Lease that is given back finds a new holder
            // within one period, and candidates do not march in step.
            let early = f64::from(u8::try_from(random() % 200).unwrap_or(0)) / 1000.0;
            sleep(self.config.retry_period.mul_f64(1.0 - early)).await;
        }
    }

    /// Reads all Leases. True if all of them are free.
    async fn look(&self, seen: &mut HashMap<String, Sight>) -> bool {
        let mut free = true;
        for name in &self.config.leases {
            let lease = match self.store.get(name).await {
                Ok(lease) => lease,
                Err(error) => {
                    tracing::warn!(lease = name, %error, "cannot read a lease");
                    free = false;
                    continue;
                }
            };
            let now = Instant::now();
            let before = seen.remove(name);
            let sight = lease.map(|lease| Sight::next(before.as_ref(), lease, now));
            let next =
                decide(sight.as_ref(), &self.config.identity, now, self.config.lease_duration);
            if let (Move::Wait(_), Some(sight)) = (next, &sight) {
                free = false;
                if before.is_none_or(|before| before.holder() != sight.holder()) {
                    tracing::info!(lease = name, holder = sight.holder(), "waiting for a lease");
                }
            }
            seen.extend(sight.map(|sight| (name.clone(), sight)));
        }
        free
    }

    /// Takes all Leases, or gives back those that it got.
    async fn take_all(&self, seen: &HashMap<String, Sight>) -> Option<Vec<Held>> {
        let mut held = Vec::with_capacity(self.config.leases.len());
        for name in &self.config.leases {
            match self.write(name, seen.get(name), Instant::now()).await {
                Ok(lease) => held.push(lease),
                Err(error) => {
                    tracing::info!(lease = name, %error, "cannot take a lease");
                    self.give_back(held).await;
                    return None;
                }
            }
        }
        Some(held)
    }

    async fn write(
        &self,
        name: &str,
        seen: Option<&Sight>,
        sent: Instant,
    ) -> Result<Held, StoreError> {
        let lease = self.record(name, seen);
        let written = match seen {
            None => self.store.create(&lease).await?,
            Some(_) => self.store.replace(&lease).await?,
        };
        let sight = Sight::next(None, written, sent);
        Ok(Held { name: name.to_owned(), sight, renewed: sent })
    }

    /// The Lease as it is when it is ours.
    fn record(&self, name: &str, seen: Option<&Sight>) -> Lease {
        let now = MicroTime(Timestamp::now());
        let mut spec = seen.map(|sight| sight.spec.clone()).unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(&self.config.identity) {
            let before = spec.lease_transitions.unwrap_or(0);
            spec.lease_transitions =
                Some(if seen.is_some() { before.saturating_add(1) } else { 0 });
            spec.acquire_time = Some(now.clone());
            spec.holder_identity = Some(self.config.identity.clone());
        }
        let seconds = i32::try_from(self.config.lease_duration.as_secs()).unwrap_or(i32::MAX);
        spec.lease_duration_seconds = Some(seconds.max(1));
        spec.renew_time = Some(now);
        self.lease(name, seen.and_then(|sight| sight.version.clone()), spec)
    }

    fn lease(&self, name: &str, version: Option<String>, spec: LeaseSpec) -> Lease {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.config.namespace.clone()),
            resource_version: version,
            ..ObjectMeta::default()
        };
        Lease { metadata, spec: Some(spec) }
    }

    /// Renews one Lease. False only if somebody else holds it: whatever else fails may pass, until
    /// the deadline.
    async fn renew(&self, held: &mut Held) -> bool {
        let error = match self.write(&held.name, Some(&held.sight), Instant::now()).await {
            Ok(renewed) => {
                *held = renewed;
                return true;
            }
            Err(error) => error,
        };
        tracing::warn!(lease = held.name, %error, "cannot renew a lease");
        if error != StoreError::Conflict {
            return true;
        }
        match self.store.get(&held.name).await {
            Ok(Some(lease)) => {
                let now = Instant::now();
                held.sight = Sight::next(Some(&held.sight), lease, now);
                held.sight.holder() == self.config.identity
            }
            // Somebody deleted it: whoever creates it next is the leader.
            Ok(None) => false,
            Err(_) => true,
        }
    }

    async fn release(&self, held: Vec<Held>) {
        self.shared.end();
        if !self.config.release_on_cancel {
            return;
        }
        if timeout(RELEASE_TIMEOUT, self.give_back(held)).await.is_err() {
            tracing::warn!("could not give back the leases in time; they expire by themselves");
        }
    }

    async fn give_back(&self, held: Vec<Held>) {
        for Held { name, sight, .. } in held {
            let now = MicroTime(Timestamp::now());
            let spec = LeaseSpec {
                holder_identity: Some(String::new()),
                // As client-go does: whoever still looks at the duration need not wait.
                lease_duration_seconds: Some(1),
                acquire_time: Some(now.clone()),
                renew_time: Some(now),
                ..sight.spec
            };
            if let Err(error) = self.store.replace(&self.lease(&name, sight.version, spec)).await {
                tracing::warn!(lease = name, %error, "could not give back a lease");
            }
        }
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
