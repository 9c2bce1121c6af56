//! Putting drifted objects back: one look and one write each, without a trial.

use super::{Action, Applier, ApplyError, Change, Finding, Knowledge, failed, reports_only};
use crate::error::Error;
use crate::request::JSON;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use inhaul_object::{Object, ObjectId, difference, policy};
use inhaul_plan::{DesiredHash, PlannedObject, Record, Sight, Verdict, compare, taken};
use std::collections::HashSet;

impl Applier {
    /// Puts objects back that are suspected to have drifted, each by itself: one that is refused
    /// holds up no other. What is known of an object is believed as far as its live metadata
    /// agree, so an object costs a look and a write.
    ///
    /// # Errors
    /// [`ApplyError`] of the first object that failed; `done` holds the others.
    pub async fn correct(
        &self,
        suspects: &[PlannedObject],
        knowledge: &Knowledge,
    ) -> Result<Vec<Change>, ApplyError> {
        let looks: Vec<_> =
            suspects.iter().map(|planned| self.correct_one(planned, knowledge).boxed()).collect();
        let ends: Vec<_> =
            stream::iter(looks).buffered(self.options.concurrency.max(1)).collect().await;
        let (mut done, mut first) = (Vec::with_capacity(ends.len()), None);
        for end in ends {
            match end {
                Ok(change) => done.push(change),
                Err(error) => first = first.or(Some(error)),
            }
        }
        match first {
            Some(error) => Err(ApplyError { done, ..error }),
            None => Ok(done),
        }
    }

    pub(super) async fn correct_one(
        &self,
        planned: &PlannedObject,
        knowledge: &Knowledge,
    ) -> Result<Change, ApplyError> {
        let object = &planned.object;
        let id = object.id();
        let known = knowledge.records.get(&id).filter(|_| !knowledge.audit.contains(&id));
        let Some(record) = known else {
            // Nothing may be written where nothing differs, so it is tried first.
            return match self.examine(planned, knowledge, &HashSet::new()).await? {
                Finding::Settled(change) => Ok(change),
                finding @ Finding::Write { .. } => {
                    let mut done = self.write_all(vec![finding]).await?;
                    Ok(done.pop().unwrap_or_else(|| Change::of(id, Action::Skipped)))
                }
            };
        };
        let look = |error: &Error| failed(planned, "look", error);
        let resource = self.resource(&object.gvk(), false).await.map_err(|e| look(&e))?;
        self.index.follow(&resource);
        let path = resource.object(&id.namespace, &id.name);
        let live = self.look(&path, JSON).await.map_err(|e| look(&e))?;
        if !policy::of(Some(object), live.as_ref()).may_apply(live.is_some()) {
            return Ok(Change::of(id, Action::Skipped));
        }
        let desired = DesiredHash::of(object, self.options.hash_key);
        if let Some(live) = &live {
            let sight = Sight::of(live, &self.options.override_managers);
            if live.is_deleting() || compare(record, desired, &sight) == Verdict::InOrder {
                let record = Some(record.clone());
                return Ok(Change { record, ..Change::of(id, Action::Unchanged) });
            }
        }
        if reports_only(knowledge, object, &live) {
            let tried = self.dry_run(object, &path, false).await.map_err(|e| look(&e))?;
            let finding = self.finding(planned, resource, live, &tried, Some(record));
            let (Finding::Settled(change) | Finding::Write { change, .. }) = finding;
            let drifted = change.action != Action::Unchanged;
            let action = if drifted { Action::Drifted } else { Action::Unchanged };
            return Ok(Change { action, ..change });
        }
        let answer = self.write(planned, &resource, live.as_ref()).await;
        let answer = answer.map_err(|error| failed(planned, "apply", &error))?;
        let change = corrected(&id, live.as_ref(), &answer, record);
        Ok(Change { record: self.record(&answer, planned), ..change })
    }
}

/// What a correction changed of the live object.
fn corrected(id: &ObjectId, live: Option<&Object>, answer: &Object, record: &Record) -> Change {
    let Some(live) = live else { return Change::of(id.clone(), Action::Created) };
    let version = |object: &Object| object.as_json()["metadata"]["resourceVersion"].clone();
    if version(live) == version(answer) {
        return Change::of(id.clone(), Action::Unchanged);
    }
    Change {
        fields: difference::changed_paths(live.as_json(), answer.as_json()),
        managers: taken(&record.entry, live.as_json()).managers,
        ..Change::of(id.clone(), Action::Configured)
    }
}
