//! How a remote is reached: over HTTP, or over SSH.

use crate::call::Stop;
use crate::http::{self, Exchange};
use crate::ledger::Ledger;
use crate::mirrors::Options;
use crate::ssh::{KnownHosts, Login, read_key};
use crate::{Authorization, Credentials, Egress, Error, ErrorKind, RemoteUrl};
use gix::protocol::transport::client::blocking_io::Transport;
use gix::protocol::transport::client::blocking_io::http::Transport as HttpTransport;
use gix::protocol::transport::client::git::ConnectMode;
use gix::protocol::transport::client::git::blocking_io::Connection;
use gix::protocol::transport::{Protocol, Service};
use reqwest::header::HeaderValue;
use std::sync::Arc;

/// Everything that it takes to connect; replaced when the credentials are renewed.
pub(crate) enum Access {
    Http { client: reqwest::Client, authorization: Option<HeaderValue>, egress: Egress },
    Ssh(Box<Login>),
}

impl Access {
    /// Checks the credentials against the address. `shared` is the client of everybody who needs
    /// nothing of his own.
    pub(crate) fn new(
        url: &RemoteUrl,
        credentials: &Credentials,
        shared: &reqwest::Client,
        options: &Options,
    ) -> Result<Self, Error> {
        let egress = options.egress.clone();
        if url.is_ssh() {
            return ssh_login(url, credentials, options).map(|login| Self::Ssh(Box::new(login)));
        }
        let client = if credentials.needs_own_client() {
            http::client(Some(credentials), options.environment_proxy, &egress)?
        } else {
            shared.clone()
        };
        Ok(Self::Http { client, authorization: credentials.header(url)?, egress })
    }

    /// Connects for one conversation with `service`.
    pub(crate) fn transport(
        &self,
        url: &RemoteUrl,
        service: Service,
        stop: &Stop,
        ledger: &Arc<Ledger>,
    ) -> Result<Box<dyn Transport>, Error> {
        match self {
            Self::Http { client, authorization, egress } => {
                let parsed = gix::url::parse(url.as_str()).map_err(|_| {
                    Error::new(ErrorKind::UrlInvalid, "not a URL that Git understands")
                })?;
                let exchange = Exchange::new(
                    client.clone(),
                    authorization.clone(),
                    url.as_str(),
                    egress.clone(),
                    stop,
                    ledger,
                )?;
                Ok(Box::new(HttpTransport::new_http(exchange, parsed, Protocol::V2, false)))
            }
            Self::Ssh(login) => {
                let (reader, writer) = login.start(service.as_str(), stop, ledger)?;
                let no_host = None::<(String, Option<u16>)>;
                let (version, mode) = (Protocol::V2, ConnectMode::Process);
                let connection = Connection::new(reader, writer, version, "", no_host, mode, false);
                Ok(Box::new(connection.custom_url(Some(url.as_str().into()))))
            }
        }
    }
}

fn ssh_login(
    url: &RemoteUrl,
    credentials: &Credentials,
    options: &Options,
) -> Result<Login, Error> {
    let invalid = |why: String| Error::new(ErrorKind::CredentialsInvalid, why);
    let Authorization::Ssh { private_key, passphrase, known_hosts } = &credentials.authorization
    else {
        return Err(invalid("an ssh address needs a key and known hosts".into()));
    };
    if credentials.proxy.is_some() {
        return Err(invalid("a proxy cannot be used with an ssh address".into()));
    }
    let key = read_key(private_key, passphrase.as_deref()).map_err(invalid)?;
    let known_hosts = KnownHosts::parse(known_hosts).map_err(invalid)?;
    Login::new(url, key, known_hosts, options.ssh.clone(), options.egress.clone())
}
