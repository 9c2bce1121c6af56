//! The flags of `inhaul controller`: Flux's, in Go's style, and a few of ours.
//!
//! People carry flags over from Flux's controllers, so one that is unknown here, or not honoured,
//! is named in a warning and never stops the process. A value that cannot be understood does.

mod environment;
mod gates;
mod help;
mod listen;
mod table;
mod values;

pub(crate) use environment::Environment;
pub(crate) use help::help;
pub(crate) use listen::Listen;

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use table::{FLAGS, Flag, Set};

/// A set of kinds that one of Flux's controllers is responsible for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Source,
    Kustomize,
    /// Receivers only: inhaul has no Alerts and Providers yet.
    Notification,
}

impl Role {
    /// The name of Flux's controller.
    pub(crate) fn controller(self) -> &'static str {
        match self {
            Self::Source => "source-controller",
            Self::Kustomize => "kustomize-controller",
            Self::Notification => "notification-controller",
        }
    }
}

/// What the flags say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ControllerFlags {
    /// Which kinds this process is responsible for.
    pub(crate) controllers: BTreeSet<Role>,
    /// Nowhere if `None`; so are the others.
    pub(crate) metrics_addr: Option<Listen>,
    pub(crate) health_addr: Option<Listen>,
    pub(crate) storage_addr: Option<Listen>,
    pub(crate) receiver_addr: Option<Listen>,
    /// Host, and port if it is not 80, of artifacts' URLs; see [`ControllerFlags::advertised`].
    pub(crate) storage_adv_addr: String,
    pub(crate) storage_path: String,
    pub(crate) events_addr: Option<http::Uri>,
    /// Reconciliations at a time, for each kind.
    pub(crate) concurrent: usize,
    pub(crate) concurrent_ssa: usize,
    pub(crate) requeue_dependency: Duration,
    pub(crate) audit_interval: Duration,
    /// In bytes.
    pub(crate) render_cache_size: u64,
    pub(crate) no_remote_bases: bool,
    pub(crate) http_retry: usize,
    pub(crate) default_service_account: Option<String>,
    pub(crate) override_managers: Vec<String>,
    /// As (group, kind).
    pub(crate) custom_apply_stage_kinds: Vec<(String, String)>,
    pub(crate) log_level: String,
    pub(crate) log_encoding: String,
    pub(crate) enable_leader_election: bool,
    pub(crate) leader_election_release_on_cancel: bool,
    pub(crate) leader_election_lease_duration: Duration,
    pub(crate) leader_election_renew_deadline: Duration,
    pub(crate) leader_election_retry_period: Duration,
    pub(crate) multi_tenant: bool,
    pub(crate) no_cross_namespace_refs: bool,
    pub(crate) min_retry_delay: Duration,
    pub(crate) max_retry_delay: Duration,
    pub(crate) watch_all_namespaces: bool,
    pub(crate) watch_label_selector: String,
    pub(crate) interval_jitter_percentage: u8,
    pub(crate) artifact_retention_ttl: Duration,
    pub(crate) artifact_retention_records: usize,
    pub(crate) artifact_digest_algo: String,
    pub(crate) feature_gates: BTreeMap<String, bool>,
    pub(crate) prune_guard: bool,
    pub(crate) enable_helm_charts: bool,
    /// In bytes, as the next two.
    pub(crate) git_max_pack_size: u64,
    pub(crate) git_max_object_size: u64,
    pub(crate) git_max_database_size: u64,
    /// Names of algorithms, best first; none means the defaults.
    pub(crate) ssh_kex_algos: Vec<String>,
    pub(crate) ssh_hostkey_algos: Vec<String>,
    /// Networks that sources may not reach.
    pub(crate) denied_egress: Vec<String>,
}

/// A flag whose value cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlagError {
    flag: String,
    value: Option<String>,
    why: String,
}

impl std::fmt::Display for FlagError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.value {
            Some(value) => write!(out, "flag --{}={value:?}: {}", self.flag, self.why),
            None => write!(out, "flag --{}: {}", self.flag, self.why),
        }
    }
}

impl std::error::Error for FlagError {}

/// What a command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    /// The text that says which flags there are.
    Help,
    /// To run, after these warnings.
    Run(Box<ControllerFlags>, Vec<String>),
}

