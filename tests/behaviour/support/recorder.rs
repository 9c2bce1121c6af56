//! Every version of a namespace's Kustomizations that the API server showed, held against the rules of status.rs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use kube::ResourceExt;
use kube::runtime::watcher::{self, Event};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use super::status::broken_rules;

pub(crate) struct Recorder {
    record: Arc<Mutex<Record>>,
    watch: JoinHandle<()>,
}

#[derive(Default)]
struct Record {
    latest: BTreeMap<String, Value>,
    broken: Vec<String>,
}

impl Recorder {
    pub(crate) fn start(cluster: &Cluster, namespace: &str) -> Self {
        let record = Arc::<Mutex<Record>>::default();
        let api = cluster.api("Kustomization", namespace);
        let shared = Arc::clone(&record);
        let watch = tokio::spawn(async move {
            let mut events = watcher::watcher(api, watcher::Config::default()).boxed();
            while let Some(event) = events.next().await {
                if let Ok(Event::Apply(object) | Event::InitApply(object)) = event {
                    let name = object.name_any();
                    let version = serde_json::to_value(object).expect("an object is JSON");
                    shared.lock().expect("no holder panics").add(name, version);
                }
            }
        });
        Self { record, watch }
    }

    /// The rules that were broken, each with the object and the status that broke it.
    pub(crate) fn broken_rules(&self) -> Vec<String> {
        self.record.lock().expect("no holder panics").broken.clone()
    }

    /// The last status of each Kustomization, for a person who reads why a test failed.
    pub(crate) fn summary(&self) -> String {
        let record = self.record.lock().expect("no holder panics");
        let line = |(name, version): (&String, &Value)| {
            format!("Kustomization {name}: {}\n", version["status"])
        };
        record.latest.iter().map(line).collect()
    }
}

impl Record {
    fn add(&mut self, name: String, version: Value) {
        let broken = broken_rules(self.latest.get(&name), &version);
        self.broken.extend(broken.into_iter().map(|rule| format!("Kustomization {name}: {rule}")));
        self.latest.insert(name, version);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.watch.abort();
    }
}
