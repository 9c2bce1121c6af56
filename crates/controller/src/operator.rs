//! The operator as a whole: who leads, what is watched, and which controllers run.

mod receivers;

use crate::download::Downloads;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::queue::{self, BackOff, Key, Next, Permit, Queue};
use crate::settings::Settings;
use crate::sources::{Served, Sources};
use crate::{git_repository, kustomization};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use inhaul_api::{GitRepository, Kustomization};
use inhaul_artifact::{Retention, Store};
use inhaul_cluster::{
    AlwaysOpen, ApplyOptions, Connection, Discovery, Election, ElectionConfig, EventConfig, Gate,
    Index, Own, Recorder, Seen, Targets, WatchOptions, connect, watch,
};
use inhaul_git::Mirrors;
use inhaul_plan::HashKey;
use kube::runtime::reflector::Store as Cache;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often unused object databases are looked for, ...
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// ... and for how long nobody used them.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 3600);
/// How often kinds that nobody needs any more are looked for.
const UNFOLLOW_EVERY: Duration = Duration::from_secs(300);
/// How long an object whose reconcile panicked is left alone.
const AFTER_PANIC: Duration = Duration::from_secs(900);

pub use receivers::ListenForCalls;

/// Everything that the flags say about the operator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether sources are served (`--controllers=source`).
    pub sources: bool,
    /// Whether Kustomizations are applied (`--controllers=kustomize`).
    pub kustomizations: bool,
    /// Whether Receivers can be called (`--controllers=notification`).
    pub receivers: bool,
    /// Where object databases and artifacts are kept (`--storage-path`).
    pub storage_path: PathBuf,
    /// What others call that address (`--storage-adv-addr`).
    pub storage_advertised: String,
    /// Which artifacts are kept beside the newest (`--artifact-retention-*`).
    pub retention: Retention,
    /// What a remote may make us do (`--git-max-*`).
    pub git: inhaul_git::Options,
    /// The election, unless this process is alone (`--enable-leader-election`).
    pub election: Option<ElectionConfig>,
    /// Where events go (`--events-addr`).
    pub events: EventConfig,
    /// How many objects of a kind are worked on at once (`--concurrent`).
    pub concurrency: usize,
    /// How many objects of a Kustomization are looked at at once (`--concurrent-ssa`).
    pub apply_concurrency: usize,
    /// Managers whose fields are taken over (`--override-manager`).
    pub override_managers: Vec<String>,
    /// How failures are backed off (`--min-retry-delay`, `--max-retry-delay`).
    pub back_off: BackOff,
    /// What is watched (`--watch-label-selector`, `--watch-all-namespaces`).
    pub watch: WatchOptions,
    /// How often an artifact's download is tried again (`--http-retry`).
    pub download_retries: usize,
    /// How many bytes of memory packed renders may take (`--render-cache-size`).
    pub render_cache_bytes: usize,
    /// What every reconcile asks.
    pub settings: Settings,
}

/// Why the operator cannot run, or ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OperatorError(String);

fn error(what: &str) -> impl Fn(&dyn std::fmt::Display) -> OperatorError + '_ {
    move |why| OperatorError(format!("{what}: {why}"))
}

/// Opens the address where artifacts are served (`--storage-addr`): only the leader does.
pub type Listen = Pin<Box<dyn Future<Output = Result<TcpListener, String>> + Send>>;

