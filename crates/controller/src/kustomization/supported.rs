//! Fields that are set but that this version does not know how to honour.

use crate::step::StepError;
use inhaul_api::{Kustomization, Reason};

/// Refuses a Kustomization that asks for something that would otherwise be ignored.
///
/// # Errors
/// Names every such field.
pub(super) fn check(object: &Kustomization) -> Result<(), StepError> {
    let fields = unsupported(object);
    if fields.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{}: not supported by this version of inhaul; nothing was applied, so that nothing is \
         ignored silently; remove the field or leave this Kustomization to Flux",
        fields.join(", ")
    );
    Err(StepError::stalled(Reason::UnsupportedField, message))
}

/// The fields that are set and that this version does not know how to honour.
pub fn unsupported(object: &Kustomization) -> Vec<&'static str> {
    let spec = &object.spec;
    let asked = [
        ("spec.postBuild", spec.post_build.is_some()),
        ("spec.decryption", spec.decryption.is_some()),
        ("spec.kubeConfig", spec.kube_config.is_some()),
        ("spec.force", spec.force),
        ("spec.ignore", !spec.ignore.is_empty()),
    ];
    asked.iter().filter(|(_, is_set)| *is_set).map(|(field, _)| *field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kustomization(spec: serde_json::Value) -> Kustomization {
        serde_json::from_value(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "a", "namespace": "b"}, "spec": spec}))
        .unwrap()
    }

    #[test]
    fn what_is_set_and_not_supported_is_refused_by_name() {
        let object = kustomization(json!({"force": true, "postBuild": {}, "interval": "1m",
            "prune": true, "sourceRef": {"kind": "GitRepository", "name": "x"}}));
        let error = check(&object).unwrap_err();
        assert!(error.message.starts_with("spec.postBuild, spec.force: not supported"));
        let plain = kustomization(json!({"interval": "1m", "prune": true, "validation": "client",
            "sourceRef": {"kind": "GitRepository", "name": "x"}}));
        assert!(check(&plain).is_ok());
    }
}
