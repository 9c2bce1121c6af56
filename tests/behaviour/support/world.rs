//! The one world of a test run, made when the first test asks for it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use super::cluster::Cluster;
use super::control_plane::ControlPlane;
use super::git_server::GitServer;
use super::operator::{Operator, Settings};
use super::programs::inhaul;

/// Where an operator lives in a cluster.
pub(crate) const OPERATOR_NAMESPACE: &str = "flux-system";
const OPERATOR_ACCOUNT: &str = "inhaul";
/// The label that says which operator an object is for; without it, it is the shared one's.
pub(crate) const SHARD_LABEL: &str = "sharding.fluxcd.io/key";

pub(crate) struct World {
    pub(crate) control_plane: ControlPlane,
    pub(crate) cluster: Cluster,
    pub(crate) git_server: GitServer,
    shared_settings: Settings,
    shared_operator: OnceCell<Operator>,
}

/// One runtime for all tests: connections and servers outlive the test that made them.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("threads can be started"))
}

pub(crate) async fn world() -> &'static World {
    static WORLD: OnceCell<World> = OnceCell::const_new();
    WORLD.get_or_init(World::start).await
}

impl World {
    async fn start() -> Self {
        let control_plane = ControlPlane::start().await;
        let cluster = Cluster::connect(&control_plane.kubeconfig).await;
        install_custom_resources(&control_plane);
        cluster.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OPERATOR_NAMESPACE}})).await;
        let token = operator_account(&cluster).await;
        let authority =
            std::fs::read(control_plane.pki.join("ca.crt")).expect("the control plane wrote it");
        let shared_settings = Settings {
            name: "operator".into(),
            namespace: OPERATOR_NAMESPACE.into(),
            server: cluster.server().into(),
            certificate_authority: base64::prelude::BASE64_STANDARD.encode(authority),
            token,
            selector: format!("!{SHARD_LABEL}"),
            flags: vec![],
        };
        let git_server = GitServer::start();
        Self {
            control_plane,
            cluster,
            git_server,
            shared_settings,
            shared_operator: OnceCell::new(),
        }
    }

    /// The operator of all tests that need none of their own.
    pub(crate) async fn shared_operator(&self) -> &Operator {
        self.shared_operator.get_or_init(|| Operator::start(self.shared_settings.clone())).await
    }

    pub(crate) fn certificate_authority(&self) -> &str {
        &self.shared_settings.certificate_authority
    }

    /// The settings of an operator for one test's objects. It may be killed: its leases are short.
    pub(crate) fn private_settings(&self, shard: &str) -> Settings {
        Settings {
            name: format!("operator-{shard}"),
            namespace: shard.to_owned(),
            selector: format!("{SHARD_LABEL}={shard}"),
            ..self.shared_settings.clone()
        }
    }
}

/// As a newcomer does: what `inhaul crds` prints goes to `kubectl apply`.
fn install_custom_resources(control_plane: &ControlPlane) {
    let printed = Command::new(inhaul()).arg("crds").output().expect("inhaul runs");
    assert!(printed.status.success(), "inhaul crds: {}", String::from_utf8_lossy(&printed.stderr));
    kubectl(control_plane, &["apply", "--server-side", "-f", "-"], &printed.stdout);
    kubectl(
        control_plane,
        &["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"],
        b"",
    );
}

/// Runs kubectl as the cluster's administrator and returns what it printed.
pub(crate) fn kubectl(control_plane: &ControlPlane, arguments: &[&str], input: &[u8]) -> String {
    let mut process = Command::new("kubectl")
        .args(arguments)
        .env("KUBECONFIG", &control_plane.kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl runs");
    process
        .stdin
        .take()
        .expect("its input is a pipe")
        .write_all(input)
        .expect("kubectl reads its input");
    let output = process.wait_with_output().expect("kubectl can be waited for");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {}: {error}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The operator is not the cluster's administrator by certificate but a service account, as in a real cluster: the
/// audit log tells its requests from the tests', and a token passes through the fault proxy.
async fn operator_account(cluster: &Cluster) -> String {
    let metadata = json!({"name": OPERATOR_ACCOUNT, "namespace": OPERATOR_NAMESPACE});
    cluster
        .create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}))
        .await;
    cluster
        .create(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": OPERATOR_ACCOUNT},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": OPERATOR_ACCOUNT, "namespace": OPERATOR_NAMESPACE}],
        }))
        .await;
    cluster.token(OPERATOR_NAMESPACE, OPERATOR_ACCOUNT).await
}
