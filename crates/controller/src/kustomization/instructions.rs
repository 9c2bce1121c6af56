//! A Kustomization's spec as the renderer reads it.

use super::Context;
use super::run::Run;
use crate::host::SystemHost;
use crate::sources::Snapshot;
use crate::step::StepError;
use inhaul_api::{Kustomization, Reason};
use inhaul_render::{
    Charts, CommonMetadata, Image, Instructions, JsonPatch, Owner, Patch, Reason as RenderReason,
    Rendered, Selector,
};
use inhaul_tree::RecordingTree;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Renders the Kustomization from a snapshot of its source, away from the threads that wait for
/// the network. A panic in the renderer ends this render and nothing else.
pub(super) async fn render(
    context: &Context,
    run: &Run,
    snapshot: &Snapshot,
) -> Result<Rendered, StepError> {
    let instructions = configured(context, &run.object);
    let (memos, key, snapshot) = (Arc::clone(&context.memos), run.key.clone(), snapshot.clone());
    // One for each core: a hundred at a time would be no faster, and hold a hundred trees.
    let turn = Arc::clone(&context.renders).acquire_owned().await;
    let rendering = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        if let Some(rendered) = memos.rendered(&key, &instructions, &snapshot) {
            return Ok(Ok(rendered));
        }
        let tree = RecordingTree::new(Arc::clone(&snapshot.tree));
        let rendered =
            catch_unwind(AssertUnwindSafe(|| inhaul_render::render(&tree, &instructions)));
        match &rendered {
            Ok(Ok(complete)) => {
                let seen = tree.into_observations();
                memos.keep(&key, &snapshot, instructions, seen, complete);
            }
            _ => memos.forget(&key),
        }
        rendered
    });
    let failed = |why: &str| StepError::passing(Reason::BuildFailed, why);
    let timeout = run.timeout()?;
    let rendered = tokio::time::timeout(timeout, rendering)
        .await
        .map_err(|_| failed(&format!("rendering took more than {} s", timeout.as_secs())))?
        .map_err(|_| failed("rendering was broken off"))?;
    match rendered {
        Ok(rendered) => rendered.map_err(|error| {
            let reason = match error.reason {
                RenderReason::PathNotFound => Reason::ArtifactFailed,
                RenderReason::Build => Reason::BuildFailed,
            };
            StepError::lasting(reason, error.message)
        }),
        Err(_) => Err(StepError::lasting(
            Reason::BuildFailed,
            "internal error: the renderer panicked; this is a bug of inhaul, please report it",
        )),
    }
}

/// What a Kustomization asks of a render in an operator with these flags.
pub(super) fn configured(context: &Context, object: &Kustomization) -> Instructions {
    let charts = context.settings.helm_charts.then(|| Charts::new(Arc::new(SystemHost)));
    Instructions { charts, ..instructions(object) }
}

/// What a Kustomization asks of a render.
pub fn instructions(object: &Kustomization) -> Instructions {
    let (spec, metadata) = (&object.spec, &object.metadata);
    let owner = Owner {
        name: metadata.name.clone().unwrap_or_default(),
        namespace: metadata.namespace.clone().unwrap_or_default(),
    };
    let common = spec.common_metadata.clone().unwrap_or_default();
    Instructions {
        owner,
        path: spec.path.clone().unwrap_or_default(),
        target_namespace: spec.target_namespace.clone(),
        name_prefix: spec.name_prefix.clone(),
        name_suffix: spec.name_suffix.clone(),
        patches: spec
            .patches
            .iter()
            .map(|p| Patch { patch: p.patch.clone(), target: p.target.as_ref().map(selector) })
            .collect(),
        patches_strategic_merge: spec.patches_strategic_merge.clone(),
        patches_json6902: spec
            .patches_json6902
            .iter()
            .map(|patch| JsonPatch {
                patch: serde_json::to_value(&patch.patch).unwrap_or_default(),
                target: selector(&patch.target),
            })
            .collect(),
        images: spec
            .images
            .iter()
            .map(|image| Image {
                name: image.name.clone(),
                new_name: image.new_name.clone(),
                new_tag: image.new_tag.clone(),
                digest: image.digest.clone(),
            })
            .collect(),
        components: spec.components.clone(),
        ignore_missing_components: spec.ignore_missing_components,
        common_metadata: CommonMetadata { labels: common.labels, annotations: common.annotations },
        build_metadata: spec.build_metadata.clone(),
        charts: None,
    }
}

fn selector(selector: &inhaul_api::Selector) -> Selector {
    Selector {
        group: selector.group.clone(),
        version: selector.version.clone(),
        kind: selector.kind.clone(),
        namespace: selector.namespace.clone(),
        name: selector.name.clone(),
        annotation_selector: selector.annotation_selector.clone(),
        label_selector: selector.label_selector.clone(),
    }
}
