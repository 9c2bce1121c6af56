//! Telling what happened to an object.

use inhaul_api::Reason;
use inhaul_cluster::{Event, Recorder};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

pub use inhaul_cluster::Severity;

/// Annotations of the object with this prefix are passed on with each of its events, as in Flux.
const PASSED_ON: &str = "event.toolkit.fluxcd.io/";

/// The object that something happened to.
pub struct Subject<'a> {
    /// Group and version.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// The object's metadata.
    pub metadata: &'a ObjectMeta,
}

/// Where events go.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// Events told through `recorder`.
    pub fn new(recorder: Recorder) -> Self {
        Self { recorder }
    }

    /// Tells that something happened. It never waits.
    pub fn publish(
        &self,
        subject: &Subject<'_>,
        severity: Severity,
        reason: Reason,
        message: &str,
        mut metadata: BTreeMap<String, String>,
    ) {
        let object = subject.metadata;
        for (key, value) in object.annotations.iter().flatten() {
            if key.starts_with(PASSED_ON) {
                metadata.insert(key.clone(), value.clone());
            }
        }
        self.recorder.publish(Event {
            involved: ObjectReference {
                api_version: Some(subject.api_version.to_owned()),
                kind: Some(subject.kind.to_owned()),
                name: object.name.clone(),
                namespace: object.namespace.clone(),
                uid: object.uid.clone(),
                resource_version: object.resource_version.clone(),
                field_path: None,
            },
            severity,
            reason: reason.as_str().to_owned(),
            message: message.to_owned(),
            metadata,
        });
    }
}
