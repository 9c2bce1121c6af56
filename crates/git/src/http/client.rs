//! HTTP clients: certificates, proxies, and which addresses may be reached.

use super::rules::chain;
use crate::egress::{Egress, denied};
use crate::{Credentials, Error, ErrorKind, Proxy};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The client for everybody, or with a remote's own certificates and proxy. Redirects are ours;
/// the environment's proxies are used only where the operator says so.
pub(crate) fn client(
    credentials: Option<&Credentials>,
    environment_proxy: bool,
    egress: &Egress,
) -> Result<Client, Error> {
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .referer(false);
    if !egress.is_open() {
        builder = builder.dns_resolver(Arc::new(Guarded(egress.clone())));
    }
    let own_proxy = credentials.and_then(|c| c.proxy.as_ref());
    if let Some(proxy) = own_proxy {
        builder = builder.proxy(reach(proxy)?);
    } else if !environment_proxy {
        builder = builder.no_proxy();
    }
    if let Some(credentials) = credentials {
        builder = with_certificates(builder, credentials)?;
    }
    builder.build().map_err(|error| {
        Error::new(ErrorKind::CredentialsInvalid, format!("TLS set-up failed: {}", chain(&error)))
    })
}

fn with_certificates(
    mut builder: ClientBuilder,
    credentials: &Credentials,
) -> Result<ClientBuilder, Error> {
    let invalid = |what: &str| {
        let message = format!("{what} cannot be read as PEM");
        move |_| Error::new(ErrorKind::CredentialsInvalid, message)
    };
    if let Some(pem) = credentials.certificate_authority.as_deref() {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(invalid("ca.crt"))?;
        if certificates.is_empty() {
            return Err(Error::new(ErrorKind::CredentialsInvalid, "ca.crt holds no certificate"));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some((certificate, key)) = credentials.client_certificate.as_ref() {
        let pem = [certificate.as_slice(), b"\n", key.as_slice()].concat();
        let identity =
            reqwest::Identity::from_pem(&pem).map_err(invalid("tls.crt with tls.key"))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// The way through a proxy. Errors never show its password.
fn reach(proxy: &Proxy) -> Result<reqwest::Proxy, Error> {
    let refuse = |why: &str| Error::new(ErrorKind::CredentialsInvalid, format!("proxy: {why}"));
    let mut address = Url::parse(&proxy.address).map_err(|_| refuse("the address is not a URL"))?;
    if !matches!(address.scheme(), "http" | "https") {
        return Err(refuse("the address must begin with http:// or https://"));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(refuse("user and password belong in 'username' and 'password'"));
    }
    address.set_path("");
    let through = reqwest::Proxy::all(address).map_err(|_| refuse("the address is not usable"))?;
    Ok(match (&proxy.username, &proxy.password) {
        (None, None) => through,
        (user, password) => through.basic_auth(
            user.as_deref().unwrap_or_default(),
            password.as_deref().unwrap_or_default(),
        ),
    })
}

/// Resolves names to addresses that may be reached.
struct Guarded(Egress);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| egress.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(denied(name.as_str()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
