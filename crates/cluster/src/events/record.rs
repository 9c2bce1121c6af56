//! Events as objects of core/v1.

use crate::events::{Key, Memory, Published, Severity, root_cause};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event as CoreEvent, EventSource};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const TIMEOUT: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// An object's name may have 253 characters; 17 of them are the time that makes it unlike others.
const MAX_NAME: usize = 253 - 17;

/// Where an Event was written, and how often it was published since.
struct Written {
    name: String,
    count: i32,
}

pub(super) struct Record {
    client: kube::Client,
    instance: String,
    written: Memory<Written>,
}

impl Record {
    pub(super) fn new(client: kube::Client, instance: String) -> Self {
        Self { client, instance, written: Memory::new() }
    }

    /// Writes an event, or counts it where it is the same again.
    pub(super) async fn write(&mut self, published: &Published) -> Result<(), String> {
        let mut pause = FIRST_PAUSE;
        for left in (0..TRIES).rev() {
            match self.once(published).await {
                Ok(()) => break,
                Err(Failure::Passing(_)) if left > 0 => sleep(pause).await,
                Err(Failure::Passing(why) | Failure::Final(why)) => return Err(why),
            }
            pause *= 2;
        }
        Ok(())
    }

    async fn once(&mut self, published: &Published) -> Result<(), Failure> {
        let namespace = published.event.involved.namespace.as_deref();
        // As client-go does for objects without a namespace.
        let namespace = namespace.filter(|n| !n.is_empty()).unwrap_or("default");
        let api: Api<CoreEvent> = Api::namespaced(self.client.clone(), namespace);
        let (key, now) = (published.event.key(), Instant::now());
        if self.count(&api, &key, published.at, now).await? {
            return Ok(());
        }
        let event = core_event(published, namespace, &self.instance);
        let name = event.metadata.name.clone().unwrap_or_default();
        match in_time(api.create(&PostParams::default(), &event)).await {
            // The answer to an earlier try was lost.
            Ok(()) | Err(Outcome::Status(409, _)) => {}
            Err(other) => return Err(other.into()),
        }
        self.written.insert(key, now, Written { name, count: 1 });
        Ok(())
    }

    /// Counts an event that is written already. False if it is not, or not any more.
    async fn count(
        &mut self,
        api: &Api<CoreEvent>,
        key: &Key,
        at: Timestamp,
        now: Instant,
    ) -> Result<bool, Failure> {
        let Some((last, written)) = self.written.get(key, now) else { return Ok(false) };
        let count = written.count.saturating_add(1);
        let patch = Patch::Merge(json!({ "count": count, "lastTimestamp": Time(at) }));
        match in_time(api.patch(&written.name, &PatchParams::default(), &patch)).await {
            Ok(()) => {
                (*last, written.count) = (now, count);
                Ok(true)
            }
            Err(Outcome::Status(404, _)) => {
                self.written.forget(key);
                Ok(false)
            }
            Err(other) => Err(other.into()),
        }
    }
}

enum Failure {
    Passing(String),
    Final(String),
}

enum Outcome {
    Status(u16, String),
    NoAnswer(String),
}

impl From<Outcome> for Failure {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Status(429 | 500.., why) | Outcome::NoAnswer(why) => Self::Passing(why),
            Outcome::Status(_, why) => Self::Final(why),
        }
    }
}

async fn in_time(
    request: impl Future<Output = Result<CoreEvent, kube::Error>>,
) -> Result<(), Outcome> {
    match timeout(TIMEOUT, request).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(kube::Error::Api(status))) => Err(Outcome::Status(status.code, status.message)),
        Ok(Err(error)) => Err(Outcome::NoAnswer(root_cause(&error))),
        Err(_) => Err(Outcome::NoAnswer(format!("no answer in {} s", TIMEOUT.as_secs()))),
    }
}

fn core_event(published: &Published, namespace: &str, instance: &str) -> CoreEvent {
    let event = &published.event;
    let kind = match event.severity {
        Severity::Trace | Severity::Info => "Normal",
        Severity::Error => "Warning",
    };
    let metadata = ObjectMeta {
        name: Some(event_name(event.involved.name.as_deref().unwrap_or_default(), published.at)),
        namespace: Some(namespace.to_owned()),
        annotations: (!event.metadata.is_empty()).then(|| event.metadata.clone()),
        ..ObjectMeta::default()
    };
    CoreEvent {
        metadata,
        involved_object: event.involved.clone(),
        type_: Some(kind.to_owned()),
        reason: Some(event.reason.clone()),
        message: Some(event.message.clone()),
        count: Some(1),
        first_timestamp: Some(Time(published.at)),
        last_timestamp: Some(Time(published.at)),
        source: Some(EventSource { component: Some(published.controller.to_string()), host: None }),
        reporting_component: Some(published.controller.to_string()),
        reporting_instance: Some(instance.to_owned()),
        ..CoreEvent::default()
    }
}

/// The name that client-go gives to the event of an object.
fn event_name(object: &str, at: Timestamp) -> String {
    let object = &object[..object.floor_char_boundary(MAX_NAME)];
    let object = object.trim_end_matches(['.', '-']);
    let nanoseconds = u64::try_from(at.as_nanosecond()).unwrap_or(0);
    format!("{object}.{nanoseconds:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_of_an_object_gives_a_valid_name_of_an_event() {
        let at = Timestamp::from_second(1_700_000_000).expect("a time");
        assert_eq!(event_name("web", at), "web.17979cfe362a0000");
        let long = format!("{}.{}", "a".repeat(MAX_NAME - 1), "b".repeat(17));
        let name = event_name(&long, at);
        assert!(name.len() < 253 && !name.contains(".."), "{name}");
    }
}
