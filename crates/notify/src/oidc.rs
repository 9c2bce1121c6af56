//! Bearer tokens of OpenID Connect: verified with the keys that their issuer publishes.

mod keys;

use crate::call::Call;
use crate::hook::{HookError, HookSecret, compile};
use crate::verify::Denied;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inhaul_api::OidcProvider;
use inhaul_expression::Expression;
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value, json};

pub use keys::Issuers;

/// Who signs the tokens of Google's Pub/Sub.
const GOOGLE: &str = "https://accounts.google.com";
/// What an issuer may sign with. None of them has a key that a caller knows, too.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// What expressions of a provider see.
const KNOWN: &[&str] = &["claims", "vars"];
/// By how much clocks may differ, in seconds.
const LEEWAY: u64 = 60;

/// An issuer of tokens, and which of its tokens are accepted.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: String,
    audience: String,
    variables: Vec<(String, Expression)>,
    validations: Vec<(Expression, String)>,
}

impl Provider {
    /// Reads an entry of `spec.oidcProviders`.
    pub(crate) fn new(index: usize, provider: &OidcProvider) -> Result<Self, HookError> {
        let field = format!("spec.oidcProviders[{index}]");
        if !provider.issuer_url.starts_with("https://")
            && !provider.issuer_url.starts_with("http://")
        {
            let why = "issuerURL must begin with http:// or https://";
            return Err(HookError::Invalid(format!("{field}: {why}")));
        }
        if provider.validations.is_empty() {
            let why = "validations must not be empty: whoever gets a token from this issuer, \
                       for whatever purpose, could call";
            return Err(HookError::Invalid(format!("{field}: {why}")));
        }
        let mut variables = Vec::new();
        for (index, variable) in provider.variables.iter().enumerate() {
            let field = format!("{field}.variables[{index}].expression");
            variables.push((variable.name.clone(), compile(&field, &variable.expression, KNOWN)?));
        }
        let mut validations = Vec::new();
        for (index, validation) in provider.validations.iter().enumerate() {
            let field = format!("{field}.validations[{index}].expression");
            let expression = compile(&field, &validation.expression, KNOWN)?;
            validations.push((expression, validation.message.clone()));
        }
        let (issuer, audience) = (provider.issuer_url.clone(), provider.audience().to_owned());
        Ok(Self { issuer, audience, variables, validations })
    }

    /// Whether verified claims are those of an accepted token.
    fn accepts(&self, claims: &Value) -> Result<(), Denied> {
        let mut vars = Map::new();
        for (name, expression) in &self.variables {
            let known = Value::Object(vars.clone());
            let value = expression.evaluate(&[("claims", claims), ("vars", &known)]);
            let value = value.map_err(|e| denied(format!("variable {name:?}: {e}")))?;
            vars.insert(name.clone(), value);
        }
        let vars = Value::Object(vars);
        let mut failed = Vec::new();
        for (expression, message) in &self.validations {
            let holds = expression.evaluate_bool(&[("claims", claims), ("vars", &vars)]);
            if !holds.map_err(|e| denied(format!("validation {message:?}: {e}")))? {
                failed.push(message.as_str());
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(denied(failed.join("; "))) }
    }
}

/// Which of Google's tokens are accepted: those of one account, for one purpose.
#[derive(Debug)]
pub(crate) struct Google {
    email: String,
    audience: String,
}

impl Google {
    /// Both are needed: a token that Google signed for somebody else, or for something else, is
    /// genuine, too.
    pub(crate) fn new(secret: &HookSecret) -> Result<Self, HookError> {
        let needed = |value: &Option<String>, key: &str| {
            let value = value.clone().filter(|value| !value.is_empty());
            let missing =
                || HookError::Invalid(format!("a gcr receiver needs {key} in its Secret"));
            value.ok_or_else(missing)
        };
        Ok(Self {
            email: needed(&secret.email, "email")?,
            audience: needed(&secret.audience, "audience")?,
        })
    }

    fn accepts(&self, claims: &Value) -> Result<(), Denied> {
        let is_verified =
            claims["email_verified"] == json!(true) || claims["email_verified"] == json!("true");
        if claims["email"].as_str() == Some(&self.email) && is_verified {
            return Ok(());
        }
        Err(denied("it is of another account".to_owned()))
    }
}

fn denied(why: String) -> Denied {
    Denied::Bearer(why)
}

impl Issuers {
    /// Verifies the bearer token of a call by the provider that its issuer names.
    ///
    /// # Errors
    /// [`Denied::Bearer`].
    pub(crate) async fn verify(
        &self,
        providers: &[Provider],
        call: &Call<'_>,
    ) -> Result<Value, Denied> {
        let token = bearer(call)?;
        let issuer = unverified_issuer(token)?;
        // Which key to try is all that is believed of the claim before it is verified.
        let provider = providers.iter().find(|provider| provider.issuer == issuer);
        let provider = provider.ok_or_else(|| denied("no provider has its issuer".to_owned()))?;
        let claims = self.claims(token, &provider.issuer, &provider.audience).await?;
        provider.accepts(&claims)?;
        Ok(claims)
    }

    /// Verifies the bearer token of a call of Google's Pub/Sub.
    ///
    /// # Errors
    /// [`Denied::Bearer`].
    pub(crate) async fn verify_google(
        &self,
        google: &Google,
        call: &Call<'_>,
    ) -> Result<(), Denied> {
        let claims = self.claims(bearer(call)?, GOOGLE, &google.audience).await?;
        google.accepts(&claims)
    }

    async fn claims(&self, token: &str, issuer: &str, audience: &str) -> Result<Value, Denied> {
        let header = jsonwebtoken::decode_header(token);
        let header = header.map_err(|_| denied("it is no signed token".to_owned()))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(denied("its algorithm proves nothing".to_owned()));
        }
        let key = self.key(issuer, header.kid.as_deref(), header.alg).await.map_err(denied)?;
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation);
        // The library's errors name claims, never their values.
        decoded.map(|data| data.claims).map_err(|error| denied(error.to_string()))
    }
}

fn bearer<'a>(call: &Call<'a>) -> Result<&'a str, Denied> {
    let header = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = header.map(str::trim).filter(|token| !token.is_empty());
    token.ok_or_else(|| denied("the Authorization header has none".to_owned()))
}

fn unverified_issuer(token: &str) -> Result<String, Denied> {
    let no_token = || denied("it is no signed token".to_owned());
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(no_token());
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| no_token())?;
    let claims: Value = serde_json::from_slice(&payload).map_err(|_| no_token())?;
    claims["iss"].as_str().map(str::to_owned).ok_or_else(|| denied("it has no issuer".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_google_is_believed_for_one_verified_account_only() {
        let secret = |email: &str, audience: &str| HookSecret {
            token: None,
            email: Some(email.to_owned()),
            audience: Some(audience.to_owned()),
        };
        assert!(Google::new(&secret("", "a")).is_err());
        assert!(Google::new(&secret("e", "")).is_err());
        let google = Google::new(&secret("push@example.com", "https://hook")).expect("both given");
        let good = json!({"email": "push@example.com", "email_verified": true});
        assert_eq!(google.accepts(&good), Ok(()));
        for bad in [
            json!({"email": "push@example.com"}),
            json!({"email": "push@example.com", "email_verified": false}),
            json!({"email": "other@example.com", "email_verified": true}),
            json!({"email_verified": true}),
        ] {
            assert!(google.accepts(&bad).is_err(), "{bad}");
        }
    }
}
