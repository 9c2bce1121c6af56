//! Waiting until objects are healthy.

use crate::error::Error;
use crate::request::{Call, Connection};
use crate::resource::Discovery;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use inhaul_object::health::{self, Health};
use inhaul_object::{GroupVersionKind, ObjectId};
use std::time::Duration;
use tokio::time::Instant;

const CONCURRENCY: usize = 8;
const FIRST_POLL: Duration = Duration::from_millis(100);
const SLOWEST_POLL: Duration = Duration::from_secs(2);
/// How many objects a message names.
const NAMED: usize = 10;

/// An object to wait for: its id and the version it was applied in.
pub type Awaited = (ObjectId, String);

/// Why objects did not become healthy.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Time ran out.
    #[error("timeout waiting for: [{0}]")]
    Timeout(String),
    /// Something failed, and nothing is under way that could mend it.
    #[error("failed early due to stalled resources: [{0}]")]
    Stalled(String),
}

/// Looks at the health of objects.
#[derive(Clone)]
pub struct HealthChecker {
    connection: Connection,
    discovery: Discovery,
}

impl HealthChecker {
    /// A checker over one connection.
    pub fn new(connection: Connection, discovery: Discovery) -> Self {
        Self { connection, discovery }
    }

    /// Waits until all of `objects` are healthy.
    ///
    /// # Errors
    /// [`Unhealthy`] names those that are not.
    pub async fn wait(&self, objects: &[Awaited], timeout: Duration) -> Result<(), Unhealthy> {
        let deadline = Instant::now() + timeout;
        let mut pending: Vec<&Awaited> = objects.iter().collect();
        let mut pause = FIRST_POLL;
        loop {
            let looks: Vec<_> = pending.iter().map(|a| self.health(a).boxed()).collect();
            let states: Vec<Result<Health, Error>> =
                stream::iter(looks).buffered(CONCURRENCY).collect().await;
            let states = pending.iter().copied().zip(states);
            let waiting: Vec<_> =
                states.filter(|(_, h)| !matches!(h, Ok(Health::Current))).collect();
            if waiting.is_empty() {
                return Ok(());
            }
            let failed = |health: &Result<Health, Error>| matches!(health, Ok(Health::Failed(_)));
            if waiting.iter().all(|(_, health)| failed(health)) {
                return Err(Unhealthy::Stalled(listed(&waiting)));
            }
            if Instant::now() + pause > deadline {
                return Err(Unhealthy::Timeout(listed(&waiting)));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SLOWEST_POLL);
            pending = waiting.into_iter().map(|(awaited, _)| awaited).collect();
        }
    }

    async fn health(&self, (id, version): &Awaited) -> Result<Health, Error> {
        let gvk = GroupVersionKind {
            group: id.group.clone(),
            version: version.clone(),
            kind: id.kind.clone(),
        };
        let resource = self.discovery.resource(&gvk).await?;
        let path = resource.object(&id.namespace, &id.name);
        let live = self.connection.send(&Call::get(path)).await?;
        Ok(health::of(&live))
    }
}

fn listed(waiting: &[(&Awaited, Result<Health, Error>)]) -> String {
    let state = |health: &Result<Health, Error>| match health {
        Ok(Health::Current) => "'Current'".to_owned(),
        Ok(Health::InProgress(why)) => format!("'InProgress': {why}"),
        Ok(Health::Failed(why)) => format!("'Failed': {why}"),
        Ok(Health::Terminating(why)) => format!("'Terminating': {why}"),
        Err(error) if error.is_not_found() => "'NotFound'".to_owned(),
        Err(error) => format!("'Unknown': {error}"),
    };
    let mut names: Vec<String> = waiting
        .iter()
        .take(NAMED)
        .map(|((id, _), health)| format!("{id} status: {}", state(health)))
        .collect();
    if waiting.len() > NAMED {
        names.push(format!("and {} more", waiting.len() - NAMED));
    }
    names.join(", ")
}
