//! Finding the API server.

use std::time::Duration;

/// How long a connection may be silent while an answer is awaited.
const SILENCE: Duration = Duration::from_secs(150);

/// A client from the environment: in a Pod its ServiceAccount, elsewhere the kubeconfig that
/// `KUBECONFIG` names, or the usual one.
///
/// # Errors
/// What is missing or wrong, as text.
pub async fn connect() -> Result<kube::Client, String> {
    let mut config = kube::Config::infer().await.map_err(|error| error.to_string())?;
    // Every request has a deadline and a bounded number of tries of its own.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    // A watch hears a bookmark each minute; one that hears nothing for longer has lost its peer.
    config.read_timeout = Some(SILENCE);
    kube::Client::try_from(config).map_err(|error| error.to_string())
}
