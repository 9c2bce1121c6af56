//! Addresses to listen at, as Go writes them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use tokio::net::TcpListener;

/// A port, on all addresses or on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    host: Option<String>,
    port: u16,
}

impl Listen {
    /// Reads `:8080`, `127.0.0.1:8080` or `[::1]:8080`. An empty text and `0` mean: do not listen.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        if matches!(text, "" | "0") {
            return Ok(None);
        }
        let refused = || "must be a port such as :8080, or an address such as 127.0.0.1:8080";
        let (host, port) = text.rsplit_once(':').ok_or_else(refused)?;
        let port = port.parse().map_err(|_| refused())?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains([':', '[', ']']) {
            return Err(refused().to_owned());
        }
        let host = Some(bare.unwrap_or(host)).filter(|host| !host.is_empty());
        Ok(Some(Self { host: host.map(str::to_owned), port }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The address itself. Without a host: all addresses, IPv6 where there is any.
    ///
    /// # Errors
    /// If the host is unknown; the text names it.
    fn resolve(&self) -> Result<SocketAddr, String> {
        let Some(host) = &self.host else {
            let ipv6 = std::net::TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok();
            let all: IpAddr =
                if ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
            return Ok(SocketAddr::new(all, self.port));
        };
        let found = (host.as_str(), self.port).to_socket_addrs();
        let mut found = found.map_err(|error| format!("cannot listen at {self}: {error}"))?;
        found.next().ok_or_else(|| format!("cannot listen at {self}: the host has no address"))
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// If the address cannot be had; the text names it.
    pub(crate) async fn bind(&self) -> Result<TcpListener, String> {
        let bound = TcpListener::bind(self.resolve()?).await;
        bound.map_err(|error| format!("cannot listen at {self}: {error}"))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host() {
            Some(host) if host.contains(':') => write!(out, "[{host}]:{}", self.port),
            host => write!(out, "{}:{}", host.unwrap_or_default(), self.port),
        }
    }
}
