//! The case of the course: a watched repository holds the two manifests of an application's repository.

use serde_json::json;

use crate::support::{Repository, Space, behaviour, config_map, eventually, remove, write};

/// As the course writes them; only the address differs.
const SOURCE: &str = "apiVersion: source.toolkit.fluxcd.io/v1beta1
kind: GitRepository
metadata:
  name: course-app
  namespace: flux-system
spec:
  interval: 10m
  ref:
    branch: master
  url: URL
";
const KUSTOMIZATION: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1beta1
kind: Kustomization
metadata:
  name: course-app
  namespace: flux-system
spec:
  interval: 10m
  path: ./4-gitops/manifests
  prune: true
  sourceRef:
    kind: GitRepository
    name: course-app
  validation: client
";

const APP_KUSTOMIZATION: &str = "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- deployment.yaml
- service.yaml
images:
- name: IMAGE_PLACEHOLDER
  newName: registry.example.com/course/app
  newTag: 7f3a9c1
";

/// A repository of that shape, with its manifests in the test's namespace, on the branch master.
fn application(space: &Space) -> Repository {
    let namespaced = |text: &str| {
        text.replacen("metadata:\n", &format!("metadata:\n  namespace: {}\n", space.namespace), 1)
    };
    let deployment = namespaced(&crate::support::deployment("course", "IMAGE_PLACEHOLDER"));
    let service = namespaced(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: course\nspec:\n  selector: {app: course}\n  ports: [{port: 80}]\n",
    );
    let repository = space.repository(
        "course",
        &[
            write("1-app/main.py", "print('an application')\n"),
            write("4-gitops/manifests/kustomization.yaml", APP_KUSTOMIZATION),
            write("4-gitops/manifests/deployment.yaml", deployment),
            write("4-gitops/manifests/service.yaml", service),
        ],
    );
    repository.push(&["HEAD:refs/heads/master"]);
    repository
}

async fn gone_from_operators_namespace(space: &Space, kind: &str) {
    eventually(&format!("{kind} course-app is gone"), async || {
        match space.cluster.get(kind, "flux-system", "course-app").await {
            None => Ok(()),
            Some(object) => Err(object["status"].to_string()),
        }
    })
    .await;
}

#[test]
fn the_two_manifests_bring_an_application_and_take_it_away() {
    behaviour("course").run(async |space| {
        let application = application(space);
        let other = config_map("other", "1").replacen(
            "metadata:\n",
            &format!("metadata:\n  namespace: {}\n", space.namespace),
            1,
        );
        let fleet = space
            .app(
                &[
                    write("clusters/mine/other.yaml", other),
                    write("clusters/mine/app-source.yaml", SOURCE.replace("URL", &application.url)),
                    write("clusters/mine/app-kustomization.yaml", KUSTOMIZATION),
                ],
                json!({"path": "./clusters/mine", "targetNamespace": null}),
            )
            .await;
        let image = "registry.example.com/course/app:7f3a9c1";
        space.shows("Deployment", "course", "/spec/template/spec/containers/0/image", image).await;
        space.find("Service", "course").await;
        let stored = space
            .cluster
            .get("Kustomization", "flux-system", "course-app")
            .await
            .expect("it is there");
        assert_eq!(stored["spec"]["validation"], "client", "an old field is kept");
        let both = [
            remove("clusters/mine/app-source.yaml"),
            remove("clusters/mine/app-kustomization.yaml"),
        ];
        let revision = fleet.commit("Remove the application", &both);
        space.gone("Deployment", "course").await;
        space.gone("Service", "course").await;
        gone_from_operators_namespace(space, "Kustomization").await;
        gone_from_operators_namespace(space, "GitRepository").await;
        space.synced("app", &revision).await;
        space.find("ConfigMap", "other").await;
    });
}
