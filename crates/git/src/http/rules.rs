//! Where a request may go next, and what a refusal means.

use crate::{Error, ErrorKind};
use parking_lot::Mutex;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Response, StatusCode, Url};
use std::time::Duration;

/// Nobody waits longer than this because a server says so.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Remembers where the rest of the conversation takes place: the redirected URL without what the
/// first request had appended.
pub(super) fn note_redirect(
    redirected: &Mutex<Option<String>>,
    asked: &str,
    base: &str,
    at: &Url,
) -> Result<(), Error> {
    if at.as_str() == asked {
        return Ok(());
    }
    let tail = asked.strip_prefix(base).unwrap_or(asked);
    let new_base = at.as_str().strip_suffix(tail).ok_or_else(|| {
        Error::new(ErrorKind::Redirect, "redirected to something that is not the same Git service")
    })?;
    *redirected.lock() = Some(new_base.to_owned());
    Ok(())
}

pub(super) fn next_hop(response: &Response, from: &Url) -> Result<Url, Error> {
    let refuse = |why: &str| Error::new(ErrorKind::Redirect, why.to_owned());
    if response.status() == StatusCode::NOT_MODIFIED {
        return Err(refuse("an answer of 304 to a request that cannot have one"));
    }
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| refuse("a redirect without a readable location"))?;
    let next = from.join(location).map_err(|_| refuse("a redirect to an invalid URL"))?;
    if !matches!(next.scheme(), "http" | "https") || next.host_str().is_none() {
        return Err(refuse("a redirect to something that is neither http nor https"));
    }
    if from.scheme() == "https" && next.scheme() == "http" {
        return Err(refuse("a redirect from https to http is not followed"));
    }
    if !next.username().is_empty() || next.password().is_some() {
        return Err(refuse("a redirect that carries credentials is not followed"));
    }
    Ok(next)
}

pub(super) fn same_authority(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host() == b.host()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// The error for an answer that is not a success.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    stayed: bool,
    authorized: bool,
) -> Error {
    let kind = match status.as_u16() {
        401 | 407 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 | 410 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        300..=399 => ErrorKind::Redirect,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Protocol,
    };
    let hint = match kind {
        ErrorKind::Unauthorized if !stayed => {
            "; it redirected to another host, where credentials are not sent"
        }
        ErrorKind::Unauthorized if authorized => "; the credentials were not accepted",
        ErrorKind::Unauthorized => "; the repository needs credentials, and none are set",
        ErrorKind::NotFound if !authorized => {
            "; no such repository, or it is private and needs credentials"
        }
        ErrorKind::NotFound => "; no such repository, or the credentials give no access to it",
        _ => "",
    };
    let name = status.canonical_reason().unwrap_or("unknown status");
    let message = format!("the server answered {} {name}{hint}", status.as_u16());
    Error::new(kind, message).with_retry_after(retry_after(headers))
}

/// `Retry-After` in seconds; the form with a date is not used by Git servers, and needs a clock
/// that agrees with ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// Why a request failed, without the URL, which is in front of every message already.
pub(crate) fn network(error: &reqwest::Error) -> Error {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Network };
    let what = if error.is_connect() {
        "cannot connect"
    } else if error.is_body() || error.is_decode() {
        "the connection broke in the middle of an answer"
    } else {
        "the request failed"
    };
    Error::new(kind, format!("{what}: {}", chain(error)))
}

/// The innermost causes, which say what happened ("connection refused"); the outer ones repeat
/// the URL.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.dedup();
    if causes.is_empty() {
        return "no further reason given".to_owned();
    }
    causes.join(": ")
}
