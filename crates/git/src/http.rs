//! HTTP for gix's Git protocol: async requests driven from the blocking thread that gix runs on.
//!
//! gix's own backend can neither be interrupted while it reads, nor tell the status and
//! `Retry-After` of a refusal, nor send credentials over plain http. This one does, and it keeps
//! the rules on redirects in one place: only the first request of a conversation is redirected,
//! never from https to http, and credentials stay with the host that they were given for.

mod client;
pub(crate) mod rules;

pub(crate) use self::client::client;
use self::rules::{network, next_hop, note_redirect, refusal, same_authority};
use crate::call::Stop;
use crate::ledger::Ledger;
use crate::{Egress, Error, ErrorKind};
use bytes::{Buf, Bytes};
use gix::protocol::transport::client::blocking_io::http::{
    GetResponse, Http, PostBodyDataKind, PostResponse,
};
use parking_lot::Mutex;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};
use std::any::Any;
use std::io::{self, BufRead, Cursor, Read, Write};
use std::sync::Arc;

const MAX_REDIRECTS: usize = 5;
/// A negotiation is a few hundred bytes per commit that we have; a push carries changed files.
const MAX_REQUEST_BYTES: usize = 64 << 20;

/// One conversation with a remote.
#[derive(Clone)]
pub(crate) struct Exchange {
    client: Client,
    authorization: Option<HeaderValue>,
    /// Where the remote was said to be; credentials go nowhere else.
    origin: Url,
    egress: Egress,
    stop: Stop,
    ledger: Arc<Ledger>,
    redirected: Arc<Mutex<Option<String>>>,
}

impl Exchange {
    pub(crate) fn new(
        client: Client,
        authorization: Option<HeaderValue>,
        url: &str,
        egress: Egress,
        stop: &Stop,
        ledger: &Arc<Ledger>,
    ) -> Result<Self, Error> {
        let origin =
            Url::parse(url).map_err(|e| Error::new(ErrorKind::UrlInvalid, e.to_string()))?;
        Ok(Self {
            client,
            authorization,
            origin,
            egress,
            stop: stop.clone(),
            ledger: Arc::clone(ledger),
            redirected: Arc::default(),
        })
    }