/// Runs until `shutdown`, or until the leadership is lost. `ready` becomes true once the API
/// server was reached.
///
/// # Errors
/// What is missing: the API server, the storage, an address to listen on.
pub async fn run(
    options: Options,
    listen: (Listen, Option<ListenForCalls>),
    metrics: Arc<Metrics>,
    ready: Arc<AtomicBool>,
    shutdown: CancellationToken,
) -> Result<(), OperatorError> {
    let client = connect().await.map_err(|e| error("cannot reach the API server")(&e))?;
    let (gate, leadership) = elect(&options, &client, &shutdown)?;
    let connection = Connection::new(client.clone(), gate);
    let (recorder, delivery) =
        Recorder::new(client, options.events.clone()).map_err(|e| error("--events-addr")(&e))?;
    let asked = connection.clone();
    metrics.before_render(move |metrics| metrics.requests(&asked.traffic()));
    let told = recorder.clone();
    metrics.before_render(move |metrics| metrics.events(told.dropped(), told.failed()));
    let mut tasks = JoinSet::new();
    let late = CancellationToken::new();
    tasks.spawn(delivery.run(late.clone()));
    ready.store(true, Ordering::Release);
    if let Some((leadership, _)) = &leadership {
        tracing::info!("attempting to acquire leader leases");
        tokio::select! {
            acquired = leadership.acquired() => if !acquired { return Ok(()) },
            () = shutdown.cancelled() => return Ok(()),
        }
        tracing::info!("successfully acquired the leader leases");
        for lease in options.election.iter().flat_map(|election| &election.leases) {
            metrics.leader(lease, true);
        }
    }
    let stop = shutdown.child_token();
    let discovery = Discovery::new(connection.clone());
    let stop_all = stop.clone();
    let controllers =
        Controllers { options, connection, discovery, recorder, metrics, stop: stop_all };
    let running = controllers.start(listen).await?;
    let lost = async {
        match &leadership {
            Some((leadership, _)) => leadership.lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => tracing::info!("shutting down"),
        () = lost => tracing::error!("the leader lease was lost"),
    }
    stop.cancel();
    running.join_all().await;
    late.cancel();
    tasks.join_all().await;
    // The Leases are given back only now, when nothing writes any more.
    if let Some((_, election)) = leadership {
        election.finish().await;
    }
    Ok(())
}

/// An election under way.
struct Campaign {
    task: tokio::task::JoinHandle<()>,
    stop: CancellationToken,
}

impl Campaign {
    async fn finish(self) {
        self.stop.cancel();
        if let Err(panic) = self.task.await {
            tracing::error!(%panic, "the election ended in a panic");
        }
    }
}

type Campaigning = Option<(inhaul_cluster::Leadership, Campaign)>;

fn elect(
    options: &Options,
    client: &kube::Client,
    shutdown: &CancellationToken,
) -> Result<(Arc<dyn Gate>, Campaigning), OperatorError> {
    let Some(config) = options.election.clone() else {
        return Ok((Arc::new(AlwaysOpen), None));
    };
    let (leadership, election) =
        Election::new(client.clone(), config).map_err(|e| error("leader election")(&e))?;
    let stop = CancellationToken::new();
    // A process that never led has nothing to finish first.
    let waiting = (shutdown.clone(), leadership.clone(), stop.clone());
    tokio::spawn(async move {
        let (shutdown, leadership, stop) = waiting;
        shutdown.cancelled().await;
        if !leadership.may_write() {
            stop.cancel();
        }
    });
    let task = tokio::spawn(election.run(stop.clone()));
    Ok((Arc::new(leadership.clone()), Some((leadership, Campaign { task, stop }))))
}

struct Controllers {
    options: Options,
    connection: Connection,
    discovery: Discovery,
    recorder: Recorder,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
}

impl Controllers {
    async fn start(
        self,
        (listen, for_calls): (Listen, Option<ListenForCalls>),
    ) -> Result<JoinSet<()>, OperatorError> {
        let mut tasks = JoinSet::new();
        let (sources, served) = Sources::new();
        let (_, repositories) = watch::<GitRepository>(&self.connection, &self.options.watch);
        // Both controllers follow one watch.
        let (to_sources, for_sources) = unbounded_channel();
        let (to_kustomizations, for_kustomizations) = unbounded_channel();
        let (with_sources, with_kustomizations) =
            (self.options.sources, self.options.kustomizations);
        self.spawn(&mut tasks, async move {
            let mut repositories = std::pin::pin!(repositories);
            while let Some(seen) = repositories.next().await {
                if with_sources {
                    let _ = to_sources.send(seen.clone());
                }
                if with_kustomizations {
                    let _ = to_kustomizations.send(seen);
                }
            }
        });
        if with_sources {
            self.start_sources(&mut tasks, listen, Arc::clone(&sources), for_sources).await?;
        }
        if with_kustomizations {
            self.start_kustomizations(&mut tasks, sources, served, for_kustomizations)?;
        }
        if self.options.receivers {
            self.start_receivers(&mut tasks, for_calls)?;
        }
        Ok(tasks)
    }

    fn spawn(&self, tasks: &mut JoinSet<()>, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    async fn start_sources(
        &self,
        tasks: &mut JoinSet<()>,
        listen: Listen,
        sources: Arc<Sources>,
        seen: UnboundedReceiver<Seen<GitRepository>>,
    ) -> Result<(), OperatorError> {
        let options = &self.options;
        let storage = |e: &dyn std::fmt::Display| error("--storage-path")(e);
        let artifacts = options.storage_path.join("artifacts");
        let store = Store::open(&artifacts, &options.storage_advertised, options.retention)
            .map_err(|e| storage(&e))?;
        let mirrors = Mirrors::open(&options.storage_path.join("git"), options.git.clone())
            .map_err(|e| storage(&e))?;
        let listener = listen.await.map_err(|e| error("--storage-addr")(&e))?;
        let server = axum::serve(listener, inhaul_artifact::router(store.clone()));
        self.spawn(tasks, async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "artifacts are not served any more");
            }
        });
        let queue = self.queue(git_repository::KIND);
        let downloads = Downloads::new(options.download_retries);
        let context = Arc::new(git_repository::Context {
            own: self.own(git_repository::STATUS_MANAGER),
            polls: git_repository::Polls::default(),
            queue: Arc::clone(&queue),
            downloads: downloads.map_err(|e| error("cannot download artifacts")(&e))?,
            mirrors,
            store,
            sources,
            events: Events::new(self.recorder.named("source-controller")),
            metrics: Arc::clone(&self.metrics),
            settings: options.settings.clone(),
        });
        self.spawn(tasks, sweep(Arc::clone(&context)));
        self.spawn(tasks, git_repository::follow(Arc::clone(&queue), stream_of(seen)));
        self.work(tasks, git_repository::KIND, queue, move |key, token, permit| {
            git_repository::reconcile(Arc::clone(&context), key, token, permit)
        });
        Ok(())
    }

    fn start_kustomizations(
        &self,
        tasks: &mut JoinSet<()>,
        sources: Arc<Sources>,
        served: UnboundedReceiver<Served>,
        seen: UnboundedReceiver<Seen<GitRepository>>,
    ) -> Result<(), OperatorError> {
        let (cache, kustomizations) = watch::<Kustomization>(&self.connection, &self.options.watch);
        let managers = &self.options.override_managers;
        let (index, events) = Index::new(self.connection.clone(), managers);
        let indexed = index.clone();
        self.metrics.before_render(move |metrics| metrics.indexed(indexed.len(), indexed.kinds()));
        let queue = self.queue(kustomization::KIND);
        let wakes = kustomization::Wakes::new(Arc::clone(&queue));
        let context = self.kustomization_context(cache.clone(), sources, index, wakes)?;
        let context = Arc::new(context);
        let records = Arc::clone(&context.records);
        let drift =
            kustomization::follow_index(Arc::clone(&queue), records, events, managers.clone());
        self.spawn(tasks, drift);
        self.spawn(tasks, unfollow(Arc::clone(&context)));
        self.spawn(tasks, kustomization::watch_over(Arc::clone(&context)));
        let follow = kustomization::follow(
            Arc::clone(&queue),
            cache,
            kustomizations,
            stream_of(seen),
            served,
        );
        self.spawn(tasks, follow);
        self.work(tasks, kustomization::KIND, queue, move |key, token, permit| {
            kustomization::reconcile(Arc::clone(&context), key, token, permit)
        });
        Ok(())
    }

    /// Reconciles what the queue says is due.
    fn work<R>(
        &self,
        tasks: &mut JoinSet<()>,
        kind: &'static str,
        queue: Arc<Queue>,
        reconcile: impl Fn(Key, CancellationToken, Permit) -> R + Send + 'static,
    ) where
        R: Future<Output = Next> + Send + 'static,
    {
        let metrics = Arc::clone(&self.metrics);
        let (concurrency, stop) = (self.options.concurrency, self.stop.clone());
        tasks.spawn(queue::run(queue, concurrency, stop, move |key, token, permit| {
            isolated(kind, Arc::clone(&metrics), reconcile(key, token, permit))
        }));
    }

    fn kustomization_context(
        &self,
        kustomizations: Cache<Kustomization>,
        sources: Arc<Sources>,
        index: Index,
        wakes: kustomization::Wakes,
    ) -> Result<kustomization::Context, OperatorError> {
        let options = &self.options;
        let own = self.own(kustomization::STATUS_MANAGER);
        let apply = ApplyOptions {
            override_managers: options.override_managers.clone(),
            concurrency: options.apply_concurrency,
            hash_key: HashKey::new(random_bytes()),
        };
        let downloads = Downloads::new(options.download_retries);
        Ok(kustomization::Context {
            targets: Targets::new(own.clone(), index.clone(), apply),
            own,
            kustomizations,
            downloads: downloads.map_err(|e| error("cannot download artifacts")(&e))?,
            sources,
            events: Events::new(self.recorder.named("kustomize-controller")),
            metrics: Arc::clone(&self.metrics),
            settings: options.settings.clone(),
            index,
            records: Arc::default(),
            memos: self.memos(),
            renders: Arc::new(Semaphore::new(cores())),
            wakes,
            visits: kustomization::Visits::default(),
            written: kustomization::Written::default(),
        })
    }

    fn memos(&self) -> Arc<kustomization::Memos> {
        let memos = Arc::new(kustomization::Memos::new(self.options.render_cache_bytes));
        let seen = Arc::clone(&memos);
        self.metrics.before_render(move |metrics| metrics.render_cache(seen.bytes()));
        memos
    }

    fn own(&self, manager: &'static str) -> Own {
        Own::new(self.connection.clone(), self.discovery.clone(), manager)
    }

    fn queue(&self, kind: &'static str) -> Arc<Queue> {
        let queue = Queue::new(self.options.back_off);
        let seen = Arc::clone(&queue);
        self.metrics.before_render(move |metrics| metrics.queue_depth(kind, seen.depth()));
        queue
    }
}

