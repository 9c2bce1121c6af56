//! The hosts that a Secret says are known, in OpenSSH's format.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use russh::keys::PublicKey;
use sha1::Sha1;

/// Lines of one file; more are a mistake.
const MAX_LINES: usize = 10_000;

/// A `known_hosts` file. Hashed entries, patterns and ports are read as OpenSSH does.
#[derive(Clone, Debug)]
pub(crate) struct KnownHosts(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    number: usize,
    marker: Marker,
    hosts: Hosts,
    key: PublicKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    None,
    Revoked,
    Authority,
}

#[derive(Clone, Debug)]
enum Hosts {
    Patterns(Vec<(bool, String)>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

/// What is known of one host.
#[derive(Clone, Debug, Default)]
pub(super) struct Trusted {
    /// Keys that the host may show, each with the line that says so.
    pub(super) keys: Vec<(usize, PublicKey)>,
    /// Keys that nobody may show.
    pub(super) revoked: Vec<PublicKey>,
    /// The line of a certificate authority for this host.
    pub(super) authority: Option<usize>,
}

impl KnownHosts {
    /// Reads a file. Keys of types that are not known here are passed over: they could not be used.
    ///
    /// # Errors
    /// Names the line that cannot be read; a file without any host is refused too.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let number = index + 1;
            if number > MAX_LINES {
                return Err(format!("'known_hosts' has more than {MAX_LINES} lines"));
            }
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let line = Line::parse(number, text)
                .map_err(|why| format!("'known_hosts', line {number}: {why}"))?;
            lines.extend(line);
        }
        if lines.is_empty() {
            return Err("'known_hosts' names no host".into());
        }
        Ok(Self(lines))
    }

    /// What is known of a host. Only the name that the address uses counts, as in Flux.
    pub(super) fn of(&self, host: &str, port: u16) -> Trusted {
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_lowercase();
        let name = if port == 22 { bare } else { format!("[{bare}]:{port}") };
        let mut trusted = Trusted::default();
        for line in &self.0 {
            // A revoked key is nobody's key, whatever hosts the line names.
            if line.marker == Marker::Revoked {
                trusted.revoked.push(line.key.clone());
            } else if line.hosts.contain(&name) {
                match line.marker {
                    Marker::Authority => trusted.authority = Some(line.number),
                    _ => trusted.keys.push((line.number, line.key.clone())),
                }
            }
        }
        trusted
    }
}

impl Line {
    fn parse(number: usize, text: &str) -> Result<Option<Self>, String> {
        let mut words = text.split_ascii_whitespace();
        let mut next = || words.next().ok_or_else(|| "it ends too early".to_owned());
        let mut first = next()?;
        let marker = match first {
            "@revoked" => Marker::Revoked,
            "@cert-authority" => Marker::Authority,
            other if other.starts_with('@') => return Err("its marker is not known".into()),
            _ => Marker::None,
        };
        if marker != Marker::None {
            first = next()?;
        }
        let (hosts, kind, key) = (first, next()?, next()?);
        let hosts = Hosts::parse(hosts)?;
        match PublicKey::from_openssh(&format!("{kind} {key}")) {
            Ok(key) => Ok(Some(Self { number, marker, hosts, key })),
            Err(_) if !is_usable(kind) => Ok(None),
            Err(_) => Err("its key cannot be read".into()),
        }
    }
}

fn is_usable(kind: &str) -> bool {
    kind == "ssh-ed25519" || kind == "ssh-rsa" || kind.starts_with("ecdsa-sha2-")
}

impl Hosts {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(hashed) = text.strip_prefix("|1|") {
            let broken = || "its hashed host cannot be read".to_owned();
            let (salt, hash) = hashed.split_once('|').ok_or_else(broken)?;
            let decode = |text: &str| STANDARD.decode(text).map_err(|_| broken());
            return Ok(Self::Hashed { salt: decode(salt)?, hash: decode(hash)? });
        }
        if text.starts_with('|') {
            return Err("its hashed host is of an unknown kind".into());
        }
        let pattern = |text: &str| match text.strip_prefix('!') {
            Some(rest) => (false, rest.to_lowercase()),
            None => (true, text.to_lowercase()),
        };
        Ok(Self::Patterns(text.split(',').filter(|part| !part.is_empty()).map(pattern).collect()))
    }

    fn contain(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name).verify_slice(hash).is_ok()),
            Self::Patterns(patterns) => {
                let mut contained = false;
                for (wanted, pattern) in patterns {
                    // `[host]:22` is the long form of `host`.
                    let plain = pattern
                        .strip_prefix('[')
                        .and_then(|rest| rest.strip_suffix("]:22"))
                        .unwrap_or(pattern);
                    if matches(plain.as_bytes(), name.as_bytes()) {
                        if !wanted {
                            return false;
                        }
                        contained = true;
                    }
                }
                contained
            }
        }
    }
}

/// Shell patterns of `*` and `?`, in time that is at most the product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || Some(c) == text.get(t) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G2sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";

    fn known(text: &str, host: &str, port: u16) -> Trusted {
        KnownHosts::parse(text).unwrap().of(host, port)
    }

    #[test]
    fn a_host_is_found_by_name_pattern_port_and_hash() {
        let of = |hosts: &str, host: &str, port| {
            known(&format!("# c\n\n{hosts} {KEY} comment\n"), host, port).keys.len()
        };
        assert_eq!(of("a.example,b.example", "b.example", 22), 1);
        assert_eq!(of("a.example", "A.Example", 22), 1);
        assert_eq!(of("a.example", "a.example", 2222), 0, "another port is another server");
        assert_eq!(of("[a.example]:2222", "a.example", 2222), 1);
        assert_eq!(of("[a.example]:22", "a.example", 22), 1);
        assert_eq!(of("[::1]:2222", "[::1]", 2222), 1);
        assert_eq!(of("*.example,!b.example", "a.example", 22), 1);
        assert_eq!(of("*.example,!b.example", "b.example", 22), 0);
        assert_eq!(of("?.example", "ab.example", 22), 0);
        // `ssh-keygen -H` of the host `localhost`.
        assert_eq!(of("|1|7WUxAKlkGVkNYzgFTwGyy97eLUU=|kvQiXIP+8TbR0ZHzhv0w9ZsGPU8=", "x", 22), 0);
    }

    #[test]
    fn markers_are_honoured() {
        let text = format!("@revoked * {OTHER}\n@cert-authority *.example {KEY}\n");
        let trusted = known(&text, "a.example", 22);
        assert_eq!((trusted.keys.len(), trusted.revoked.len()), (0, 1));
        assert_eq!(trusted.authority, Some(2));
        assert_eq!(known(&text, "a.other", 22).authority, None);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_line() {
        for (text, expected) in [
            ("", "names no host"),
            ("# nothing\n", "names no host"),
            ("a.example", "line 1: it ends too early"),
            ("a.example ssh-ed25519 AAAA", "line 1: its key cannot be read"),
            ("|2|a|b ssh-ed25519 AAAA", "of an unknown kind"),
            ("|1|a ssh-ed25519 AAAA", "hashed host cannot be read"),
            ("@other a ssh-ed25519 AAAA", "marker is not known"),
        ] {
            let error = KnownHosts::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let with_unknown = format!("a.example ssh-future AAAA\na.example {KEY}\n");
        assert_eq!(known(&with_unknown, "a.example", 22).keys.len(), 1);
    }
}
