//! How objects are read: old ones, hostile ones, and ones of other versions.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use inhaul_api::{
    CheckoutTarget, DeletionPolicy, GitProvider, GitReference, GitRepository, Kustomization,
    LEGACY_FIELDS, LegacyHandling, SourceKind, SubstituteStrategy, VerificationMode,
    legacy_fields_set,
};
use kube::core::DeserializeGuard;
use serde_json::{Value, json};

fn repository(spec: Value) -> GitRepository {
    serde_json::from_value(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "name": "web", "namespace": "apps" },
        "spec": spec,
    }))
    .unwrap()
}

fn kustomization(spec: Value) -> Kustomization {
    serde_json::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": { "name": "web", "namespace": "apps" },
        "spec": spec,
    }))
    .unwrap()
}

#[test]
fn objects_of_v1beta1_are_read() {
    let source: GitRepository = serde_json::from_value(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1beta1",
        "kind": "GitRepository",
        "metadata": { "name": "web", "namespace": "flux-system" },
        "spec": {
            "interval": "1m0s",
            "gitImplementation": "libgit2",
            "ref": { "branch": "master" },
            "url": "https://git.example.com/web",
        },
        "status": {
            "url": "http://source/latest.tar.gz",
            "artifact": {
                "path": "a", "url": "b", "checksum": "c",
                "lastUpdateTime": "2021-02-03T04:05:06Z",
            },
        },
    }))
    .unwrap();
    assert_eq!(source.spec.interval(), Ok(Duration::from_secs(60)));
    assert_eq!(source.spec.checkout_target(), CheckoutTarget::Branch("master"));
    let artifact = source.status.unwrap().artifact.unwrap();
    assert_eq!((artifact.checksum.as_deref(), artifact.digest.as_str()), (Some("c"), ""));

    let applied: Kustomization = serde_json::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1beta1",
        "kind": "Kustomization",
        "metadata": { "name": "web", "namespace": "flux-system" },
        "spec": {
            "interval": "10m0s",
            "path": "./4-gitops/manifests",
            "prune": true,
            "sourceRef": { "kind": "GitRepository", "name": "web" },
            "validation": "client",
        },
        "status": { "snapshot": {
            "checksum": "1",
            "entries": [{ "namespace": "", "kinds": { "/v1, Kind=Namespace": "Namespace" } }],
        } },
    }))
    .unwrap();
    assert!(applied.spec.prune);
    assert_eq!(applied.spec.validation.as_deref(), Some("client"));
    assert_eq!(applied.status.unwrap().snapshot.unwrap().entries.len(), 1);
}

#[test]
fn an_old_field_that_is_set_is_found_in_the_table() {
    let object =
        json!({ "spec": { "validation": "client", "patchesJson6902": [], "path": "./a" } });
    let found = legacy_fields_set("Kustomization", &object);
    let paths: Vec<&str> = found.iter().map(|field| field.path).collect();
    assert_eq!(paths, ["spec.validation", "spec.patchesJson6902"]);
    assert!(matches!(found[0].handling, LegacyHandling::AcceptedWithWarning(_)));
    assert!(matches!(found[1].handling, LegacyHandling::HonouredAs(_)));
    assert!(legacy_fields_set("GitRepository", &object).is_empty());
}

#[test]
fn no_spec_field_of_the_table_is_left_without_effect_or_warning() {
    for field in LEGACY_FIELDS {
        let is_spec = field.path.starts_with("spec.");
        let read_only = matches!(field.handling, LegacyHandling::ReadOnly(_));
        assert_ne!(is_spec, read_only, "{} {}", field.kind, field.path);
        assert!(!field.versions.is_empty());
    }
}

#[test]
fn a_hostile_duration_spoils_its_field_and_nothing_else() {
    for hostile in [
        json!("1e99h"),
        json!("-1s"),
        json!("0s"),
        json!(""),
        json!("5"),
        json!(5),
        json!(5.5),
        json!(true),
        json!(null),
        json!("99999999999h"),
    ] {
        let object = kustomization(json!({
            "interval": hostile,
            "retryInterval": "1m",
            "prune": true,
            "sourceRef": { "kind": "GitRepository", "name": "web" },
        }));
        let error = object.spec.interval().unwrap_err();
        assert_eq!(error.field, "spec.interval", "{hostile}");
        assert!(error.to_string().starts_with("spec.interval: "), "{error}");
        assert_eq!(object.spec.retry_interval(), Ok(Duration::from_secs(60)));
    }
    let object = repository(json!({ "url": "https://a/b", "interval": "1m", "timeout": "0s" }));
    assert_eq!(object.spec.timeout().unwrap_err().field, "spec.timeout");
}

#[test]
fn a_duration_is_written_back_as_it_was() {
    for text in ["1h30m", "90m", "0.5h", "1e99h"] {
        let object = kustomization(json!({ "interval": text }));
        assert_eq!(serde_json::to_value(&object).unwrap()["spec"]["interval"], json!(text));
    }
}

#[test]
fn an_object_without_its_required_fields_is_read_and_refused_by_field() {
    let object = kustomization(json!({}));
    assert_eq!(object.spec.interval().unwrap_err().field, "spec.interval");
    assert_eq!(object.spec.source_kind().unwrap_err().field, "spec.sourceRef.kind");
    assert!(!object.spec.prune, "what is not said is not deleted");
}

