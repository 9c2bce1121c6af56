//! Waiting for what must become true, and watching what must stay true.

use std::time::{Duration, Instant};

/// Long enough for a machine whose two cores build something else; a test that passes takes none of it.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(150);

/// Waits until `probe` answers `Ok`; fails with what it said last.
pub(crate) async fn eventually<T>(what: &str, probe: impl AsyncFnMut() -> Result<T, String>) -> T {
    within(PATIENCE, what, probe).await
}

/// As [`eventually`], with a deadline that is itself part of the behaviour.
pub(crate) async fn within<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let end = Instant::now() + deadline;
    loop {
        match probe().await {
            Ok(value) => return value,
            Err(seen) if Instant::now() > end => {
                panic!("not seen within {deadline:?}: {what}; last seen: {seen}")
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Asks again and again for a while; fails as soon as `probe` does not answer `Ok`.
pub(crate) async fn holds_for(
    duration: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Result<(), String>,
) {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        if let Err(seen) = probe().await {
            panic!("did not hold for {duration:?}: {what}; seen: {seen}");
        }
        tokio::time::sleep(POLL * 2).await;
    }
}
