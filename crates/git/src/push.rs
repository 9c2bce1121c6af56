//! Push: one new commit, one pack, one ref.
//!
//! The commit is made in memory from a fetched one and a list of changed files; nothing of it is
//! kept here. The server moves the ref only if it still is where the caller last saw it.

mod pack;
mod tree;

use crate::call::Stop;
use crate::ledger::Ledger;
use crate::mirror::Mirror;
use crate::progress::RemoteLines;
use crate::session::{AGENT, explain};
use crate::{Call, Error, ErrorKind, Revision, Snapshot};
use gix::ObjectId;
use gix::objs::Kind;
use gix::protocol::transport::Service;
use gix::protocol::transport::client::{MessageKind, WriteMode};
use inhaul_tree::TreePath;
use pack::Objects;
use std::io::{Read, Write};
use std::sync::Arc;

/// Of what a server says about a push.
const MAX_REPORT: u64 = 64 << 10;

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// It holds these bytes from now on; directories on the way are made.
    Write {
        /// Where.
        path: TreePath,
        /// The whole content.
        content: Vec<u8>,
    },
    /// It goes; a directory goes with all that is in it.
    Remove {
        /// Where.
        path: TreePath,
    },
}

/// Who makes a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Seconds since 1970; the zone is always UTC.
    pub seconds: i64,
}

/// A commit to be made and pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// The message.
    pub message: String,
    /// Author and committer.
    pub author: Author,
    /// What differs from the commit that it stands on.
    pub changes: Vec<FileChange>,
}

/// Where the branch has to be for the push to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It must not exist.
    Absent,
    /// At the commit that the new one stands on: a fast-forward.
    Base,
    /// At this commit, which is thrown away (a force with lease).
    Lease(Revision),
}

impl Mirror {
    /// Makes a commit on top of `base` (or the first one of a repository) and pushes it to
    /// `branch`. Answers the new revision; where nothing differs there is no commit, and `None`.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] where the branch is somewhere else by now or the server refuses,
    /// [`ErrorKind::ReferenceInvalid`] for a branch that cannot be, or why the remote could not be
    /// reached. The branch is moved completely or not at all.
    pub async fn push(
        self: &Arc<Self>,
        base: Option<&Snapshot>,
        branch: &str,
        commit: &NewCommit,
        expected: Expected,
        call: &Call,
    ) -> Result<Option<Revision>, Error> {
        let name = format!("refs/heads/{branch}");
        if gix::validate::reference::name(name.as_str().into()).is_err() {
            let why = format!("{branch:?} is not a valid name of a branch");
            return Err(Error::new(ErrorKind::ReferenceInvalid, why).at(self.url()));
        }
        let tree = base.map(|base| Arc::clone(&base.tree));
        let parent = base.map(|base| base.revision.id());
        let (mirror, commit, ref_name) = (Arc::clone(self), commit.clone(), name);
        let pushed = self.door().run(call, move |stop| {
            let mut objects = Objects::default();
            let root = tree::change(tree.as_deref(), &commit.changes, &mut objects)?;
            if tree.is_some_and(|tree| tree.root() == root) {
                return Ok(None);
            }
            let id = objects.add(Kind::Commit, commit.encode(&root, parent)?)?;
            let old = match &expected {
                Expected::Absent => None,
                Expected::Base => parent,
                Expected::Lease(revision) => Some(revision.id()),
            };
            mirror.send(&ref_name, old, id, &objects.pack()?, stop).map(|()| Some(id))
        });
        let pushed = pushed.await.map_err(|error| {
            error.while_doing(&format!("push to branch '{branch}'")).at(self.url())
        })?;
        Ok(pushed.map(|id| Revision::new(Some(branch.to_owned()), id)))
    }

