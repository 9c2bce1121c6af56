//! One test's namespace, with what a test does and expects in it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::audit::{Request, requests_in};
use super::cluster::Cluster;
use super::fault_proxy::FaultProxy;
use super::operator::Operator;
use super::recorder::Recorder;
use super::repository::{Change, Repository};
use super::status::{condition, condition_is, is_current, untrue_claims};
use super::waiting::eventually;
use super::world::{SHARD_LABEL, World, kubectl, runtime, world};

/// So that an operator that was killed has a successor within seconds.
const SHORT_LEASES: [&str; 3] = [
    "--leader-election-lease-duration=10s",
    "--leader-election-renew-deadline=7s",
    "--leader-election-retry-period=1s",
];

/// A test of one behaviour: `behaviour("name").run(async |space| …)`.
pub(crate) fn behaviour(name: &str) -> Behaviour {
    Behaviour { name: name.to_owned(), own_operator: false, faults: false, flags: vec![] }
}

pub(crate) struct Behaviour {
    name: String,
    own_operator: bool,
    faults: bool,
    flags: Vec<String>,
}

impl Behaviour {
    /// With an operator of its own, which may be killed.
    pub(crate) fn own_operator(mut self) -> Self {
        self.own_operator = true;
        self
    }

    /// With an operator of its own, started with these flags.
    pub(crate) fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(ToString::to_string));
        self.own_operator()
    }

    /// With an operator of its own, whose way to the API server can be made faulty.
    pub(crate) fn behind_faults(mut self) -> Self {
        self.faults = true;
        self.own_operator()
    }

    /// Runs the test, and then the checks that every test ends with.
    pub(crate) fn run(self, test: impl AsyncFnOnce(&mut Space)) {
        runtime().block_on(async {
            let mut space = Space::open(self).await;
            test(&mut space).await;
            space.close().await;
        });
    }
}

pub(crate) struct Space {
    pub(crate) namespace: String,
    pub(crate) cluster: Cluster,
    world: &'static World,
    own_operator: Option<Operator>,
    shared_operator: Option<&'static Operator>,
    faults: Option<FaultProxy>,
    recorder: Recorder,
}

impl Space {
    async fn open(behaviour: Behaviour) -> Self {
        let world = world().await;
        let namespace = format!("behaviour-{}", behaviour.name);
        let cluster = world.cluster.clone();
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        cluster.create(&object).await;
        let recorder = Recorder::start(&cluster, &namespace);
        let mut space = Self {
            namespace,
            cluster,
            world,
            own_operator: None,
            shared_operator: None,
            faults: None,
            recorder,
        };
        if behaviour.own_operator {
            let mut settings = world.private_settings(&space.namespace);
            settings.flags =
                SHORT_LEASES.iter().map(ToString::to_string).chain(behaviour.flags).collect();
            if behaviour.faults {
                let proxy = FaultProxy::start(&world.control_plane, world.cluster.server());
                settings.server.clone_from(&proxy.server);
                space.faults = Some(proxy);
            }
            space.own_operator = Some(Operator::start(settings).await);
        } else {
            space.shared_operator = Some(world.shared_operator().await);
        }
        space
    }

    /// Every test ends here: what the status says must be true, and must have been at every moment.
    async fn close(mut self) {
        self.operator_is_well();
        for kustomization in self.cluster.list("Kustomization", &self.namespace).await {
            let name = kustomization["metadata"]["name"].as_str().expect("an object has a name");
            self.status_is_true(name).await;
        }
        let broken = self.recorder.broken_rules();
        assert!(broken.is_empty(), "the status broke its rules:\n{}", broken.join("\n"));
        // The operator serves other tests: it need not go on with this one's objects.
        for kind in ["Kustomization", "GitRepository"] {
            for object in self.cluster.list(kind, &self.namespace).await {
                let name = object["metadata"]["name"].as_str().expect("an object has a name");
                self.edit(kind, name, json!({"spec": {"suspend": true}})).await;
            }
        }
    }

    /// The operator lives, unless the test ended it, and nothing in it has panicked.
    fn operator_is_well(&mut self) {
        let log = self.operator().log_text();
        let panics = log.lines().find(|line| line.contains("\"logger\":\"panic\""));
        assert!(panics.is_none(), "something in the operator panicked: {panics:?}");
        if let Some(own) = &mut self.own_operator
            && !own.was_stopped()
        {
            assert!(own.is_running(), "the operator ended by itself");
        }
    }

    /// The predicate: what a Kustomization says of itself is what the cluster shows.
    pub(crate) async fn status_is_true(&self, name: &str) {
        eventually(&format!("the status of Kustomization {name} is true"), async || {
            let Some(object) = self.get("Kustomization", name).await else { return Ok(()) };
            let untrue = untrue_claims(&self.cluster, &object).await;
            if untrue.is_empty() {
                Ok(())
            } else {
                Err(format!("{}; {}", untrue.join("; "), object["status"]))
            }
        })
        .await;
    }

