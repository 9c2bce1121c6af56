//! The one door between async callers and blocking Git work.

use crate::{Error, ErrorKind, Limits};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// After its deadline an operation gets this long to say more than "timed out".
const GRACE: Duration = Duration::from_secs(2);

/// How long one operation may take, and who may end it earlier. Dropping the operation's future
/// ends it too.
#[derive(Clone, Debug)]
pub struct Call {
    /// When the operation fails with [`ErrorKind::Timeout`], whatever it is doing.
    pub deadline: Instant,
    /// Ends the operation with [`ErrorKind::Cancelled`].
    pub cancel: CancellationToken,
}

impl Call {
    /// A call that ends after `timeout`.
    pub fn within(timeout: Duration) -> Self {
        Self { deadline: Instant::now() + timeout, cancel: CancellationToken::new() }
    }

    /// Waits for something that needs no thread.
    pub(crate) async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Error> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled()),
            () = tokio::time::sleep_until(self.deadline) => Err(timed_out()),
            value = future => Ok(value),
        }
    }
}

/// What blocking work looks at to learn that it should end.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    token: CancellationToken,
    /// The same, in the form that gix looks at.
    flag: Arc<AtomicBool>,
    deadline: Instant,
    runtime: Handle,
    indexing: Arc<Semaphore>,
}

impl Stop {
    /// Runs async I/O from a blocking thread; it ends with the call.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Error> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.token.cancelled() => Err(self.why()),
                () = tokio::time::sleep_until(self.deadline) => Err(timed_out()),
                value = future => Ok(value),
            }
        })
    }

    /// Fails if the call has ended.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.flag.load(Ordering::Relaxed) || Instant::now() >= self.deadline {
            return Err(self.why());
        }
        Ok(())
    }

    /// The flag for gix's long loops.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.flag
    }

    /// Waits for a turn to do the part of a fetch that takes memory.
    pub(crate) fn indexing_turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.wait(Arc::clone(&self.indexing).acquire_owned())?.map_err(|_| cancelled())
    }

    fn why(&self) -> Error {
        if Instant::now() >= self.deadline { timed_out() } else { cancelled() }
    }

    fn trip(&self) {
        self.flag.store(true, Ordering::Relaxed);
        self.token.cancel();
    }
}

/// Ends the work when the caller's future is dropped.
struct TripOnDrop(Stop);

impl Drop for TripOnDrop {
    fn drop(&mut self) {
        self.0.trip();
    }
}

/// Bounds how much blocking work there is at a time.
#[derive(Debug)]
pub(crate) struct Door {
    operations: Arc<Semaphore>,
    indexing: Arc<Semaphore>,
}

impl Door {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            operations: Arc::new(Semaphore::new(limits.operations.max(1))),
            indexing: Arc::new(Semaphore::new(limits.indexing.max(1))),
        }
    }

    /// Runs `work` on a blocking thread. Answers at the latest a moment after the deadline, even
    /// where the work does not notice that it should end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: &Call,
        work: impl FnOnce(&Stop) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = call
            .wait(Arc::clone(&self.operations).acquire_owned())
            .await?
            .map_err(|_| cancelled())?;
        let stop = Stop {
            token: CancellationToken::new(),
            flag: Arc::default(),
            deadline: call.deadline,
            runtime: Handle::current(),
            indexing: Arc::clone(&self.indexing),
        };
        let trip = TripOnDrop(stop.clone());
        let mut thread = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&stop)
        });
        let why = match call.wait(&mut thread).await {
            Ok(joined) => return joined.unwrap_or_else(|panic| Err(broke_down(&panic))),
            Err(why) => why,
        };
        trip.0.trip();
        match tokio::time::timeout(GRACE, thread).await {
            Ok(joined) => joined.unwrap_or_else(|panic| Err(broke_down(&panic))),
            Err(_) => Err(why),
        }
    }
}

/// A panic in gix on foreign input ends one operation, not the process.
fn broke_down(panic: &tokio::task::JoinError) -> Error {
    tracing::error!(%panic, "git operation broke down");
    Error::new(
        ErrorKind::Protocol,
        "the answer of the server could not be handled (internal error)",
    )
}

fn timed_out() -> Error {
    Error::new(ErrorKind::Timeout, "timed out")
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "cancelled")
}
