//! `urlParse` and `urlJoin`, as Go's `net/url` takes URLs apart.

use super::{
    argument::{map, text},
    registry::{
        Function,
        Parameter::{Map as Dict, String as Str},
    },
    url_parts::{Part, escaped, is_valid_encoded, unescape},
};
use crate::{
    error::{Failure, Outcome},
    format::quote,
    runtime::Runtime,
    value::Value,
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("urlParse", &[Str], |_, arguments| {
        let source = text(arguments, 0);
        let url = Url::parse(&source)
            .map_err(|why| format!("unable to parse url: parse {}: {why}", quote(&source)))?;
        let hostname = url.hostname().to_owned();
        Ok(Value::map([
            ("scheme", Value::from(url.scheme)),
            ("host", Value::from(url.host)),
            ("hostname", Value::from(hostname)),
            ("path", Value::from(url.path)),
            ("query", Value::from(url.query)),
            ("opaque", Value::from(url.opaque)),
            ("fragment", Value::from(url.fragment)),
            ("userinfo", Value::from(url.user.unwrap_or_default())),
        ]))
    }),
    Function::fixed("urlJoin", &[Dict], join),
    // No name is ever looked up: this is what the original says where nothing was found.
    Function::fixed("getHostByName", &[Str], |_, _| Err("invalid argument to Intn".into())),
];

#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    /// Encoded, as it prints.
    user: Option<String>,
    host: String,
    path: String,
    raw_path: String,
    query: String,
    fragment: String,
}

impl Url {
    fn parse(source: &str) -> Result<Self, String> {
        let (body, fragment) = source.split_once('#').unwrap_or((source, ""));
        if body.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self { fragment: unescape(fragment)?, ..Self::default() };
        if body == "*" {
            "*".clone_into(&mut url.path);
            return Ok(url);
        }
        let (scheme, rest) = scheme(body)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.query);
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                rest.clone_into(&mut url.opaque);
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let mut path = rest;
        let has_authority =
            rest.starts_with("//") && (!url.scheme.is_empty() || !rest.starts_with("///"));
        if has_authority {
            let authority = &rest[2..];
            let end = authority.find('/').unwrap_or(authority.len());
            url.set_authority(&authority[..end])?;
            path = &authority[end..];
        }
        url.path = unescape(path)?;
        path.clone_into(&mut url.raw_path);
        Ok(url)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = host_name(host)?;
        let Some(user) = user else { return Ok(()) };
        let is_fine = |character: char| {
            character.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(character)
        };
        if !user.chars().all(is_fine) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let escape = |part: &str| unescape(part).map(|part| escaped(&part, Part::UserPassword));
        self.user = Some(match user.split_once(':') {
            Some((name, password)) => format!("{}:{}", escape(name)?, escape(password)?),
            None => escape(user)?,
        });
        Ok(())
    }

    /// The host without its port and brackets.
    fn hostname(&self) -> &str {
        let host = without_port(&self.host);
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    fn encoded_path(&self) -> String {
        let keeps_raw = !self.raw_path.is_empty()
            && is_valid_encoded(&self.raw_path, Part::Path)
            && unescape(&self.raw_path).as_deref() == Ok(&self.path);
        if keeps_raw {
            return self.raw_path.clone();
        }
        if self.path == "*" { "*".to_owned() } else { escaped(&self.path, Part::Path) }
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.scheme.is_empty() {
            write!(formatter, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            if !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some() {
                if !self.host.is_empty() || !self.path.is_empty() || self.user.is_some() {
                    formatter.write_str("//")?;
                }
                if let Some(user) = &self.user {
                    write!(formatter, "{user}@")?;
                }
                formatter.write_str(&escaped(&self.host, Part::Host))?;
            }
            let path = self.encoded_path();
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                formatter.write_str("/")?;
            }
            let first = path.split('/').next().unwrap_or_default();
            let is_bare = self.scheme.is_empty() && self.host.is_empty() && self.user.is_none();
            if is_bare && first.contains(':') {
                formatter.write_str("./")?;
            }
            formatter.write_str(&path)?;
        } else {
            formatter.write_str(&self.opaque)?;
        }
        if !self.query.is_empty() {
            write!(formatter, "?{}", self.query)?;
        }
        if !self.fragment.is_empty() {
            write!(formatter, "#{}", escaped(&self.fragment, Part::Fragment))?;
        }
        Ok(())
    }
}

/// The scheme, which may be empty, and what follows it.
fn scheme(url: &str) -> Result<(&str, &str), String> {
    for (at, character) in url.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&url[..at], &url[at + 1..])),
            _ => break,
        }
    }
    Ok(("", url))
}

fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if is_port(&host[colon..]) && !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

fn is_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

fn host_name(host: &str) -> Result<String, String> {
    let port = if host.starts_with('[') {
        let end = host.rfind(']').ok_or("missing ']' in host")?;
        &host[end + 1..]
    } else {
        host.rfind(':').map_or("", |colon| &host[colon..])
    };
    if !is_port(port) {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    if let Some(wrong) = host.chars().find(|&c| c == ' ' || c == '^' || c == '\\' || c == '{') {
        return Err(format!("invalid character {} in host name", quote(&wrong.to_string())));
    }
    unescape(host)
}

fn join(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let part = |key: &str| -> Result<String, Failure> {
        match map(arguments, 0).and_then(|map| map.get(key)) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.to_str().into_owned()),
            Some(Value::Nil) => Err(super::argument::NIL_POINTER.into()),
            Some(other) => Err(format!(
                "unable to parse {key} key, must be of type string, but {} found",
                other.kind()
            )
            .into()),
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        ..Url::default()
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let whole = format!("proto://{user}@host");
        let parsed = Url::parse(&whole).map_err(|why| {
            format!("unable to parse userinfo in dict: parse {}: {why}", quote(&whole))
        })?;
        url.user = parsed.user;
    }
    Ok(url.to_string().into())
}
