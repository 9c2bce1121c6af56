//! One conversation with a remote in Git's protocol: shake hands, list refs, fetch a pack.

use crate::access::Access;
use crate::call::Stop;
use crate::generation::Generation;
use crate::ledger::Ledger;
use crate::progress::RemoteLines;
use crate::{Error, ErrorKind, Limits, RemoteUrl};
use gix::ObjectId;
use gix::protocol::fetch::negotiate::{Action, Round, one_round::State};
use gix::protocol::fetch::{Arguments, Context, Negotiate, Options, Response, Shallow, Tags};
use gix::protocol::handshake::Ref;
use gix::protocol::ls_refs::RefPrefixes;
use gix::protocol::transport::client::blocking_io::Transport;
use gix::protocol::transport::{Protocol, Service};
use gix::protocol::{Handshake, LsRefsCommand};
use std::io::{BufRead, BufReader, Seek, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How we introduce ourselves to servers.
pub(crate) const AGENT: &str = concat!("inhaul/", env!("CARGO_PKG_VERSION"));

/// How much history comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The wanted commits alone.
    One,
    /// Everything: what was shallow is completed.
    Full,
    /// The history's commits without their files, to learn what belongs to a branch.
    CommitsOnly,
}

pub(crate) struct Session<'a> {
    transport: Box<dyn Transport>,
    ledger: Arc<Ledger>,
    handshake: Handshake,
    lines: RemoteLines,
    stop: &'a Stop,
    limits: &'a Limits,
}

impl<'a> Session<'a> {
    /// Shakes hands.
    pub(crate) fn open(
        access: &Access,
        url: &RemoteUrl,
        limits: &'a Limits,
        stop: &'a Stop,
    ) -> Result<Self, Error> {
        let ledger = Arc::new(Ledger::default());
        ledger.allow(limits.listing_bytes);
        let lines = RemoteLines::default();
        let mut transport = access.transport(url, Service::UploadPack, stop, &ledger)?;
        let refuse = |_| Ok(None); // credentials were sent already, there are no others
        let handshake = gix::protocol::handshake(
            &mut transport,
            Service::UploadPack,
            refuse,
            Vec::new(),
            &mut lines.task(),
        )
        .map_err(|error| explain(&error, &ledger, &lines, stop))?;
        let format = handshake
            .capabilities
            .capability("object-format")
            .and_then(|capability| capability.value().map(ToString::to_string));
        if let Some(format) = format.filter(|format| format != "sha1") {
            let why = format!("object format {format} is not supported, only sha1");
            return Err(Error::new(ErrorKind::Protocol, why));
        }
        Ok(Self { transport, ledger, handshake, lines, stop, limits })
    }

    /// Whether a commit can be fetched by its id although no ref points to it. Version 2 of the
    /// protocol knows no such restriction; before it, the server says what it allows.
    pub(crate) fn serves_any_commit(&self) -> bool {
        let capabilities = &self.handshake.capabilities;
        self.handshake.server_protocol_version == Protocol::V2
            || capabilities.contains("allow-reachable-sha1-in-want")
            || capabilities.contains("allow-any-sha1-in-want")
    }

    /// The refs whose names begin with one of `prefixes`, at least: servers may send more.
    pub(crate) fn list(&mut self, prefixes: &[String]) -> Result<Vec<Ref>, Error> {
        if let Some(refs) = self.handshake.refs.take() {
            return Ok(refs);
        }
        self.ledger.allow(self.limits.listing_bytes);
        let mut wanted = RefPrefixes::new();
        wanted.extend(prefixes.iter().map(|prefix| prefix.as_str().into()));
        let agent = ("agent", Some(AGENT.into()));
        LsRefsCommand::new(Some(wanted), &self.handshake.capabilities, agent)
            .invoke_blocking(&mut self.transport, &mut self.lines.task(), false)
            .map_err(|error| explain(&error, &self.ledger, &self.lines, self.stop))
    }

    /// Fetches `wants` into `into`; what `haves` name is there already, completely.
    pub(crate) fn fetch(
        &mut self,
        into: &Generation,
        wants: &[ObjectId],
        haves: &[ObjectId],
        depth: Depth,
    ) -> Result<(), Error> {
        self.ledger.allow(self.limits.pack_bytes);
        let mut plan =
            Plan { wants, haves, commits_only: depth == Depth::CommitsOnly, asked: false };
        let shallow = match depth {
            Depth::One => Shallow::DepthAtRemote(std::num::NonZeroU32::MIN),
            Depth::Full if into.is_shallow() => Shallow::undo(),
            Depth::Full | Depth::CommitsOnly => Shallow::NoChange,
        };
        let mut problem = None;
        let (limits, stop) = (self.limits, self.stop);
        let fetched = gix::protocol::fetch(
            &mut plan,
            |reader, progress, interrupt| {
                receive(into, reader, progress, interrupt, limits, stop).map(|()| true).map_err(
                    |error| {
                        let shown = std::io::Error::other(error.to_string());
                        problem = Some(error);
                        gix::Error::from_error(shown)
                    },
                )
            },
            self.lines.task(),
            stop.flag(),
            Context {
                handshake: &mut self.handshake,
                transport: &mut self.transport,
                user_agent: ("agent", Some(AGENT.into())),
                trace_packetlines: false,
            },
            Options {
                shallow_file: into.shallow_file(),
                shallow: &shallow,
                tags: Tags::None,
                reject_shallow_remote: false,
            },
        );
        match fetched {
            Ok(_) => Ok(()),
            Err(error) => {
                if let Some(known) = self.ledger.take_failure() {
                    return Err(known.with_remote_lines(&self.lines.take()));
                }
                stop.check()?;
                if let Some(known) = problem {
                    return Err(known.with_remote_lines(&self.lines.take()));
                }
                Err(explain(&error, &self.ledger, &self.lines, stop))
            }
        }
    }
}

