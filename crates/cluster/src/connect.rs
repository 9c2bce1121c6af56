//! Finding the API server.

use std::time::Duration;

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
    kube::Client::try_from(config).map_err(|error| error.to_string())
}
