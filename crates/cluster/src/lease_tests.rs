use super::*;
use parking_lot::Mutex;

fn sight(holder: &str, seconds: Option<i32>, since: Instant) -> Sight {
    let spec = LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: seconds,
        ..LeaseSpec::default()
    };
    Sight { spec, version: Some("1".to_owned()), since }
}

#[test]
fn a_lease_is_taken_only_when_its_holder_was_not_seen_to_renew_it() {
    let start = Instant::now();
    let ours = Duration::from_secs(35);
    let at = |seconds| start + Duration::from_secs(seconds);
    let wait = |seconds| Move::Wait(Duration::from_secs(seconds));
    let cases = [
        ("no record", None, at(0), Move::Create),
        ("no holder", Some(sight("", Some(35), start)), at(0), Move::Take),
        ("ours", Some(sight("me", Some(35), start)), at(0), Move::Renew),
        ("ours, and old", Some(sight("me", Some(35), start)), at(90), Move::Renew),
        ("held, just seen", Some(sight("other", Some(35), start)), at(0), wait(35)),
        ("held, seen a while ago", Some(sight("other", Some(35), start)), at(34), wait(1)),
        ("held, not renewed", Some(sight("other", Some(35), start)), at(35), Move::Take),
        (
            "its duration counts, not ours",
            Some(sight("other", Some(15), start)),
            at(15),
            Move::Take,
        ),
        ("no duration: ours", Some(sight("other", None, start)), at(30), wait(5)),
        ("a duration of nothing: ours", Some(sight("other", Some(0), start)), at(30), wait(5)),
        ("a negative one: ours", Some(sight("other", Some(-9), start)), at(35), Move::Take),
        ("a clock that stepped back", Some(sight("other", Some(35), at(9))), at(0), wait(35)),
    ];
    for (name, seen, now, expected) in cases {
        assert_eq!(decide(seen.as_ref(), "me", now, ours), expected, "{name}");
    }
}

#[test]
fn only_a_changed_spec_counts_as_a_renewal() {
    let start = Instant::now();
    let later = start + Duration::from_secs(20);
    let lease = |renewed: i64, version: &str| Lease {
        metadata: ObjectMeta {
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some("other".to_owned()),
            renew_time: Timestamp::from_second(renewed).ok().map(MicroTime),
            ..LeaseSpec::default()
        }),
    };
    let first = Sight::next(None, lease(1, "1"), start);
    let labelled = Sight::next(Some(&first), lease(1, "2"), later);
    assert_eq!((labelled.since, labelled.version.as_deref()), (start, Some("2")));
    // A renewal with a time in the past, or far in the future, is one nevertheless.
    for stated in [0, 4_000_000_000] {
        assert_eq!(Sight::next(Some(&first), lease(stated, "2"), later).since, later);
    }
}

#[test]
fn identities_differ() {
    let [first, second] = [identity("host"), identity("host")];
    assert_ne!(first, second);
    assert!(first.starts_with("host_") && first.len() == "host_".len() + 36, "{first}");
}

/// A store in memory, whose requests can be made to fail.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    leases: HashMap<String, Lease>,
    version: u64,
    refuse_writes_to: Option<String>,
    broken: bool,
}

impl Memory {
    fn put(&self, lease: &Lease, new: bool) -> Result<Lease, StoreError> {
        let mut state = self.0.lock();
        let name = lease.metadata.name.clone().unwrap_or_default();
        if state.broken || state.refuse_writes_to.as_ref() == Some(&name) {
            return Err(StoreError::Failed("refused".to_owned()));
        }
        let current = state.leases.get(&name).map(|l| l.metadata.resource_version.clone());
        let expected = if new { None } else { Some(lease.metadata.resource_version.clone()) };
        if current != expected {
            return Err(StoreError::Conflict);
        }
        state.version += 1;
        let mut lease = lease.clone();
        lease.metadata.resource_version = Some(state.version.to_string());
        state.leases.insert(name, lease.clone());
        Ok(lease)
    }

    fn holder(&self, name: &str) -> String {
        let state = self.0.lock();
        let spec = state.leases.get(name).and_then(|lease| lease.spec.as_ref());
        spec.and_then(|spec| spec.holder_identity.clone()).unwrap_or_default()
    }

    fn seize(&self, name: &str, holder: &str) {
        let mut state = self.0.lock();
        state.version += 1;
        let version = state.version.to_string();
        let lease = state.leases.entry(name.to_owned()).or_default();
        lease.metadata.name = Some(name.to_owned());
        lease.metadata.resource_version = Some(version);
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(3600),
            ..LeaseSpec::default()
        });
    }
}

impl Store for Memory {
    async fn get(&self, name: &str) -> Result<Option<Lease>, StoreError> {
        let state = self.0.lock();
        if state.broken {
            return Err(StoreError::Failed("refused".to_owned()));
        }
        Ok(state.leases.get(name).cloned())
    }

    async fn create(&self, lease: &Lease) -> Result<Lease, StoreError> {
        self.put(lease, true)
    }

