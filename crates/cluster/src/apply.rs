//! Server-side apply, a stage at a time: everything is tried by a dry-run before anything is
//! written, so that a stage goes in whole or not at all.

mod correct;

use crate::error::Error;
use crate::index::{Index, Indexed};
use crate::request::{Call, Connection, JSON, METADATA};
use crate::resource::{Discovery, Resource};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use http::{Method, StatusCode};
use inhaul_object::{GroupVersionKind, Object, ObjectId, difference, mask, policy};
use inhaul_plan::{
    DesiredHash, FIELD_MANAGER, HashKey, PlannedObject, Record, Sight, Verdict, compare,
    overridden, taken, taken_over,
};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const APPLY: &str = "application/apply-patch+yaml";
const JSON_PATCH: &str = "application/json-patch+json";
/// The annotation that says what becomes of drift.
pub const DRIFT: &str = "inhaul.dev/drift";
/// How long a kind may take to be served after its definition is established.
const KIND_APPEARS: Duration = Duration::from_secs(15);
const KIND_POLL: Duration = Duration::from_millis(200);

/// What was done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was not there.
    Created,
    /// It differed.
    Configured,
    /// It was in order.
    Unchanged,
    /// It was left alone, because it says so.
    Skipped,
    /// It differs, and that is only to be told.
    Drifted,
}

/// What is known before a stage is applied.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// What earlier applies of the same objects answered.
    pub records: HashMap<ObjectId, Record>,
    /// Objects whose drift waits: they are passed over this time.
    pub waiting: HashSet<ObjectId>,
    /// Objects to verify whatever is known of them.
    pub audit: HashSet<ObjectId>,
    /// The same objects were in order before, so what differs is drift and no news.
    pub was_in_order: bool,
    /// Drift is told and not put back (`inhaul.dev/drift: report`).
    pub report_drift: bool,
}

/// What was done with one object, and what is known of it now.
#[derive(Clone, Debug)]
pub struct Change {
    /// The object.
    pub id: ObjectId,
    /// What was done.
    pub action: Action,
    /// The fields that differed before, without their values.
    pub fields: Vec<String>,
    /// Who had taken fields, as far as the API server knows.
    pub managers: Vec<String>,
    /// What the next look is compared with.
    pub record: Option<Record>,
    /// An audit found it, and the index had not.
    pub missed: bool,
}

impl Change {
    fn of(id: ObjectId, action: Action) -> Self {
        Self { id, action, fields: Vec::new(), managers: Vec::new(), record: None, missed: false }
    }
}

/// Why a stage could not be applied. The text names the object first and shows no secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ApplyError {
    /// What a person reads.
    pub message: String,
    /// What the API server asked for, if it asked to wait.
    pub retry_after: Option<Duration>,
    /// Whether the API server refused the object itself, so that only another one will do.
    pub refused: bool,
    /// Whether an object of the stage may have been written.
    pub begun: bool,
    /// What was written before.
    pub done: Vec<Change>,
}

/// Settings of [`Applier`].
#[derive(Clone)]
pub struct ApplyOptions {
    /// Managers whose fields are taken over beside kubectl's (`--override-manager`).
    pub override_managers: Vec<String>,
    /// How many objects are looked at side by side (`--concurrent-ssa`).
    pub concurrency: usize,
    /// The key of this process's hashes.
    pub hash_key: HashKey,
}

/// Applies the stages of plans.
#[derive(Clone)]
pub struct Applier {
    connection: Connection,
    discovery: Discovery,
    index: Index,
    options: ApplyOptions,
}

/// What a dry-run found out about an object.
enum Finding<'a> {
    Settled(Change),
    Write { planned: &'a PlannedObject, resource: Resource, live: Option<Object>, change: Change },
}

impl Applier {
    /// An applier over one connection.
    pub fn new(
        connection: Connection,
        discovery: Discovery,
        index: Index,
        options: ApplyOptions,
    ) -> Self {
        Self { connection, discovery, index, options }
    }

