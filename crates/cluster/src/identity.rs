//! Who requests are made as.

use crate::request::Connection;
use http::{HeaderName, HeaderValue, Request};
use kube::client::Body;
use std::fmt;

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");
/// Namespaces are labels of the DNS, ServiceAccounts subdomains.
const MAX_NAMESPACE: usize = 63;
const MAX_NAME: usize = 253;

/// Whose rights a reconcile uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The operator's own, or those of a kubeconfig.
    Own,
    /// Those of a user, whom the operator, or the kubeconfig, impersonates.
    As(User),
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => formatter.write_str("its own user"),
            Self::As(user) => user.fmt(formatter),
        }
    }
}

/// A user to impersonate. There is none without a name: a request that impersonates nobody would
/// have the operator's own rights.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User(HeaderValue);

/// A name that no ServiceAccount can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a ServiceAccount")]
pub struct InvalidName(String);

impl User {
    /// The user that a ServiceAccount is, `system:serviceaccount:<namespace>:<name>`. No group is
    /// impersonated, as in Flux: the API server adds those of all ServiceAccounts by itself.
    ///
    /// # Errors
    /// [`InvalidName`] unless both are names: an empty one, or one with a colon in it, would make
    /// somebody else of it.
    pub fn of_service_account(namespace: &str, name: &str) -> Result<Self, InvalidName> {
        let is_name = |text: &str, longest, dots| {
            (1..=longest).contains(&text.len())
                && text.bytes().all(|byte| {
                    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-') || (dots && byte == b'.')
                })
        };
        let invalid = || InvalidName(format!("{namespace}/{name}"));
        if !is_name(namespace, MAX_NAMESPACE, false) || !is_name(name, MAX_NAME, true) {
            return Err(invalid());
        }
        let user = HeaderValue::try_from(format!("system:serviceaccount:{namespace}:{name}"));
        user.map(Self).map_err(|_| invalid())
    }
}

impl fmt::Display for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl Connection {
    /// A thin connection over the same one, with its connections to the network and its gate,
    /// whose requests and watches are all made as `identity`.
    #[must_use]
    pub fn as_identity(&self, identity: &Identity) -> Self {
        match identity {
            Identity::Own => self.clone(),
            Identity::As(user) => self.over(impersonating(self.client(), user)),
        }
    }
}

fn impersonating(client: kube::Client, user: &User) -> kube::Client {
    let namespace = client.default_namespace().to_owned();
    let user = user.0.clone();
    let service = tower::service_fn(move |mut request: Request<Body>| {
        let (client, user) = (client.clone(), user.clone());
        async move {
            request.headers_mut().insert(IMPERSONATE_USER, user);
            client.send(request).await
        }
    });
    kube::Client::new(service, namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{AlwaysOpen, Call};
    use http::Response;
    use parking_lot::Mutex;
    use std::sync::Arc;

    #[test]
    fn nobody_cannot_be_impersonated() {
        let user = User::of_service_account("apps", "deployer.v1").unwrap();
        assert_eq!(user.to_string(), "system:serviceaccount:apps:deployer.v1");
        for (namespace, name) in [
            ("apps", ""),
            ("", "deployer"),
            ("", ""),
            ("apps", " "),
            ("apps", "a:b"),
            ("a.b", "c"),
            ("apps", "a\r\nImpersonate-Group: system:masters"),
            ("apps", "Deployer"),
        ] {
            assert!(User::of_service_account(namespace, name).is_err(), "{namespace}/{name}");
        }
    }

    #[tokio::test]
    async fn every_request_of_an_impersonated_connection_names_its_user() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        let server = tower::service_fn(move |request: Request<Body>| {
            let user = request.headers().get("impersonate-user").cloned();
            heard.lock().push(user.map(|value| value.to_str().unwrap().to_owned()));
            let answer = Response::new(Body::from(b"{}".to_vec()));
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        let own = Connection::new(kube::Client::new(server, "default"), Arc::new(AlwaysOpen));
        let user = User::of_service_account("apps", "deployer").unwrap();
        let tenant = own.as_identity(&Identity::As(user));
        tenant.send(&Call::get("/api".into())).await.unwrap();
        let call = Request::get("/api").body(Body::empty()).unwrap();
        tenant.client().send(call).await.unwrap();
        own.as_identity(&Identity::Own).send(&Call::get("/api".into())).await.unwrap();
        let tenant = Some("system:serviceaccount:apps:deployer".to_owned());
        assert_eq!(*seen.lock(), [tenant.clone(), tenant, None]);
    }
}
