//! What Prometheus gets to see. Labels name Kustomizations and their like, never the objects that
//! these manage: there are too many of them.

use inhaul_cluster::Traffic;
use parking_lot::Mutex;
use prometheus::core::Collector;
use prometheus::{
    Error, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};
use std::time::{SystemTime, UNIX_EPOCH};

const OBJECT: [&str; 3] = ["kind", "name", "namespace"];
/// From half a second, which a webhook can bring about, to the day that a broken app may take.
const COMMIT_TO_APPLIED_SECONDS: [f64; 14] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0];

const DRIFT_CORRECTION_SECONDS: [f64; 10] =
    [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 120.0, 600.0];

type Refresh = Box<dyn Fn(&Metrics) + Send + Sync>;

/// All metrics of one process.
pub struct Metrics {
    registry: Registry,
    refresh: Mutex<Vec<Refresh>>,
    reconcile_seconds: HistogramVec,
    commit_to_applied_seconds: HistogramVec,
    drift_detected: IntCounterVec,
    drift_corrected: IntCounterVec,
    drift_objects: IntGaugeVec,
    drift_missed: IntCounterVec,
    drift_correction_seconds: HistogramVec,
    indexed_objects: IntGauge,
    indexed_kinds: IntGauge,
    in_sync: GaugeVec,
    reconciles: IntCounterVec,
    reconcile_errors: IntCounterVec,
    reconcile_panics: IntCounterVec,
    overdue: IntGaugeVec,
    queue_depth: IntGaugeVec,
    leader: IntGaugeVec,
    requests: IntCounterVec,
    render_cache_bytes: IntGauge,
    events_dropped: IntCounter,
    events_failed: IntCounter,
    calls: IntCounterVec,
}