/// Reads a command line.
///
/// # Errors
/// For the first value that cannot be understood, and for a flag that lacks its value.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = String>,
    environment: &Environment,
) -> Result<Parsed, FlagError> {
    let mut flags = defaults(environment)?;
    let (mut given, mut warnings) = (BTreeSet::new(), Vec::new());
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        let Some(name) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
            warnings.push(format!("argument {argument:?} is not a flag and is ignored"));
            continue;
        };
        let (name, mut value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        if matches!(name, "help" | "h") {
            return Ok(Parsed::Help);
        }
        let flag = FLAGS.iter().find(|flag| flag.name == name);
        if value.is_none() && !flag.is_some_and(Flag::is_switch) {
            value = rest.next_if(|next| flag.is_some() || !next.starts_with('-'));
        }
        let Some(flag) = flag else {
            warnings.push(format!("flag --{name} is unknown and is ignored"));
            continue;
        };
        apply(flag, &mut flags, value, given.insert(flag.name))?;
        if let Set::NotHonoured { why, .. } = flag.set {
            warnings.push(format!("flag --{name} is not honoured: {why}"));
        }
    }
    warnings.extend(flags.differences(&given));
    flags.lock_down();
    Ok(Parsed::Run(Box::new(flags), warnings))
}

/// Every default goes through the same checks as what people give.
fn defaults(environment: &Environment) -> Result<ControllerFlags, FlagError> {
    let mut flags = ControllerFlags::default();
    for flag in FLAGS {
        let set = environment.variable(flag.variable);
        let value = set.unwrap_or_else(|| flag.default.to_owned());
        apply(flag, &mut flags, Some(value), true)?;
    }
    Ok(flags)
}

/// Sets one flag. Lists grow, except that the first value given replaces the default.
fn apply(
    flag: &Flag,
    flags: &mut ControllerFlags,
    value: Option<String>,
    first: bool,
) -> Result<(), FlagError> {
    let fail = |value, why| Err(FlagError { flag: flag.name.to_owned(), value, why });
    let value = match value {
        Some(value) => value,
        None if flag.is_switch() => "true".to_owned(),
        None => return fail(None, "needs a value".to_owned()),
    };
    match values::set(flag, flags, &value, first) {
        Ok(()) => Ok(()),
        Err(why) => fail(Some(value), why),
    }
}

impl ControllerFlags {
    /// With `--multi-tenant` no tenant reaches beyond its namespace, and none has our rights.
    fn lock_down(&mut self) {
        if self.multi_tenant {
            self.no_cross_namespace_refs = true;
            self.default_service_account.get_or_insert_with(|| "default".to_owned());
        }
    }

    /// What was given and understood, but means something else here.
    fn differences(&self, given: &BTreeSet<&str>) -> Vec<String> {
        let mut differences = gates::differences(&self.feature_gates);
        if given.contains("no-remote-bases") && !self.no_remote_bases {
            differences.push(
                "flag --no-remote-bases=false is not honoured: remote bases are always refused"
                    .to_owned(),
            );
        }
        if self.multi_tenant
            && given.contains("no-cross-namespace-refs")
            && !self.no_cross_namespace_refs
        {
            differences.push(
                "flag --no-cross-namespace-refs=false is not honoured: --multi-tenant sets it"
                    .to_owned(),
            );
        }
        if self.artifact_digest_algo != "sha256" {
            differences.push(format!(
                "flag --artifact-digest-algo={} is not honoured: digests are always sha256",
                self.artifact_digest_algo
            ));
        }
        differences
    }

    /// Whether a feature gate is on.
    pub(crate) fn gate(&self, name: &str) -> bool {
        self.feature_gates.get(name).copied().unwrap_or(false)
    }

    /// The Leases that the leader holds, with the names that Flux gives them: a shard has its own.
    pub(crate) fn leases(&self) -> Vec<String> {
        let shard = match self.watch_label_selector.as_str() {
            "" => String::new(),
            selector => format!("-{}", &hex::encode(Sha256::digest(selector))[..8]),
        };
        let name = |role: &Role| format!("{}-leader-election{shard}", role.controller());
        self.controllers.iter().map(name).collect()
    }

    /// The host, and port, by which other processes reach this one's artifacts.
    pub(crate) fn advertised(&self, environment: &Environment) -> String {
        if !self.storage_adv_addr.is_empty() {
            return self.storage_adv_addr.clone();
        }
        let port = self.storage_addr.as_ref().map_or(9090, Listen::port);
        match self.storage_addr.as_ref().and_then(Listen::host) {
            Some("0.0.0.0" | "::") => format!("{}:{port}", environment.hostname),
            Some(host) if host.contains(':') => format!("[{host}]:{port}"),
            Some(host) => format!("{host}:{port}"),
            None => format!("localhost:{port}"),
        }
    }
}

#[cfg(test)]
mod tests;
