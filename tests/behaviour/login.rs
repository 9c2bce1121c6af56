//! Ways to log in that need more than a password: deploy keys over SSH, GitHub Apps, proxies.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Change, Repository, Space, behaviour, config_map, kill_with_us, run_directory, within, write,
};

fn one(value: &str) -> [Change; 1] {
    [write("a.yaml", config_map("a", value))]
}

fn secret(space: &Space, name: &str, data: Value) {
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": data,
        "metadata": {"name": name, "namespace": space.namespace},
    });
    space.kubectl(&["apply", "-f", "-"], &object.to_string());
}

/// A real `sshd` that lets one key in.
struct Sshd {
    process: Child,
    port: u16,
    identity: String,
    known_hosts: String,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sshd {
    /// `None` where the machine has none.
    async fn start(space: &Space) -> Option<Self> {
        let program = Path::new("/usr/sbin/sshd");
        if !program.exists() {
            println!("skipped: no sshd (Debian package openssh-server)");
            return None;
        }
        let _ = std::fs::create_dir_all("/run/sshd");
        let directory = run_directory().join("sshd").join(&space.namespace);
        std::fs::create_dir_all(&directory).expect("the run's directory is writable");
        for name in ["host", "deploy"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(directory.join(name))
                .status();
            assert!(made.expect("ssh-keygen runs").success());
        }
        let read =
            |name: &str| std::fs::read_to_string(directory.join(name)).expect("ssh-keygen made it");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        drop(listener);
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nPermitRootLogin yes\nHostKey {0}/host\n\
             AuthorizedKeysFile {0}/deploy.pub\n",
            directory.display()
        );
        std::fs::write(directory.join("config"), config).expect("the directory is writable");
        let process = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(directory.join("config"))
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd starts");
        kill_with_us(&process);
        within(Duration::from_secs(20), "sshd listens", async || {
            TcpStream::connect(("127.0.0.1", port)).map(|_| ()).map_err(|e| e.to_string())
        })
        .await;
        let known_hosts = format!("[127.0.0.1]:{port} {}", read("host.pub"));
        Some(Self { process, port, identity: read("deploy"), known_hosts })
    }

    fn url(&self, repository: &Repository) -> String {
        let user = Command::new("id").arg("-un").output().expect("id runs").stdout;
        let user = String::from_utf8_lossy(&user).trim().to_owned();
        format!("ssh://{user}@127.0.0.1:{}{}", self.port, repository.bare().display())
    }
}

#[test]
fn f12_a_deploy_key_works_with_the_known_host_only() {
    behaviour("f12-ssh").run(async |space| {
        let Some(sshd) = Sshd::start(space).await else { return };
        let repository = space.repository("app", &one("1"));
        secret(space, "key", json!({"identity": sshd.identity}));
        let spec = json!({"url": sshd.url(&repository), "secretRef": {"name": "key"}});
        space.git_repository("app", &repository, spec).await;
        let missing = ["'known_hosts' is missing"];
        space.refused("GitRepository", "app", "AuthenticationFailed", &missing).await;
        let stranger = sshd.known_hosts.replace("127.0.0.1", "elsewhere.example");
        secret(space, "key", json!({"identity": sshd.identity, "known_hosts": stranger}));
        let unknown = ["known_hosts has no key for it"];
        space.refused("GitRepository", "app", "GitOperationFailed", &unknown).await;
        let good = json!({"identity": sshd.identity, "known_hosts": sshd.known_hosts});
        secret(space, "key", good);
        space.kustomization("app", json!({})).await;
        space.synced("app", &repository.revision()).await;
        repository.commit("two", &one("2"));
        space.synced("app", &repository.revision()).await;
        space.shows("ConfigMap", "a", "/data/key", "2").await;
    });
}

#[test]
fn a_provider_and_its_secret_must_fit() {
    behaviour("provider").run(async |space| {
        let repository = space.repository("app", &one("1"));
        space.git_repository("app", &repository, json!({"provider": "github"})).await;
        let reason = "InvalidProviderConfiguration";
        space.refused("GitRepository", "app", reason, &["github app data"]).await;
        secret(space, "app", json!({"githubAppID": "1", "githubAppInstallationID": "2"}));
        let patch = json!({"spec": {"secretRef": {"name": "app"}, "provider": "generic"}});
        space.edit("GitRepository", "app", patch).await;
        space.refused("GitRepository", "app", reason, &["provider is not set to github"]).await;
        space.edit("GitRepository", "app", json!({"spec": {"provider": "github"}})).await;
        let missing = ["'githubAppPrivateKey' is missing"];
        space.refused("GitRepository", "app", "AuthenticationFailed", &missing).await;
        space.edit("GitRepository", "app", json!({"spec": {"provider": "azure"}})).await;
        space.refused("GitRepository", "app", "UnsupportedField", &["spec.provider"]).await;
    });
}

#[test]
fn f32_a_proxy_that_is_down_is_named_without_its_password() {
    behaviour("f32-proxy").run(async |space| {
        let repository = space.repository("app", &one("1"));
        let spec = json!({"proxySecretRef": {"name": "proxy"}});
        space.git_repository("app", &repository, spec).await;
        space
            .refused("GitRepository", "app", "AuthenticationFailed", &["Secret", "not found"])
            .await;
        secret(space, "proxy", json!({"username": "u", "password": "hunter2"}));
        let missing = ["(proxy)", "'address' is missing"];
        space.refused("GitRepository", "app", "AuthenticationFailed", &missing).await;
        let proxy =
            json!({"address": "http://127.0.0.1:1", "username": "u", "password": "hunter2"});
        secret(space, "proxy", proxy);
        let source =
            space.refused("GitRepository", "app", "GitOperationFailed", &["cannot connect"]).await;
        assert!(!source.to_string().contains("hunter2"), "{source}");
        space.edit("GitRepository", "app", json!({"spec": {"proxySecretRef": null}})).await;
        space.ready("GitRepository", "app").await;
    });
}
