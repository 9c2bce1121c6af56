//! Plans of real renders.

#![expect(clippy::unwrap_used, reason = "a test's helper fails the test")]

use inhaul_object::GroupVersionKind;
use inhaul_plan::{Inventory, Options, Plan, PlanError, Scope, plan, rendered_scopes};
use inhaul_render::{Instructions, Owner, Rendered, render};
use inhaul_tree::MemoryTree;
use std::collections::HashMap;

fn rendered(manifests: &str) -> Rendered {
    let tree = MemoryTree::builder().file("all.yaml", manifests.to_owned()).build().unwrap();
    let owner = Owner { name: "app".into(), namespace: "team".into() };
    render(&tree, &Instructions { owner, ..Instructions::default() }).unwrap()
}

fn gvk(group: &str, version: &str, kind: &str) -> GroupVersionKind {
    GroupVersionKind { group: group.into(), version: version.into(), kind: kind.into() }
}

fn served() -> HashMap<GroupVersionKind, Scope> {
    HashMap::from([
        (gvk("", "v1", "ConfigMap"), Scope::Namespaced),
        (gvk("", "v1", "Namespace"), Scope::Cluster),
        (gvk("apps", "v1", "Deployment"), Scope::Namespaced),
        (gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), Scope::Cluster),
    ])
}

fn planned(manifests: &str, before: &[(&str, &str)]) -> Result<Plan, PlanError> {
    let rendered = rendered(manifests);
    let mut scopes = served();
    scopes.extend(rendered_scopes(&rendered));
    let before = Inventory::from_entries(before.iter().copied());
    plan(rendered, &before, &scopes, &Options::default())
}

fn ids(stage: &[inhaul_plan::PlannedObject]) -> Vec<String> {
    stage.iter().map(|planned| planned.object.id().to_string()).collect()
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: x}\n";

#[test]
fn definitions_and_namespaces_come_before_what_needs_them() {
    let manifests = "\
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: x}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: x}
---
apiVersion: v1
kind: Namespace
metadata: {name: x}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions: [{name: v1, served: true, storage: true}]
";
    let plan = planned(manifests, &[]).unwrap();
    let stages: Vec<_> = plan.stages.iter().map(|stage| ids(stage)).collect();
    assert_eq!(
        stages,
        [
            vec!["CustomResourceDefinition/widgets.example.com", "Namespace/x"],
            vec!["ConfigMap/x/a", "Widget/x/w"],
        ]
    );
    assert_eq!(plan.len(), 4);
}

#[test]
fn what_left_the_source_is_stale_and_stays_in_the_inventory_that_is_stored_ahead() {
    let before = [("x_a__ConfigMap", "v1"), ("x_old__ConfigMap", "v1"), ("_x__Namespace", "v1")];
    let plan = planned(CONFIG_MAP, &before).unwrap();
    let stale: Vec<String> = plan.stale.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(stale, ["ConfigMap/x/old", "Namespace/x"], "the reverse of the order of applying");
    assert_eq!(plan.ahead.len(), 3);
    assert_eq!(plan.wanted.len(), 1);
}

#[test]
fn an_unreadable_id_is_carried_along() {
    let plan = planned(CONFIG_MAP, &[("nonsense", "v1")]).unwrap();
    assert!(plan.stale.is_empty());
    assert_eq!(plan.wanted.unreadable().collect::<Vec<_>>(), ["nonsense"]);
}

#[test]
fn there_is_no_plan_for_objects_that_cannot_be_placed() {
    let unknown = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n";
    let error = planned(unknown, &[]).unwrap_err().to_string();
    assert!(error.starts_with("Widget/w (all.yaml): no matches for kind \"Widget\""), "{error}");
    let homeless = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let error = planned(homeless, &[]).unwrap_err().to_string();
    assert!(error.contains("ConfigMap/a (all.yaml): namespace not specified"), "{error}");
}

#[test]
fn a_cluster_scoped_object_loses_the_namespace_that_somebody_gave_it() {
    let manifests = "apiVersion: v1\nkind: Namespace\nmetadata: {name: x, namespace: y}\n";
    let plan = planned(manifests, &[]).unwrap();
    assert_eq!(ids(&plan.stages[0]), ["Namespace/x"]);
    assert_eq!(plan.wanted.to_entries()[0].id, "_x__Namespace");
}

#[test]
fn an_inventory_that_no_status_could_hold_is_refused_before_anything_is_applied() {
    let name = "n".repeat(200);
    let manifests: Vec<String> = (0..6000)
        .map(|n| {
            let name = format!("{name}{n}");
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: x}}\n")
        })
        .collect();
    let error = planned(&manifests.join("---\n"), &[]).unwrap_err();
    assert!(matches!(error, PlanError::TooLarge { objects: 6000, .. }), "{error}");
}
