//! One remote: its refs, and the commits that were fetched from it.

use crate::access::Access;
use crate::call::{Door, Stop};
use crate::check::{check_commit, read_commit};
use crate::generation::{Generation, has_object};
use crate::listing::{Advertised, Listing, full_name, not_found};
use crate::reference::Wanted;
use crate::session::{Depth, Session};
use crate::{Call, Error, ErrorKind, Limits, Reference, RemoteUrl, Resolved, Revision, Snapshot};
use gix::ObjectId;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A ref that nobody asked about for this long is no longer listed along.
const INTEREST_LASTS: Duration = Duration::from_secs(24 * 3600);
/// Tags that tie for the highest version; more than a few are a mistake.
const MAX_TIES: usize = 16;

/// One remote with one identity, shared by everybody who asks for it.
pub struct Mirror {
    url: RemoteUrl,
    directory: PathBuf,
    limits: Limits,
    door: Arc<Door>,
    access: Mutex<Arc<Access>>,
    generation: Mutex<Option<Arc<Generation>>>,
    /// The latest listing. Who holds the lock asks; the others take the answer.
    listing: tokio::sync::Mutex<Option<Arc<Listing>>>,
    /// Grows with each listing that differs from the one before.
    changes: AtomicU64,
    interests: Mutex<BTreeMap<String, Instant>>,
    /// One fetch at a time: the second one mostly finds that nothing is left to do.
    fetching: Arc<tokio::sync::Mutex<()>>,
    /// Commits that were found to be part of a branch.
    members: Mutex<HashSet<(String, ObjectId)>>,
}

impl Mirror {
    pub(crate) fn new(
        url: RemoteUrl,
        directory: PathBuf,
        limits: Limits,
        door: Arc<Door>,
        access: Access,
    ) -> Self {
        Self {
            url,
            directory,
            limits,
            door,
            access: Mutex::new(Arc::new(access)),
            generation: Mutex::default(),
            listing: tokio::sync::Mutex::default(),
            changes: AtomicU64::new(0),
            interests: Mutex::default(),
            fetching: Arc::default(),
            members: Mutex::default(),
        }
    }

