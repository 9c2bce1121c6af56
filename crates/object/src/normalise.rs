//! The form in which an object is sent to the API server.

use crate::Object;
use crate::value::{at, map_at, string_at};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What the API server alone writes. Flux sends it along and is refused, so a manifest that was
/// exported from a cluster fails; without it the manifest says the same.
const SERVER_FIELDS: [&str; 8] = [
    "managedFields",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// Puts an object into the form that Flux applies: `stringData` of a Secret folded into `data`,
/// `protocol: TCP` where a port of a Service or of a container has none (a list key of
/// server-side apply, without which the API server cannot merge), no `status` but on a
/// CustomResourceDefinition, no metadata that only the API server writes, no CA bundle of a
/// conversion webhook that is not a certificate. Roles and ClusterRoles are left alone.
///
/// Unlike Flux, fields that a built-in kind does not have are kept, and the API server names them.
pub fn normalise(object: &mut Object) {
    if object.api_version() == "rbac.authorization.k8s.io/v1"
        && matches!(object.kind(), "Role" | "ClusterRole")
    {
        return;
    }
    let definition = object.group() == "apiextensions.k8s.io"
        && object.kind().eq_ignore_ascii_case("CustomResourceDefinition");
    let (api_version, kind) = (object.api_version().to_owned(), object.kind().to_owned());
    let value = object.json_mut();
    if let Some(metadata) = map_at(value, &["metadata"]) {
        for field in SERVER_FIELDS {
            metadata.remove(field);
        }
    }
    match (api_version.as_str(), kind.as_str()) {
        ("v1", "Service") => name_protocol(value, &["spec"], "ports"),
        ("v1", "Secret") => fold_string_data(value),
        _ if definition => drop_invalid_bundle(value),
        _ => {
            if let Some(path) = pod_spec(&api_version, &kind) {
                name_container_protocols(value, path);
            }
        }
    }
    if !definition && let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
}

fn pod_spec(api_version: &str, kind: &str) -> Option<&'static [&'static str]> {
    match (api_version, kind) {
        ("v1", "Pod") => Some(&["spec"]),
        ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch/v1", "Job") => Some(&["spec", "template", "spec"]),
        ("batch/v1", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

fn name_container_protocols(value: &mut Value, path: &[&str]) {
    let Some(containers) = map_at(value, path).and_then(|spec| spec.get_mut("containers")) else {
        return;
    };
    for container in containers.as_array_mut().into_iter().flatten() {
        name_protocol(container, &[], "ports");
    }
}

fn name_protocol(value: &mut Value, path: &[&str], ports: &str) {
    let Some(ports) = map_at(value, path).and_then(|map| map.get_mut(ports)) else { return };
    for port in ports.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        let named = port
            .get("protocol")
            .is_some_and(|protocol| !protocol.is_null() && protocol.as_str() != Some(""));
        if !named {
            port.insert("protocol".to_owned(), Value::from("TCP"));
        }
    }
}

/// Leaves the Secret as it is where a value has the wrong type: the API server says so, and its
/// error is masked.
fn fold_string_data(value: &mut Value) {
    let Some(Value::Object(texts)) = value.get("stringData") else {
        if value.get("stringData").is_some_and(Value::is_null)
            && let Some(fields) = value.as_object_mut()
        {
            fields.remove("stringData");
        }
        return;
    };
    let encoded: Option<Vec<(String, Value)>> = texts
        .iter()
        .map(|(key, text)| Some((key.clone(), Value::from(STANDARD.encode(text.as_str()?)))))
        .collect();
    let data_is_map = value.get("data").is_none_or(|data| data.is_object() || data.is_null());
    let (Some(encoded), true) = (encoded, data_is_map) else { return };
    let Some(fields) = value.as_object_mut() else { return };
    fields.remove("stringData");
    if encoded.is_empty() {
        return;
    }
    let data = fields.entry("data").or_insert(Value::Null);
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    if let Some(data) = data.as_object_mut() {
        data.extend(encoded);
    }
}

/// Placeholders such as cert-manager's are refused by API servers since 1.31.
fn drop_invalid_bundle(value: &mut Value) {
    const CLIENT: [&str; 4] = ["spec", "conversion", "webhook", "clientConfig"];
    let Some(bundle) = at(value, &CLIENT).and_then(|client| string_at(client, &["caBundle"]))
    else {
        return;
    };
    if bundle.is_empty() || is_certificate_bundle(bundle) {
        return;
    }
    if let Some(client) = map_at(value, &CLIENT) {
        client.remove("caBundle");
    }
}

/// Whether a bundle holds a PEM certificate; the certificate itself is not parsed.
fn is_certificate_bundle(bundle: &str) -> bool {
    let decoded = STANDARD.decode(bundle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.is_some_and(|text| {
        text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::list_at;
    use serde_json::json;

    fn normalised(value: Value) -> Value {
        let mut object = Object::from_json(value).unwrap();
        normalise(&mut object);
        object.into_json()
    }

    fn with(api_version: &str, kind: &str, more: Value) -> Value {
        let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
        for (key, field) in more.as_object().unwrap() {
            value[key] = field.clone();
        }
        value
    }

    #[test]
    fn string_data_is_folded_into_data() {
        let cases = [
            (json!({"stringData": {"a": "1"}}), json!({"data": {"a": "MQ=="}})),
            (
                json!({"data": {"a": "Mg==", "b": "Mg=="}, "stringData": {"a": "1"}}),
                json!({"data": {"a": "MQ==", "b": "Mg=="}}),
            ),
            (json!({"data": null, "stringData": {"a": ""}}), json!({"data": {"a": ""}})),
            (json!({"stringData": {}}), json!({})),
            (json!({"stringData": null}), json!({})),
            (json!({"stringData": {"a": 0}}), json!({"stringData": {"a": 0}})),
            (
                json!({"data": "x", "stringData": {"a": "1"}}),
                json!({"data": "x", "stringData": {"a": "1"}}),
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(normalised(with("v1", "Secret", given)), with("v1", "Secret", expected));
        }
    }

    #[test]
    fn ports_without_a_protocol_get_tcp() {
        let given = with(
            "v1",
            "Service",
            json!({"spec": {"ports": [
            {"port": 80}, {"port": 53, "protocol": "UDP"}, {"port": 1, "protocol": ""}]}}),
        );
        let service = normalised(given);
        let protocols: Vec<&Value> =
            list_at(&service, &["spec", "ports"]).iter().map(|port| &port["protocol"]).collect();
        assert_eq!(protocols, ["TCP", "UDP", "TCP"]);
        let pod = json!({"containers": [{"name": "a", "ports": [{"containerPort": 80}]}],
            "initContainers": [{"name": "i", "ports": [{"containerPort": 80}]}]});
        let template = json!({"template": {"spec": pod}});
        for (api_version, kind, spec, pointer) in [
            ("v1", "Pod", pod.clone(), "/spec"),
            ("apps/v1", "Deployment", template.clone(), "/spec/template/spec"),
            (
                "batch/v1",
                "CronJob",
                json!({"jobTemplate": {"spec": template}}),
                "/spec/jobTemplate/spec/template/spec",
            ),
        ] {
            let value = normalised(with(api_version, kind, json!({"spec": spec})));
            let pod = value.pointer(pointer).unwrap();
            assert_eq!(pod["containers"][0]["ports"][0]["protocol"], "TCP", "{kind}");
            assert_eq!(pod["initContainers"][0]["ports"][0].get("protocol"), None, "{kind}");
        }
        let custom = with("example.com/v1", "Service", json!({"spec": {"ports": [{"port": 80}]}}));
        assert_eq!(normalised(custom.clone()), custom);
    }

    #[test]
    fn what_the_server_writes_is_dropped() {
        let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "status": {"a": 1},
            "metadata": {"name": "x", "uid": "u", "resourceVersion": "1", "generation": 1,
                "creationTimestamp": null, "managedFields": [{}], "selfLink": "/x",
                "finalizers": ["f"]}});
        assert_eq!(
            normalised(live),
            json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "x", "finalizers": ["f"]}})
        );
    }

    #[test]
    fn definitions_keep_their_status_and_lose_a_bundle_that_is_none() {
        let definition = |bundle: &str| {
            with(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                json!({
                "status": {"a": 1}, "spec": {"conversion": {"webhook": {"clientConfig":
                    {"caBundle": bundle}}}}}),
            )
        };
        let pem = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
        let good = definition(&STANDARD.encode(pem));
        assert_eq!(normalised(good.clone()), good);
        for bundle in ["Cg==", "not base64!", "XG4="] {
            let value = normalised(definition(bundle));
            let client = value.pointer("/spec/conversion/webhook/clientConfig").unwrap();
            assert_eq!(client, &json!({}), "{bundle}");
            assert_eq!(value["status"], json!({"a": 1}));
        }
    }

    #[test]
    fn roles_are_left_alone() {
        let role = with("rbac.authorization.k8s.io/v1", "Role", json!({"status": {}, "rules": []}));
        assert_eq!(normalised(role.clone()), role);
    }
}