/// Ends watches of kinds that no inventory holds any more.
async fn unfollow(context: Arc<kustomization::Context>) {
    loop {
        tokio::time::sleep(UNFOLLOW_EVERY).await;
        context.index.keep_only(&context.records.kinds());
    }
}

/// Removes object databases that no source has used for long.
async fn sweep(context: Arc<git_repository::Context>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let context = Arc::clone(&context);
        match tokio::task::spawn_blocking(move || context.mirrors.sweep(UNUSED_FOR)).await {
            Ok(Ok(removed)) => tracing::debug!(removed, "unused object databases were removed"),
            Ok(Err(error)) => tracing::warn!(%error, "unused object databases were not removed"),
            Err(_) => tracing::warn!("removing unused object databases was broken off"),
        }
    }
}

/// A panic ends one reconcile, is counted, and leaves the object alone for a while.
async fn isolated(
    kind: &'static str,
    metrics: Arc<Metrics>,
    run: impl Future<Output = Next>,
) -> Next {
    AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(kind, "a reconcile ended in a panic; this is a bug of inhaul");
        metrics.panicked(kind);
        Next::After(AFTER_PANIC)
    })
}

/// How many threads the machine, or the limit of the container, lets run at once.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

fn stream_of<T>(receiver: UnboundedReceiver<T>) -> impl futures::Stream<Item = T> {
    stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) })
}

/// Bytes that nobody else can guess: each state of the standard library's hash maps is keyed from
/// the operating system's randomness.
fn random_bytes() -> [u8; 32] {
    use std::hash::{BuildHasher, RandomState};
    let mut bytes = [0; 32];
    for (index, chunk) in bytes.chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&RandomState::new().hash_one(index).to_le_bytes());
    }
    bytes
}
