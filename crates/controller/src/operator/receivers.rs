//! Receivers: their controller, and the server that is called.

use super::{Controllers, Listen, OperatorError, error};
use crate::events::Events;
use crate::receiver::{self, Annotations};
use inhaul_api::Receiver;
use inhaul_cluster::{Attention, Discovery, watch};
use inhaul_notify::{Issuers, Limits, Registry};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// An address that is taken is tried again after this.
const BIND_AGAIN: Duration = Duration::from_secs(5);

/// Opens the address where Receivers are called (`--receiverAddr`), each time it is asked to.
pub type ListenForCalls = Box<dyn Fn() -> Listen + Send + Sync>;

impl Controllers {
    pub(super) fn start_receivers(
        &self,
        tasks: &mut JoinSet<()>,
        listen: Option<ListenForCalls>,
    ) -> Result<(), OperatorError> {
        let registry = Arc::new(Registry::default());
        let context = Arc::new(receiver::Context {
            own: self.own(receiver::STATUS_MANAGER),
            registry: Arc::clone(&registry),
            events: Events::new(self.recorder.named("notification-controller")),
            metrics: Arc::clone(&self.metrics),
            settings: self.options.settings.clone(),
        });
        let (_, receivers) = watch::<Receiver>(&self.connection, &self.options.watch);
        let queue = self.queue(receiver::KIND);
        self.spawn(tasks, receiver::follow(Arc::clone(&queue), receivers));
        self.work(tasks, receiver::KIND, queue, move |key, token, permit| {
            receiver::reconcile(Arc::clone(&context), key, token, permit)
        });
        let Some(listen) = listen else { return Ok(()) };
        let connection = self.connection.clone();
        let discovery = Discovery::new(connection.clone());
        let attention = Attention::new(connection, discovery, receiver::STATUS_MANAGER);
        let requests = Annotations::new(attention, Arc::clone(&self.metrics));
        let issuers = Issuers::new().map_err(|e| error("cannot fetch the keys of issuers")(&e))?;
        let stop = self.stop.clone();
        self.spawn(tasks, async move {
            let listener = loop {
                match listen().await {
                    Ok(listener) => break listener,
                    // The rest of the operator goes on: what is pulled needs no caller.
                    Err(error) => tracing::error!(%error, "--receiverAddr: nobody can call"),
                }
                tokio::time::sleep(BIND_AGAIN).await;
            };
            let limits = Limits::default();
            inhaul_notify::serve(listener, registry, requests, issuers, limits, stop).await;
        });
        Ok(())
    }
}
