//! Addresses of remotes: which are accepted, and how they are shown.

use crate::{Error, ErrorKind};
use std::fmt;
use url::Url;

/// The address of a remote that passed all checks. `Display` shows it without user, password and
/// query.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RemoteUrl {
    /// Without user information.
    base: String,
    user_info: Option<(String, String)>,
}

impl RemoteUrl {
    /// Reads and checks an address before anything connects to it.
    ///
    /// # Errors
    /// [`ErrorKind::UrlInvalid`] for all but plain http, https and ssh addresses.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let shown = redact(text);
        let refuse = |why: String| Error::new(ErrorKind::UrlInvalid, why).at(&shown);
        let scheme = scheme_of(text).map_err(&refuse)?;
        if let Some(why) = unsafe_text(text) {
            return Err(refuse(why.to_owned()));
        }
        let mut url = Url::parse(text).map_err(|error| refuse(format!("not a URL: {error}")))?;
        if url.scheme() != scheme {
            return Err(refuse("not a URL that all programs read alike".into()));
        }
        check_parts(text, &url).map_err(&refuse)?;
        let user_info = user_info(&url).map_err(&refuse)?;
        if scheme == "ssh" {
            check_ssh(&url, user_info.as_ref()).map_err(&refuse)?;
        }
        // Neither call fails: the address has a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, user_info })
    }

    /// The address without user information, as it is asked for.
    pub(crate) fn as_str(&self) -> &str {
        &self.base
    }

    /// User and password, where the address itself holds them.
    pub(crate) fn user_info(&self) -> Option<&(String, String)> {
        self.user_info.as_ref()
    }

    /// Whether this is an address over SSH.
    pub fn is_ssh(&self) -> bool {
        self.base.starts_with("ssh:")
    }

    /// Host, port and path of an address over SSH, as Git reads them: the path is decoded, and
    /// one that begins with `/~` loses its slash, for the shell there to find the home directory.
    pub(crate) fn ssh_parts(&self) -> Result<(String, u16, String), Error> {
        let refuse = |why: &str| Error::new(ErrorKind::UrlInvalid, why.to_owned());
        let url = Url::parse(&self.base).map_err(|_| refuse("not a URL"))?;
        let host = url.host_str().ok_or_else(|| refuse("no valid host"))?.to_lowercase();
        let path = percent_decode(url.path()).map_err(|_| refuse("the path is not UTF-8"))?;
        if path.chars().any(char::is_control) {
            return Err(refuse("the path contains a control character"));
        }
        let path = if path.starts_with("/~") { path[1..].to_owned() } else { path };
        Ok((host, url.port().unwrap_or(22), path))
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.base)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RemoteUrl({})", self.base)
    }
}

fn scheme_of(text: &str) -> Result<&'static str, String> {
    let Some((scheme, _)) = text.split_once("://") else {
        if text.contains("::") {
            return Err(
                "transport helpers are not supported; use http://, https:// or ssh://".into()
            );
        }
        let hint = "no scheme; scp-style addresses are not supported, use ssh://user@host/path";
        return Err(hint.into());
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok("http"),
        "https" => Ok("https"),
        "ssh" => Ok("ssh"),
        other => Err(format!(
            "scheme {:?} is not supported; use http://, https:// or ssh://",
            other.chars().filter(char::is_ascii_graphic).take(20).collect::<String>()
        )),
    }
}

/// Text on which URL parsers disagree, or that ends up in a header or a credential store as
/// something else.
fn unsafe_text(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if text.len() > 2048 {
        return Some("longer than 2048 bytes");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Some("contains a control character or white space");
    }
    if ["%00", "%0a", "%0d"].iter().any(|escape| lower.contains(escape)) {
        return Some("contains an escaped control character");
    }
    if text.contains('\\') {
        return Some("contains a backslash");
    }
    None
}

