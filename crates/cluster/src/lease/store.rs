//! Where Leases are kept: the API server, or memory in tests.

use crate::events::root_cause;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use std::time::Duration;
use tokio::time::timeout;

/// One request about a Lease may not take longer: a leader has to come to several within its
/// renew deadline.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// Reads and writes Leases.
pub(super) trait Store: Send + Sync {
    fn get(&self, name: &str) -> impl Future<Output = Result<Option<Lease>, StoreError>> + Send;
    fn create(&self, lease: &Lease) -> impl Future<Output = Result<Lease, StoreError>> + Send;
    fn replace(&self, lease: &Lease) -> impl Future<Output = Result<Lease, StoreError>> + Send;
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StoreError {
    #[error("somebody else changed the lease meanwhile")]
    Conflict,
    #[error("{0}")]
    Failed(String),
}

pub(super) struct ApiServer(pub(super) Api<Lease>);

fn store_error(error: kube::Error) -> StoreError {
    match error {
        kube::Error::Api(status) if status.code == 409 => StoreError::Conflict,
        kube::Error::Api(status) => StoreError::Failed(status.message.clone()),
        other => StoreError::Failed(root_cause(&other)),
    }
}

async fn in_time<T>(
    request: impl Future<Output = Result<T, kube::Error>> + Send,
) -> Result<T, StoreError> {
    match timeout(REQUEST_TIMEOUT, request).await {
        Ok(answer) => answer.map_err(store_error),
        Err(_) => Err(StoreError::Failed(format!("no answer in {} s", REQUEST_TIMEOUT.as_secs()))),
    }
}

impl Store for ApiServer {
    async fn get(&self, name: &str) -> Result<Option<Lease>, StoreError> {
        in_time(self.0.get_opt(name)).await
    }

    async fn create(&self, lease: &Lease) -> Result<Lease, StoreError> {
        in_time(self.0.create(&PostParams::default(), lease)).await
    }

    async fn replace(&self, lease: &Lease) -> Result<Lease, StoreError> {
        let name = lease.metadata.name.as_deref().unwrap_or_default();
        in_time(self.0.replace(name, &PostParams::default(), lease)).await
    }
}
