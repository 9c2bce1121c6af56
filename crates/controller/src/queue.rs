//! The queue of objects to reconcile.
//!
//! An object is never reconciled twice at once. What is added while it runs makes it run again
//! afterwards; what preempts it also tells the run under way, through a token, that its result is
//! not waited for any more. Failures are backed off per object.

use crate::settings::random_unit;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Names an object of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// When an object is looked at again, unless something happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// All is well until this has passed.
    After(Duration),
    /// Something failed that may pass by itself: soon, then ever later, at this at the latest.
    BackOff(Duration),
    /// Now, but after every other object that is due and has not said this.
    AfterOthers,
    /// Not before something changes.
    OnChange,
    /// The object is gone.
    Forget,
}

/// How the delays after failures grow (`--min-retry-delay`, `--max-retry-delay`).
#[derive(Clone, Copy, Debug)]
pub struct BackOff {
    /// The first delay; it doubles.
    pub min: Duration,
    /// The longest delay.
    pub max: Duration,
}

impl BackOff {
    fn delay(self, failures: u32, ceiling: Duration) -> Duration {
        let doubled = self.min.saturating_mul(2_u32.saturating_pow(failures.min(24)));
        let delay = doubled.min(self.max).min(ceiling.max(self.min));
        // What failed together does not come back together.
        delay.mul_f64(1.0 + 0.1 * random_unit())
    }
}

#[derive(Default)]
struct Slot {
    due: Option<Instant>,
    running: Option<CancellationToken>,
    again: bool,
    failures: u32,
    /// It lets the others go first.
    patient: bool,
}

/// What is taken from the queue.
struct Taken {
    key: Key,
    token: CancellationToken,
    patient: bool,
}

/// Objects to reconcile, each with the time it is due.
pub struct Queue {
    slots: Mutex<HashMap<Key, Slot>>,
    changed: Notify,
    back_off: BackOff,
}

impl Queue {
    /// An empty queue.
    pub fn new(back_off: BackOff) -> Arc<Self> {
        Arc::new(Self { slots: Mutex::default(), changed: Notify::new(), back_off })
    }

    /// Makes an object due now. If it runs, it runs once more afterwards.
    pub fn add(&self, key: Key) {
        self.add_after(key, Duration::ZERO);
    }

    /// Makes an object due after `delay`, or earlier if it was due earlier. If it runs, it runs
    /// once more afterwards.
    pub fn add_after(&self, key: Key, delay: Duration) {
        let due = Instant::now() + delay;
        self.with(key, |slot| {
            slot.again |= slot.running.is_some();
            slot.due = Some(slot.due.map_or(due, |earlier| earlier.min(due)));
        });
    }

    /// Makes an object due now, because what it is made from changed: earlier failures do not
    /// count, and a run that waits on the old state is told to end.
    pub fn preempt(&self, key: Key) {
        self.with(key, |slot| {
            slot.failures = 0;
            slot.patient = false;
            slot.again |= slot.running.is_some();
            slot.due = Some(Instant::now());
            if let Some(running) = &slot.running {
                running.cancel();
            }
        });
    }

    /// How many objects are due or running.
    pub fn depth(&self) -> usize {
        let now = Instant::now();
        let busy = |slot: &&Slot| slot.running.is_some() || slot.due.is_some_and(|due| due <= now);
        self.slots.lock().values().filter(busy).count()
    }

    fn with(&self, key: Key, change: impl FnOnce(&mut Slot)) {
        change(self.slots.lock().entry(key).or_default());
        self.changed.notify_one();
    }