    /// The remote's address.
    pub fn url(&self) -> &RemoteUrl {
        &self.url
    }

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.lock())
    }

    pub(crate) fn renew(&self, access: Access) {
        *self.access.lock() = Arc::new(access);
    }

    pub(crate) fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    /// Whether trees of this mirror are in use.
    pub(crate) fn is_read(&self) -> bool {
        self.generation.lock().as_ref().is_some_and(|generation| Arc::strong_count(generation) > 1)
    }

    /// A number that grows when a listing shows that something moved on the remote, for everybody
    /// who shares it.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Asks the remote which commit `reference` means. Nothing but refs is transferred.
    ///
    /// A listing that is not older than `max_age` is taken instead of a new question; callers
    /// that ask at the same moment share one question in any case.
    ///
    /// # Errors
    /// [`ErrorKind::ReferenceInvalid`], [`ErrorKind::ReferenceNotFound`],
    /// [`ErrorKind::EmptyRepository`], or why the remote could not be asked.
    pub async fn resolve(
        self: &Arc<Self>,
        reference: &Reference,
        max_age: Duration,
        call: &Call,
    ) -> Result<Resolved, Error> {
        let resolved = self.resolve_wanted(reference, max_age, call).await;
        resolved.map_err(|error| error.at(&self.url))
    }

    /// The files of a revision; they are fetched unless they are here. Only what the mirror does
    /// not have yet is transferred, without history.
    ///
    /// # Errors
    /// Why the commit cannot be had, or why it is refused ([`ErrorKind::HostileTree`]).
    pub async fn fetch(
        self: &Arc<Self>,
        resolved: &Resolved,
        call: &Call,
    ) -> Result<Snapshot, Error> {
        let snapshot = self.fetch_or_open(resolved, call).await;
        let doing = format!("fetch {}", resolved.revision);
        snapshot.map_err(|error| error.while_doing(&doing).at(&self.url))
    }

    async fn resolve_wanted(
        self: &Arc<Self>,
        reference: &Reference,
        max_age: Duration,
        call: &Call,
    ) -> Result<Resolved, Error> {
        let wanted = reference.wanted()?;
        if let Wanted::Commit { id, branch: None } = &wanted {
            return Ok(Revision::new(None, *id).into());
        }
        let listing = self.listing(&wanted.prefixes(), max_age, call).await?;
        if let Wanted::Range(constraint, _) = &wanted {
            let tied = listing.highest(constraint);
            let Some((tag, found)) = self.latest(tied, call).await? else {
                return Err(self.absent(&wanted, call).await);
            };
            return Ok(resolved(tag, found));
        }
        let Some(found) = full_name(&wanted).and_then(|name| listing.get(&name)) else {
            return Err(self.absent(&wanted, call).await);
        };
        Ok(match wanted {
            Wanted::Commit { id, branch } => Resolved {
                revision: Revision::new(branch, id),
                advertised: None,
                branch_head: Some(found.peeled),
            },
            Wanted::Branch(name)
            | Wanted::Tag(name)
            | Wanted::Name(name)
            | Wanted::Range(_, name) => resolved(name, found),
        })
    }

    /// The refs of the remote, as few as everybody's questions need.
    async fn listing(
        self: &Arc<Self>,
        prefixes: &[String],
        max_age: Duration,
        call: &Call,
    ) -> Result<Arc<Listing>, Error> {
        let called = Instant::now();
        let mut latest = call.wait(self.listing.lock()).await?;
        if let Some(listing) = &*latest
            && listing.covers(prefixes)
            && listing.asked + max_age >= called
        {
            return Ok(Arc::clone(listing));
        }
        let all = {
            let mut interests = self.interests.lock();
            interests.extend(prefixes.iter().map(|prefix| (prefix.clone(), called)));
            interests.retain(|_, last| called.duration_since(*last) < INTEREST_LASTS);
            interests.keys().cloned().collect()
        };
        let listing = Arc::new(self.list(all, call).await?);
        if latest.as_ref().is_some_and(|before| before.differs(&listing)) {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        *latest = Some(Arc::clone(&listing));
        Ok(listing)
    }

    async fn list(
        self: &Arc<Self>,
        prefixes: BTreeSet<String>,
        call: &Call,
    ) -> Result<Listing, Error> {
        let mirror = Arc::clone(self);
        let asked = Instant::now();
        self.door
            .run(call, move |stop| {
                let names: Vec<String> = prefixes.iter().cloned().collect();
                let refs = mirror.session(stop)?.list(&names)?;
                Ok(Listing::new(asked, prefixes, refs))
            })
            .await
            .map_err(|error| error.while_doing("list remote references"))
    }

    /// Why a ref is not there: perhaps nothing is.
    async fn absent(self: &Arc<Self>, wanted: &Wanted, call: &Call) -> Error {
        let everything = ["refs/heads/", "refs/tags/"].map(str::to_owned).into();
        match self.list(everything, call).await {
            Ok(listing) if listing.is_empty() => {
                Error::new(ErrorKind::EmptyRepository, "the Git repository is empty")
            }
            Ok(_) => not_found(wanted),
            Err(error) => error,
        }
    }

    /// Of tags with equal versions, the one whose commit was made last.
    async fn latest(
        self: &Arc<Self>,
        mut tied: Vec<(String, Advertised)>,
        call: &Call,
    ) -> Result<Option<(String, Advertised)>, Error> {
        if tied.len() < 2 {
            return Ok(tied.pop());
        }
        if tied.len() > MAX_TIES {
            let why = format!("more than {MAX_TIES} tags for the highest version");
            return Err(Error::new(ErrorKind::ReferenceInvalid, why));
        }
        let mut best: Option<(i64, (String, Advertised))> = None;
        for (tag, found) in tied {
            let snapshot = self.fetch_or_open(&resolved(tag.clone(), found), call).await?;
            let made = snapshot.commit.committer.seconds;
            if best.as_ref().is_none_or(|(latest, _)| made > *latest) {
                best = Some((made, (tag, found)));
            }
        }
        Ok(best.map(|(_, chosen)| chosen))
    }

    async fn fetch_or_open(
        self: &Arc<Self>,
        resolved: &Resolved,
        call: &Call,
    ) -> Result<Snapshot, Error> {
        let (mirror, wanted) = (Arc::clone(self), resolved.clone());
        let here = self.door.run(call, move |stop| mirror.open_local(&wanted, stop)).await?;
        if let Some(snapshot) = here {
            return Ok(snapshot);
        }
        let turn = call.wait(Arc::clone(&self.fetching).lock_owned()).await?;
        let (mirror, wanted) = (Arc::clone(self), resolved.clone());
        self.door
            .run(call, move |stop| {
                // Held by the thread: it may outlive the caller for a moment.
                let _turn = turn;
                match mirror.open_local(&wanted, stop)? {
                    Some(snapshot) => Ok(snapshot),
                    None => mirror.fetch_remote(&wanted, stop),
                }
            })
            .await
    }

    fn session<'a>(&'a self, stop: &'a Stop) -> Result<Session<'a>, Error> {
        Session::open(&self.access(), &self.url, &self.limits, stop)
    }

    fn current(&self) -> Result<Arc<Generation>, Error> {
        let mut generation = self.generation.lock();
        if let Some(current) = &*generation {
            return Ok(Arc::clone(current));
        }
        let opened = Arc::new(Generation::open_newest(&self.directory, &self.limits)?);
        *generation = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// The generation to fetch into: the next one where the current one is damaged or too large.
    fn current_or_next(&self) -> Result<Arc<Generation>, Error> {
        let current = self.current()?;
        if !current.is_spent(&self.limits) {
            return Ok(current);
        }
        let next = Arc::new(current.succeed(&self.limits)?);
        *self.generation.lock() = Some(Arc::clone(&next));
        Ok(next)
    }

    /// A revision that was fetched before.
    fn open_local(&self, wanted: &Resolved, stop: &Stop) -> Result<Option<Snapshot>, Error> {
        let id = wanted.revision.id();
        let generation = self.current()?;
        let has_tag = wanted.advertised.is_none_or(|tag| has_object(&generation.handle(), &tag));
        if !generation.has_tip(&id) || !has_tag || !self.is_member(wanted) {
            return Ok(None);
        }
        match check_commit(&generation, &id, &self.limits, stop) {
            Ok(commit) => Snapshot::new(generation, wanted, commit).map(Some),
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::warn!(url = %self.url, %error, "object database is damaged, fetching anew");
                generation.note_damage();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn fetch_remote(&self, wanted: &Resolved, stop: &Stop) -> Result<Snapshot, Error> {
        let id = wanted.revision.id();
        let generation = self.current_or_next()?;
        let has_tag = wanted.advertised.is_none_or(|tag| has_object(&generation.handle(), &tag));
        if !generation.has_tip(&id) || !has_tag {
            self.receive(&generation, wanted, stop)?;
        }
        let commit = check_commit(&generation, &id, &self.limits, stop).inspect_err(|error| {
            if error.kind() == ErrorKind::Corrupt {
                generation.note_damage();
            }
        })?;
        self.check_member(wanted, stop)?;
        generation.add_tip(id)?;
        Snapshot::new(generation, wanted, commit)
    }

    /// Fetches the commit alone, or, from servers that give out nothing but what they advertise,
    /// the history that holds it.
    fn receive(&self, into: &Generation, wanted: &Resolved, stop: &Stop) -> Result<(), Error> {
        let id = wanted.revision.id();
        let mut session = self.session(stop)?;
        if wanted.advertised.is_none() && !session.serves_any_commit() {
            let heads = Listing::new(Instant::now(), BTreeSet::new(), session.list(&[])?).heads();
            let depth = if heads.contains(&id) { Depth::One } else { Depth::Full };
            let wants: Vec<_> =
                if depth == Depth::One { vec![id] } else { heads.into_iter().collect() };
            session.fetch(into, &wants, &into.tips(), depth)?;
        } else {
            let want = wanted.advertised.unwrap_or(id);
            session.fetch(into, &[want], &into.tips(), Depth::One).map_err(|error| {
                // What every server says of an object that it does not have.
                if error.to_string().contains("not our ref") {
                    return unknown(&id);
                }
                error
            })?;
        }
        match read_commit(&into.handle(), &id) {
            Err(error) if error.kind() == ErrorKind::Corrupt => Err(unknown(&id)),
            other => other.map(|_| ()),
        }
    }

    fn is_member(&self, wanted: &Resolved) -> bool {
        let (id, name) = (wanted.revision.id(), wanted.revision.name());
        wanted.branch_head.is_none_or(|head| head == id)
            || name.is_some_and(|name| self.members.lock().contains(&(name.to_owned(), id)))
    }

    /// Makes sure that a commit is part of the branch that the spec names with it. The branch's
    /// commits are fetched for that, without files where the server can, and thrown away.
    fn check_member(&self, wanted: &Resolved, stop: &Stop) -> Result<(), Error> {
        let Some(head) = wanted.branch_head.filter(|_| !self.is_member(wanted)) else {
            return Ok(());
        };
        let id = wanted.revision.id();
        let branch = wanted.revision.name().unwrap_or_default();
        let scratch = Generation::scratch(&self.directory, &self.limits)?;
        self.session(stop)?.fetch(&scratch, &[head], &[], Depth::CommitsOnly)?;
        if !reaches(&scratch, head, id, stop)? {
            let why = format!("commit '{id}' is not part of branch '{branch}'");
            return Err(Error::new(ErrorKind::ReferenceNotFound, why));
        }
        self.members.lock().insert((branch.to_owned(), id));
        Ok(())
    }
}

fn unknown(id: &ObjectId) -> Error {
    let why = format!("commit '{id}' not found: the server does not have it");
    Error::new(ErrorKind::ReferenceNotFound, why)
}

/// Whether `wanted` is `head` or one of its ancestors.
fn reaches(
    history: &Generation,
    head: ObjectId,
    wanted: ObjectId,
    stop: &Stop,
) -> Result<bool, Error> {
    let handle = history.handle();
    let (mut pending, mut seen) = (vec![head], HashSet::from([head]));
    while let Some(id) = pending.pop() {
        if id == wanted {
            return Ok(true);
        }
        stop.check()?;
        let parents = read_commit(&handle, &id)?.parents;
        pending.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
    }
    Ok(false)
}

fn resolved(name: String, found: Advertised) -> Resolved {
    Resolved {
        revision: Revision::new(Some(name), found.peeled),
        advertised: Some(found.object),
        branch_head: None,
    }
}
