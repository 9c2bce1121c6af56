//! Who a reconcile is: one identity for everything that it asks of a cluster.

use crate::settings::Settings;
use crate::step::StepError;
use inhaul_api::{Kustomization, Reason};
use inhaul_cluster::{Identity, User};

/// The identity that the Kustomization asks for, or that the flags say.
///
/// # Errors
/// Where no ServiceAccount can have the name: the operator's own rights are never used instead.
pub(super) fn identity(
    object: &Kustomization,
    namespace: &str,
    settings: &Settings,
) -> Result<Identity, StepError> {
    let invalid = |message: String| StepError::stalled(Reason::InvalidField, message);
    let named = object.spec.service_account(namespace).map_err(|e| invalid(e.to_string()))?;
    let (field, name) = match (named, &settings.default_service_account) {
        (Some(name), _) => ("spec.serviceAccountName", name),
        (None, Some(name)) => ("--default-service-account", name.as_str()),
        (None, None) => return Ok(Identity::Own),
    };
    let user = User::of_service_account(namespace, name);
    user.map(Identity::As).map_err(|error| invalid(format!("{field}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whose(spec: serde_json::Value, default: Option<&str>) -> Result<String, StepError> {
        let object: Kustomization = serde_json::from_value(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "a", "namespace": "apps"}, "spec": spec}))
        .unwrap();
        let mut settings = Settings::plain();
        settings.default_service_account = default.map(str::to_owned);
        identity(&object, "apps", &settings).map(|identity| identity.to_string())
    }

    #[test]
    fn the_service_account_that_is_named_goes_before_the_default() {
        let named = json!({"serviceAccountName": "deployer"});
        let deployer = "system:serviceaccount:apps:deployer";
        assert_eq!(whose(named.clone(), None).unwrap(), deployer);
        assert_eq!(whose(named, Some("default")).unwrap(), deployer);
        let default = "system:serviceaccount:apps:default";
        assert_eq!(whose(json!({}), Some("default")).unwrap(), default);
        assert_eq!(whose(json!({"serviceAccountName": ""}), Some("default")).unwrap(), default);
        assert_eq!(whose(json!({}), None).unwrap(), "its own user");
    }

    #[test]
    fn a_name_that_names_nobody_is_refused_and_never_the_operator() {
        for (spec, default, field) in [
            (json!({"serviceAccountName": "a:b"}), None, "spec.serviceAccountName"),
            (json!({"serviceAccountName": " "}), Some("default"), "spec.serviceAccountName"),
            (json!({}), Some("No Name"), "--default-service-account"),
            (json!({"serviceAccount": {"name": "x", "namespace": "other"}}), None, "namespace"),
            (json!({"serviceAccount": {"name": "", "namespace": ""}}), None, "a name is required"),
        ] {
            let error = whose(spec, default).unwrap_err();
            assert_eq!(error.reason, Reason::InvalidField);
            assert!(error.message.contains(field), "{error}");
        }
    }
}