    /// Waits until an object is due.
    async fn due(&self) {
        loop {
            let changed = self.changed.notified();
            let first = {
                let slots = self.slots.lock();
                let waiting = slots.values().filter(|slot| slot.running.is_none());
                waiting.filter_map(|slot| slot.due).min()
            };
            match first {
                Some(due) if due <= Instant::now() => return,
                Some(due) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(due) => {}
                    }
                }
                None => changed.await,
            }
        }
    }

    /// The object that is due first, if one is; of these, the patient ones come last.
    fn take(&self) -> Option<Taken> {
        let now = Instant::now();
        let mut slots = self.slots.lock();
        let due = slots.iter_mut().filter_map(|(key, slot)| {
            let due = slot.due.filter(|due| *due <= now && slot.running.is_none())?;
            Some(((slot.patient, due), key, slot))
        });
        let first = due.min_by(|(a, key_a, _), (b, key_b, _)| (a, key_a).cmp(&(b, key_b)));
        let ((patient, _), key, slot) = first?;
        let token = CancellationToken::new();
        slot.due = None;
        slot.again = false;
        slot.patient = false;
        slot.running = Some(token.clone());
        Some(Taken { key: key.clone(), token, patient })
    }

    /// The object that is due first, as soon as it is due.
    #[cfg(test)]
    async fn next(&self) -> Taken {
        loop {
            self.due().await;
            if let Some(taken) = self.take() {
                return taken;
            }
        }
    }

    fn done(&self, key: &Key, next: Next) {
        let mut slots = self.slots.lock();
        let Some(slot) = slots.get_mut(key) else { return };
        slot.running = None;
        slot.patient = next == Next::AfterOthers && !slot.again;
        let after = match next {
            Next::After(after) => {
                slot.failures = 0;
                Some(after)
            }
            Next::BackOff(ceiling) => {
                let delay = self.back_off.delay(slot.failures, ceiling);
                slot.failures = slot.failures.saturating_add(1);
                Some(delay)
            }
            Next::AfterOthers => Some(Duration::ZERO),
            Next::OnChange => {
                slot.failures = 0;
                None
            }
            Next::Forget => {
                if !slot.again {
                    slots.remove(key);
                    return;
                }
                None
            }
        };
        // What was added meanwhile keeps its time, unless the run's own comes first.
        let added = slot.due.filter(|_| slot.again);
        let own = after.map(|after| Instant::now() + after);
        slot.due = added.into_iter().chain(own).min();
        drop(slots);
        self.changed.notify_one();
    }
}

/// The right to work. A run gives it back while it only waits.
pub struct Permit {
    workers: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    patient: bool,
}

impl Permit {
    /// Whether a run with little to do should let others go first. One that did is not asked
    /// again.
    pub fn yields(&self) -> bool {
        !self.patient
    }

    /// Runs `waiting` without holding a worker.
    pub async fn release_during<T>(&mut self, waiting: impl Future<Output = T>) -> T {
        self.held = None;
        let result = waiting.await;
        // The semaphore is never closed; if it were, the run would go on without a permit.
        self.held = Arc::clone(&self.workers).acquire_owned().await.ok();
        result
    }
}

