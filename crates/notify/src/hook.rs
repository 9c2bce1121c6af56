//! One receiver, ready to be called.

use crate::call::Call;
use crate::oidc::{Google, Issuers, Provider};
use crate::token::Token;
use crate::verify::{self, Accepted, Denied};
use inhaul_api::{FieldError, Receiver, ReceiverResource, ReceiverType};
use inhaul_expression::{CompileError, Expression};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What a hook knows of its Secret. It cannot be printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookSecret {
    /// The key `token`.
    pub token: Option<Token>,
    /// The key `email`: the account that Google's Pub/Sub signs its calls with.
    pub email: Option<String>,
    /// The key `audience`: what Google's Pub/Sub signs its calls for.
    pub audience: Option<String>,
}

/// Why a receiver cannot be called.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HookError {
    /// A field holds what cannot be used.
    #[error("{0}")]
    Field(#[from] FieldError),
    /// A CEL expression does not compile.
    #[error("{field}: {error}")]
    Expression {
        /// The field.
        field: String,
        /// What is wrong with it, and where.
        error: CompileError,
    },
    /// The spec contradicts itself.
    #[error("{0}")]
    Invalid(String),
}

/// A resource of a receiver, with its filter.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The resource as the spec names it.
    pub resource: ReceiverResource,
    /// `filter` of the resource, or `spec.resourceFilter`.
    filter: Option<Expression>,
}

impl Wanted {
    /// Whether the filter has to see a resource's metadata.
    pub fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }
}

/// One receiver, ready to be called.
#[derive(Debug)]
pub struct Hook {
    /// Namespace of the Receiver.
    pub namespace: String,
    /// Name of the Receiver.
    pub name: String,
    /// Whether it answers no calls.
    pub suspended: bool,
    /// What is asked for when a call comes.
    pub wanted: Vec<Wanted>,
    type_: ReceiverType,
    events: Vec<String>,
    secret: HookSecret,
    providers: Vec<Provider>,
    google: Option<Google>,
}

/// The path that a receiver is called by: nobody guesses it who does not know the token. As in
/// Flux (`GetWebhookPath`).
pub fn webhook_path(token: Option<&Token>, namespace: &str, name: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(token.map(Token::bytes).unwrap_or_default());
    hash.update(name);
    hash.update(namespace);
    format!("/hook/{}", hex::encode(hash.finalize()))
}

impl Hook {
    /// Makes a receiver ready to be called.
    ///
    /// # Errors
    /// [`HookError`], which names the field.
    pub fn new(receiver: &Receiver, secret: HookSecret) -> Result<Self, HookError> {
        let (spec, metadata) = (&receiver.spec, &receiver.metadata);
        let type_ = spec.receiver_type()?;
        let shared = spec.resource_filter.as_deref();
        let known: &[&str] = match type_ {
            ReceiverType::GenericOidc => &["res", "req", "claims"],
            _ => &["res", "req"],
        };
        let compile_shared = |text| compile("spec.resourceFilter", text, known);
        let shared = shared.map(compile_shared).transpose()?;
        let mut wanted = Vec::new();
        for (index, resource) in spec.resources.iter().enumerate() {
            wanted.push(self::wanted(index, resource, shared.as_ref(), known)?);
        }
        let mut providers = Vec::new();
        if type_ == ReceiverType::GenericOidc {
            for (index, provider) in spec.oidc_providers.iter().enumerate() {
                providers.push(Provider::new(index, provider)?);
            }
        }
        let google = (type_ == ReceiverType::Gcr).then(|| Google::new(&secret)).transpose()?;
        Ok(Self {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            suspended: spec.suspend,
            wanted,
            type_,
            events: spec.events.clone(),
            secret,
            providers,
            google,
        })
    }

    /// The path that this receiver is called by.
    pub fn path(&self) -> String {
        webhook_path(self.secret.token.as_ref(), &self.namespace, &self.name)
    }

    /// Checks what the headers alone can tell: a stranger's body is not even read. Bearer tokens
    /// are verified here, with the keys of their issuer.
    ///
    /// # Errors
    /// [`Denied`], which quotes neither the call nor the secret.
    pub async fn admit(&self, call: &Call<'_>, issuers: &Issuers) -> Result<Option<Value>, Denied> {
        verify::headers(self.type_, call, &self.secret, &self.events)?;
        if self.type_ == ReceiverType::GenericOidc {
            return issuers.verify(&self.providers, call).await.map(Some);
        }
        if let Some(google) = &self.google {
            issuers.verify_google(google, call).await?;
        }
        Ok(None)
    }

    /// Checks the body of an admitted call: its signature first, then its shape.
    ///
    /// # Errors
    /// [`Denied`], which quotes neither the call nor the secret.
    pub fn verify(&self, call: &Call<'_>, claims: Option<Value>) -> Result<Accepted, Denied> {
        let body = verify::body(self.type_, call, &self.secret)?;
        Ok(Accepted { body, claims })
    }

    /// Whether a call concerns a resource, whose metadata is given as `{"metadata": {…}}`.
    ///
    /// # Errors
    /// [`Denied::Filter`] where the filter cannot be evaluated for it.
    pub fn wants(
        &self,
        wanted: &Wanted,
        metadata: &Value,
        accepted: &Accepted,
    ) -> Result<bool, Denied> {
        let Some(filter) = &wanted.filter else { return Ok(true) };
        let mut variables = vec![("res", metadata), ("req", &accepted.body)];
        variables.extend(accepted.claims.as_ref().map(|claims| ("claims", claims)));
        filter.evaluate_bool(&variables).map_err(|error| Denied::Filter(error.to_string()))
    }
}

fn wanted(
    index: usize,
    resource: &ReceiverResource,
    shared: Option<&Expression>,
    known: &[&str],
) -> Result<Wanted, HookError> {
    let field = format!("spec.resources[{index}]");
    if resource.name == "*" && resource.match_labels.is_empty() {
        let why = "name \"*\" needs matchLabels, which say what is meant";
        return Err(HookError::Invalid(format!("{field}: {why}")));
    }
    let own = resource.filter.as_deref();
    let own = own.map(|text| compile(&format!("{field}.filter"), text, known)).transpose()?;
    Ok(Wanted { resource: resource.clone(), filter: own.or_else(|| shared.cloned()) })
}

/// Compiles a CEL expression over these variables.
pub(crate) fn compile(
    field: &str,
    text: &str,
    variables: &[&str],
) -> Result<Expression, HookError> {
    Expression::compile(text, Some(variables))
        .map_err(|error| HookError::Expression { field: field.to_owned(), error })
}
