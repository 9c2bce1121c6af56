//! The controller of Receivers: addresses that others call so that something is looked at at once.

mod report;
mod requests;
mod triggers;

use crate::events::Events;
use crate::metrics::Metrics;
use crate::queue::{Key, Next, Permit};
use crate::settings::Settings;
use crate::step::StepError;
use crate::tracked::{Opened, Tracked};
use inhaul_api::{Reason, Receiver, ReceiverType};
use inhaul_cluster::Own;
use inhaul_notify::{Hook, HookError, HookSecret, Registry, Token};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use requests::Annotations;
pub use triggers::follow;

/// The kind, as events and metrics name it.
pub const KIND: &str = "Receiver";
/// The manager that status patches are written under, as in Flux.
pub const STATUS_MANAGER: &str = "notification-controller";

/// What the controller works with.
pub struct Context {
    /// Receivers and their status.
    pub own: Own,
    /// Who may be called now.
    pub registry: Arc<Registry>,
    /// Where events go.
    pub events: Events,
    /// Where numbers go.
    pub metrics: Arc<Metrics>,
    /// What the flags say.
    pub settings: Settings,
}

type Run = Tracked<Receiver>;

/// Reconciles one Receiver and tells when to look at it again.
pub async fn reconcile(context: Arc<Context>, key: Key, _: CancellationToken, _: Permit) -> Next {
    let span = crate::reconcile_span("notification.toolkit.fluxcd.io", KIND, &key);
    async {
        let read = match Tracked::read(&context.own, key.clone()).await {
            Ok(read) => read,
            Err(next) => return next,
        };
        let run: Run = match Tracked::open(&context.own, read).await {
            Ok(Opened::Due(run)) => run,
            Ok(Opened::Deleting(run)) => return finalize(&context, &run).await,
            Ok(Opened::Suspended(run)) => return refuse(&context, &run).await,
            Ok(Opened::Gone) => return context.forget(&key),
            Err(next) => return next,
        };
        let result = open(&context, &run).await;
        report::report(&context, run, result).await
    }
    .instrument(span)
    .await
}

/// Lets the Receiver be called, and tells by which path.
async fn open(context: &Context, run: &Run) -> Result<String, StepError> {
    check_namespaces(context, run)?;
    let secret = secret(context, run).await?;
    let hook = Hook::new(&run.object, secret).map_err(|error| {
        let reason = match &error {
            HookError::Field(_) => Reason::InvalidField,
            HookError::Expression { .. } => Reason::InvalidCELExpression,
            HookError::Invalid(_) => Reason::ValidationFailed,
        };
        StepError::stalled(reason, error.to_string())
    })?;
    let path = hook.path();
    context.registry.open(hook);
    Ok(path)
}

fn check_namespaces(context: &Context, run: &Run) -> Result<(), StepError> {
    if !context.settings.no_cross_namespace_refs {
        return Ok(());
    }
    let elsewhere = run.object.spec.resources.iter().find(|resource| {
        resource.namespace.as_deref().is_some_and(|namespace| namespace != run.key.namespace)
    });
    match elsewhere {
        None => Ok(()),
        Some(resource) => {
            let namespace = resource.namespace.as_deref().unwrap_or_default();
            let message = format!(
                "can't access '{}/{namespace}/{}', cross-namespace references have been blocked \
                 (--no-cross-namespace-refs)",
                resource.kind, resource.name
            );
            Err(StepError::stalled(Reason::AccessDenied, message))
        }
    }
}

/// The Secret that calls are verified by.
async fn secret(context: &Context, run: &Run) -> Result<HookSecret, StepError> {
    let spec = &run.object.spec;
    let namespace = &run.key.namespace;
    let Some(reference) = &spec.secret_ref else {
        if spec.receiver_type().is_ok_and(|type_| type_ != ReceiverType::GenericOidc) {
            let message = "spec.secretRef is needed: it names the Secret with the token";
            return Err(StepError::stalled(Reason::ValidationFailed, message));
        }
        return Ok(HookSecret::default());
    };
    let name = format!("{namespace}/{}", reference.name);
    let missing = |why: &str| {
        let message = format!("unable to read token from secret '{name}' error: {why}");
        StepError::passing(Reason::TokenNotFound, message)
    };
    let data = match context.own.secret(namespace, &reference.name).await {
        Ok(Some(data)) => data,
        Ok(None) => return Err(missing(&format!("Secret \"{}\" not found", reference.name))),
        Err(error) => return Err(missing(&error.to_string())),
    };
    let text = |key: &str| data.get(key).map(|value| String::from_utf8_lossy(value).into_owned());
    let token = data.get("token").and_then(Token::new).ok_or_else(|| {
        let message = format!("invalid '{name}' secret data: required field 'token'");
        StepError::passing(Reason::TokenNotFound, message)
    })?;
    Ok(HookSecret { token: Some(token), email: text("email"), audience: text("audience") })
}

/// Whoever calls a suspended Receiver is told so, as long as its Secret can be read.
async fn refuse(context: &Context, run: &Run) -> Next {
    if open(context, run).await.is_err() {
        context.registry.close(&run.key.namespace, &run.key.name);
    }
    context.metrics.suspended(KIND, &run.key.namespace, &run.key.name);
    Next::OnChange
}

async fn finalize(context: &Context, run: &Run) -> Next {
    context.registry.close(&run.key.namespace, &run.key.name);
    match run.remove_finalizer(&context.own).await {
        Ok(()) => context.forget(&run.key),
        Err(next) => next,
    }
}

impl Context {
    fn forget(&self, key: &Key) -> Next {
        self.registry.close(&key.namespace, &key.name);
        self.metrics.forget(KIND, &key.namespace, &key.name);
        Next::Forget
    }
}