fn check_parts(text: &str, url: &Url) -> Result<(), String> {
    let authority = text
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if !host.is_ascii() {
        return Err("the host is not ASCII; write it in its xn-- form".into());
    }
    if authority.matches('@').count() > 1 {
        return Err("more than one @ before the host; escape it as %40".into());
    }
    if host.starts_with('-') || url.host_str().is_none_or(str::is_empty) {
        return Err("no valid host".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a query or fragment has no meaning for a Git remote".into());
    }
    if url.path().trim_matches('/').is_empty() {
        return Err("no path to a repository".into());
    }
    Ok(())
}

/// What means something to `ssh` or a shell, and nothing to us, is no honest address.
fn check_ssh(url: &Url, user_info: Option<&(String, String)>) -> Result<(), String> {
    let honest =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let host = url.host_str().unwrap_or_default();
    if !host.chars().all(honest) {
        return Err("the host contains a character that no host name has".into());
    }
    let Some((user, password)) = user_info else { return Ok(()) };
    if user.is_empty() || user.starts_with('-') || user.chars().any(char::is_control) {
        return Err("not a valid user name".into());
    }
    if !password.is_empty() {
        return Err("a password in an ssh address has no meaning; use a key".into());
    }
    Ok(())
}

fn user_info(url: &Url) -> Result<Option<(String, String)>, String> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user = percent_decode(url.username())?;
    let password = percent_decode(url.password().unwrap_or_default())?;
    Ok(Some((user, password)))
}

fn percent_decode(text: &str) -> Result<String, String> {
    let broken = || "user or password is not valid percent-encoded UTF-8".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = tail.get(..2).ok_or_else(broken)?;
            bytes.extend(hex::decode(digits).map_err(|_| broken())?);
            rest = tail.get(2..).ok_or_else(broken)?;
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

/// What may be shown of an address that was not accepted. Where an @ is in it, nobody can tell
/// where the password ends.
fn redact(text: &str) -> String {
    let shown = if text.contains('@') {
        let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
        let known = scheme.chars().all(|c| c.is_ascii_alphanumeric());
        return format!("{}://***", if known { scheme } else { "" });
    } else {
        text.split(['?', '#']).next().unwrap_or_default()
    };
    shown.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_accepted_and_shown_without_secrets() {
        let url =
            RemoteUrl::parse("https://us%40er:pa%2Fss@Example.com:8443/team/repo.git/").unwrap();
        assert_eq!(url.to_string(), "https://example.com:8443/team/repo.git");
        assert_eq!(url.user_info(), Some(&("us@er".to_owned(), "pa/ss".to_owned())));
        assert!(!format!("{url:?}").contains("pa/ss"));
        assert!(RemoteUrl::parse("http://10.0.0.1/x").is_ok());
        assert!(RemoteUrl::parse("https://[::1]:80/x").is_ok());
    }

    #[test]
    fn ssh_addresses_are_read_as_git_reads_them() {
        let parts = |text| RemoteUrl::parse(text).unwrap().ssh_parts().unwrap();
        let of = |host: &str, port, path: &str| (host.to_owned(), port, path.to_owned());
        assert_eq!(parts("ssh://git@Host.example/a/b.git"), of("host.example", 22, "/a/b.git"));
        assert_eq!(parts("ssh://host:2222/~ann/x%27y"), of("host", 2222, "~ann/x'y"));
        assert_eq!(parts("ssh://[::1]:22/x"), of("[::1]", 22, "/x"));
        let url = RemoteUrl::parse("ssh://deploy@host/x").unwrap();
        assert_eq!(url.user_info().unwrap().0, "deploy");
        assert_eq!(url.to_string(), "ssh://host/x");
    }

    #[test]
    fn everything_else_is_refused_before_any_connection() {
        for text in [
            "file:///etc",
            "ext::sh -c id",
            "fd::17",
            "git://host/x",
            "git@github.com:a/b.git",
            "-u@h:x",
            "ssh://-oProxyCommand=touch%20/tmp/p/x",
            "ssh://-oX@h/x",
            "ssh://git:secret@h/x",
            "ssh://ho%20st/x",
            "ssh://ho$(id)st/x",
            "ssh://h/x%0ay",
            "ssh://git@h",
            "https://-oX/x",
            "https://host/x%0ahost=evil",
            "https://user%0d:x@host/x",
            "https://host/x\n",
            "https://host\\@evil/x",
            "http://a\\@b/",
            "https://h\u{f6}st/x",
            "https://host\u{3002}evil/x",
            "https://host:99999/x",
            "https:///x",
            "https://",
            "https://host",
            "https:host/x",
            "//evil/x",
            "https://a@b@c/x",
            "https://host/x?token=secret",
            "https://host/x#y",
            "/etc/passwd",
            "",
        ] {
            let error = RemoteUrl::parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::UrlInvalid, "{text}");
            assert_eq!(error.reason(), "URLInvalid");
        }
    }

    #[test]
    fn a_refused_address_is_shown_without_its_secrets() {
        for text in [
            "ftp://user:hunter2@host/x",
            "https://user:hunter2@host/x?token=hunter2",
            "https://user:hunter2/@host/x\n",
            "user:hunter2@host:x",
        ] {
            let error = RemoteUrl::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
