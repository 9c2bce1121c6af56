//! What a genuine call leads to: an annotation.

use crate::metrics::Metrics;
use inhaul_cluster::Attention;
use inhaul_notify::{Requests, Target};
use inhaul_object::GroupVersionKind;
use serde_json::Value;
use std::sync::Arc;

/// The API versions of Flux 2.9, for resources that name none.
const API_VERSIONS: &[(&str, &str)] = &[
    ("ArtifactGenerator", "source.extensions.fluxcd.io/v1beta1"),
    ("Bucket", "source.toolkit.fluxcd.io/v1"),
    ("ExternalArtifact", "source.toolkit.fluxcd.io/v1"),
    ("GitRepository", "source.toolkit.fluxcd.io/v1"),
    ("HelmChart", "source.toolkit.fluxcd.io/v1"),
    ("HelmRelease", "helm.toolkit.fluxcd.io/v2"),
    ("HelmRepository", "source.toolkit.fluxcd.io/v1"),
    ("ImagePolicy", "image.toolkit.fluxcd.io/v1"),
    ("ImageRepository", "image.toolkit.fluxcd.io/v1"),
    ("ImageUpdateAutomation", "image.toolkit.fluxcd.io/v1"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io/v1"),
    ("OCIRepository", "source.toolkit.fluxcd.io/v1"),
];

/// Asks by Flux's annotation, and counts the answers to calls.
pub struct Annotations {
    attention: Attention,
    metrics: Arc<Metrics>,
}

impl Annotations {
    /// Asks through `attention`.
    pub fn new(attention: Attention, metrics: Arc<Metrics>) -> Self {
        Self { attention, metrics }
    }
}

fn gvk(target: &Target) -> Result<GroupVersionKind, String> {
    let api_version = if target.api_version.is_empty() {
        let known = API_VERSIONS.iter().find(|(kind, _)| *kind == target.kind);
        known.ok_or_else(|| format!("apiVersion must be specified for kind '{}'", target.kind))?.1
    } else {
        target.api_version.as_str()
    };
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    if !group.ends_with(".fluxcd.io") {
        return Err(format!("{}: {api_version} is no API of Flux's", target.kind));
    }
    Ok(GroupVersionKind {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: target.kind.clone(),
    })
}

impl Requests for Annotations {
    async fn metadata(&self, target: &Target) -> Result<Value, String> {
        let read = self.attention.metadata(&gvk(target)?, &target.namespace, &target.name).await;
        read.map_err(|error| {
            format!(
                "unable to read {} '{}/{}': {error}",
                target.kind, target.namespace, target.name
            )
        })
    }

    async fn labelled(
        &self,
        template: &Target,
        labels: &[(String, String)],
    ) -> Result<Vec<(Target, Value)>, String> {
        let found = self.attention.labelled(&gvk(template)?, &template.namespace, labels).await;
        let found = found.map_err(|error| {
            format!("unable to list {} in '{}': {error}", template.kind, template.namespace)
        })?;
        if found.is_empty() {
            tracing::error!(
                kind = template.kind,
                namespace = template.namespace,
                "no resources have the labels of matchLabels"
            );
        }
        let named = |metadata: Value| {
            let name = metadata["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            (Target { name, ..template.clone() }, metadata)
        };
        Ok(found.into_iter().map(named).collect())
    }

    async fn request(&self, target: &Target) -> Result<(), String> {
        let Target { kind, namespace, name, .. } = target;
        let asked = self.attention.request(&gvk(target)?, namespace, name).await;
        asked
            .map_err(|error| format!("unable to annotate {kind} '{namespace}/{name}': {error}"))?;
        tracing::info!("resource '{kind}/{name}.{namespace}' annotated");
        Ok(())
    }

    fn answered(&self, status: u16) {
        self.metrics.called(status);
    }
}