    async fn replace(&self, lease: &Lease) -> Result<Lease, StoreError> {
        self.put(lease, false)
    }
}

const LEASES: [&str; 2] = ["kustomize", "source"];

fn start(memory: &Memory, me: &str) -> (Leadership, CancellationToken) {
    let config = ElectionConfig {
        namespace: "flux-system".to_owned(),
        leases: LEASES.map(str::to_owned).to_vec(),
        identity: me.to_owned(),
        lease_duration: Duration::from_millis(1500),
        renew_deadline: Duration::from_millis(400),
        retry_period: Duration::from_millis(30),
        release_on_cancel: true,
    };
    let shared = Shared::new();
    let leadership = Leadership(Arc::clone(&shared));
    let member = Member { config, store: memory.clone(), shared };
    let stop = CancellationToken::new();
    tokio::spawn(member.run(stop.clone()));
    (leadership, stop)
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), what).await.expect("happens within 10 s")
}

async fn soon_true(mut condition: impl FnMut() -> bool) {
    soon(async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn one_of_two_leads_and_the_other_follows_when_it_ends() {
    let memory = Memory::default();
    let (first, stop_first) = start(&memory, "first");
    assert!(soon(first.acquired()).await);
    let (second, _stop) = start(&memory, "second");
    sleep(Duration::from_millis(300)).await;
    assert!(first.may_write(), "the leader renews");
    assert!(!second.may_write());
    stop_first.cancel();
    soon(first.lost()).await;
    assert!(!first.may_write());
    assert!(soon(second.acquired()).await);
    assert!(second.may_write());
    assert_eq!(LEASES.map(|name| memory.holder(name)), ["second", "second"]);
}

#[tokio::test]
async fn a_half_of_the_leases_is_not_kept() {
    let memory = Memory::default();
    memory.seize("source", "flux");
    let (leadership, _stop) = start(&memory, "me");
    sleep(Duration::from_millis(200)).await;
    assert!(!leadership.may_write());
    assert_eq!(memory.holder("kustomize"), "", "free for the controller that it belongs to");

    // Free now, but one of them cannot be written: what was taken meanwhile is given back.
    memory.0.lock().refuse_writes_to = Some("source".to_owned());
    memory.seize("source", "");
    soon_true(|| memory.0.lock().leases.contains_key("kustomize")).await;
    soon_true(|| memory.holder("kustomize").is_empty()).await;
    assert!(!leadership.may_write());
    memory.0.lock().refuse_writes_to = None;
    assert!(soon(leadership.acquired()).await);
}

#[tokio::test]
async fn a_leader_stops_writing_when_one_lease_is_taken_from_it() {
    let memory = Memory::default();
    let (leadership, _stop) = start(&memory, "me");
    assert!(soon(leadership.acquired()).await);
    memory.seize("source", "other");
    soon(leadership.lost()).await;
    assert!(!leadership.may_write());
    assert_eq!(memory.holder("source"), "other");
}

#[tokio::test]
async fn a_leader_that_cannot_renew_stops_writing_at_its_deadline() {
    let memory = Memory::default();
    let (leadership, _stop) = start(&memory, "me");
    assert!(soon(leadership.acquired()).await);
    memory.0.lock().broken = true;
    let broken = Instant::now();
    soon_true(|| !leadership.may_write()).await;
    assert!(broken.elapsed() >= Duration::from_millis(300), "one failure is not the end");
    soon(leadership.lost()).await;
}

#[tokio::test]
async fn a_leader_survives_a_change_that_somebody_else_makes_to_its_lease() {
    let memory = Memory::default();
    let (leadership, _stop) = start(&memory, "me");
    assert!(soon(leadership.acquired()).await);
    memory.0.lock().leases.entry("source".to_owned()).and_modify(|lease| {
        lease.metadata.resource_version = Some("9000".to_owned());
    });
    sleep(Duration::from_millis(800)).await;
    assert!(leadership.may_write());
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_the_change_of_hands_is_counted() {
    let memory = Memory::default();
    memory.seize("source", "dead");
    let duration = |lease: &mut Lease| {
        let spec = lease.spec.get_or_insert_default();
        spec.lease_duration_seconds = Some(1);
        spec.lease_transitions = Some(4);
    };
    memory.0.lock().leases.entry("source".to_owned()).and_modify(duration);
    let began = Instant::now();
    let (leadership, _stop) = start(&memory, "me");
    assert!(soon(leadership.acquired()).await);
    assert!(began.elapsed() >= Duration::from_secs(1));
    let state = memory.0.lock();
    let transitions = |name| state.leases[name].spec.as_ref().and_then(|s| s.lease_transitions);
    assert_eq!((transitions("source"), transitions("kustomize")), (Some(5), Some(0)));
}

#[tokio::test]
async fn without_an_election_one_leads_at_once() {
    let leadership = Leadership::undisputed();
    assert!(leadership.acquired().await && leadership.may_write());
    assert!(timeout(Duration::from_millis(20), leadership.lost()).await.is_err());
}
