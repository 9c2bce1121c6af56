//! What the operator asked of the API server, from the API server's own audit log.

use std::path::Path;

use serde_json::Value;

/// One request that was answered.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) verb: String,
    pub(crate) resource: String,
    /// Such as `status`; empty for the object itself.
    pub(crate) subresource: String,
    pub(crate) name: String,
    pub(crate) user: String,
    /// Whom it impersonated; empty if nobody.
    pub(crate) impersonated: String,
    pub(crate) uri: String,
    /// A request that changed nothing by its own wish.
    pub(crate) dry_run: bool,
}

impl Request {
    pub(crate) fn writes(&self) -> bool {
        !self.dry_run && !matches!(self.verb.as_str(), "get" | "list" | "watch")
    }
}

/// The requests of service accounts in one namespace, oldest first.
pub(crate) fn requests_in(log: &Path, namespace: &str) -> Vec<Request> {
    let text = std::fs::read_to_string(log).expect("the API server writes the audit log");
    let mark = format!("\"namespace\":\"{namespace}\"");
    // The last line may be half written.
    let lines = text.lines().filter(|line| line.contains(&mark));
    let entries = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries
        .filter(|entry| entry["objectRef"]["namespace"] == namespace)
        .map(|entry| request(&entry))
        .filter(|request| request.user.starts_with("system:serviceaccount:"))
        .collect()
}

fn request(entry: &Value) -> Request {
    let text =
        |pointer| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Request {
        verb: text("/verb"),
        resource: text("/objectRef/resource"),
        subresource: text("/objectRef/subresource"),
        name: text("/objectRef/name"),
        user: text("/user/username"),
        impersonated: text("/impersonatedUser/username"),
        uri: text("/requestURI"),
        dry_run: text("/requestURI").contains("dryRun=All"),
    }
}
