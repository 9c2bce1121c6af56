//! Whether a call is genuine, by the rules of who calls.

use crate::call::Call;
use crate::hook::HookSecret;
use crate::payload;
use crate::signature;
use crate::token::Token;
use inhaul_api::ReceiverType;
use serde_json::{Map, Value};

/// Why a call is turned away. The text quotes neither the call nor the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// There is no signature.
    #[error("the signature header is missing")]
    Unsigned,
    /// The signature is none of the token's.
    #[error("the signature does not fit the body and the receiver's token")]
    Signature,
    /// The token in a header is not the receiver's.
    #[error("the token in header {0} is not the receiver's")]
    Token(&'static str),
    /// The event is not among `spec.events`.
    #[error("the event in header {0} is not among spec.events")]
    Event(&'static str),
    /// The body does not have the shape that it should have.
    #[error("the body is not what the sender is known to send: {0}")]
    Payload(&'static str),
    /// The bearer token of the call is not accepted.
    #[error("the bearer token is not accepted: {0}")]
    Bearer(String),
    /// A `spec.resourceFilter` or `filter` could not be evaluated.
    #[error("a filter of spec.resources cannot be evaluated: {0}")]
    Filter(String),
}

/// What a genuine call says, for the filters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    /// The body, where it is JSON: `req`.
    pub body: Value,
    /// The claims of the bearer token: `claims`.
    pub claims: Option<Value>,
}

const GITHUB_SHA256: &str = "x-hub-signature-256";
const GITHUB_SHA1: &str = "x-hub-signature";

/// Checks what the headers alone can tell, so that the body of a stranger is not even read.
///
/// # Errors
/// [`Denied`].
pub(crate) fn headers(
    type_: ReceiverType,
    call: &Call<'_>,
    secret: &HookSecret,
    events: &[String],
) -> Result<(), Denied> {
    match type_ {
        ReceiverType::GitLab => {
            shown(call, "x-gitlab-token", token(secret)?)?;
            event(call, "x-gitlab-event", events)
        }
        ReceiverType::Harbor => shown(call, "authorization", token(secret)?),
        ReceiverType::GitHub => {
            signed(call, &[GITHUB_SHA256, GITHUB_SHA1])?;
            event(call, "x-github-event", events)
        }
        ReceiverType::Bitbucket => {
            signed(call, &[GITHUB_SHA256, GITHUB_SHA1])?;
            event(call, "x-event-key", events)
        }
        ReceiverType::GenericHmac => signed(call, &["x-signature"]),
        ReceiverType::Nexus => signed(call, &["x-nexus-webhook-signature"]),
        ReceiverType::CdEvents => event(call, "ce-type", events),
        ReceiverType::Generic
        | ReceiverType::GenericOidc
        | ReceiverType::DockerHub
        | ReceiverType::Quay
        | ReceiverType::Gcr
        | ReceiverType::Acr => Ok(()),
    }
}

/// Checks the body: its signature first, then its shape.
///
/// # Errors
/// [`Denied`].
pub(crate) fn body(
    type_: ReceiverType,
    call: &Call<'_>,
    secret: &HookSecret,
) -> Result<Value, Denied> {
    match type_ {
        ReceiverType::GitHub | ReceiverType::Bitbucket => {
            let signature = call.header(GITHUB_SHA256).or_else(|| call.header(GITHUB_SHA1));
            signature::check(signature, call.body, token(secret)?)?;
            payload::github(call)
        }
        ReceiverType::GenericHmac => {
            signature::check(call.header("x-signature"), call.body, token(secret)?)?;
            json_if_said(call)
        }
        ReceiverType::Nexus => {
            let signature = call.header("x-nexus-webhook-signature");
            signature::check_sha1(signature, call.body, token(secret)?)?;
            payload::nexus(call.body)
        }
        ReceiverType::Quay => payload::quay(call.body),
        ReceiverType::DockerHub => payload::docker_hub(call.body),
        ReceiverType::Acr => payload::azure(call.body),
        ReceiverType::Gcr => payload::google(call.body),
        ReceiverType::CdEvents => payload::cd_event(call.body),
        ReceiverType::Generic
        | ReceiverType::GenericOidc
        | ReceiverType::GitLab
        | ReceiverType::Harbor => json_if_said(call),
    }
}

/// The body for the filters, where the call says that it is JSON; it has to be an object then.
fn json_if_said(call: &Call<'_>) -> Result<Value, Denied> {
    if !call.is_json() || call.body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    payload::object(call.body)
}

fn token(secret: &HookSecret) -> Result<&Token, Denied> {
    // A hook of these types is not made without a token; without one nobody gets in.
    secret.token.as_ref().ok_or(Denied::Signature)
}

fn signed(call: &Call<'_>, headers: &[&str]) -> Result<(), Denied> {
    let is_signed = headers.iter().any(|header| call.header(header).is_some());
    if is_signed { Ok(()) } else { Err(Denied::Unsigned) }
}

fn shown(call: &Call<'_>, header: &'static str, token: &Token) -> Result<(), Denied> {
    let shown = call.headers.get(header).map(http::HeaderValue::as_bytes);
    if token.is(shown.unwrap_or_default()) { Ok(()) } else { Err(Denied::Token(header)) }
}

/// Events are compared as Flux compares them: whatever the case of their letters.
fn event(call: &Call<'_>, header: &'static str, events: &[String]) -> Result<(), Denied> {
    let event = call.header(header).unwrap_or_default();
    let is_wanted = events.is_empty() || events.iter().any(|one| one.eq_ignore_ascii_case(event));
    if is_wanted { Ok(()) } else { Err(Denied::Event(header)) }
}