    pub(crate) fn operator(&self) -> &Operator {
        let own = self.own_operator.as_ref();
        own.or(self.shared_operator).expect("a space has one of the two")
    }

    /// The operator of a test that asked for its own.
    pub(crate) fn own_operator(&mut self) -> &mut Operator {
        self.own_operator.as_mut().expect("the test asked for an operator of its own")
    }

    /// One more operator for this test's objects.
    pub(crate) async fn another_operator(&self, name: &str, flags: &[&str]) -> Operator {
        let mut settings = self.world.private_settings(&self.namespace);
        settings.name = format!("{}-{name}", settings.name);
        settings.flags = SHORT_LEASES.iter().chain(flags).map(ToString::to_string).collect();
        Operator::start(settings).await
    }

    /// Of the API server's and the fault proxy's certificates, base64.
    pub(crate) fn certificate_authority(&self) -> &str {
        self.world.certificate_authority()
    }

    pub(crate) fn faults(&self) -> &FaultProxy {
        self.faults.as_ref().expect("the test asked for faults")
    }

    /// What service accounts (so: the operator) asked for in this namespace.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests_in(&self.namespace)
    }

    /// The same in another one.
    pub(crate) fn requests_in(&self, namespace: &str) -> Vec<Request> {
        requests_in(&self.world.control_plane.audit_log, namespace)
    }

    /// What the operator deleted in this namespace, or tried to.
    pub(crate) fn deletes(&self) -> Vec<Request> {
        let all = self.requests().into_iter();
        all.filter(|request| request.verb.starts_with("delete") && !request.dry_run).collect()
    }

    /// Nothing of the cluster's was deleted by the operator.
    pub(crate) fn nothing_deleted(&self) {
        let deletes = self.deletes();
        assert!(deletes.is_empty(), "the operator deleted: {deletes:?}");
    }

    pub(crate) fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        kubectl(&self.world.control_plane, arguments, input.as_bytes())
    }

    /// A repository with one commit.
    pub(crate) fn repository(&self, name: &str, files: &[Change]) -> Repository {
        let repository = Repository::create(&self.world.git_server, &self.namespace, name);
        repository.commit("first", files);
        repository
    }

    /// A repository without a commit.
    pub(crate) fn empty_repository(&self, name: &str) -> Repository {
        Repository::create(&self.world.git_server, &self.namespace, name)
    }

    /// A GitRepository that is polled each two seconds; `spec` is merged over that.
    pub(crate) async fn git_repository(
        &self,
        name: &str,
        repository: &Repository,
        spec: Value,
    ) -> Value {
        let base = json!({"url": repository.url, "interval": "2s", "timeout": "20s", "ref": {"branch": "main"}});
        self.create("source.toolkit.fluxcd.io/v1", "GitRepository", name, merged(base, &spec)).await
    }

    /// A Kustomization of the GitRepository with the same name, into this namespace; `spec` is merged over that.
    pub(crate) async fn kustomization(&self, name: &str, spec: Value) -> Value {
        let base = json!({
            "interval": "10m", "retryInterval": "2s", "timeout": "1m", "prune": true, "path": "./",
            "sourceRef": {"kind": "GitRepository", "name": name}, "targetNamespace": self.namespace,
        });
        self.create("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, merged(base, &spec))
            .await
    }

    /// Repository, GitRepository and Kustomization, all named `app`; waits until it is synced.
    pub(crate) async fn app(&self, files: &[Change], spec: Value) -> Repository {
        let repository = self.repository("app", files);
        self.git_repository("app", &repository, json!({})).await;
        self.kustomization("app", spec).await;
        self.synced("app", &repository.revision()).await;
        repository
    }

    pub(crate) async fn create(
        &self,
        api_version: &str,
        kind: &str,
        name: &str,
        spec: Value,
    ) -> Value {
        let mut metadata = json!({"name": name, "namespace": self.namespace});
        if self.own_operator.is_some() {
            metadata["labels"] = json!({SHARD_LABEL: self.namespace});
        }
        let object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
        self.cluster.create(&object).await
    }

    pub(crate) async fn get(&self, kind: &str, name: &str) -> Option<Value> {
        self.cluster.get(kind, &self.namespace, name).await
    }

    /// As [`Self::get`], of an object that is there.
    pub(crate) async fn find(&self, kind: &str, name: &str) -> Value {
        self.get(kind, name).await.unwrap_or_else(|| panic!("{kind} {name} is not there"))
    }

    pub(crate) async fn edit(&self, kind: &str, name: &str, patch: Value) -> Value {
        self.cluster.edit(kind, &self.namespace, name, patch).await
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        self.cluster.delete(kind, &self.namespace, name).await;
    }

    /// Asks for a run now, as `flux reconcile` does; returns the value that the status must show.
    pub(crate) async fn reconcile(&self, kind: &str, name: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("the clock is set")
            .as_nanos()
            .to_string();
        let annotations = json!({"reconcile.fluxcd.io/requestedAt": now});
        self.edit(kind, name, json!({"metadata": {"annotations": annotations}})).await;
        now
    }

    /// As [`Self::reconcile`], and waits until the request was handled.
    pub(crate) async fn reconcile_and_wait(&self, kind: &str, name: &str) -> Value {
        let token = self.reconcile(kind, name).await;
        eventually(&format!("{kind} {name} handles the request"), async || {
            let object = self.find(kind, name).await;
            let handled = object["status"]["lastHandledReconcileAt"] == token;
            if handled { Ok(object) } else { Err(object["status"].to_string()) }
        })
        .await
    }

    /// Waits until a Kustomization is ready with this revision.
    pub(crate) async fn synced(&self, name: &str, revision: &str) -> Value {
        eventually(&format!("Kustomization {name} is ready at {revision}"), async || {
            let object = self.find("Kustomization", name).await;
            let done = is_current(&object) && object["status"]["lastAppliedRevision"] == revision;
            if done { Ok(object) } else { Err(object["status"].to_string()) }
        })
        .await
    }

    /// Waits until an object is ready for its generation.
    pub(crate) async fn ready(&self, kind: &str, name: &str) -> Value {
        eventually(&format!("{kind} {name} is ready"), async || {
            let object = self.find(kind, name).await;
            if is_current(&object) { Ok(object) } else { Err(object["status"].to_string()) }
        })
        .await
    }

    /// Waits until an object is not ready, for this reason, with a message that contains all of these.
    pub(crate) async fn refused(
        &self,
        kind: &str,
        name: &str,
        reason: &str,
        fragments: &[&str],
    ) -> Value {
        eventually(
            &format!("{kind} {name} is refused: {reason}, naming {fragments:?}"),
            async || {
                let object = self.find(kind, name).await;
                let ready = condition(&object, "Ready").cloned().unwrap_or_default();
                let message = ready["message"].as_str().unwrap_or_default();
                let named = fragments.iter().all(|fragment| message.contains(fragment));
                let refused =
                    condition_is(&object, "Ready", "False") && ready["reason"] == reason && named;
                if refused { Ok(object) } else { Err(object["status"].to_string()) }
            },
        )
        .await
    }

    /// Waits until a field (a JSON pointer) of an object has this value.
    pub(crate) async fn shows(
        &self,
        kind: &str,
        name: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Value {
        let value = value.into();
        eventually(&format!("{kind} {name} has {value} at {field}"), async || {
            let Some(object) = self.get(kind, name).await else {
                return Err("it is not there".into());
            };
            let found = object.pointer(field).cloned().unwrap_or_default();
            if found == value {
                Ok(object)
            } else {
                Err(format!("{found} in {}", object["status"]))
            }
        })
        .await
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone(&self, kind: &str, name: &str) {
        eventually(&format!("{kind} {name} is gone"), async || match self.get(kind, name).await {
            None => Ok(()),
            Some(object) => Err(format!("it is there: {}", object["metadata"])),
        })
        .await;
    }

    /// The inventory's ids, in order.
    pub(crate) async fn inventory(&self, kustomization: &str) -> Vec<String> {
        let object = self.find("Kustomization", kustomization).await;
        let entries =
            object["status"]["inventory"]["entries"].as_array().cloned().unwrap_or_default();
        entries.iter().filter_map(|entry| entry["id"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        println!("{}", self.recorder.summary());
        if let Some(operator) = self.own_operator.as_ref().or(self.shared_operator) {
            let text = operator.log_text();
            let lines: Vec<&str> =
                text.lines().filter(|line| line.contains(&self.namespace)).collect();
            println!("the operator's last words on {}:", self.namespace);
            for line in &lines[lines.len().saturating_sub(8)..] {
                println!("{}", line.chars().take(600).collect::<String>());
            }
        }
    }
}

/// `over` on `base`, as a JSON merge patch: null removes.
fn merged(mut base: Value, over: &Value) -> Value {
    match over {
        Value::Object(changes) => {
            for (key, change) in changes {
                if change.is_null() {
                    base.as_object_mut().expect("an object is merged over an object").remove(key);
                } else {
                    let part =
                        base.get(key).filter(|part| part.is_object()).cloned().unwrap_or(json!({}));
                    base[key] = merged(part, change);
                }
            }
            base
        }
        other => other.clone(),
    }
}