    fn send(
        &self,
        method: &Method,
        url: Url,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response, Error> {
        self.egress.check_literal(url.host_str().unwrap_or_default())?;
        let mut request = self
            .client
            .request(method.clone(), url.clone())
            .headers(headers.clone())
            .build()
            .map_err(|error| network(&error))?;
        if let Some(authorization) = &self.authorization
            && same_authority(&url, &self.origin)
        {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if method == Method::POST {
            *request.body_mut() = Some(body.into());
        }
        self.stop.wait(self.client.execute(request))?.map_err(|error| network(&error))
    }

    /// Sends the first request of a conversation, following redirects.
    fn send_following(&self, url: &str, headers: &HeaderMap) -> Result<(Response, Url), Error> {
        let mut url = parse(url)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(&Method::GET, url.clone(), headers, Bytes::new())?;
            if !response.status().is_redirection() {
                return Ok((response, url));
            }
            url = next_hop(&response, &url)?;
        }
        Err(Error::new(ErrorKind::Redirect, format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// An answer that is good, or why it is not.
    fn accept(&self, response: Response, url: &Url) -> Result<Response, Error> {
        let status = response.status();
        if !status.is_success() {
            let stayed = same_authority(url, &self.origin);
            return Err(refusal(status, response.headers(), stayed, self.authorization.is_some()));
        }
        let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if kind.is_some_and(|kind| kind.starts_with(b"text/html")) {
            let why = "the server answered with a web page, not with Git; is this the address of a repository?";
            return Err(Error::new(ErrorKind::Protocol, why));
        }
        Ok(response)
    }
}

impl Http for Exchange {
    type Headers = Headers;
    type ResponseBody = Body;
    type PostBody = Upload;

    fn get(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::Result<GetResponse<Headers, Body>> {
        let answer = self
            .send_following(url, &header_map(headers))
            .and_then(|(response, at)| {
                let response = self.accept(response, &at)?;
                note_redirect(&self.redirected, url, base_url, &at)?;
                Ok(response)
            })
            .map_err(|error| gix::Error::from_error(self.ledger.fail(error)))?;
        let shared = Arc::new(Mutex::new(Answer::Come(Some(answer))));
        Ok(GetResponse { headers: Headers::new(self, &shared), body: Body::new(self, &shared) })
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix::Result<PostResponse<Headers, Body, Upload>> {
        let url = parse(url).map_err(|error| gix::Error::from_error(self.ledger.fail(error)))?;
        let body = Arc::new(Mutex::new(Vec::new()));
        let request = Pending { url, headers: header_map(headers), body: Arc::clone(&body) };
        let shared = Arc::new(Mutex::new(Answer::Pending(request)));
        Ok(PostResponse {
            post_body: Upload(body),
            headers: Headers::new(self, &shared),
            body: Body::new(self, &shared),
        })
    }

    fn configure(&mut self, _config: &dyn Any) -> gix::Result<()> {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.redirected.lock().clone()
    }
}

/// A request that is sent when its answer is first looked at: by then its body is complete.
struct Pending {
    url: Url,
    headers: HeaderMap,
    body: Arc<Mutex<Vec<u8>>>,
}

enum Answer {
    Pending(Pending),
    Come(Option<Response>),
}

type SharedAnswer = Arc<Mutex<Answer>>;

impl Exchange {
    /// Makes sure that the request of `answer` was sent.
    fn settle(&self, answer: &SharedAnswer) -> io::Result<()> {
        let mut answer = answer.lock();
        let Answer::Pending(request) = &mut *answer else {
            return Ok(());
        };
        let body = Bytes::from(std::mem::take(&mut *request.body.lock()));
        let sent = self
            .send(&Method::POST, request.url.clone(), &request.headers, body)
            .and_then(|response| self.accept(response, &request.url));
        *answer = Answer::Come(None);
        *answer = Answer::Come(Some(sent.map_err(|error| self.ledger.fail(error))?));
        Ok(())
    }
}

/// The body of a request while gix writes it.
pub(crate) struct Upload(Arc<Mutex<Vec<u8>>>);

impl Write for Upload {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut body = self.0.lock();
        if body.len() + data.len() > MAX_REQUEST_BYTES {
            return Err(io::Error::other("the request became too large"));
        }
        body.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The headers of an answer, one per line, as gix reads them.
pub(crate) struct Headers {
    exchange: Exchange,
    answer: SharedAnswer,
    lines: Option<Cursor<Vec<u8>>>,
}

impl Headers {
    fn new(exchange: &Exchange, answer: &SharedAnswer) -> Self {
        Self { exchange: exchange.clone(), answer: Arc::clone(answer), lines: None }
    }
}

impl Read for Headers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Headers {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.lines.is_none() {
            self.exchange.settle(&self.answer)?;
            let mut lines = Vec::new();
            if let Answer::Come(Some(response)) = &*self.answer.lock() {
                for (name, value) in response.headers() {
                    lines.extend_from_slice(name.as_str().as_bytes());
                    lines.push(b':');
                    // gix reads the lines as UTF-8.
                    lines.extend(value.as_bytes().iter().filter(|byte| byte.is_ascii()));
                    lines.push(b'\n');
                }
            }
            self.lines = Some(Cursor::new(lines));
        }
        match &mut self.lines {
            Some(lines) => lines.fill_buf(),
            None => Ok(&[]),
        }
    }

    fn consume(&mut self, count: usize) {
        if let Some(lines) = &mut self.lines {
            lines.consume(count);
        }
    }
}

/// The body of an answer. Each read ends with the call's deadline, however slowly bytes drip.
pub(crate) struct Body {
    exchange: Exchange,
    answer: SharedAnswer,
    response: Option<Response>,
    chunk: Bytes,
    ended: bool,
}

impl Body {
    fn new(exchange: &Exchange, answer: &SharedAnswer) -> Self {
        Self {
            exchange: exchange.clone(),
            answer: Arc::clone(answer),
            response: None,
            chunk: Bytes::new(),
            ended: false,
        }
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(response) = &mut self.response else {
            return Ok(None);
        };
        let chunk = self.exchange.stop.wait(response.chunk())?.map_err(|error| network(&error))?;
        self.exchange.ledger.spend(chunk.as_ref().map_or(0, Bytes::len))?;
        Ok(chunk)
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.response.is_none() && !self.ended {
            self.exchange.settle(&self.answer)?;
            if let Answer::Come(response) = &mut *self.answer.lock() {
                self.response = response.take();
            }
        }
        while self.chunk.is_empty() && !self.ended {
            match self.next_chunk() {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => {
                    self.ended = true;
                    self.response = None;
                }
                Err(error) => {
                    self.ended = true;
                    self.response = None;
                    return Err(self.exchange.ledger.fail(error));
                }
            }
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, count: usize) {
        self.chunk.advance(count.min(self.chunk.len()));
    }
}

fn header_map(lines: impl IntoIterator<Item = impl AsRef<str>>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in lines {
        let Some((name, value)) = line.as_ref().split_once(':') else { continue };
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value.trim());
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    map
}

fn parse(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|error| Error::new(ErrorKind::UrlInvalid, error.to_string()))
}
