//! The CustomResourceDefinitions, generated from the types.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, CustomResourceDefinition, CustomResourceDefinitionVersion, JSON,
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::json;

use crate::git_repository::GitRepository;
use crate::kustomization::Kustomization;
use crate::receiver::Receiver;

/// The version that objects are stored in.
pub const STORED_VERSION: &str = "v1";

/// The versions that are served, the stored one first.
///
/// All share one schema, since nothing converts between them (`strategy: None`): the API server
/// drops what the schema of the stored version lacks.
pub const SERVED_VERSIONS: [&str; 3] = [STORED_VERSION, "v1beta2", "v1beta1"];

/// The Flux release whose API this is. `flux version` and `flux check` read it from the label
/// `app.kubernetes.io/version` of the GitRepository CRD.
pub const FLUX_VERSION: &str = "v2.9.4";

/// The CRDs of all kinds, ready to be applied, in the order of their names.
pub fn custom_resource_definitions() -> Vec<CustomResourceDefinition> {
    [GitRepository::crd(), Kustomization::crd(), Receiver::crd()].map(finished).into()
}

/// Turns what the derive made into what is installed.
fn finished(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    let annotations = crd.metadata.annotations.get_or_insert_default();
    annotations.insert("kustomize.toolkit.fluxcd.io/substitute".to_owned(), "disabled".to_owned());
    let labels = crd.metadata.labels.get_or_insert_default();
    for (key, value) in [("managed-by", "inhaul"), ("part-of", "flux"), ("version", FLUX_VERSION)] {
        labels.insert(format!("app.kubernetes.io/{key}"), value.to_owned());
    }
    crd.spec.names.list_kind = Some(format!("{}List", crd.spec.names.kind));
    crd.spec.conversion =
        Some(CustomResourceConversion { strategy: "None".to_owned(), webhook: None });
    crd.spec.versions = crd.spec.versions.iter().flat_map(served_versions).collect();
    crd
}

fn served_versions(
    generated: &CustomResourceDefinitionVersion,
) -> impl Iterator<Item = CustomResourceDefinitionVersion> + use<> {
    let mut generated = generated.clone();
    if let Some(root) =
        generated.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut())
    {
        finish_root(root);
    }
    SERVED_VERSIONS.into_iter().map(move |name| CustomResourceDefinitionVersion {
        name: name.to_owned(),
        served: true,
        storage: name == STORED_VERSION,
        ..generated.clone()
    })
}

fn finish_root(root: &mut JSONSchemaProps) {
    plain(root);
    // The API server wants these three of every object; Flux's CRDs name them, and require none.
    root.required = None;
    let properties = root.properties.get_or_insert_default();
    for (name, type_) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
        let schema = JSONSchemaProps { type_: Some(type_.to_owned()), ..Default::default() };
        properties.insert(name.to_owned(), schema);
    }
    if let Some(status) = properties.get_mut("status") {
        // An object that no controller has seen yet shows it: kstatus reads a generation of -1
        // as "in progress", and `flux` waits on it.
        status.default = Some(JSON(json!({ "observedGeneration": -1 })));
    }
}

/// Takes away what schemars adds and Flux's schemas do not have: `nullable` on what may be left
/// out (a field that is null is refused, or given its default, by the API server), and titles.
fn plain(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.title = None;
    for property in schema.properties.iter_mut().flat_map(|properties| properties.values_mut()) {
        plain(property);
    }
    match schema.items.as_mut() {
        Some(JSONSchemaPropsOrArray::Schema(items)) => plain(items),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(plain),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = schema.additional_properties.as_mut() {
        plain(values);
    }
}
