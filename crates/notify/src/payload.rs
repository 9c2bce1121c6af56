//! What the bodies of known senders look like.
//!
//! A body is read only to tell noise from a call, and for the filters. Every reader takes any
//! bytes and answers with an error at worst.

use crate::call::Call;
use crate::verify::Denied;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Value, Denied> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Denied::Payload("it is not JSON"))?;
    if value.is_object() { Ok(value) } else { Err(Denied::Payload("it is not a JSON object")) }
}

/// GitHub sends JSON, or a form with JSON in it.
pub(crate) fn github(call: &Call<'_>) -> Result<Value, Denied> {
    match call.media_type().as_deref() {
        Some("application/json") => object(call.body),
        Some("application/x-www-form-urlencoded") => {
            let mut fields = form_urlencoded::parse(call.body);
            let payload = fields.find(|(name, _)| name == "payload");
            let (_, payload) = payload.ok_or(Denied::Payload("the form has no field payload"))?;
            object(payload.as_bytes())
        }
        _ => Err(Denied::Payload("its content type is neither JSON nor a form")),
    }
}

/// Quay names the image and its new tags.
pub(crate) fn quay(body: &[u8]) -> Result<Value, Denied> {
    let value = object(body)?;
    text_or_absent(&value, "/docker_url")?;
    let tags = &value["updated_tags"];
    let are_texts = tags.as_array().is_some_and(|tags| tags.iter().all(Value::is_string));
    if tags.is_null() || are_texts { Ok(value) } else { Err(shape("updated_tags")) }
}

/// Docker Hub names the tag and the repository.
pub(crate) fn docker_hub(body: &[u8]) -> Result<Value, Denied> {
    let value = object(body)?;
    text_or_absent(&value, "/push_data/tag")?;
    text_or_absent(&value, "/repository/repo_url")?;
    Ok(value)
}

/// Azure names the repository and the tag.
pub(crate) fn azure(body: &[u8]) -> Result<Value, Denied> {
    let value = object(body)?;
    for field in ["/action", "/target/repository", "/target/tag"] {
        text_or_absent(&value, field)?;
    }
    Ok(value)
}

/// Nexus names the repository.
pub(crate) fn nexus(body: &[u8]) -> Result<Value, Denied> {
    let value = object(body)?;
    text_or_absent(&value, "/action")?;
    text_or_absent(&value, "/repositoryName")?;
    Ok(value)
}

/// Google wraps the event, as base64 of JSON, into a message of Pub/Sub. The filters see the event.
pub(crate) fn google(body: &[u8]) -> Result<Value, Denied> {
    let message = object(body)?;
    let data = message.pointer("/message/data").and_then(Value::as_str);
    let data = data.ok_or(shape("message.data"))?;
    let data = STANDARD.decode(data).map_err(|_| shape("message.data"))?;
    let event = object(&data)?;
    for field in ["/action", "/digest", "/tag"] {
        text_or_absent(&event, field)?;
    }
    let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
    Ok(json!({"action": text("action"), "digest": text("digest"), "tag": text("tag")}))
}

/// Subjects and predicates of CDEvents 0.4 (its specification's vocabulary).
const CD_EVENTS: &[(&str, &[&str])] = &[
    ("artifact", &["deleted", "downloaded", "packaged", "published", "signed"]),
    ("branch", &["created", "deleted"]),
    ("build", &["finished", "queued", "started"]),
    ("change", &["abandoned", "created", "merged", "reviewed", "updated"]),
    ("environment", &["created", "deleted", "modified"]),
    ("incident", &["detected", "reported", "resolved"]),
    ("pipelinerun", &["finished", "queued", "started"]),
    ("repository", &["created", "deleted", "modified"]),
    ("service", &["deployed", "published", "removed", "rolledback", "upgraded"]),
    ("taskrun", &["finished", "started"]),
    ("testcaserun", &["finished", "queued", "skipped", "started"]),
    ("testoutput", &["published"]),
    ("testsuiterun", &["finished", "queued", "started"]),
    ("ticket", &["closed", "created", "updated"]),
];

/// A CDEvent: its context says what happened, its subject to what.
pub(crate) fn cd_event(body: &[u8]) -> Result<Value, Denied> {
    let event = object(body)?;
    for field in ["version", "id", "source", "type", "timestamp"] {
        let value = event["context"][field].as_str().unwrap_or_default();
        if value.is_empty() {
            return Err(shape("context"));
        }
    }
    let timestamp = event["context"]["timestamp"].as_str().unwrap_or_default();
    if timestamp.parse::<jiff::Timestamp>().is_err() {
        return Err(shape("context.timestamp"));
    }
    if !is_known(event["context"]["type"].as_str().unwrap_or_default()) {
        return Err(shape("context.type"));
    }
    let subject = &event["subject"];
    let has_id = subject["id"].as_str().is_some_and(|id| !id.is_empty());
    if has_id && subject["content"].is_object() { Ok(event) } else { Err(shape("subject")) }
}

/// Whether a type such as `dev.cdevents.change.merged.0.2.0` is one of the vocabulary. Tools may
/// have types of their own below `dev.cdeventsx`.
fn is_known(type_: &str) -> bool {
    let parts: Vec<&str> = type_.split('.').collect();
    let ["dev", domain, subject, predicate, version @ ..] = parts.as_slice() else { return false };
    if version.is_empty() {
        return false;
    }
    match *domain {
        "cdevents" => CD_EVENTS
            .iter()
            .any(|(known, predicates)| known == subject && predicates.contains(predicate)),
        "cdeventsx" => subject.contains('-'),
        _ => false,
    }
}

fn text_or_absent(value: &Value, pointer: &'static str) -> Result<(), Denied> {
    match value.pointer(pointer) {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(_) => Err(shape(pointer)),
    }
}

fn shape(field: &'static str) -> Denied {
    Denied::Payload(field)
}