    fn send(
        &self,
        name: &str,
        old: Option<ObjectId>,
        new: ObjectId,
        pack: &[u8],
        stop: &Stop,
    ) -> Result<(), Error> {
        let ledger = Arc::new(Ledger::default());
        ledger.allow(self.limits().listing_bytes);
        let lines = RemoteLines::default();
        let access = self.access();
        let mut transport = access.transport(self.url(), Service::ReceivePack, stop, &ledger)?;
        let handshake = gix::protocol::handshake(
            &mut transport,
            Service::ReceivePack,
            |_| Ok(None),
            Vec::new(),
            &mut lines.task(),
        )
        .map_err(|error| explain(&error, &ledger, &lines, stop))?;
        let capabilities = &handshake.capabilities;
        if !capabilities.contains("report-status") {
            let why = "the server does not report what became of a push";
            return Err(Error::new(ErrorKind::Protocol, why));
        }
        let found = handshake.refs.iter().flatten().map(gix::protocol::handshake::Ref::unpack);
        let found = found
            .filter(|(full, _, _)| *full == name.as_bytes())
            .find_map(|(_, target, peeled)| target.or(peeled).map(ToOwned::to_owned));
        if found != old {
            return Err(moved(found, old));
        }
        let failed = |error: std::io::Error| {
            ledger.take_failure().unwrap_or_else(|| {
                stop.check().err().unwrap_or_else(|| {
                    Error::new(ErrorKind::Network, format!("the connection broke: {error}"))
                })
            })
        };
        let none = ObjectId::null(gix::hash::Kind::Sha1);
        let command = format!("{} {new} {name}\0report-status agent={AGENT}", old.unwrap_or(none));
        let mut request = transport
            .request(WriteMode::Binary, MessageKind::Flush, false)
            .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
        request.write_all(command.as_bytes()).map_err(failed)?;
        request.write_message(MessageKind::Flush).map_err(failed)?;
        let (mut writer, reader) = request.into_parts();
        writer.write_all(pack).and_then(|()| writer.flush()).map_err(failed)?;
        drop(writer);
        let mut report = String::new();
        reader.take(MAX_REPORT).read_to_string(&mut report).map_err(failed)?;
        accepted(&report, name)
    }
}

fn moved(found: Option<ObjectId>, expected: Option<ObjectId>) -> Error {
    let shown = |id: Option<ObjectId>| id.map_or("absent".to_owned(), |id| format!("at {id}"));
    let why = format!(
        "rejected (non-fast-forward): the branch is {}, not {}",
        shown(found),
        shown(expected)
    );
    Error::new(ErrorKind::Rejected, why)
}

/// Reads what the server reports: the pack, and the one ref.
fn accepted(report: &str, name: &str) -> Result<(), Error> {
    let refuse = |why: &str| {
        let shown: String = why.chars().filter(|c| !c.is_control()).take(300).collect();
        Err(Error::new(ErrorKind::Rejected, format!("the server rejected it: {shown}")))
    };
    let mut lines = report.lines().map(str::trim_end);
    match lines.next() {
        Some("unpack ok") => {}
        Some(line) => return refuse(line),
        None => return refuse("it reported nothing"),
    }
    for line in lines {
        if line.strip_prefix("ok ") == Some(name) {
            return Ok(());
        }
        if let Some(why) = line.strip_prefix("ng ") {
            return refuse(why);
        }
    }
    refuse("it did not report what became of the branch")
}

impl NewCommit {
    /// The commit object. What would end a header early is refused.
    fn encode(&self, tree: &ObjectId, parent: Option<ObjectId>) -> Result<Vec<u8>, Error> {
        let Author { name, email, seconds } = &self.author;
        let bad = |text: &str| text.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
        if bad(name) || bad(email) || name.trim().is_empty() || self.message.contains('\0') {
            let why = "the author or the message holds a character that a commit cannot hold";
            return Err(Error::new(ErrorKind::ReferenceInvalid, why));
        }
        let person = format!("{} <{}> {seconds} +0000", name.trim(), email.trim());
        let parent = parent.map(|id| format!("parent {id}\n")).unwrap_or_default();
        let message = self.message.trim_end();
        Ok(format!("tree {tree}\n{parent}author {person}\ncommitter {person}\n\n{message}\n")
            .into_bytes())
    }
}