/// Reconciles what is due until `shutdown`, at most `concurrency` objects at once, then lets what
/// runs come to its end.
pub async fn run<F, R>(
    queue: Arc<Queue>,
    concurrency: usize,
    shutdown: CancellationToken,
    reconcile: F,
) where
    F: Fn(Key, CancellationToken, Permit) -> R,
    R: Future<Output = Next> + Send + 'static,
{
    let workers = Arc::new(Semaphore::new(concurrency.max(1)));
    let mut runs = JoinSet::new();
    loop {
        let due = async {
            loop {
                queue.due().await;
                // Not before something is due: a run that only waited wants its permit back.
                let held = Arc::clone(&workers).acquire_owned().await.ok();
                if let Some(taken) = queue.take() {
                    return (held, taken);
                }
            }
        };
        let (held, Taken { key, token, patient }) = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = runs.join_next() => continue,
            due = due => due,
        };
        let permit = Permit { workers: Arc::clone(&workers), held, patient };
        // The end of the process preempts every wait, too.
        let stop = shutdown.clone();
        let run = tokio::spawn(reconcile(key.clone(), token.clone(), permit));
        let queue = Arc::clone(&queue);
        runs.spawn(async move {
            let watch = async {
                stop.cancelled().await;
                token.cancel();
                std::future::pending::<()>().await;
            };
            let next = tokio::select! {
                ended = run => ended,
                () = watch => return,
            };
            let next = next.unwrap_or_else(|panic| {
                tracing::error!(object = %key, %panic, "a reconcile ended in a panic");
                Next::BackOff(Duration::from_secs(900))
            });
            queue.done(&key, next);
        });
    }
    let grace = Duration::from_secs(8);
    let _ = tokio::time::timeout(grace, async { while runs.join_next().await.is_some() {} }).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn key(name: &str) -> Key {
        Key { namespace: "a".into(), name: name.into() }
    }

    fn queue() -> Arc<Queue> {
        Queue::new(BackOff { min: Duration::from_secs(1), max: Duration::from_secs(60) })
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_never_runs_twice_at_once_and_runs_again_if_it_changed_meanwhile() {
        let queue = queue();
        queue.add(key("x"));
        let Taken { key: first, token, .. } = queue.next().await;
        queue.add(key("x"));
        let other = tokio::time::timeout(Duration::from_secs(5), queue.next()).await;
        assert!(other.is_err(), "it runs already");
        assert!(!token.is_cancelled());
        queue.done(&first, Next::After(Duration::from_secs(600)));
        assert_eq!(queue.next().await.key, key("x"), "again at once");
    }

    #[tokio::test(start_paused = true)]
    async fn preempting_tells_the_run_that_it_is_not_waited_for() {
        let queue = queue();
        queue.add(key("x"));
        let token = queue.next().await.token;
        queue.preempt(key("x"));
        assert!(token.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_backed_off_per_object_and_forgotten_on_success() {
        let queue = queue();
        let mut delays = Vec::new();
        queue.add(key("x"));
        for _ in 0..4 {
            let before = Instant::now();
            let taken = queue.next().await.key;
            delays.push(before.elapsed().as_secs());
            queue.done(&taken, Next::BackOff(Duration::from_secs(3)));
        }
        assert_eq!(delays, [0, 1, 2, 3]);
        let taken = queue.next().await.key;
        queue.done(&taken, Next::After(Duration::from_secs(10)));
        let taken = queue.next().await.key;
        queue.done(&taken, Next::BackOff(Duration::from_secs(60)));
        let before = Instant::now();
        queue.next().await;
        assert_eq!(before.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_lets_others_go_first_comes_after_all_that_are_due_and_only_once() {
        let queue = queue();
        ["a", "b", "c"].iter().for_each(|name| queue.add(key(name)));
        let mut order = Vec::new();
        for _ in 0..4 {
            let Taken { key: taken, patient, .. } = queue.next().await;
            let first_time = taken.name == "a" && !patient;
            queue.done(&taken, if first_time { Next::AfterOthers } else { Next::OnChange });
            order.push(taken.name);
        }
        assert_eq!(order, ["a", "b", "c", "a"]);
        queue.add(key("d"));
        queue.done(&queue.next().await.key, Next::AfterOthers);
        queue.preempt(key("d"));
        queue.add(key("e"));
        assert_eq!(queue.next().await.key, key("d"), "what is new is urgent again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_gets_its_only_worker_back_while_nothing_else_is_due() {
        let queue = queue();
        queue.add(key("a"));
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let ended = run(queue, 1, shutdown, move |_, _, mut permit| {
            let stop = stop.clone();
            async move {
                permit.release_during(tokio::time::sleep(Duration::from_secs(1))).await;
                stop.cancel();
                Next::OnChange
            }
        });
        assert!(tokio::time::timeout(Duration::from_secs(60), ended).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_holds_no_worker() {
        let queue = queue();
        ["a", "b", "c"].iter().for_each(|name| queue.add(key(name)));
        let waiting = Arc::new(AtomicUsize::new(0));
        let shutdown = CancellationToken::new();
        let seen = Arc::clone(&waiting);
        let stop = shutdown.clone();
        run(queue, 1, shutdown, move |_, _, mut permit| {
            let (seen, stop) = (Arc::clone(&seen), stop.clone());
            async move {
                let long = async {
                    if seen.fetch_add(1, Ordering::SeqCst) == 2 {
                        stop.cancel();
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                };
                permit.release_during(long).await;
                Next::OnChange
            }
        })
        .await;
        assert_eq!(waiting.load(Ordering::SeqCst), 3, "all three waited side by side");
    }
}
