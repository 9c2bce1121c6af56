//! The table of flags: spec and help text in one.

use crate::flags::values;
use crate::flags::{ControllerFlags, Listen};
use std::time::Duration;

/// Where the value of a flag goes.
#[derive(Clone, Copy)]
pub(super) enum Set {
    Text(fn(&mut ControllerFlags) -> &mut String),
    Switch(fn(&mut ControllerFlags) -> &mut bool),
    Time(fn(&mut ControllerFlags) -> &mut Duration),
    Count(fn(&mut ControllerFlags) -> &mut usize),
    Size(fn(&mut ControllerFlags) -> &mut u64),
    Address(fn(&mut ControllerFlags) -> &mut Option<Listen>),
    Choice(&'static [&'static str], fn(&mut ControllerFlags) -> &mut String),
    /// May be given several times; a value is taken whole.
    Each(fn(&mut ControllerFlags) -> &mut Vec<String>),
    /// Reads the value; the last argument tells whether it is the first one given.
    Other(fn(&mut ControllerFlags, &str, bool) -> Result<(), String>),
    /// Known, and answered with a warning.
    NotHonoured {
        switch: bool,
        why: &'static str,
    },
}

pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    /// The environment variable that gives the default, if it is set.
    pub(super) variable: &'static str,
    pub(super) help: &'static str,
    pub(super) set: Set,
}

impl Flag {
    /// Whether the name alone says `true`, and the next argument is not its value.
    pub(super) fn is_switch(&self) -> bool {
        matches!(self.set, Set::Switch(_) | Set::NotHonoured { switch: true, .. })
    }

    const fn or(self, variable: &'static str) -> Self {
        Self { variable, ..self }
    }
}

const fn flag(name: &'static str, default: &'static str, help: &'static str, set: Set) -> Flag {
    Flag { name, default, variable: "", help, set }
}

const fn value(name: &'static str, why: &'static str) -> Flag {
    flag(name, "", "", Set::NotHonoured { switch: false, why })
}

const fn switch(name: &'static str, why: &'static str) -> Flag {
    flag(name, "", "", Set::NotHonoured { switch: true, why })
}

const OTHER_CONTROLLER: &str = "inhaul has no such controller yet";
const NO_HELM: &str = "inhaul has no Helm controller yet";
const NO_SECRETS: &str = "inhaul does not decrypt yet";
const NO_REMOTE: &str = "inhaul applies to its own cluster only, for now";
const NO_TOKENS: &str = "inhaul has no cloud identities yet";
const ONE_PACE: &str = "the API server's own flow control sets the pace";

