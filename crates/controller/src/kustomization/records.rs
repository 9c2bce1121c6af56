//! What is known of applied objects, and of the drift that waits to be put back.

use crate::queue::Key;
use inhaul_cluster::{Change, Index, IndexEvent, Indexed, Knowledge};
use inhaul_object::ObjectId;
use inhaul_plan::{Pace, Record, Sight, Verdict, compare, judge};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

/// So many corrections of one object ...
const FIGHT_CORRECTIONS: usize = 3;
/// ... within this time are a fight.
const FIGHT_WINDOW: Duration = Duration::from_secs(300);
/// The first pause in a fight; it doubles up to the interval.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// Somebody takes the same fields again and again.
#[derive(Clone, Debug)]
struct Fight {
    corrections: VecDeque<Instant>,
    pause: Duration,
    opponents: Vec<String>,
    fields: Vec<String>,
}

impl Fight {
    fn is_on(&self) -> bool {
        self.pause > Duration::ZERO
    }
}

#[derive(Default)]
struct Ledger {
    records: HashMap<ObjectId, Record>,
    verified: HashMap<ObjectId, Instant>,
    /// Under reconcile: events wait for the answers of the applies in flight.
    running: bool,
    touched: HashSet<ObjectId>,
    /// Drift that waits for the interval.
    deferred: HashSet<ObjectId>,
    /// Drift in a fight that waits for its pause to end.
    paused: HashMap<ObjectId, Instant>,
    fights: HashMap<ObjectId, Fight>,
    /// Drift is why it runs next, since it was seen first.
    drifting: Option<Instant>,
    /// When everything is looked at again.
    interval_ends: Option<Instant>,
    interval: Duration,
}

/// What is known of the objects of every Kustomization.
#[derive(Default)]
pub struct Records {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    ledgers: HashMap<Key, Ledger>,
    owners: HashMap<ObjectId, Key>,
}

/// How much of a Kustomization a run looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything.
    Full,
    /// Drift that is put back at once, until the interval ends.
    Drift {
        /// What is left of the interval.
        left: Duration,
    },
}

impl Records {
    /// How much the Kustomization looks at, given that nothing new is to be applied; and since
    /// when drift is known, if that is why it runs.
    pub(super) fn extent(&self, key: &Key) -> (Extent, Option<Instant>) {
        let mut inner = self.inner.lock();
        let ledger = inner.ledgers.entry(key.clone()).or_default();
        let now = Instant::now();
        let extent = match ledger.interval_ends {
            Some(ends) if ledger.drifting.is_some() && now < ends => {
                Extent::Drift { left: ends - now }
            }
            _ => Extent::Full,
        };
        (extent, ledger.drifting)
    }

    /// How long the Kustomization may stay as it is: what is left of its interval, if no drift is
    /// known.
    pub(super) fn quiet_for(&self, key: &Key) -> Option<Duration> {
        let inner = self.inner.lock();
        let ledger = inner.ledgers.get(key)?;
        let now = Instant::now();
        let left = ledger.interval_ends?.checked_duration_since(now)?;
        (ledger.drifting.is_none() && left > Duration::ZERO).then_some(left)
    }

    /// Whether everything is to be looked at again, since the interval is over.
    pub(super) fn interval_is_over(&self, key: &Key) -> bool {
        let inner = self.inner.lock();
        let ends = inner.ledgers.get(key).and_then(|ledger| ledger.interval_ends);
        ends.is_some_and(|ends| ends <= Instant::now())
    }

    /// The objects, of those that are `wanted`, that may not be in order. In a full look those
    /// are all that the index does not know to be in order, and those whose audit is due; else
    /// the ones that are suspected of drift.
    pub(super) fn suspects(
        &self,
        key: &Key,
        extent: Extent,
        index: &Index,
        wanted: &[ObjectId],
        audit: Duration,
    ) -> HashSet<ObjectId> {
        let inner = self.inner.lock();
        let Some(ledger) = inner.ledgers.get(key) else {
            return wanted.iter().cloned().collect();
        };
        let now = Instant::now();
        let waits = |id: &ObjectId| match extent {
            Extent::Full => false,
            Extent::Drift { .. } => ledger.waits(id, now),
        };
        let due = |id: &ObjectId| {
            let at = ledger.verified.get(id);
            extent == Extent::Full && at.is_none_or(|at| audit_is_due(id, now - *at, audit))
        };
        let in_order = |id: &ObjectId| {
            let Some(record) = ledger.records.get(id) else {
                // It is left alone; whether it still asks for that is a matter of the interval.
                return matches!(extent, Extent::Drift { .. });
            };
            match index.look(id) {
                Indexed::Seen(sight) => !differs(record, &sight),
                Indexed::Absent => false,
                Indexed::Unknown => matches!(extent, Extent::Drift { .. }),
            }
        };
        let suspect = |id: &&ObjectId| !waits(id) && (due(id) || !in_order(id));
        wanted.iter().filter(suspect).cloned().collect()
    }

