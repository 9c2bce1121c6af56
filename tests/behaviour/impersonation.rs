//! Whose rights a Kustomization has: those of a ServiceAccount, if it names one or the flags do.

use serde_json::{Value, json};

use crate::support::{Space, behaviour, config_map, in_namespace, remove, service_account, write};

/// What an administrator of one namespace may do with ConfigMaps and Secrets.
pub(crate) fn all_of(resources: &[&str]) -> Value {
    json!([{"apiGroups": [""], "resources": resources, "verbs": ["*"]}])
}

/// Everything that was asked for under the operator's own name, but that a tenant's reconcile asks for as the tenant:
/// all but our own kinds, and the index, which lists and watches metadata of what carries an owner's label.
fn asked_as_operator(space: &Space) -> Vec<String> {
    let requests = space.requests().into_iter().filter(|request| {
        let own = ["kustomizations", "gitrepositories", "events", "leases", "serviceaccounts"];
        let index = matches!(request.verb.as_str(), "list" | "watch")
            && request.uri.contains("labelSelector=kustomize.toolkit.fluxcd.io");
        request.impersonated.is_empty() && !own.contains(&request.resource.as_str()) && !index
    });
    requests.map(|request| format!("{request:?}")).collect()
}

#[test]
fn s17_a_tenants_reconcile_is_seen_under_the_tenants_name_only() {
    behaviour("tenant").run(async |space| {
        service_account(space, "deployer", all_of(&["configmaps"])).await;
        let files = [write("a.yaml", config_map("a", "1")), write("b.yaml", config_map("b", "1"))];
        let spec = json!({"serviceAccountName": "deployer", "wait": true});
        let app = space.app(&files, spec).await;
        let revision =
            app.commit("less", &[write("a.yaml", config_map("a", "2")), remove("b.yaml")]);
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "b").await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "drifted"}})).await;
        space.shows("ConfigMap", "a", "/data/key", "2").await;
        space.delete("Kustomization", "app").await;
        space.gone("Kustomization", "app").await;
        space.gone("ConfigMap", "a").await;
        let tenant = format!("system:serviceaccount:{}:deployer", space.namespace);
        let as_tenant = space.requests().into_iter().filter(|r| r.impersonated == tenant);
        let verbs: Vec<String> = as_tenant.map(|request| request.verb).collect();
        for verb in ["get", "patch", "delete"] {
            assert!(verbs.iter().any(|seen| seen == verb), "{verb} as {tenant}: {verbs:?}");
        }
        let own = asked_as_operator(space);
        assert!(own.is_empty(), "asked as the operator: {own:#?}");
    });
}

#[test]
fn s17_a_tenant_without_rights_applies_and_prunes_nothing() {
    behaviour("tenant-powerless").run(async |space| {
        service_account(space, "deployer", json!([])).await;
        let repository = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &repository, json!({})).await;
        space.kustomization("app", json!({"serviceAccountName": "deployer"})).await;
        let user = format!("system:serviceaccount:{}:deployer", space.namespace);
        let named = [&format!("ConfigMap/{}/a", space.namespace), "Forbidden", &user];
        let fragments: Vec<&str> = named.iter().map(AsRef::as_ref).collect();
        space.refused("Kustomization", "app", "ReconciliationFailed", &fragments).await;
        assert!(space.get("ConfigMap", "a").await.is_none());
        let own = asked_as_operator(space);
        assert!(own.is_empty(), "asked as the operator: {own:#?}");
        // The rights are what was missing.
        space.edit("Role", "deployer", json!({"rules": all_of(&["configmaps"])})).await;
        space.reconcile("Kustomization", "app").await;
        space.synced("app", &repository.revision()).await;
        // Without them again, nothing is deleted, and nothing is forgotten.
        space.edit("Role", "deployer", json!({"rules": []})).await;
        repository.commit("b for a", &[write("b.yaml", config_map("b", "1")), remove("a.yaml")]);
        space.refused("Kustomization", "app", "ReconciliationFailed", &["Forbidden"]).await;
        space.find("ConfigMap", "a").await;
        assert_eq!(space.inventory("app").await.len(), 1, "what was never tried is not ours");
        space.nothing_deleted();
    });
}

#[test]
fn a_service_account_that_does_not_exist_has_no_rights() {
    behaviour("tenant-absent").run(async |space| {
        let repository = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &repository, json!({})).await;
        space.kustomization("app", json!({"serviceAccountName": "nobody"})).await;
        let user = format!("system:serviceaccount:{}:nobody", space.namespace);
        space.refused("Kustomization", "app", "ReconciliationFailed", &["Forbidden", &user]).await;
        assert!(space.get("ConfigMap", "a").await.is_none());
        service_account(space, "nobody", all_of(&["configmaps"])).await;
        space.reconcile("Kustomization", "app").await;
        space.synced("app", &repository.revision()).await;
    });
}

