//! A queue that never makes its writers wait: where it is full, the oldest item goes.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// For any number of writers and one reader.
pub(super) struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    capacity: usize,
    changed: Notify,
    dropped: AtomicU64,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let items = Mutex::default();
        Self { items, capacity, changed: Notify::new(), dropped: AtomicU64::new(0) }
    }

    pub(super) fn push(&self, item: T) {
        let mut items = self.items.lock();
        if items.len() >= self.capacity {
            items.pop_front();
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        items.push_back(item);
        drop(items);
        self.changed.notify_one();
    }

    /// The next item. `None` when `stop` is cancelled and nothing waits any more.
    pub(super) async fn next(&self, stop: &CancellationToken) -> Option<T> {
        loop {
            let item = self.items.lock().pop_front();
            if item.is_some() || stop.is_cancelled() {
                return item;
            }
            // Woken or stopped: the loop finds out which.
            let _ = stop.run_until_cancelled(self.changed.notified()).await;
        }
    }

    /// How many items went because the queue was full.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_and_counts_it() {
        let (queue, stop) = (Queue::new(2), CancellationToken::new());
        (1..=5).for_each(|item| queue.push(item));
        assert_eq!(queue.dropped(), 3);
        assert_eq!(queue.next(&stop).await, Some(4));
        stop.cancel();
        assert_eq!(queue.next(&stop).await, Some(5), "what waits is delivered after the end");
        assert_eq!(queue.next(&stop).await, None);
    }
}
