//! A Kustomization's spec as the renderer reads it.

use inhaul_api::{Kustomization, KustomizationSpec};
use inhaul_render::{CommonMetadata, Image, Instructions, JsonPatch, Owner, Patch, Selector};

/// What a Kustomization asks of a render.
///
/// # Errors
/// Names the fields that are set and that would change what is applied, but are not supported.
pub(super) fn instructions(kustomization: &Kustomization) -> Result<Instructions, String> {
    let metadata = &kustomization.metadata;
    let name = metadata.name.clone().unwrap_or_default();
    let namespace = metadata.namespace.clone().unwrap_or_default();
    let spec = &kustomization.spec;
    let unsupported: Vec<_> = [
        ("spec.postBuild", spec.post_build.is_some()),
        ("spec.decryption", spec.decryption.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, set)| set.then_some(field))
    .collect();
    if !unsupported.is_empty() {
        let fields = unsupported.join(", ");
        return Err(format!(
            "Kustomization/{namespace}/{name}: {fields}: not supported by this version of inhaul"
        ));
    }
    Ok(of_spec(spec, Owner { name, namespace }))
}

fn of_spec(spec: &KustomizationSpec, owner: Owner) -> Instructions {
    let common = spec.common_metadata.clone().unwrap_or_default();
    let patch = |patch: &inhaul_api::Patch| Patch {
        patch: patch.patch.clone(),
        target: patch.target.as_ref().map(selector),
    };
    let json_patch = |patch: &inhaul_api::Json6902Patch| JsonPatch {
        patch: serde_json::json!(patch.patch),
        target: selector(&patch.target),
    };
    let image = |image: &inhaul_api::Image| Image {
        name: image.name.clone(),
        new_name: image.new_name.clone(),
        new_tag: image.new_tag.clone(),
        digest: image.digest.clone(),
    };
    Instructions {
        owner,
        path: spec.path.clone().unwrap_or_default(),
        target_namespace: spec.target_namespace.clone(),
        name_prefix: spec.name_prefix.clone(),
        name_suffix: spec.name_suffix.clone(),
        patches: spec.patches.iter().map(patch).collect(),
        patches_strategic_merge: spec.patches_strategic_merge.clone(),
        patches_json6902: spec.patches_json6902.iter().map(json_patch).collect(),
        images: spec.images.iter().map(image).collect(),
        components: spec.components.clone(),
        ignore_missing_components: spec.ignore_missing_components,
        common_metadata: CommonMetadata { labels: common.labels, annotations: common.annotations },
        build_metadata: spec.build_metadata.clone(),
    }
}

fn selector(selector: &inhaul_api::Selector) -> Selector {
    let inhaul_api::Selector {
        group,
        version,
        kind,
        namespace,
        name,
        annotation_selector,
        label_selector,
    } = selector.clone();
    Selector { group, version, kind, namespace, name, annotation_selector, label_selector }
}
