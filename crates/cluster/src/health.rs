//! Waiting until objects are healthy.

mod rules;

pub use rules::{HealthRules, RuleText};

use crate::error::Error;
use crate::request::{Call, Connection};
use crate::resource::Discovery;
use crate::subscription::{Sighting, Subscription};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use inhaul_object::health::Health;
use inhaul_object::{GroupVersionKind, ObjectId};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

const CONCURRENCY: usize = 8;
/// How many objects a message names.
const NAMED: usize = 10;
/// Of how many objects a message says what they lack.
const EXPLAINED: usize = 3;

/// An object to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The object.
    pub id: ObjectId,
    /// The version in which it is read.
    pub version: String,
    /// It goes by itself when it is done (a Job with `ttlSecondsAfterFinished`), so its absence is success.
    pub vanishes: bool,
}

/// Why objects did not become healthy. The words are Flux's; what each object lacks follows them.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Time ran out.
    #[error("timeout waiting for: {0}")]
    Timeout(String),
    /// Something failed, and nothing is under way that could mend it.
    #[error("failed early due to stalled resources: {0}")]
    Stalled(String),
}

/// What is known of an object that is not healthy.
#[derive(Clone, Debug)]
enum State {
    Absent,
    Unhealthy(Health),
    Unknown(String),
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

    /// Looks at objects once and leaves those that are not healthy.
    pub async fn unhealthy<'a>(&self, objects: &'a [Awaited], rules: &HealthRules) -> Waiting<'a> {
        let looks: Vec<_> = objects.iter().map(|awaited| self.look(awaited).boxed()).collect();
        let seen: Vec<Sighting> = stream::iter(looks).buffered(CONCURRENCY).collect().await;
        let states = objects.iter().zip(seen).filter_map(|(awaited, seen)| {
            let state = judge(awaited, seen, rules)?;
            Some((awaited.id.clone(), (awaited, state)))
        });
        Waiting(states.collect())
    }

    /// Waits until all of `objects` are healthy: each is looked at once, and those that are not healthy yet are
    /// followed until they are.
    ///
    /// # Errors
    /// [`Unhealthy`] names those that are not.
    pub async fn wait(
        &self,
        objects: &[Awaited],
        rules: &HealthRules,
        timeout: Duration,
    ) -> Result<(), Unhealthy> {
        let waiting = self.unhealthy(objects, rules).await;
        self.follow(waiting, rules, timeout).await
    }

    /// Waits for what is not healthy yet.
    ///
    /// # Errors
    /// [`Unhealthy`] names those that are not.
    pub async fn follow(
        &self,
        mut waiting: Waiting<'_>,
        rules: &HealthRules,
        timeout: Duration,
    ) -> Result<(), Unhealthy> {
        let deadline = Instant::now() + timeout;
        let objects =
            waiting.0.values().map(|(awaited, _)| (&awaited.id, awaited.version.as_str()));
        let mut news = Subscription::new(&self.connection, &self.discovery, objects);
        while !waiting.0.is_empty() {
            if waiting
                .0
                .values()
                .all(|(_, state)| matches!(state, State::Unhealthy(Health::Failed(_))))
            {
                return Err(Unhealthy::Stalled(waiting.listed()));
            }
            match tokio::time::timeout_at(deadline, news.next()).await {
                Ok(Some((id, seen))) => waiting.hear(&id, seen, rules),
                Ok(None) | Err(_) => return Err(Unhealthy::Timeout(waiting.listed())),
            }
        }
        Ok(())
    }

    /// Follows objects, each with the version that it is read in.
    pub fn subscribe<'a>(
        &self,
        objects: impl IntoIterator<Item = (&'a ObjectId, &'a str)>,
    ) -> Subscription {
        Subscription::new(&self.connection, &self.discovery, objects)
    }

    async fn look(&self, awaited: &Awaited) -> Sighting {
        let id = &awaited.id;
        let gvk = GroupVersionKind {
            group: id.group.clone(),
            version: awaited.version.clone(),
            kind: id.kind.clone(),
        };
        let resource = self.discovery.resource(&gvk).await?;
        let path = resource.object(&id.namespace, &id.name);
        match self.connection.send(&Call::get(path)).await {
            Ok(live) => Ok(Some(live)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Objects that are not healthy yet, and why not.
pub struct Waiting<'a>(BTreeMap<ObjectId, (&'a Awaited, State)>);

impl Waiting<'_> {
    /// Whether all are healthy.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    fn hear(&mut self, id: &ObjectId, seen: Sighting, rules: &HealthRules) {
        let Some((awaited, _)) = self.0.get(id) else { return };
        match judge(awaited, seen, rules) {
            Some(state) => {
                let awaited = *awaited;
                self.0.insert(id.clone(), (awaited, state));
            }
            None => {
                self.0.remove(id);
            }
        }
    }

    fn listed(&self) -> String {
        let named = self.0.iter().take(NAMED);
        let mut names: Vec<String> = named
            .map(|(id, (_, state))| match state {
                State::Absent => format!("{id} status: 'NotFound'"),
                State::Unhealthy(health) => format!("{id} status: '{}'", health.status()),
                State::Unknown(why) => format!("{id} status: 'Unknown': {why}"),
            })
            .collect();
        if self.0.len() > NAMED {
            names.push(format!("and {} more", self.0.len() - NAMED));
        }
        let reasons = self.0.iter().filter_map(|(id, (_, state))| match state {
            State::Unhealthy(health) if !health.message().is_empty() => {
                Some(format!("{id}: {}", health.message()))
            }
            _ => None,
        });
        let reasons: Vec<String> = reasons.take(EXPLAINED).collect();
        let separator = if reasons.is_empty() { "" } else { "; " };
        format!("[{}]{separator}{}", names.join(", "), reasons.join("; "))
    }
}

/// What an object lacks; nothing if it is healthy.
fn judge(awaited: &Awaited, seen: Sighting, rules: &HealthRules) -> Option<State> {
    match seen {
        Ok(None) if awaited.vanishes => None,
        Ok(None) => Some(State::Absent),
        Ok(Some(live)) => match rules.health(&live) {
            Ok(Health::Current) => None,
            Ok(health) => Some(State::Unhealthy(health)),
            Err(error) => Some(State::Unknown(error.to_string())),
        },
        Err(Error::UnknownKind { .. }) => Some(State::Absent),
        Err(error) => Some(State::Unknown(error.to_string())),
    }
}