    /// Takes what is known into a run, of all objects or of `some`. Everything older than `audit`
    /// is verified in a full one.
    pub(super) fn begin(
        &self,
        key: &Key,
        extent: Extent,
        audit: Duration,
        some: Option<&HashSet<ObjectId>>,
    ) -> Knowledge {
        let mut inner = self.inner.lock();
        let ledger = inner.ledgers.entry(key.clone()).or_default();
        let now = Instant::now();
        ledger.running = true;
        ledger.drifting = None;
        ledger.touched.clear();
        ledger.paused.retain(|_, until| *until > now);
        let records = match some {
            None => ledger.records.clone(),
            Some(ids) => {
                let known = |id: &ObjectId| Some((id.clone(), ledger.records.get(id)?.clone()));
                ids.iter().filter_map(known).collect()
            }
        };
        let mut knowledge = Knowledge { records, ..Knowledge::default() };
        match extent {
            Extent::Full => {
                ledger.deferred.clear();
                let due = |(id, at): &(&ObjectId, &Instant)| audit_is_due(id, now - **at, audit);
                let old = ledger.verified.iter().filter(due);
                knowledge.audit = old.map(|(id, _)| id.clone()).collect();
            }
            Extent::Drift { .. } => {
                knowledge.waiting.clone_from(&ledger.deferred);
                knowledge.waiting.extend(ledger.paused.keys().cloned());
            }
        }
        knowledge
    }

    /// Notes what an apply answered.
    pub(super) fn note(&self, key: &Key, change: &Change, was_in_order: bool, verified: bool) {
        let mut inner = self.inner.lock();
        inner.owners.insert(change.id.clone(), key.clone());
        let ledger = inner.ledgers.entry(key.clone()).or_default();
        match &change.record {
            Some(record) => ledger.records.insert(change.id.clone(), record.clone()),
            None => ledger.records.remove(&change.id),
        };
        if verified {
            ledger.verified.insert(change.id.clone(), Instant::now());
        }
        if was_in_order {
            ledger.corrected(change);
        }
    }

    /// Ends a run: `wanted` tells which objects are still part of the source. Objects that changed
    /// while they were applied are looked at once more; answers whether there are any.
    pub(super) fn end(
        &self,
        key: &Key,
        index: &Index,
        wanted: Option<&dyn Fn(&ObjectId) -> bool>,
    ) -> bool {
        let mut inner = self.inner.lock();
        if let Some(wanted) = wanted {
            inner.owners.retain(|id, owner| owner != key || wanted(id));
        }
        let Some(ledger) = inner.ledgers.get_mut(key) else { return false };
        if let Some(wanted) = wanted {
            ledger.records.retain(|id, _| wanted(id));
            ledger.verified.retain(|id, _| wanted(id));
            ledger.fights.retain(|id, _| wanted(id));
        }
        ledger.running = false;
        let touched = std::mem::take(&mut ledger.touched);
        for id in touched {
            let differs = ledger.records.get(&id).is_some_and(|record| match index.look(&id) {
                Indexed::Seen(sight) => differs(record, &sight),
                Indexed::Absent => true,
                Indexed::Unknown => false,
            });
            if differs {
                ledger.drifting.get_or_insert_with(Instant::now);
            }
        }
        ledger.drifting.is_some()
    }

    /// Starts a new interval, after a full run that ended well.
    pub(super) fn start_interval(&self, key: &Key, interval: Duration) {
        let mut inner = self.inner.lock();
        let ledger = inner.ledgers.entry(key.clone()).or_default();
        let now = Instant::now();
        ledger.interval = interval;
        ledger.interval_ends = Some(now + interval);
        // One quiet interval ends a fight.
        ledger.fights.retain(|_, fight| {
            fight.corrections.back().is_some_and(|last| now.duration_since(*last) < interval)
        });
    }

