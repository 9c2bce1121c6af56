//! Many calls for one thing become few requests.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;
use tokio::time::Instant;

/// What to do for one more call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ask now.
    Now,
    /// Ask at this time, for all calls until then.
    At(Instant),
    /// Somebody else asks already, after this call.
    Covered,
}

#[derive(Clone, Copy)]
struct Last {
    asked: Instant,
    planned: Option<Instant>,
}

/// Lets the first call through at once, and all others within a while as one, at its end: however
/// many come, nothing is asked for more often than once in a while, and nothing is missed.
pub struct Calm<K> {
    pause: Duration,
    last: Mutex<HashMap<K, Last>>,
}

impl<K: Eq + Hash + Clone> Calm<K> {
    /// At most one request in each `pause`.
    pub fn new(pause: Duration) -> Self {
        Self { pause, last: Mutex::default() }
    }

    /// What to do for one more call.
    pub fn turn(&self, key: &K) -> Turn {
        let now = Instant::now();
        let mut last = self.last.lock();
        // What has been quiet for long need not be remembered.
        last.retain(|_, last| last.planned.is_some() || now - last.asked < self.pause);
        match last.get_mut(key) {
            None => {
                last.insert(key.clone(), Last { asked: now, planned: None });
                Turn::Now
            }
            Some(Last { planned: Some(_), .. }) => Turn::Covered,
            Some(known) => {
                let at = known.asked + self.pause;
                known.planned = Some(at);
                Turn::At(at)
            }
        }
    }

    /// The planned request is made now: what comes later needs another.
    pub fn begin(&self, key: &K) {
        self.last.lock().insert(key.clone(), Last { asked: Instant::now(), planned: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_thousand_calls_within_a_second_become_two_requests() {
        let calm = Calm::new(Duration::from_secs(1));
        let mut asked = 0;
        let mut planned = None;
        for _ in 0..1000 {
            match calm.turn(&"x") {
                Turn::Now => asked += 1,
                Turn::At(at) => assert!(planned.replace(at).is_none(), "one plan is enough"),
                Turn::Covered => {}
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        assert_eq!(asked, 1);
        tokio::time::sleep_until(planned.expect("the later calls are not forgotten")).await;
        calm.begin(&"x");
        assert_ne!(calm.turn(&"x"), Turn::Now, "the pause counts from the last request");
        assert_eq!(calm.turn(&"y"), Turn::Now, "others are not held up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_after_a_quiet_while_goes_through_at_once() {
        let calm = Calm::new(Duration::from_secs(1));
        assert_eq!(calm.turn(&"x"), Turn::Now);
        tokio::time::sleep(Duration::from_millis(1001)).await;
        assert_eq!(calm.turn(&"x"), Turn::Now);
    }
}
