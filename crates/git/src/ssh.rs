//! SSH, in this process: no `ssh` program, no agent, no configuration, no environment.
//!
//! The host key must be one that the caller knows, and the only way to log in is the caller's key.

mod algorithms;
mod key;
mod known_hosts;
mod pipe;
mod verify;

pub use self::algorithms::SshAlgorithms;
pub(crate) use self::key::{check_strength, read_key};
pub(crate) use self::known_hosts::KnownHosts;
pub(crate) use self::pipe::{Receiver, Sender};

use self::verify::{Verdict, Verifier};
use crate::call::Stop;
use crate::egress::Egress;
use crate::ledger::Ledger;
use crate::{Error, ErrorKind, RemoteUrl};
use russh::client::{AuthResult, Config, Handle, connect_stream};
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg};
use russh::{ChannelMsg, Disconnect, SshId};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::net::TcpStream;

/// The user where the address names none, as in Flux.
const DEFAULT_USER: &str = "git";
/// What may be on its way to us at a time.
const WINDOW_BYTES: u32 = 2 << 20;

/// How to log in at one host.
pub(crate) struct Login {
    user: String,
    host: String,
    port: u16,
    path: String,
    key: Arc<PrivateKey>,
    known_hosts: KnownHosts,
    algorithms: SshAlgorithms,
    egress: Egress,
}

impl Login {
    /// Checks everything that can be checked before connecting.
    ///
    /// # Errors
    /// [`ErrorKind::CredentialsInvalid`] for a key or known hosts that cannot be used.
    pub(crate) fn new(
        url: &RemoteUrl,
        key: PrivateKey,
        known_hosts: KnownHosts,
        algorithms: SshAlgorithms,
        egress: Egress,
    ) -> Result<Self, Error> {
        let (host, port, path) = url.ssh_parts()?;
        let user = url.user_info().map_or(DEFAULT_USER, |(user, _)| user.as_str()).to_owned();
        Ok(Self { user, host, port, path, key: Arc::new(key), known_hosts, algorithms, egress })
    }

    /// Logs in and starts `service` ("git-upload-pack") for the repository: what is to be read
    /// from it, and where to write to.
    pub(crate) fn start(
        &self,
        service: &str,
        stop: &Stop,
        ledger: &Arc<Ledger>,
    ) -> Result<(Receiver, Sender), Error> {
        let session = stop.wait(self.log_in())??;
        let channel = stop.wait(self.execute(&session, service))??;
        let session = Arc::new(session);
        let (read, write) = channel.split();
        let receiver = Receiver::new(read, Arc::clone(&session), stop, ledger);
        Ok((receiver, Sender::new(write, session, stop, ledger)))
    }

    async fn log_in(&self) -> Result<Handle<Verifier>, Error> {
        let trusted = self.known_hosts.of(&self.host, self.port);
        let offered = self.algorithms.preferred(&trusted, &self.address())?;
        let config = Config {
            client_id: SshId::Standard(Cow::Borrowed(concat!(
                "SSH-2.0-inhaul_",
                env!("CARGO_PKG_VERSION")
            ))),
            preferred: offered,
            window_size: WINDOW_BYTES,
            nodelay: true,
            ..Config::default()
        };
        let socket = self.connect().await?;
        let (verifier, verdict) = Verifier::new(trusted, self.address());
        let mut session = connect_stream(Arc::new(config), socket, verifier)
            .await
            .map_err(|error| self.explain(error, &verdict))?;
        let hash = if self.key.algorithm().is_rsa() {
            let best = session.best_supported_rsa_hash().await;
            // A server that does not say what it takes is asked for today's default.
            best.ok().flatten().flatten().or(Some(russh::keys::HashAlg::Sha512))
        } else {
            None
        };
        let key = PrivateKeyWithHashAlg::new(Arc::clone(&self.key), hash);
        match session.authenticate_publickey(self.user.clone(), key).await {
            Ok(AuthResult::Success) => Ok(session),
            Ok(AuthResult::Failure { .. }) => {
                let _ = session.disconnect(Disconnect::ByApplication, "", "").await;
                let why = format!(
                    "the server does not accept the key {} for user '{}'",
                    self.key.public_key().fingerprint(russh::keys::HashAlg::Sha256),
                    self.user
                );
                Err(Error::new(ErrorKind::Unauthorized, why))
            }
            Err(error) => Err(self.explain(error, &verdict)),
        }
    }