#[test]
fn an_object_of_the_wrong_shape_does_not_stop_the_list_it_is_in() {
    let good = json!({ "metadata": { "name": "good" }, "spec": { "interval": "1m" } });
    let bad = json!({ "metadata": { "name": "bad" }, "spec": { "dependsOn": "text" } });
    let list: Vec<DeserializeGuard<Kustomization>> =
        serde_json::from_value(json!([bad, with_types(good)])).unwrap();
    assert_eq!(list[0].0.as_ref().unwrap_err().metadata.name.as_deref(), Some("bad"));
    assert_eq!(list[1].0.as_ref().unwrap().spec.interval.as_str(), "1m");
}

fn with_types(mut object: Value) -> Value {
    object["apiVersion"] = json!("kustomize.toolkit.fluxcd.io/v1");
    object["kind"] = json!("Kustomization");
    object
}

#[test]
fn null_means_what_leaving_out_means() {
    let object = kustomization(json!({
        "interval": "1m", "images": null, "suspend": null, "postBuild": { "substitute": null },
    }));
    assert!(object.spec.images.is_empty() && !object.spec.suspend);
    assert!(object.spec.post_build.unwrap().substitute.is_empty());
}

#[test]
fn a_choice_that_nobody_knows_is_an_error_that_names_the_choices() {
    let object = kustomization(json!({
        "deletionPolicy": "Keep",
        "sourceRef": { "kind": "Tarball", "name": "web" },
        "postBuild": { "substituteStrategy": "Sometimes" },
    }));
    let error = object.spec.deletion_policy().unwrap_err().to_string();
    assert!(error.contains("spec.deletionPolicy") && error.contains("\"Keep\""), "{error}");
    assert!(error.contains("WaitForTermination"), "{error}");
    assert!(object.spec.source_kind().is_err());
    assert!(object.spec.post_build.unwrap().strategy().is_err());
    let object = repository(json!({ "provider": "gitlab", "verify": { "mode": "Commit" } }));
    assert!(object.spec.provider().is_err());
    assert!(object.spec.verify.unwrap().mode().is_err());
}

#[test]
fn what_is_left_out_has_the_default_of_flux() {
    let object = kustomization(json!({
        "interval": "10m",
        "sourceRef": { "kind": "OCIRepository", "name": "web" },
        "postBuild": {},
    }));
    assert_eq!(object.spec.timeout(), Ok(Duration::from_secs(570)));
    assert_eq!(object.spec.retry_interval(), Ok(Duration::from_secs(600)));
    assert_eq!(object.spec.deletion_policy(), Ok(DeletionPolicy::MirrorPrune));
    assert_eq!(object.spec.source_kind(), Ok(SourceKind::OciRepository));
    let strategy = object.spec.post_build.unwrap().strategy();
    assert_eq!(strategy, Ok(SubstituteStrategy::WithVariables));

    let object = repository(json!({ "url": "https://a/b", "interval": "1m", "verify": {} }));
    assert_eq!(object.spec.timeout(), Ok(Duration::from_secs(60)));
    assert_eq!(object.spec.provider(), Ok(GitProvider::Generic));
    assert_eq!(object.spec.checkout_target(), CheckoutTarget::Branch("master"));
    assert_eq!(object.spec.verify.unwrap().mode(), Ok(VerificationMode::Head));
}

#[test]
fn a_run_has_at_least_thirty_seconds() {
    for spec in [json!({ "interval": "10s" }), json!({ "interval": "10m", "timeout": "1s" })] {
        assert_eq!(kustomization(spec).spec.timeout(), Ok(Duration::from_secs(30)));
    }
}

#[test]
fn the_reference_that_counts_is_the_first_in_the_order_of_flux() {
    let mut reference = GitReference {
        branch: Some("main".to_owned()),
        tag: Some("v1".to_owned()),
        semver: Some(">=1".to_owned()),
        name: Some("refs/pull/1/head".to_owned()),
        commit: Some("abc".to_owned()),
    };
    let commit = CheckoutTarget::Commit { commit: "abc", branch: Some("main") };
    assert_eq!(reference.target(), commit);
    reference.commit = Some(String::new());
    assert_eq!(reference.target(), CheckoutTarget::Name("refs/pull/1/head"));
    reference.name = None;
    assert_eq!(reference.target(), CheckoutTarget::SemVer(">=1"));
    reference.semver = None;
    assert_eq!(reference.target(), CheckoutTarget::Tag("v1"));
    reference.tag = None;
    assert_eq!(reference.target(), CheckoutTarget::Branch("main"));
    assert_eq!(GitReference::default().target(), CheckoutTarget::Branch("master"));
}

#[test]
fn the_old_service_account_is_taken_from_the_own_namespace_only() {
    let account = |spec: Value| {
        let spec = kustomization(spec).spec;
        spec.service_account("apps").map(|name| name.map(str::to_owned))
    };
    assert_eq!(account(json!({})), Ok(None));
    assert_eq!(account(json!({ "serviceAccountName": "a" })), Ok(Some("a".to_owned())));
    let own = json!({ "serviceAccount": { "name": "a", "namespace": "apps" } });
    assert_eq!(account(own), Ok(Some("a".to_owned())));
    for refused in [
        json!({ "serviceAccount": { "name": "a", "namespace": "kube-system" } }),
        json!({ "serviceAccount": { "name": "", "namespace": "apps" } }),
        json!({ "serviceAccountName": "b", "serviceAccount": { "name": "a", "namespace": "apps" } }),
    ] {
        assert_eq!(account(refused).unwrap_err().field, "spec.serviceAccount");
    }
}

#[test]
fn an_empty_status_is_written_as_nothing() {
    let object = Kustomization { status: Some(Default::default()), ..Default::default() };
    assert_eq!(serde_json::to_value(object.status).unwrap(), json!({}));
    let object = GitRepository { status: Some(Default::default()), ..Default::default() };
    assert_eq!(serde_json::to_value(object.status).unwrap(), json!({}));
}