    /// Applies a stage. `new_kinds` are those that an earlier stage of this plan has defined.
    ///
    /// # Errors
    /// [`ApplyError`]: nothing was written if a dry-run failed.
    pub async fn apply_stage(
        &self,
        stage: &[PlannedObject],
        knowledge: &Knowledge,
        new_kinds: &HashSet<GroupVersionKind>,
    ) -> Result<Vec<Change>, ApplyError> {
        let (mut done, mut open) = (Vec::with_capacity(stage.len()), Vec::new());
        for planned in stage {
            match self.believed(planned, knowledge) {
                Some(change) => done.push(change),
                None => open.push(planned),
            }
        }
        if let [only] = open.as_slice()
            && self.is_ours(only, knowledge)
        {
            // A stage of one write goes in whole or not at all without a trial.
            match self.correct_one(only, knowledge).await {
                Ok(change) => {
                    done.push(change);
                    return Ok(done);
                }
                // The trial finds out more about it.
                Err(error) if error.refused => {}
                Err(error) => return Err(ApplyError { done, ..error }),
            }
        }
        let looks: Vec<_> = open
            .iter()
            .map(|planned| self.examine(planned, knowledge, new_kinds).boxed())
            .collect();
        let looks = stream::iter(looks).buffered(self.options.concurrency.max(1));
        let findings: Result<Vec<Finding<'_>>, _> = looks.try_collect().await;
        let written = match findings {
            Ok(findings) => self.write_all(findings).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(changes) => {
                done.extend(changes);
                Ok(done)
            }
            Err(error) => Err(ApplyError { done: [done, error.done].concat(), ..error }),
        }
    }

    /// What is known of an object, where the index says that nobody took a field of it since.
    fn believed(&self, planned: &PlannedObject, knowledge: &Knowledge) -> Option<Change> {
        let id = planned.object.id();
        let record = knowledge.records.get(&id).filter(|_| !knowledge.audit.contains(&id))?;
        let desired = DesiredHash::of(&planned.object, self.options.hash_key);
        let in_order = || match self.index.look(&id) {
            Indexed::Seen(sight) => compare(record, desired, &sight) == Verdict::InOrder,
            Indexed::Absent | Indexed::Unknown => false,
        };
        let believed = knowledge.waiting.contains(&id) || in_order();
        let record = Some(record.clone());
        believed.then(|| Change { record, ..Change::of(id, Action::Unchanged) })
    }

    /// Whether an object is known to be ours, so that it may be written after a look.
    fn is_ours(&self, planned: &PlannedObject, knowledge: &Knowledge) -> bool {
        let id = planned.object.id();
        knowledge.records.contains_key(&id) && !knowledge.audit.contains(&id)
    }

    /// Writes what has to be written: objects of one kind side by side, one kind after another in
    /// the order of the stage. After a failure nothing more is begun.
    async fn write_all(&self, findings: Vec<Finding<'_>>) -> Result<Vec<Change>, ApplyError> {
        let mut done = Vec::with_capacity(findings.len());
        let mut writes = Vec::new();
        for finding in findings {
            match finding {
                Finding::Settled(change) => done.push(change),
                Finding::Write { planned, resource, live, change } => {
                    writes.push((planned, resource, live, change));
                }
            }
        }
        let kind = |planned: &PlannedObject| planned.object.gvk();
        for of_kind in writes.chunk_by(|(a, ..), (b, ..)| kind(a) == kind(b)) {
            let broken = AtomicBool::new(false);
            let calls = of_kind.iter().map(|(planned, resource, live, change)| {
                let broken = &broken;
                async move {
                    if broken.load(Ordering::Relaxed) {
                        return None;
                    }
                    let written = self.write(planned, resource, live.as_ref()).await;
                    broken.fetch_or(written.is_err(), Ordering::Relaxed);
                    let record = |answer: Object| self.record(&answer, planned);
                    Some(match written {
                        Ok(answer) => Ok(Change { record: record(answer), ..change.clone() }),
                        Err(error) => Err(failed(planned, "apply", &error)),
                    })
                }
                .boxed()
            });
            let calls: Vec<_> = calls.collect();
            let ends: Vec<_> =
                stream::iter(calls).buffered(self.options.concurrency.max(1)).collect().await;
            let mut first = None;
            for end in ends.into_iter().flatten() {
                match end {
                    Ok(change) => done.push(change),
                    Err(error) => first = first.or(Some(error)),
                }
            }
            if let Some(error) = first {
                return Err(ApplyError { begun: true, done, ..error });
            }
        }
        Ok(done)
    }

    fn record(&self, answer: &Object, planned: &PlannedObject) -> Option<Record> {
        Record::of(answer, DesiredHash::of(&planned.object, self.options.hash_key))
    }