    async fn connect(&self) -> Result<TcpStream, Error> {
        let unreachable = |error: std::io::Error| {
            Error::new(ErrorKind::Network, format!("cannot connect to {}: {error}", self.address()))
        };
        let addresses = tokio::net::lookup_host((self.host.as_str(), self.port));
        let addresses: Vec<_> = addresses.await.map_err(unreachable)?.collect();
        let allowed = self.egress.filter(&self.host, addresses.into_iter())?;
        let socket = TcpStream::connect(allowed.as_slice()).await.map_err(unreachable)?;
        let _ = socket.set_nodelay(true);
        Ok(socket)
    }

    async fn execute(
        &self,
        session: &Handle<Verifier>,
        service: &str,
    ) -> Result<russh::Channel<russh::client::Msg>, Error> {
        let broke = |error: russh::Error| self.broken(&error);
        let mut channel = session.channel_open_session().await.map_err(broke)?;
        // Servers that do not know it go on in the older protocol, which we speak too.
        channel.set_env(false, "GIT_PROTOCOL", "version=2").await.map_err(broke)?;
        let command = format!("{service} {}", quoted(&self.path));
        channel.exec(true, command).await.map_err(broke)?;
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Success) => return Ok(channel),
                Some(ChannelMsg::WindowAdjusted { .. }) => {}
                Some(ChannelMsg::Failure) => {
                    let why = format!("the server does not run {service}");
                    return Err(Error::new(ErrorKind::Forbidden, why));
                }
                _ => {
                    let why =
                        format!("the server closed the connection instead of running {service}");
                    return Err(Error::new(ErrorKind::Protocol, why));
                }
            }
        }
    }

    fn address(&self) -> String {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        if bare.contains(':') {
            return format!("[{bare}]:{}", self.port);
        }
        format!("{bare}:{}", self.port)
    }

    /// What the verifier said, or the words of the library.
    fn explain(&self, error: russh::Error, verdict: &Verdict) -> Error {
        if let Some(refused) = verdict.take() {
            return refused;
        }
        if let russh::Error::NoCommonAlgo { kind, ours, theirs } = &error {
            let host_key = matches!(kind, russh::AlgorithmKind::Key);
            let hint = if host_key {
                "; known_hosts says which types of host keys are accepted"
            } else {
                ""
            };
            let why = format!(
                "no common SSH algorithm ({kind:?}) with {}: we accept {}, the server offers {}{hint}",
                self.address(),
                ours.join(", "),
                shown(&theirs.join(", ")),
            );
            let kind = if host_key { ErrorKind::HostKey } else { ErrorKind::Protocol };
            return Error::new(kind, why);
        }
        self.broken(&error)
    }

    fn broken(&self, error: &russh::Error) -> Error {
        let why = format!("SSH with {} failed: {}", self.address(), shown(&error.to_string()));
        Error::new(ErrorKind::Network, why)
    }
}

/// Foreign text, safe to print.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Quotes a path for the shell on the other side as Git itself does.
fn quoted(path: &str) -> String {
    let mut quoted = String::from("'");
    for c in path.chars() {
        match c {
            '\'' => quoted.push_str("'\\''"),
            '!' => quoted.push_str("'\\!'"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_as_git_quotes_it() {
        assert_eq!(quoted("/a b.git"), "'/a b.git'");
        assert_eq!(quoted("/x'; id; '"), "'/x'\\''; id; '\\'''");
        assert_eq!(quoted("/a!b$(id)`id`"), "'/a'\\!'b$(id)`id`'");
    }
}