impl Metrics {
    /// An empty set, with what the operating system tells of the process.
    ///
    /// # Errors
    /// If two metrics have one name.
    #[expect(clippy::too_many_lines, reason = "one table of names and help texts")]
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let new = &registry;
        #[cfg(target_os = "linux")]
        new.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self {
            reconcile_seconds: histogram(
                new,
                "gotk_reconcile_duration_seconds",
                "How long the reconciliations of an object took, in seconds.",
                flux_buckets(),
            )?,
            commit_to_applied_seconds: histogram(
                new,
                "inhaul_commit_to_applied_seconds",
                "Seconds from the time of a commit until it was applied.",
                COMMIT_TO_APPLIED_SECONDS.to_vec(),
            )?,
            drift_detected: counters(
                new,
                "inhaul_drift_detected_total",
                "How many objects were found not to be as declared, though nobody changed the \
                 declaration.",
                &OBJECT,
            )?,
            drift_corrected: counters(
                new,
                "inhaul_drift_corrected_total",
                "How many of the drifted objects were put back.",
                &OBJECT,
            )?,
            drift_missed: counters(
                new,
                "inhaul_drift_missed_total",
                "How many drifted objects an audit found that the live index had missed.",
                &OBJECT,
            )?,
            drift_correction_seconds: histogram(
                new,
                "inhaul_drift_correction_seconds",
                "Seconds from the first sight of drift until it was put back.",
                DRIFT_CORRECTION_SECONDS.to_vec(),
            )?,
            indexed_objects: register(
                new,
                IntGauge::new("inhaul_indexed_objects", "How many objects the live index holds.")?,
            )?,
            indexed_kinds: register(
                new,
                IntGauge::new("inhaul_indexed_kinds", "How many kinds the live index watches.")?,
            )?,
            drift_objects: gauges(
                new,
                "inhaul_drift_objects",
                "How many objects are not as declared now, and known to be so.",
                &OBJECT,
            )?,
            in_sync: register(
                new,
                GaugeVec::new(
                    Opts::new(
                        "inhaul_in_sync_timestamp_seconds",
                        "When the cluster was last known to be as declared, in seconds since \
                         1970; 0 if never.",
                    ),
                    &OBJECT,
                )?,
            )?,
            reconciles: counters(
                new,
                "controller_runtime_reconcile_total",
                "How many reconciliations ended, by controller and result.",
                &["controller", "result"],
            )?,
            reconcile_errors: counters(
                new,
                "controller_runtime_reconcile_errors_total",
                "How many reconciliations failed, by controller.",
                &["controller"],
            )?,
            reconcile_panics: counters(
                new,
                "controller_runtime_reconcile_panics_total",
                "How many reconciliations ended by an internal error that had to be caught.",
                &["controller"],
            )?,
            overdue: gauges(
                new,
                "inhaul_overdue_objects",
                "How many objects were not reconciled for three of their intervals; always 0, \
                 unless there is a bug.",
                &["kind"],
            )?,
            queue_depth: gauges(
                new,
                "workqueue_depth",
                "How many objects are due or being reconciled.",
                &["controller", "name"],
            )?,
            leader: gauges(
                new,
                "leader_election_master_status",
                "1 if this process holds the lease, else 0.",
                &["name"],
            )?,
            requests: counters(
                new,
                "rest_client_requests_total",
                "How many requests were sent to the API server, by method and status code; 0 is \
                 the code of one that was not answered.",
                &["code", "method"],
            )?,
            render_cache_bytes: register(
                new,
                IntGauge::new("inhaul_render_cache_bytes", "How much memory packed renders take.")?,
            )?,
            events_dropped: register(
                new,
                IntCounter::new(
                    "inhaul_events_dropped_total",
                    "How many events were dropped because too many waited.",
                )?,
            )?,
            events_failed: register(
                new,
                IntCounter::new(
                    "inhaul_events_failed_total",
                    "How many events could not be written or posted.",
                )?,
            )?,
            calls: counters(
                new,
                "inhaul_receiver_calls_total",
                "How many calls of Receivers were answered, by HTTP status.",
                &["code"],
            )?,
            refresh: Mutex::default(),
            registry,
        })
    }

    /// A reconciliation of an object ended. `result` is one word, such as `success` or `error`.
    pub fn reconciled(&self, kind: &str, namespace: &str, name: &str, seconds: f64, result: &str) {
        let controller = kind.to_lowercase();
        self.reconcile_seconds.with_label_values(&[kind, name, namespace]).observe(seconds);
        self.reconciles.with_label_values(&[&controller, result]).inc();
        let errors = self.reconcile_errors.with_label_values(&[&controller]);
        if result == "error" {
            errors.inc();
        }
    }

    /// A reconciliation of an object of a kind panicked.
    pub fn panicked(&self, kind: &str) {
        self.reconcile_panics.with_label_values(&[&kind.to_lowercase()]).inc();
    }

    /// Drift of a Kustomization was put back this long after it was seen first.
    pub fn drift_put_back(&self, kind: &str, namespace: &str, name: &str, seconds: f64) {
        self.drift_correction_seconds.with_label_values(&[kind, name, namespace]).observe(seconds);
    }

    /// An audit found so many drifted objects that the index had missed.
    pub fn drift_missed(&self, kind: &str, namespace: &str, name: &str, missed: usize) {
        self.drift_missed.with_label_values(&[kind, name, namespace]).inc_by(missed as u64);
    }

    /// The live index holds so many objects, of so many kinds.
    pub fn indexed(&self, objects: usize, kinds: usize) {
        self.indexed_objects.set(i64::try_from(objects).unwrap_or(i64::MAX));
        self.indexed_kinds.set(i64::try_from(kinds).unwrap_or(i64::MAX));
    }

    /// So many objects of a Kustomization were found drifted, and so many of these put back.
    pub fn drift(&self, kind: &str, namespace: &str, name: &str, found: usize, corrected: usize) {
        let labels = [kind, name, namespace];
        self.drift_detected.with_label_values(&labels).inc_by(found as u64);
        self.drift_corrected.with_label_values(&labels).inc_by(corrected as u64);
        let left = i64::try_from(found.saturating_sub(corrected)).unwrap_or(i64::MAX);
        self.drift_objects.with_label_values(&labels).set(left);
    }

    /// The cluster is as an object declares, now.
    pub fn in_sync(&self, kind: &str, namespace: &str, name: &str) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Whole milliseconds: a scrape shows the time without the noise of binary fractions.
        let seconds = since.as_millis() as f64 / 1000.0;
        self.in_sync.with_label_values(&[kind, name, namespace]).set(seconds);
    }

    /// The cluster is not, or may not be, as an object declares. The last time that it was stays;
    /// where it never was, that is shown, too.
    pub fn out_of_sync(&self, kind: &str, namespace: &str, name: &str) {
        self.in_sync.with_label_values(&[kind, name, namespace]);
    }

    /// An object is suspended: nobody knows, or is to be alarmed by, whether it is in sync.
    pub fn suspended(&self, kind: &str, namespace: &str, name: &str) {
        let labels = [kind, name, namespace];
        absent(self.in_sync.remove_label_values(&labels));
        absent(self.drift_objects.remove_label_values(&labels));
    }

    /// A new revision was applied completely, so long after it was committed.
    pub fn applied(&self, kind: &str, namespace: &str, name: &str, seconds: f64) {
        self.commit_to_applied_seconds.with_label_values(&[kind, name, namespace]).observe(seconds);
    }

    /// An object is gone, and its series with it.
    pub fn forget(&self, kind: &str, namespace: &str, name: &str) {
        self.suspended(kind, namespace, name);
        let labels = [kind, name, namespace];
        absent(self.reconcile_seconds.remove_label_values(&labels));
        absent(self.commit_to_applied_seconds.remove_label_values(&labels));
        absent(self.drift_missed.remove_label_values(&labels));
        absent(self.drift_correction_seconds.remove_label_values(&labels));
        absent(self.drift_detected.remove_label_values(&labels));
        absent(self.drift_corrected.remove_label_values(&labels));
    }

    /// So many objects of a kind were not reconciled for long, although they should have been.
    pub fn overdue(&self, kind: &str, objects: usize) {
        let objects = i64::try_from(objects).unwrap_or(i64::MAX);
        self.overdue.with_label_values(&[kind]).set(objects);
    }

    /// So many objects of a kind are due or being reconciled.
    pub fn queue_depth(&self, kind: &str, depth: usize) {
        let controller = kind.to_lowercase();
        let depth = i64::try_from(depth).unwrap_or(i64::MAX);
        self.queue_depth.with_label_values(&[&controller, &controller]).set(depth);
    }

    /// Whether this process holds a lease.
    pub fn leader(&self, lease: &str, leads: bool) {
        self.leader.with_label_values(&[lease]).set(i64::from(leads));
    }

    /// What was asked of the API server since the start.
    pub fn requests(&self, traffic: &Traffic) {
        for ((method, code), count) in traffic {
            let counter = self.requests.with_label_values(&[code.to_string().as_str(), method]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    /// Packed renders take so many bytes.
    pub fn render_cache(&self, bytes: usize) {
        self.render_cache_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// How many events were dropped, and how many could not be delivered, since the start.
    pub fn events(&self, dropped: u64, failed: u64) {
        self.events_dropped.inc_by(dropped.saturating_sub(self.events_dropped.get()));
        self.events_failed.inc_by(failed.saturating_sub(self.events_failed.get()));
    }

    /// A call of a Receiver was answered with this HTTP status.
    pub fn called(&self, status: u16) {
        self.calls.with_label_values(&[&status.to_string()]).inc();
    }

    /// Has `refresh` called before each scrape, for what is asked rather than told.
    pub fn before_render(&self, refresh: impl Fn(&Self) + Send + Sync + 'static) {
        self.refresh.lock().push(Box::new(refresh));
    }

    /// All metrics in Prometheus' text format.
    ///
    /// # Errors
    /// If a metric cannot be written in that format.
    pub fn render(&self) -> Result<String, Error> {
        self.refresh.lock().iter().for_each(|refresh| refresh(self));
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Removing a series that was never there is no error.
fn absent(_: Result<(), Error>) {}

fn register<C: Collector + Clone + 'static>(registry: &Registry, metric: C) -> Result<C, Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, Error> {
    register(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntGaugeVec, Error> {
    register(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

fn histogram(
    registry: &Registry,
    name: &str,
    help: &str,
    buckets: Vec<f64>,
) -> Result<HistogramVec, Error> {
    let options = HistogramOpts::new(name, help).buckets(buckets);
    register(registry, HistogramVec::new(options, &OBJECT)?)
}

/// Ten buckets from 10 ms to half an hour, each as many times the one before, as Flux has them.
fn flux_buckets() -> Vec<f64> {
    let (first, last) = (0.01_f64, 1800.0_f64);
    (0..10).map(|step| first * (last / first).powf(f64::from(step) / 9.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "Kustomization";

    fn lines_about(metrics: &Metrics, text: &str) -> Vec<String> {
        let all = metrics.render().expect("text");
        all.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    #[test]
    fn what_was_told_is_shown_with_fluxs_labels() {
        let metrics = Metrics::new().expect("metrics");
        metrics.reconciled(KIND, "apps", "web", 0.5, "success");
        metrics.reconciled(KIND, "apps", "web", 0.5, "error");
        metrics.drift(KIND, "apps", "web", 3, 2);
        metrics.applied(KIND, "apps", "web", 4.0);
        metrics.out_of_sync(KIND, "apps", "web");
        metrics.leader("kustomize-controller-leader-election", true);
        metrics.before_render(|metrics| metrics.queue_depth(KIND, 7));
        let text = metrics.render().expect("text");
        let labels = r#"kind="Kustomization",name="web",namespace="apps""#;
        for line in [
            format!("gotk_reconcile_duration_seconds_count{{{labels}}} 2"),
            format!("gotk_reconcile_duration_seconds_bucket{{{labels},le=\"0.01\"}} 0"),
            format!("inhaul_drift_detected_total{{{labels}}} 3"),
            format!("inhaul_drift_corrected_total{{{labels}}} 2"),
            format!("inhaul_drift_objects{{{labels}}} 1"),
            format!("inhaul_in_sync_timestamp_seconds{{{labels}}} 0"),
            format!("inhaul_commit_to_applied_seconds_bucket{{{labels},le=\"5\"}} 1"),
            format!("inhaul_commit_to_applied_seconds_bucket{{{labels},le=\"2\"}} 0"),
            r#"controller_runtime_reconcile_total{controller="kustomization",result="error"} 1"#
                .into(),
            r#"controller_runtime_reconcile_errors_total{controller="kustomization"} 1"#.into(),
            r#"workqueue_depth{controller="kustomization",name="kustomization"} 7"#.into(),
            r#"leader_election_master_status{name="kustomize-controller-leader-election"} 1"#
                .into(),
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
        }
        #[cfg(target_os = "linux")]
        assert!(text.contains("process_resident_memory_bytes "), "{text}");
    }

    #[test]
    fn the_buckets_span_what_flux_measures() {
        let buckets = flux_buckets();
        assert_eq!(buckets.len(), 10);
        assert!((buckets[9] - 1800.0).abs() < 1e-9, "{buckets:?}");
        assert!(buckets.is_sorted());
    }

    #[test]
    fn nothing_is_left_of_an_object_that_is_gone() {
        let metrics = Metrics::new().expect("metrics");
        for name in ["web", "api"] {
            metrics.reconciled(KIND, "apps", name, 0.5, "success");
            metrics.drift(KIND, "apps", name, 1, 0);
            metrics.applied(KIND, "apps", name, 4.0);
            metrics.in_sync(KIND, "apps", name);
        }
        let about_api = lines_about(&metrics, "\"api\"").len();
        metrics.forget(KIND, "apps", "web");
        metrics.forget(KIND, "apps", "web");
        assert_eq!(lines_about(&metrics, "\"web\""), Vec::<String>::new());
        assert_eq!(lines_about(&metrics, "\"api\"").len(), about_api);
    }

    #[test]
    fn a_suspended_object_alarms_nobody_but_keeps_its_past() {
        let metrics = Metrics::new().expect("metrics");
        metrics.drift(KIND, "apps", "web", 1, 0);
        metrics.in_sync(KIND, "apps", "web");
        metrics.suspended(KIND, "apps", "web");
        assert!(lines_about(&metrics, "inhaul_in_sync_timestamp_seconds{").is_empty());
        assert!(lines_about(&metrics, "inhaul_drift_objects{").is_empty());
        assert_eq!(lines_about(&metrics, "inhaul_drift_detected_total{").len(), 1);
    }

    #[test]
    fn the_time_in_sync_is_now() {
        let metrics = Metrics::new().expect("metrics");
        metrics.in_sync(KIND, "apps", "web");
        let lines = lines_about(&metrics, "inhaul_in_sync_timestamp_seconds{");
        let shown = lines.first().and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
        assert!(shown.is_some_and(|shown| (now - shown).abs() < 5.0), "{lines:?}");
    }

    #[test]
    fn events_are_counted_from_totals() {
        let metrics = Metrics::new().expect("metrics");
        metrics.events(2, 5);
        metrics.events(3, 5);
        assert_eq!(lines_about(&metrics, "inhaul_events_dropped_total 3").len(), 1);
        assert_eq!(lines_about(&metrics, "inhaul_events_failed_total 5").len(), 1);
    }
}