    async fn examine<'a>(
        &self,
        planned: &'a PlannedObject,
        knowledge: &Knowledge,
        new_kinds: &HashSet<GroupVersionKind>,
    ) -> Result<Finding<'a>, ApplyError> {
        let dry_run = |error: &Error| failed(planned, "dry-run", error);
        let object = &planned.object;
        let id = object.id();
        let gvk = object.gvk();
        let is_new = new_kinds.contains(&gvk);
        let resource = self.resource(&gvk, is_new).await.map_err(|e| dry_run(&e))?;
        self.index.follow(&resource);
        let path = resource.object(&id.namespace, &id.name);
        let desired = DesiredHash::of(object, self.options.hash_key);
        let known = knowledge.records.get(&id);
        let mut believed = false;
        if let Some(record) = known {
            believed = knowledge.waiting.contains(&id)
                || self.is_in_order(record, desired, &id, &path).await.map_err(|e| dry_run(&e))?;
            if believed && !knowledge.audit.contains(&id) {
                return Ok(settled(id, Action::Unchanged, Some(record.clone())));
            }
        }
        // Of what was never seen, the trial itself tells whether it exists.
        let mut tried = None;
        if known.is_none() && policy::of(Some(object), None).may_apply(true) {
            let trial = self.trial(object, &path, is_new).await;
            if matches!(trial, Ok((StatusCode::CREATED, _))) {
                let change = Change::of(id, Action::Created);
                return Ok(Finding::Write { planned, resource, live: None, change });
            }
            tried = Some(trial.map(|(_, tried)| tried));
        }
        let trial = async {
            match tried {
                Some(tried) => tried,
                None => self.dry_run(object, &path, is_new).await,
            }
        };
        let (live, tried) = tokio::join!(self.look(&path, JSON), trial);
        let live = live.map_err(|e| dry_run(&e))?;
        let policy = policy::of(Some(object), live.as_ref());
        if !policy.may_apply(live.is_some()) {
            return Ok(settled(id, Action::Skipped, None));
        }
        let tried = tried.map_err(|e| dry_run(&e))?;
        let finding = self.finding(planned, resource, live, &tried, known);
        Ok(judged(finding, knowledge, object, believed))
    }

    /// What a dry-run says about an object that is not to be left alone.
    fn finding<'a>(
        &self,
        planned: &'a PlannedObject,
        resource: Resource,
        live: Option<Object>,
        tried: &Object,
        known: Option<&Record>,
    ) -> Finding<'a> {
        let object = &planned.object;
        let Some(live) = live else {
            let change = Change::of(object.id(), Action::Created);
            return Finding::Write { planned, resource, live: None, change };
        };
        let fields = difference::changed_paths(live.as_json(), tried.as_json());
        let owned = Record::of(&live, DesiredHash::of(object, self.options.hash_key));
        // Without an entry of ours nobody can tell later whether a field was taken from us.
        if fields.is_empty() && owned.is_some() && !self.takes_over(&live, object) {
            return settled(object.id(), Action::Unchanged, owned);
        }
        let managers =
            known.map(|known| taken(&known.entry, live.as_json()).managers).unwrap_or_default();
        let change = Change { fields, managers, ..Change::of(object.id(), Action::Configured) };
        Finding::Write { planned, resource, live: Some(live), change }
    }

    /// Whether nobody took a field since the object was applied last: the index knows, and where
    /// it does not, the object's metadata is read.
    async fn is_in_order(
        &self,
        record: &Record,
        desired: DesiredHash,
        id: &ObjectId,
        path: &str,
    ) -> Result<bool, Error> {
        let sight = match self.index.look(id) {
            Indexed::Seen(sight) => Some(sight),
            Indexed::Absent => None,
            Indexed::Unknown => {
                let metadata = self.look(path, METADATA).await?;
                metadata.map(|metadata| Sight::of(&metadata, &self.options.override_managers))
            }
        };
        Ok(sight.is_some_and(|sight| compare(record, desired, &sight) == Verdict::InOrder))
    }

    fn takes_over(&self, live: &Object, desired: &Object) -> bool {
        policy::of(Some(desired), Some(live)).ssa == policy::ServerSideApply::Override
            && overridden(live.as_json(), &self.options.override_managers)
    }

    /// How the kind is served. A kind that was defined a moment ago may take a little to appear.
    async fn resource(&self, gvk: &GroupVersionKind, new: bool) -> Result<Resource, Error> {
        let deadline = Instant::now() + KIND_APPEARS;
        loop {
            match self.discovery.resource(gvk).await {
                Err(Error::UnknownKind { .. }) if new && Instant::now() < deadline => {
                    tokio::time::sleep(KIND_POLL).await;
                }
                answer => return answer,
            }
        }
    }

    async fn look(&self, path: &str, accept: &'static str) -> Result<Option<Object>, Error> {
        match self.connection.send(&Call::get(path.to_owned()).accepting(accept)).await {
            Ok(value) => whole(value).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn dry_run(&self, object: &Object, path: &str, new: bool) -> Result<Object, Error> {
        self.trial(object, path, new).await.map(|(_, tried)| tried)
    }

    /// A dry-run; its code tells whether the object would be created.
    async fn trial(
        &self,
        object: &Object,
        path: &str,
        new: bool,
    ) -> Result<(StatusCode, Object), Error> {
        let deadline = Instant::now() + KIND_APPEARS;
        let call = apply_call(object, path, true);
        loop {
            match self.connection.ask(&call).await {
                Err(error) if error.is_not_found() && new && Instant::now() < deadline => {
                    tokio::time::sleep(KIND_POLL).await;
                }
                Err(error) => return Err(error),
                Ok((code, value)) => return Ok((code, whole(value)?)),
            }
        }
    }

    async fn write(
        &self,
        planned: &PlannedObject,
        resource: &Resource,
        live: Option<&Object>,
    ) -> Result<Object, Error> {
        let object = &planned.object;
        let id = object.id();
        let path = resource.object(&id.namespace, &id.name);
        if let Some(live) = live.filter(|live| self.takes_over(live, object)) {
            let patch = taken_over(live.as_json(), &self.options.override_managers);
            let uri = format!("{path}?fieldManager={FIELD_MANAGER}");
            let call = Call::sending(Method::PATCH, uri, JSON_PATCH, &patch);
            self.connection.send(&call).await?;
        }
        whole(self.connection.send(&apply_call(object, &path, false)).await?)
    }
}

/// An answer that is a whole object.
fn whole(answer: Value) -> Result<Object, Error> {
    Object::from_json(answer).map_err(|invalid| Error::Garbled(invalid.to_string()))
}

/// What becomes of a finding: drift may be only to be told, and what was believed to be in order
/// was missed.
fn judged<'a>(
    finding: Finding<'a>,
    knowledge: &Knowledge,
    desired: &Object,
    believed: bool,
) -> Finding<'a> {
    match finding {
        Finding::Write { live, change, .. } if reports_only(knowledge, desired, &live) => {
            Finding::Settled(Change { action: Action::Drifted, missed: believed, ..change })
        }
        Finding::Write { planned, resource, live, change } => {
            let missed = believed && !change.fields.is_empty();
            Finding::Write { planned, resource, live, change: Change { missed, ..change } }
        }
        settled @ Finding::Settled(_) => settled,
    }
}

