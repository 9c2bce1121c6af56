//! From flags to a running operator.

use crate::flags::{self, ControllerFlags, Environment, Parsed, Role};
use crate::{log, serve};
use inhaul_artifact::Retention;
use inhaul_cli::Printer;
use inhaul_cluster::{ElectionConfig, EventConfig, WatchOptions, identity};
use inhaul_controller::metrics::Metrics;
use inhaul_controller::operator::{self, Options};
use inhaul_controller::queue::BackOff;
use inhaul_controller::settings::Settings;
use inhaul_git::{Egress, Limits, SshAlgorithms};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// As Go's `flag` package ends a program whose flags it cannot read.
const BAD_FLAGS: u8 = 2;

/// Runs `inhaul controller`.
pub(crate) fn controller(arguments: Vec<String>) -> ExitCode {
    let (printer, environment) = (Printer::new(), Environment::read());
    let (flags, warnings) = match flags::parse(arguments, &environment) {
        Ok(Parsed::Help) => return printer.out(&flags::help()),
        Ok(Parsed::Run(flags, warnings)) => (flags, warnings),
        Err(error) => {
            printer.error(&error);
            return ExitCode::from(BAD_FLAGS);
        }
    };
    // Before anything speaks TLS. It fails only where a provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    log::start(&flags.log_level, &flags.log_encoding);
    for warning in warnings {
        tracing::warn!(logger = "setup", "{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    let ended = runtime.block_on(run(&flags, &environment));
    // Blocking work that does not end by itself does not hold up the end of the process.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &str) -> ExitCode {
    tracing::error!(logger = "setup", error, "the operator ended");
    ExitCode::FAILURE
}

async fn run(flags: &ControllerFlags, environment: &Environment) -> Result<(), String> {
    tracing::info!(logger = "setup", version = env!("CARGO_PKG_VERSION"), "starting inhaul");
    let shutdown = CancellationToken::new();
    let signals = tokio::spawn(cancel_on_signal(shutdown.clone())?);
    let metrics = Arc::new(Metrics::new().map_err(|error| error.to_string())?);
    let ready = Arc::new(AtomicBool::new(false));
    let servers = CancellationToken::new();
    if let Some(address) = &flags.metrics_addr {
        let listener = address.bind().await.map_err(|error| format!("--metrics-addr: {error}"))?;
        tokio::spawn(serve::metrics(listener, Arc::clone(&metrics), servers.clone()));
    }
    if let Some(address) = &flags.health_addr {
        let listener = address.bind().await.map_err(|error| format!("--health-addr: {error}"))?;
        tokio::spawn(serve::health(listener, Arc::clone(&ready), servers.clone()));
    }
    let storage = flags.storage_addr.clone();
    let listen = Box::pin(async move {
        match storage {
            Some(address) => address.bind().await,
            None => Err("artifacts must be served somewhere".to_owned()),
        }
    });
    let calls = flags.receiver_addr.clone().map(|address| -> operator::ListenForCalls {
        Box::new(move || {
            let address = address.clone();
            Box::pin(async move { address.bind().await })
        })
    });
    let options = options(flags, environment)?;
    options.election.iter().flat_map(|election| &election.leases).for_each(|lease| {
        metrics.leader(lease, false);
    });
    let ended = operator::run(options, (listen, calls), metrics, ready, shutdown.clone()).await;
    let asked_for = shutdown.is_cancelled();
    servers.cancel();
    signals.abort();
    ended.map_err(|error| error.to_string())?;
    // As in Flux: a process that lost its Leases starts anew, as a candidate.
    if asked_for { Ok(()) } else { Err("leader election lost".to_owned()) }
}

/// Cancels on the first signal to end; the second one ends the process at once.
fn cancel_on_signal(shutdown: CancellationToken) -> Result<impl Future<Output = ()>, String> {
    let listen = |kind| signal(kind).map_err(|error| format!("cannot listen for signals: {error}"));
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if shutdown.is_cancelled() {
                std::process::exit(1);
            }
            shutdown.cancel();
        }
    })
}

fn options(flags: &ControllerFlags, environment: &Environment) -> Result<Options, String> {
    let sources = flags.controllers.contains(&Role::Source);
    let leader = flags.controllers.first().map_or("inhaul", |role| role.controller());
    let ssh = SshAlgorithms::parse(&flags.ssh_kex_algos, &flags.ssh_hostkey_algos);
    Ok(Options {
        sources,
        kustomizations: flags.controllers.contains(&Role::Kustomize),
        receivers: flags.controllers.contains(&Role::Notification),
        storage_path: flags.storage_path.clone().into(),
        storage_advertised: flags.advertised(environment),
        retention: Retention {
            records: flags.artifact_retention_records,
            age: flags.artifact_retention_ttl,
        },
        git: inhaul_git::Options {
            limits: Limits {
                pack_bytes: flags.git_max_pack_size,
                object_bytes: usize::try_from(flags.git_max_object_size).unwrap_or(usize::MAX),
                database_bytes: flags.git_max_database_size,
                ..Limits::default()
            },
            environment_proxy: true,
            ssh: ssh?,
            egress: Egress::parse(&flags.denied_egress)?,
        },
        election: flags.enable_leader_election.then(|| election(flags, environment)),
        events: EventConfig {
            controller: leader.to_owned(),
            instance: environment.hostname.clone(),
            address: flags.events_addr.clone(),
        },
        concurrency: flags.concurrent,
        apply_concurrency: flags.concurrent_ssa,
        override_managers: flags.override_managers.clone(),
        back_off: BackOff { min: flags.min_retry_delay, max: flags.max_retry_delay },
        watch: WatchOptions {
            namespace: (!flags.watch_all_namespaces).then(|| environment.namespace.clone()),
            label_selector: Some(flags.watch_label_selector.clone()).filter(|s| !s.is_empty()),
        },
        download_retries: flags.http_retry,
        render_cache_bytes: usize::try_from(flags.render_cache_size).unwrap_or(usize::MAX),
        settings: settings(flags, environment, sources),
    })
}

fn election(flags: &ControllerFlags, environment: &Environment) -> ElectionConfig {
    ElectionConfig {
        namespace: environment.namespace.clone(),
        leases: flags.leases(),
        identity: identity(&environment.hostname),
        lease_duration: flags.leader_election_lease_duration,
        renew_deadline: flags.leader_election_renew_deadline,
        retry_period: flags.leader_election_retry_period,
        release_on_cancel: flags.leader_election_release_on_cancel,
    }
}

fn settings(flags: &ControllerFlags, environment: &Environment, serves_sources: bool) -> Settings {
    Settings {
        no_cross_namespace_refs: flags.no_cross_namespace_refs,
        requeue_dependency: flags.requeue_dependency,
        audit_interval: flags.audit_interval,
        interval_jitter_percentage: flags.interval_jitter_percentage,
        additive_ready_expressions: flags.gate("AdditiveCELDependencyCheck"),
        prune_guard: flags.prune_guard,
        protected_namespaces: vec![environment.namespace.clone()],
        custom_stage_kinds: flags.custom_apply_stage_kinds.clone(),
        default_service_account: flags.default_service_account.clone(),
        serves_sources,
        helm_charts: flags.enable_helm_charts,
    }
}
