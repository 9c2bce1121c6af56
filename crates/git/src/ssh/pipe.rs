//! The two directions of an SSH channel, as blocking streams that end with their call.

use super::shown;
use super::verify::Verifier;
use crate::call::Stop;
use crate::ledger::Ledger;
use crate::{Error, ErrorKind};
use bytes::{Buf, Bytes};
use russh::client::{Handle, Msg};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Of what the other side says about its failures.
const MAX_WORDS: usize = 600;
/// One message of data.
const MESSAGE_BYTES: usize = 32 << 10;
/// What the standard error stream is called in SSH.
const STANDARD_ERROR: u32 = 1;

/// What the program on the other side writes.
pub(crate) struct Receiver {
    channel: ChannelReadHalf,
    /// The connection lives as long as somebody uses it.
    _session: Arc<Handle<Verifier>>,
    stop: Stop,
    ledger: Arc<Ledger>,
    chunk: Bytes,
    words: String,
    came: bool,
    ended: bool,
}

impl Receiver {
    pub(super) fn new(
        channel: ChannelReadHalf,
        session: Arc<Handle<Verifier>>,
        stop: &Stop,
        ledger: &Arc<Ledger>,
    ) -> Self {
        Self {
            channel,
            _session: session,
            stop: stop.clone(),
            ledger: Arc::clone(ledger),
            chunk: Bytes::new(),
            words: String::new(),
            came: false,
            ended: false,
        }
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.stop.wait(self.channel.wait())? {
                Some(ChannelMsg::Data { data }) => {
                    self.ledger.spend(data.len())?;
                    self.came = true;
                    return Ok(Some(data));
                }
                Some(ChannelMsg::ExtendedData { data, ext: STANDARD_ERROR }) => {
                    self.ledger.spend(data.len())?;
                    if self.words.len() < MAX_WORDS {
                        self.words.push_str(&String::from_utf8_lossy(&data));
                    }
                }
                Some(ChannelMsg::ExitStatus { exit_status }) if exit_status != 0 => {
                    return Err(self.refused());
                }
                None | Some(ChannelMsg::Close) => {
                    // A program that says nothing at all was not the one that we asked for.
                    return if self.came { Ok(None) } else { Err(self.refused()) };
                }
                Some(_) => {}
            }
        }
    }

    /// Git on the other side ended with an error: there is mostly no such repository.
    fn refused(&self) -> Error {
        let words = self.words.trim();
        let kind = if self.came { ErrorKind::Protocol } else { ErrorKind::NotFound };
        let why = if words.is_empty() {
            "the server ended the conversation without a reason".to_owned()
        } else {
            let lines: Vec<&str> =
                words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            format!("the server refused: {}", shown(&lines.join("; ")))
        };
        Error::new(kind, why)
    }
}

impl Read for Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && !self.ended {
            match self.next_chunk() {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Err(self.ledger.fail(error));
                }
            }
        }
        let count = self.chunk.len().min(buffer.len());
        self.chunk.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// What the program on the other side reads.
pub(crate) struct Sender {
    channel: ChannelWriteHalf<Msg>,
    _session: Arc<Handle<Verifier>>,
    stop: Stop,
    ledger: Arc<Ledger>,
}

impl Sender {
    pub(super) fn new(
        channel: ChannelWriteHalf<Msg>,
        session: Arc<Handle<Verifier>>,
        stop: &Stop,
        ledger: &Arc<Ledger>,
    ) -> Self {
        Self { channel, _session: session, stop: stop.clone(), ledger: Arc::clone(ledger) }
    }
}

impl Write for Sender {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = data.len().min(MESSAGE_BYTES);
        let data = Bytes::copy_from_slice(&data[..count]);
        let sent = self.stop.wait(self.channel.data_bytes(data));
        let sent = sent.and_then(|sent| {
            sent.map_err(|error| {
                let why = format!("the connection broke: {}", shown(&error.to_string()));
                Error::new(ErrorKind::Network, why)
            })
        });
        sent.map(|()| count).map_err(|error| self.ledger.fail(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
