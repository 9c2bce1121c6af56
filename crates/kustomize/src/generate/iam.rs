//! The generator of service accounts with workload identity.

use inhaul_yaml::Node;
use serde_json::Value;

use crate::decode::PLUGIN;
use crate::error::{Error, Result};
use crate::resource::Resource;

/// Makes what an `IAMPolicyGenerator` describes.
///
/// # Errors
/// Another cloud than `gke`, the only one that the real tool knows.
pub(crate) fn generate(settings: &Value) -> Result<Resource> {
    let mut values = [const { String::new() }; 5];
    let mut pair = |value: &Value, at: &str, names: [(&str, usize); 2]| {
        PLUGIN.fields(value, at, &mut |name, value, at| {
            if let Some((_, place)) = names.iter().find(|(known, _)| *known == name) {
                values[*place] = PLUGIN.text(value, at)?;
            }
            Ok(true)
        })
    };
    let mut cloud = String::new();
    PLUGIN.fields(settings, "IAMPolicyGenerator", &mut |name, value, at| {
        match name {
            "cloud" => cloud = PLUGIN.text(value, at)?,
            "kubernetesservice" => pair(value, at, [("name", 0), ("namespace", 1)])?,
            "serviceaccount" => pair(value, at, [("name", 2), ("projectid", 3)])?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if cloud != "gke" {
        return Err(Error::new(format!("cloud provider {cloud} not supported yet")));
    }
    let [name, namespace, account, project, _] = values;
    let email = format!("{account}@{project}.iam.gserviceaccount.com");
    let annotations =
        Node::mapping(vec![(Node::plain("iam.gke.io/gcp-service-account"), Node::plain(email))]);
    let mut metadata =
        vec![(Node::plain("annotations"), annotations), (Node::plain("name"), Node::plain(name))];
    if !namespace.is_empty() {
        metadata.push((Node::plain("namespace"), Node::plain(namespace)));
    }
    Ok(Resource::new(Node::mapping(vec![
        (Node::plain("apiVersion"), Node::string("v1")),
        (Node::plain("kind"), Node::string("ServiceAccount")),
        (Node::plain("metadata"), Node::mapping(metadata)),
    ])))
}