/// Whether what differs is only to be told: drift, of an object or a Kustomization that says so.
fn reports_only(knowledge: &Knowledge, desired: &Object, live: &Option<Object>) -> bool {
    let asks = |object: &Object| object.annotation(DRIFT).is_some_and(asks_for_report);
    knowledge.was_in_order
        && (knowledge.report_drift || asks(desired) || live.as_ref().is_some_and(asks))
}

/// Whether the value of an `inhaul.dev/drift` annotation says, today, that drift is only told:
/// `report`, or `report-until=` and a time.
pub fn asks_for_report(value: &str) -> bool {
    match value.split_once('=') {
        None => value == "report",
        Some(("report-until", time)) => {
            time.parse::<jiff::Timestamp>().is_ok_and(|until| jiff::Timestamp::now() < until)
        }
        Some(_) => false,
    }
}

fn settled(id: ObjectId, action: Action, record: Option<Record>) -> Finding<'static> {
    Finding::Settled(Change { record, ..Change::of(id, action) })
}

fn apply_call(object: &Object, path: &str, dry_run: bool) -> Call {
    let dry_run = if dry_run { "&dryRun=All" } else { "" };
    let uri = format!("{path}?fieldManager={FIELD_MANAGER}&force=true{dry_run}");
    Call::sending(Method::PATCH, uri, APPLY, object.as_json())
}

fn failed(planned: &PlannedObject, step: &str, error: &Error) -> ApplyError {
    let object = &planned.object;
    let reason = match error.reason() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    // The API server quotes what it refuses.
    let why = mask::mask_text(&error.to_string(), object);
    let file = planned.origin.as_ref().map(|f| format!("; defined in {f}")).unwrap_or_default();
    ApplyError {
        message: format!("{} {step} failed{reason}: {why}{file}", object.id()),
        retry_after: error.retry_after(),
        refused: matches!(error.code(), Some(400 | 403 | 422)),
        begun: false,
        done: Vec::new(),
    }
}