/// All flags that Flux's controllers know, and ours.
pub(super) const FLAGS: &[Flag] = &[
    flag(
        "artifact-digest-algo",
        "sha256",
        "The algorithm of artifacts' digests; only sha256",
        Set::Choice(&["sha1", "sha256", "sha384", "sha512", "blake3"], |f| {
            &mut f.artifact_digest_algo
        }),
    ),
    flag(
        "artifact-retention-records",
        "2",
        "How many artifacts of a source are kept",
        Set::Count(|f| &mut f.artifact_retention_records),
    ),
    flag(
        "artifact-retention-ttl",
        "60s",
        "How long an artifact is kept at least",
        Set::Time(|f| &mut f.artifact_retention_ttl),
    ),
    flag(
        "audit-interval",
        "1h",
        "How often every object is verified, whatever the live index says",
        Set::Time(|f| &mut f.audit_interval),
    ),
    flag(
        "concurrent",
        "20",
        "How many objects of a kind are reconciled at a time",
        Set::Count(|f| &mut f.concurrent),
    ),
    flag(
        "concurrent-ssa",
        "20",
        "How many objects of one Kustomization are tried or applied at a time",
        Set::Count(|f| &mut f.concurrent_ssa),
    ),
    flag(
        "controllers",
        "source,kustomize,notification",
        "The roles of this process; inhaul's own. notification: Receivers, not yet Alerts",
        Set::Other(values::controllers),
    ),
    flag(
        "custom-apply-stage-kinds",
        "",
        "Kinds that are applied before the others, as <group>/<Kind>,...",
        Set::Other(values::stage_kinds),
    ),
    flag(
        "default-service-account",
        "",
        "The ServiceAccount for Kustomizations that name none",
        Set::Other(values::service_account),
    ),
    flag(
        "denied-egress",
        "",
        "Networks that sources may not lead to: loopback, link-local, or as 10.96.0.0/12; \
         inhaul's own",
        Set::Other(values::denied_egress),
    ),
    flag(
        "enable-helm-charts",
        "false",
        "Render the charts that kustomizations name in helmCharts; inhaul's own",
        Set::Switch(|f| &mut f.enable_helm_charts),
    ),
    flag(
        "enable-leader-election",
        "false",
        "Work only while holding Flux's own Leases",
        Set::Switch(|f| &mut f.enable_leader_election),
    ),
    flag("events-addr", "", "The URL that events are posted to", Set::Other(values::events_addr))
        .or("EVENTS_ADDR"),
    flag(
        "feature-gates",
        "",
        "Flux's feature gates, as NAME=true,...; a warning names those that differ",
        Set::Other(values::gates),
    ),
    flag(
        "git-max-database-size",
        "1Gi",
        "The largest object database of one Git remote; inhaul's own",
        Set::Size(|f| &mut f.git_max_database_size),
    ),
    flag(
        "git-max-object-size",
        "128Mi",
        "The largest object in a Git repository; inhaul's own",
        Set::Size(|f| &mut f.git_max_object_size),
    ),
    flag(
        "git-max-pack-size",
        "2Gi",
        "The largest pack that a Git server may send; inhaul's own",
        Set::Size(|f| &mut f.git_max_pack_size),
    ),
    flag(
        "health-addr",
        ":9440",
        "Where /healthz and /readyz are served",
        Set::Address(|f| &mut f.health_addr),
    ),
    flag(
        "http-retry",
        "9",
        "How often fetching an artifact is tried again",
        Set::Count(|f| &mut f.http_retry),
    ),
    flag(
        "interval-jitter-percentage",
        "5",
        "By how much intervals vary",
        Set::Other(values::percentage),
    ),
    flag(
        "leader-election-lease-duration",
        "35s",
        "How long others wait for a leader that does not renew",
        Set::Time(|f| &mut f.leader_election_lease_duration),
    ),
    flag(
        "leader-election-release-on-cancel",
        "true",
        "Give the Leases back at the end",
        Set::Switch(|f| &mut f.leader_election_release_on_cancel),
    ),
    flag(
        "leader-election-renew-deadline",
        "30s",
        "How long a leader goes on without being able to renew",
        Set::Time(|f| &mut f.leader_election_renew_deadline),
    ),
    flag(
        "leader-election-retry-period",
        "5s",
        "The pause between two tries to get or renew a Lease",
        Set::Time(|f| &mut f.leader_election_retry_period),
    ),
    flag(
        "log-encoding",
        "json",
        "json or console",
        Set::Choice(&["json", "console"], |f| &mut f.log_encoding),
    ),
    flag(
        "log-level",
        "info",
        "trace, debug, info or error",
        Set::Choice(&["trace", "debug", "info", "error"], |f| &mut f.log_level),
    ),
    flag(
        "max-retry-delay",
        "15m",
        "The longest pause after failures",
        Set::Time(|f| &mut f.max_retry_delay),
    ),
    flag(
        "metrics-addr",
        ":8080",
        "Where /metrics is served",
        Set::Address(|f| &mut f.metrics_addr),
    )
    .or("METRICS_ADDR"),
    flag(
        "min-retry-delay",
        "750ms",
        "The pause after the first failure; it doubles",
        Set::Time(|f| &mut f.min_retry_delay),
    ),
    flag(
        "multi-tenant",
        "false",
        "Lock tenants in: --no-cross-namespace-refs, and --default-service-account=default where \
         none is given; inhaul's own",
        Set::Switch(|f| &mut f.multi_tenant),
    ),
    flag(
        "no-cross-namespace-refs",
        "false",
        "Refuse references to sources and dependencies in other namespaces",
        Set::Switch(|f| &mut f.no_cross_namespace_refs),
    ),
    flag(
        "no-remote-bases",
        "true",
        "Remote bases are always refused",
        Set::Switch(|f| &mut f.no_remote_bases),
    ),
    flag(
        "override-manager",
        "",
        "A field manager whose changes are taken back; may be given several times",
        Set::Each(|f| &mut f.override_managers),
    ),
    flag(
        "prune-guard",
        "on",
        "Hold a prune that would destroy more than one app's worth; off prunes as Flux does; \
         inhaul's own",
        Set::Other(values::prune_guard),
    ),
    flag(
        "receiverAddr",
        ":9292",
        "Where Receivers are called",
        Set::Address(|f| &mut f.receiver_addr),
    ),
    flag(
        "render-cache-size",
        "64Mi",
        "How much memory packed renders may take, so that they need not be rendered again; \
         inhaul's own",
        Set::Size(|f| &mut f.render_cache_size),
    ),
    flag(
        "requeue-dependency",
        "30s",
        "The pause before a dependency that is not ready is looked at again",
        Set::Time(|f| &mut f.requeue_dependency),
    ),
    flag(
        "ssh-hostkey-algos",
        "",
        "The host key algorithms that SSH servers may use, best first",
        Set::Other(values::ssh_host_keys),
    ),
    flag(
        "ssh-kex-algos",
        "",
        "The key exchange algorithms that SSH servers are offered, best first",
        Set::Other(values::ssh_exchanges),
    ),
    flag(
        "storage-addr",
        ":9090",
        "Where artifacts are served",
        Set::Address(|f| &mut f.storage_addr),
    )
    .or("STORAGE_ADDR"),
    flag(
        "storage-adv-addr",
        "",
        "The host, and port, of artifacts' URLs",
        Set::Text(|f| &mut f.storage_adv_addr),
    )
    .or("STORAGE_ADV_ADDR"),
    flag(
        "storage-path",
        "/data",
        "The directory of artifacts and Git objects",
        Set::Text(|f| &mut f.storage_path),
    )
    .or("STORAGE_PATH"),
    flag(
        "watch-all-namespaces",
        "true",
        "Serve objects in all namespaces, not only in the operator's own",
        Set::Switch(|f| &mut f.watch_all_namespaces),
    ),
    flag(
        "watch-label-selector",
        "",
        "Serve only objects with these labels: a shard",
        Set::Text(|f| &mut f.watch_label_selector),
    ),
    switch("aws-autologin-for-ecr", OTHER_CONTROLLER),
    switch("azure-autologin-for-acr", OTHER_CONTROLLER),
    value("default-decryption-service-account", NO_SECRETS),
    value("default-kubeconfig-service-account", NO_REMOTE),
    switch("export-http-path-metrics", OTHER_CONTROLLER),
    value("gc-interval", OTHER_CONTROLLER),
    switch("gcp-autologin-for-gcr", OTHER_CONTROLLER),
    value("graceful-shutdown-timeout", NO_HELM),
    value("helm-cache-max-size", NO_HELM),
    value("helm-cache-purge-interval", NO_HELM),
    value("helm-cache-ttl", NO_HELM),
    value("helm-chart-file-max-size", NO_HELM),
    value("helm-chart-max-size", NO_HELM),
    value("helm-index-max-size", NO_HELM),
    value("http-timeout", NO_HELM),
    switch("insecure-kubeconfig-exec", NO_REMOTE),
    switch("insecure-kubeconfig-tls", NO_REMOTE),
    value("kube-api-burst", ONE_PACE),
    value("kube-api-qps", ONE_PACE),
    switch("log-json", "logs are JSON already; see --log-encoding"),
    value("oom-watch-current-memory-path", NO_HELM),
    value("oom-watch-interval", NO_HELM),
    value("oom-watch-max-memory-path", NO_HELM),
    value("oom-watch-memory-threshold", NO_HELM),
    value("rate-limit-interval", OTHER_CONTROLLER),
    value("snapshot-digest-algo", NO_HELM),
    value("sops-age-secret", NO_SECRETS),
    value("sops-vault-configmap", NO_SECRETS),
    value("storage-value-log-file-size", OTHER_CONTROLLER),
    value("token-cache-max-duration", NO_TOKENS),
    value("token-cache-max-size", NO_TOKENS),
    value("watch-configs-label-selector", "inhaul does not ask for a label"),
];