#[test]
fn the_default_service_account_is_for_those_that_name_none() {
    behaviour("tenant-default").flags(&["--default-service-account=default"]).run(async |space| {
        service_account(space, "deployer", all_of(&["configmaps"])).await;
        let files = [write("a.yaml", config_map("a", "1"))];
        let repository = space.repository("app", &files);
        space.git_repository("app", &repository, json!({})).await;
        space.kustomization("app", json!({})).await;
        let user = format!("system:serviceaccount:{}:default", space.namespace);
        space.refused("Kustomization", "app", "ReconciliationFailed", &["Forbidden", &user]).await;
        let spec = json!({"spec": {"serviceAccountName": "deployer"}});
        space.edit("Kustomization", "app", spec).await;
        space.synced("app", &repository.revision()).await;
    });
}

#[test]
fn a_name_that_names_nobody_is_refused() {
    behaviour("tenant-nobody").run(async |space| {
        let repository = space.repository("app", &[write("a.yaml", config_map("a", "1"))]);
        space.git_repository("app", &repository, json!({})).await;
        space.kustomization("app", json!({"serviceAccountName": "a:system:masters"})).await;
        let named = ["spec.serviceAccountName", "a:system:masters"];
        space.refused("Kustomization", "app", "InvalidField", &named).await;
        assert!(space.get("ConfigMap", "a").await.is_none());
    });
}

/// Objects that would raise the rights of a tenant's ServiceAccount, with their kinds.
fn attacks(namespace: &str) -> [(&'static str, String); 5] {
    let group = "rbac.authorization.k8s.io";
    let head = |kind: &str, metadata: &str| {
        format!("apiVersion: {group}/v1\nkind: {kind}\nmetadata:\n  name: root\n{metadata}")
    };
    let inside = format!("  namespace: {namespace}\n");
    let root = format!(
        "roleRef:\n  apiGroup: {group}\n  kind: ClusterRole\n  name: cluster-admin\nsubjects:\n- \
         kind: ServiceAccount\n  name: deployer\n  namespace: {namespace}\n"
    );
    [
        ("RoleBinding", head("RoleBinding", &inside) + &root),
        ("ClusterRoleBinding", head("ClusterRoleBinding", "") + &root),
        (
            "Role",
            format!(
                "{}rules:\n- apiGroups: ['*']\n  resources: ['*']\n  verbs: ['*']\n",
                head("Role", &inside)
            ),
        ),
        (
            "Namespace",
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n  \
            labels:\n    pod-security.kubernetes.io/enforce: privileged\n"
            ),
        ),
        (
            "Secret",
            in_namespace(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\n  \
            annotations:\n    kubernetes.io/service-account.name: inhaul\ntype: \
            kubernetes.io/service-account-token\n",
                "flux-system",
            ),
        ),
    ]
}

/// S19: what a tenant may not do, inhaul does not do for it.
#[test]
fn s19_a_tenant_cannot_raise_its_rights_through_us() {
    behaviour("tenant-escalates").run(async |space| {
        let rules = json!([
            {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["*"]},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"],
             "verbs": ["get", "create", "patch", "delete"]},
        ]);
        service_account(space, "deployer", rules).await;
        let namespace = space.namespace.clone();
        let harmless = in_namespace(&config_map("a", "1"), &namespace);
        let repository = space.repository("app", &[write("a.yaml", harmless)]);
        space.git_repository("app", &repository, json!({})).await;
        // Nothing moves the objects into the tenant's own namespace.
        let spec = json!({"serviceAccountName": "deployer", "targetNamespace": null});
        space.kustomization("app", spec).await;
        space.synced("app", &repository.revision()).await;
        for (kind, manifest) in attacks(&namespace) {
            repository.commit(kind, &[write("attack.yaml", manifest)]);
            let named = [&format!("{kind}/"), "Forbidden"];
            let fragments: Vec<&str> = named.iter().map(AsRef::as_ref).collect();
            space.refused("Kustomization", "app", "ReconciliationFailed", &fragments).await;
        }
        let revision = repository.commit("peace", &[remove("attack.yaml")]);
        space.synced("app", &revision).await;
        assert_eq!(space.inventory("app").await.len(), 1, "what was refused left nothing behind");
        let tenant = format!("system:serviceaccount:{namespace}:deployer");
        let writes =
            space.requests().into_iter().filter(|r| r.writes() && r.impersonated == tenant);
        let beside: Vec<String> =
            writes.filter(|r| r.resource != "configmaps").map(|r| format!("{r:?}")).collect();
        assert!(beside.is_empty(), "written: {beside:?}");
    });
}