    /// Hears an event of the index; answers whose objects to look at, and how soon.
    pub(super) fn hear(
        &self,
        event: &IndexEvent,
        override_managers: &[String],
    ) -> Option<(Key, Duration)> {
        let mut inner = self.inner.lock();
        let key = inner.owners.get(&event.id)?.clone();
        let ledger = inner.ledgers.get_mut(&key)?;
        if ledger.running {
            ledger.touched.insert(event.id.clone());
            return None;
        }
        let record = ledger.records.get(&event.id)?;
        match judge(record, &event.id, event.metadata.as_ref(), override_managers) {
            Pace::InOrder => {
                ledger.deferred.remove(&event.id);
                None
            }
            Pace::AtInterval => {
                ledger.deferred.insert(event.id.clone());
                None
            }
            Pace::AtOnce => {
                let delay = ledger.suspect(&event.id);
                ledger.drifting.get_or_insert_with(Instant::now);
                Some((key, delay))
            }
        }
    }

    /// What is being fought over, for people.
    pub(super) fn fights(&self, key: &Key) -> Vec<String> {
        let inner = self.inner.lock();
        let fights = inner.ledgers.get(key).map(|ledger| &ledger.fights);
        let on = fights.into_iter().flatten().filter(|(_, fight)| fight.is_on());
        let mut lines: Vec<String> = on
            .map(|(id, fight)| {
                let opponents = match fight.opponents.as_slice() {
                    [] => "somebody".to_owned(),
                    names => names.join(", "),
                };
                let fields = fight.fields.join(", ");
                let pause = fight.pause.as_secs();
                format!("{id}: {opponents} keeps changing {fields}; put back each {pause} s")
            })
            .collect();
        lines.sort();
        lines
    }

    /// The kinds, as (group, kind), of all objects that are known.
    pub fn kinds(&self) -> HashSet<(String, String)> {
        let inner = self.inner.lock();
        inner.owners.keys().map(|id| (id.group.clone(), id.kind.clone())).collect()
    }

    /// Whether an object was applied, and not left alone.
    pub(super) fn has(&self, key: &Key, id: &ObjectId) -> bool {
        self.inner.lock().ledgers.get(key).is_some_and(|ledger| ledger.records.contains_key(id))
    }

    /// Drops a Kustomization.
    pub(super) fn forget(&self, key: &Key) {
        let mut inner = self.inner.lock();
        inner.ledgers.remove(key);
        inner.owners.retain(|_, owner| owner != key);
    }
}

impl Ledger {
    /// Whether the drift of an object waits, for the interval or for its pause in a fight.
    fn waits(&self, id: &ObjectId, now: Instant) -> bool {
        self.deferred.contains(id) || self.paused.get(id).is_some_and(|until| *until > now)
    }

    /// An object is suspected: it is looked at now, or after the pause of its fight.
    fn suspect(&mut self, id: &ObjectId) -> Duration {
        self.deferred.remove(id);
        let pause = self.fights.get(id).map_or(Duration::ZERO, |fight| fight.pause);
        if pause > Duration::ZERO {
            let until = *self.paused.entry(id.clone()).or_insert_with(|| Instant::now() + pause);
            return until.saturating_duration_since(Instant::now());
        }
        // The record stays: what the index sees now differs from it, so it is not believed, and it
        // tells who took which fields.
        Duration::ZERO
    }

    /// Drift was put back: three times in a row, and it is a fight.
    fn corrected(&mut self, change: &Change) {
        let now = Instant::now();
        let fight = self.fights.entry(change.id.clone()).or_insert_with(|| Fight {
            corrections: VecDeque::new(),
            pause: Duration::ZERO,
            opponents: Vec::new(),
            fields: Vec::new(),
        });
        let window = FIGHT_WINDOW.max(fight.pause * 2);
        while fight.corrections.front().is_some_and(|at| now.duration_since(*at) > window) {
            fight.corrections.pop_front();
        }
        fight.corrections.push_back(now);
        fight.opponents.clone_from(&change.managers);
        fight.fields = change.fields.iter().take(3).cloned().collect();
        if fight.is_on() {
            fight.pause = (fight.pause * 2).min(self.interval.max(FIRST_PAUSE));
        } else if fight.corrections.len() >= FIGHT_CORRECTIONS {
            fight.pause = FIRST_PAUSE;
        }
    }
}

/// Whether an object that was verified so long ago is to be verified again: within the time that
/// an audit may take, but not all objects together.
fn audit_is_due(id: &ObjectId, age: Duration, audit: Duration) -> bool {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let share = f64::from(hasher.finish() as u32) / f64::from(u32::MAX);
    age > audit.mul_f64(0.5 + share / 2.0)
}

/// Whether a sight differs from what an apply answered.
fn differs(record: &Record, sight: &Sight) -> bool {
    compare(record, record.desired, sight) == Verdict::Suspicious
}
