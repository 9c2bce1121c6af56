//! Addresses that no source may lead to.

use crate::{Error, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Networks that are never connected to, whatever a name resolves to at that moment
/// (`--denied-egress`). By default there are none, as in Flux.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    denied: Vec<Network>,
}

#[derive(Clone, Copy, Debug)]
struct Network {
    address: u128,
    bits: u32,
}

/// Networks that have a name.
const NAMED: &[(&str, &[&str])] = &[
    ("loopback", &["127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128"]),
    ("link-local", &["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"]),
];

impl Egress {
    /// Reads networks: `loopback`, `link-local` (where clouds serve credentials), or in the form
    /// `10.96.0.0/12`.
    ///
    /// # Errors
    /// Names what cannot be read.
    pub fn parse(networks: &[String]) -> Result<Self, String> {
        let mut denied = Vec::new();
        for text in networks {
            match NAMED.iter().find(|(name, _)| name == text) {
                Some((_, members)) => {
                    for member in *members {
                        denied.push(Network::parse(member)?);
                    }
                }
                None => denied.push(Network::parse(text)?),
            }
        }
        Ok(Self { denied })
    }

    /// Whether nothing is denied.
    pub(crate) fn is_open(&self) -> bool {
        self.denied.is_empty()
    }

    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let address = bits_of(address);
        !self.denied.iter().any(|network| network.contains(address))
    }

    /// The addresses that may be connected to.
    ///
    /// # Errors
    /// [`ErrorKind::UrlInvalid`] where there is none; the address itself is not told, since who
    /// wrote the URL may not know it.
    pub(crate) fn filter(
        &self,
        host: &str,
        addresses: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Error> {
        let allowed: Vec<_> = addresses.filter(|address| self.allows(address.ip())).collect();
        if allowed.is_empty() {
            return Err(Error::new(ErrorKind::UrlInvalid, denied(host)));
        }
        Ok(allowed)
    }

    /// Checks a host that is an address as it stands; names are checked when they are resolved.
    pub(crate) fn check_literal(&self, host: &str) -> Result<(), Error> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => {
                Err(Error::new(ErrorKind::UrlInvalid, denied(host)))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn denied(host: &str) -> String {
    format!("{host} leads to a network that sources may not reach (--denied-egress)")
}

/// An IPv4 address and the IPv6 forms that mean the same one are equal.
fn bits_of(address: IpAddr) -> u128 {
    let address = match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => embedded(v6).unwrap_or(v6),
    };
    u128::from(address)
}

/// The IPv4 address inside one of NAT64's.
fn embedded(address: Ipv6Addr) -> Option<Ipv6Addr> {
    let segments = address.segments();
    let nat64 = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let [.., high, low] = segments;
    let number = (u32::from(high) << 16) | u32::from(low);
    nat64.then(|| std::net::Ipv4Addr::from(number).to_ipv6_mapped())
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let broken = || format!("{text:?} is not a network such as 10.96.0.0/12");
        let (address, bits) = text.split_once('/').ok_or_else(broken)?;
        let address: IpAddr = address.parse().map_err(|_| broken())?;
        let bits: u32 = bits.parse().map_err(|_| broken())?;
        let (all, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        if bits > all {
            return Err(broken());
        }
        Ok(Self { address: bits_of(address), bits: bits + offset })
    }

    fn contains(&self, address: u128) -> bool {
        let shift = 128 - self.bits;
        shift == 128 || (self.address >> shift) == (address >> shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_denied_address_is_denied() {
        let networks = ["link-local", "loopback", "10.96.0.0/12"].map(str::to_owned);
        let egress = Egress::parse(&networks).unwrap();
        for denied in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "10.111.0.1",
            "fe80::1",
            "fd00:ec2::254",
        ] {
            assert!(!egress.allows(denied.parse().unwrap()), "{denied}");
        }
        for allowed in ["10.112.0.1", "192.168.0.1", "2001:db8::1", "8.8.8.8"] {
            assert!(egress.allows(allowed.parse().unwrap()), "{allowed}");
        }
        assert!(Egress::default().allows("127.0.0.1".parse().unwrap()));
        assert!(egress.check_literal("[::ffff:169.254.169.254]").is_err());
        assert!(egress.check_literal("example.com").is_ok());
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "host/8", "10.0.0.0/x"] {
            assert!(Egress::parse(&[text.to_owned()]).is_err(), "{text}");
        }
    }
}
