//! Fields that are set but that this version does not know how to honour.

use crate::step::StepError;
use inhaul_api::{GitProvider, GitRepository, Reason};

/// Refuses a GitRepository that asks for something that would otherwise be ignored.
///
/// # Errors
/// Names every such field.
pub(super) fn check(object: &GitRepository) -> Result<(), StepError> {
    let spec = &object.spec;
    let provider = spec.provider();
    let provider =
        provider.map_err(|error| StepError::stalled(Reason::InvalidField, error.to_string()))?;
    let asked = [
        ("spec.serviceAccountName", spec.service_account_name.is_some()),
        ("spec.provider", matches!(provider, GitProvider::Aws | GitProvider::Azure)),
    ];
    let fields: Vec<&str> =
        asked.iter().filter(|(_, is_set)| *is_set).map(|(field, _)| *field).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{}: not supported by this version of inhaul; nothing was fetched, so that nothing is \
         ignored silently; remove the field or leave this GitRepository to Flux",
        fields.join(", ")
    );
    Err(StepError::stalled(Reason::UnsupportedField, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn repository(spec: serde_json::Value) -> GitRepository {
        serde_json::from_value(json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "a", "namespace": "b"}, "spec": spec}))
        .unwrap()
    }

    #[test]
    fn what_is_set_and_not_supported_is_refused_by_name() {
        let plain = json!({"url": "https://x/y.git", "interval": "1m", "ref": {"tag": "v1"}});
        assert!(check(&repository(plain)).is_ok());
        let asking = json!({"url": "ssh://git@x/y.git", "interval": "1m",
            "serviceAccountName": "x", "provider": "aws"});
        let error = check(&repository(asking)).unwrap_err();
        let expected = "spec.serviceAccountName, spec.provider: not supp";
        assert!(error.message.starts_with(expected), "{error}");
    }
}
