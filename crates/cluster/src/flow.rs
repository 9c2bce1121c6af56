//! How many requests are under way at once: as many as the API server answers quickly.
//!
//! There is no fixed rate. The window grows while answers come soon, and halves when the API
//! server is busy, slow or away; so a fleet that wakes up after an outage comes back gently.

use http::Method;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The window at the start, ...
const FIRST: f64 = 8.0;
/// ... while nothing works, ...
const SMALLEST: f64 = 2.0;
/// ... and at most: more would only wait inside the API server, which shares itself out among
/// its clients.
const LARGEST: f64 = 20.0;
/// An answer that took longer than this says that the API server has enough to do. Listing and
/// admission webhooks can take long by themselves, so one slow answer does not count for much.
const SLOW: Duration = Duration::from_secs(2);
/// The window is halved once for all the requests that fail together.
const TOGETHER: Duration = Duration::from_millis(500);

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The API server answered, whatever it said.
    Answered(u16),
    /// It was busy, ...
    Busy(u16),
    /// ... or did not answer.
    Lost,
}

/// How many requests were sent, by method and status code; the code is 0 where there was no
/// answer.
pub type Traffic = BTreeMap<(String, u16), u64>;

/// The window of one API server, whoever asks.
#[derive(Clone)]
pub(crate) struct Flow {
    room: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

struct State {
    window: f64,
    /// How many permits there are.
    permits: usize,
    halved: Option<Instant>,
    traffic: Traffic,
}

/// The right to send one request.
pub(crate) struct Ticket {
    flow: Flow,
    permit: Option<OwnedSemaphorePermit>,
    since: Instant,
}

impl Flow {
    pub(crate) fn new() -> Self {
        let permits = FIRST as usize;
        let state = State { window: FIRST, permits, halved: None, traffic: Traffic::new() };
        Self { room: Arc::new(Semaphore::new(permits)), state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for its turn.
    pub(crate) async fn enter(&self) -> Ticket {
        // The semaphore is never closed; if it were, requests would go unbounded.
        let permit = Arc::clone(&self.room).acquire_owned().await.ok();
        Ticket { flow: self.clone(), permit, since: Instant::now() }
    }

    /// What was sent so far.
    pub(crate) fn traffic(&self) -> Traffic {
        self.state.lock().traffic.clone()
    }
}

impl Ticket {
    /// The request ended.
    pub(crate) fn end(mut self, method: &Method, outcome: Outcome) {
        let mut state = self.flow.state.lock();
        let code = match outcome {
            Outcome::Answered(code) | Outcome::Busy(code) => code,
            Outcome::Lost => 0,
        };
        *state.traffic.entry((method.to_string(), code)).or_default() += 1;
        state.learn(outcome, self.since.elapsed());
        let wanted = state.window as usize;
        if state.permits > wanted {
            if let Some(permit) = self.permit.take() {
                permit.forget();
                state.permits -= 1;
            }
        } else if state.permits < wanted {
            self.flow.room.add_permits(wanted - state.permits);
            state.permits = wanted;
        }
    }
}

impl State {
    fn learn(&mut self, outcome: Outcome, took: Duration) {
        match outcome {
            Outcome::Answered(_) if took < SLOW => {
                self.window = (self.window + 1.0 / self.window).min(LARGEST);
            }
            Outcome::Answered(_) => self.shrink(0.9),
            Outcome::Busy(_) | Outcome::Lost => self.shrink(0.5),
        }
    }

    fn shrink(&mut self, factor: f64) {
        if self.halved.is_none_or(|at| at.elapsed() >= TOGETHER) {
            self.halved = Some(Instant::now());
            self.window = (self.window * factor).max(SMALLEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn finish(flow: &Flow, outcome: Outcome) {
        flow.enter().await.end(&Method::GET, outcome);
    }

    #[tokio::test]
    async fn the_window_grows_with_answers_up_to_a_limit() {
        let flow = Flow::new();
        for _ in 0..1000 {
            finish(&flow, Outcome::Answered(200)).await;
        }
        let mut tickets = Vec::new();
        for _ in 0..LARGEST as usize {
            tickets.push(flow.enter().await);
        }
        let more = tokio::time::timeout(Duration::from_millis(50), flow.enter()).await;
        assert!(more.is_err(), "the window is full");
    }

    #[tokio::test]
    async fn the_window_shrinks_once_for_what_fails_together_and_never_closes() {
        let flow = Flow::new();
        let mut tickets = Vec::new();
        for _ in 0..FIRST as usize {
            tickets.push(flow.enter().await);
        }
        tickets.into_iter().for_each(|ticket| ticket.end(&Method::GET, Outcome::Lost));
        assert_eq!(flow.state.lock().window, FIRST / 2.0);
        assert_eq!(flow.room.available_permits(), FIRST as usize / 2);
        flow.state.lock().window = SMALLEST;
        flow.state.lock().halved = None;
        finish(&flow, Outcome::Busy(429)).await;
        assert_eq!(flow.state.lock().window, SMALLEST);
        assert!(flow.room.available_permits() >= 1);
    }

    #[tokio::test]
    async fn requests_are_counted_by_method_and_code() {
        let flow = Flow::new();
        finish(&flow, Outcome::Answered(200)).await;
        finish(&flow, Outcome::Answered(200)).await;
        finish(&flow, Outcome::Lost).await;
        let traffic = flow.traffic();
        assert_eq!(traffic.get(&("GET".to_owned(), 200)), Some(&2));
        assert_eq!(traffic.get(&("GET".to_owned(), 0)), Some(&1));
    }
}
