//! Sources that another process serves, read from their artifacts.

use crate::sources::{Snapshot, SourceKey};
use crate::step::{Retry, StepError};
use inhaul_api::{Artifact, Reason};
use inhaul_artifact::{Downloader, Error, Limits};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long one try may take.
const TRY: Duration = Duration::from_secs(60);
/// The pause after the first try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A source that changes while it is read has a new artifact soon.
const GONE: Duration = Duration::from_secs(5);

/// Downloads the artifacts of other processes.
#[derive(Clone)]
pub struct Downloads {
    downloader: Downloader,
    tries: usize,
}

impl Downloads {
    /// Every download is tried this many times more (`--http-retry`).
    ///
    /// # Errors
    /// If the TLS set-up fails.
    pub fn new(retries: usize) -> Result<Self, Error> {
        Ok(Self { downloader: Downloader::new(Limits::default())?, tries: retries + 1 })
    }

    /// The files of a source, checked against the digest in its status.
    ///
    /// # Errors
    /// With reason `ArtifactFailed`, naming source and address.
    pub async fn fetch(&self, key: &SourceKey, artifact: &Artifact) -> Result<Snapshot, StepError> {
        let never = CancellationToken::new();
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        loop {
            tries += 1;
            let deadline = Instant::now() + TRY;
            let fetched =
                self.downloader.fetch(&artifact.url, &artifact.digest, deadline, &never).await;
            match fetched {
                Ok(tree) => {
                    return Ok(Snapshot {
                        revision: artifact.revision.clone(),
                        digest: artifact.digest.clone(),
                        committed: None,
                        tree: Arc::new(tree),
                    });
                }
                Err(error) if !passes(&error) || tries >= self.tries => {
                    return Err(failed(key, &error));
                }
                Err(error) => tracing::debug!(%error, "trying a download again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(GONE);
        }
    }
}

fn passes(error: &Error) -> bool {
    matches!(error, Error::Download { .. } | Error::Ended { .. })
}

fn failed(key: &SourceKey, error: &Error) -> StepError {
    let retry = match error {
        Error::NotFound { .. } => Retry::After(GONE),
        _ => Retry::BackOff,
    };
    StepError { reason: Reason::ArtifactFailed, message: format!("{key}: {error}"), retry }
}
