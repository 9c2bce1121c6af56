//! ServiceAccounts with rights in one namespace.

use serde_json::{Value, json};

use super::space::Space;

/// A ServiceAccount in the test's namespace, and a Role of the same name that gives it these rights.
pub(crate) async fn service_account(space: &Space, name: &str, rules: Value) {
    let group = "rbac.authorization.k8s.io";
    let metadata = json!({"name": name, "namespace": space.namespace});
    let objects = [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": format!("{group}/v1"), "kind": "Role", "metadata": metadata, "rules": rules}),
        json!({
            "apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": space.namespace}],
        }),
    ];
    for object in &objects {
        space.cluster.create(object).await;
    }
}