/// Writes a pack and its index, or nothing.
fn receive(
    into: &Generation,
    reader: &mut dyn BufRead,
    progress: &mut dyn gix::DynNestedProgress,
    interrupt: &AtomicBool,
    limits: &Limits,
    stop: &Stop,
) -> Result<(), Error> {
    let broken = |error: std::io::Error| {
        Error::new(ErrorKind::Protocol, format!("the pack breaks off: {error}"))
    };
    let mut header = [0; 12];
    reader.read_exact(&mut header).map_err(broken)?;
    let [b'P', b'A', b'C', b'K', _, _, _, _, count @ ..] = header else {
        return Err(Error::new(ErrorKind::Protocol, "the server sent something that is no pack"));
    };
    let count = u32::from_be_bytes(count);
    if count > limits.pack_objects {
        let why = format!("the pack holds {count} objects, more than {}", limits.pack_objects);
        return Err(Error::new(ErrorKind::TooLarge, why));
    }
    let mut spool = into.spool().map_err(|error| spooling(&error))?;
    spool.write_all(&header).map_err(|error| spooling(&error))?;
    loop {
        let data = reader.fill_buf().map_err(broken)?;
        if data.is_empty() {
            break;
        }
        spool.write_all(data).map_err(|error| spooling(&error))?;
        let count = data.len();
        reader.consume(count);
    }
    spool.rewind().map_err(|error| spooling(&error))?;
    // The network is done with: slow servers keep nobody from indexing, and indexing, which takes
    // memory, waits for its turn.
    let _turn = stop.indexing_turn()?;
    into.write_pack(&mut BufReader::with_capacity(1 << 16, spool), progress, interrupt, limits)
}

fn spooling(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Storage, format!("store the pack: {error}"))
}

/// What to ask for: one round, because a shallow database has tips only and no history to
/// negotiate about.
struct Plan<'a> {
    wants: &'a [ObjectId],
    haves: &'a [ObjectId],
    commits_only: bool,
    asked: bool,
}

impl Negotiate for Plan<'_> {
    fn mark_complete_and_common_ref(&mut self) -> gix::Result<Action> {
        Ok(Action::MustNegotiate { remote_ref_target_known: Vec::new() })
    }

    fn add_wants(&mut self, arguments: &mut Arguments, _known: &[bool]) -> bool {
        if self.commits_only && arguments.can_use_filter() {
            arguments.filter("tree:0");
        }
        for id in self.wants {
            arguments.want(id);
        }
        !self.wants.is_empty()
    }

    fn one_round(
        &mut self,
        _state: &mut State,
        arguments: &mut Arguments,
        _previous: Option<&Response>,
    ) -> gix::Result<(Round, bool)> {
        if std::mem::replace(&mut self.asked, true) {
            let why = "the server wants to negotiate although all was said";
            return Err(gix::Error::from_error(std::io::Error::other(why)));
        }
        for id in self.haves {
            arguments.have(id);
        }
        let round = Round {
            haves_sent: self.haves.len(),
            in_vain: 0,
            haves_to_send: 0,
            previous_response_had_at_least_one_in_common: false,
        };
        Ok((round, true))
    }
}

/// The best that is known of a failure: what HTTP saw, that the call ended, or gix's words.
pub(crate) fn explain(
    error: &gix::Error,
    ledger: &Ledger,
    lines: &RemoteLines,
    stop: &Stop,
) -> Error {
    if let Some(known) = ledger.take_failure() {
        return known.with_remote_lines(&lines.take());
    }
    if let Err(ended) = stop.check() {
        return ended;
    }
    Error::new(ErrorKind::Protocol, words(error)).with_remote_lines(&lines.take())
}

/// The causes of one of gix's errors, outermost first.
pub(crate) fn words(error: &gix::Error) -> String {
    let mut causes: Vec<String> = error.iter_errors().map(ToString::to_string).collect();
    causes.dedup();
    let text: String = causes.join(": ").chars().filter(|c| !c.is_control()).take(600).collect();
    text
}
