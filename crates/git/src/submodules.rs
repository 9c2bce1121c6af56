//! Submodules: other repositories inside a commit. What a repository says about them is hostile
//! until it is checked: it may name any address, and no command is ever run for it.

use crate::{Call, Credentials, Error, ErrorKind, GitTree, Mirrors, RemoteUrl, Resolved, Revision};
use inhaul_tree::{Kind, Tree, TreePath};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Submodules of submodules, at most.
const MAX_DEPTH: usize = 8;
/// Of one commit, all levels together.
const MAX_SUBMODULES: usize = 200;
const MAX_FILE: usize = 1 << 20;
const FILE: &str = ".gitmodules";

/// What `.gitmodules` says of one submodule.
#[derive(Default)]
struct Entry {
    path: Option<String>,
    url: Option<String>,
    update: Option<String>,
}

/// A repository to be put into another.
struct Submodule {
    path: TreePath,
    url: RemoteUrl,
    revision: Revision,
}

impl Mirrors {
    /// The files of all submodules of a commit, the outer ones first, each with the path where it
    /// belongs. Addresses at the host of `url` get its credentials, others none.
    ///
    /// # Errors
    /// [`ErrorKind::HostileTree`] for what no honest repository says, or why one of them cannot be
    /// fetched.
    pub async fn submodules(
        &self,
        url: &RemoteUrl,
        credentials: &Credentials,
        tree: &Arc<GitTree>,
        call: &Call,
    ) -> Result<Vec<(TreePath, Arc<GitTree>)>, Error> {
        let mut found: Vec<(TreePath, Arc<GitTree>)> = Vec::new();
        let mut pending = vec![(TreePath::root(), url.clone(), Arc::clone(tree), 0)];
        while let Some((below, parent, tree, depth)) = pending.pop() {
            for submodule in list(&tree, &parent).map_err(|error| error.at(&parent))? {
                if depth >= MAX_DEPTH || found.len() >= MAX_SUBMODULES {
                    let why = "more submodules, or more inside each other, than is sane";
                    return Err(Error::new(ErrorKind::TooLarge, why).at(url));
                }
                let Submodule { path, url: address, revision } = submodule;
                let trusted = same_host(url, &address);
                let own = if trusted { credentials.clone() } else { Credentials::default() };
                let mirror = self.mirror(&address, &own)?;
                let fetched = mirror.fetch(&Resolved::from(revision), call).await;
                let snapshot =
                    fetched.map_err(|error| error.while_doing(&format!("submodule '{path}'")))?;
                let path = path.elements().fold(below.clone(), |at, name| at.child(name));
                found.push((path.clone(), Arc::clone(&snapshot.tree)));
                pending.push((path, address, snapshot.tree, depth + 1));
            }
        }
        Ok(found)
    }
}

/// The submodules of one commit: those that both `.gitmodules` and the tree name.
fn list(tree: &GitTree, parent: &RemoteUrl) -> Result<Vec<Submodule>, Error> {
    let hostile = |why: String| Error::new(ErrorKind::HostileTree, format!("{FILE}: {why}"));
    let unreadable = |error: inhaul_tree::Error| hostile(error.to_string());
    let file = TreePath::parse(FILE).map_err(unreadable)?;
    match tree.kind(&file).map_err(unreadable)? {
        None => return Ok(Vec::new()),
        Some(Kind::File { .. }) => {}
        Some(_) => return Err(hostile("is not a file".into())),
    }
    let text = tree.read(&file).map_err(unreadable)?;
    if text.len() > MAX_FILE {
        return Err(hostile("is too large".into()));
    }
    let mut submodules = Vec::new();
    for (name, entry) in parse(&text).map_err(hostile)? {
        let refuse = |why: &str| {
            let shown: String = name.chars().flat_map(char::escape_debug).take(80).collect();
            hostile(format!("submodule '{shown}': {why}; the revision is refused"))
        };
        if name.split(['/', '\\']).any(|part| part == "..") {
            return Err(refuse("its name leads elsewhere"));
        }
        if entry.update.is_some_and(|update| update.trim_start().starts_with('!')) {
            return Err(refuse("it wants a command to be run"));
        }
        let (Some(path), Some(address)) = (entry.path, entry.url) else { continue };
        let path = TreePath::parse(&path)
            .ok()
            .filter(|parsed| !parsed.is_root() && parsed.as_str() == path.trim_end_matches('/'))
            .ok_or_else(|| refuse("its path leads elsewhere"))?;
        let Some(commit) = tree.submodule(&path).map_err(unreadable)? else { continue };
        let url = resolve(parent, &address).map_err(|error| refuse(&error.to_string()))?;
        submodules.push(Submodule { path, url, revision: Revision::new(None, commit) });
    }
    Ok(submodules)
}

/// Reads the sections `[submodule "name"]`, with Git's own parser.
fn parse(text: &[u8]) -> Result<BTreeMap<String, Entry>, String> {
    let metadata = gix::config::file::Metadata::from(gix::config::Source::Api);
    let config = gix::config::File::from_bytes_no_includes(
        text,
        metadata,
        gix::config::file::init::Options::default(),
    )
    .map_err(|_| "cannot be read".to_owned())?;
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for section in config.sections_by_name("submodule").into_iter().flatten() {
        let Some(name) = section.header().subsection_name() else { continue };
        let entry = entries.entry(name.to_string()).or_default();
        // Of several values the last one counts.
        let value = |key: &str| section.value(key).map(|value| value.to_string());
        entry.path = value("path").or(entry.path.take());
        entry.url = value("url").or(entry.url.take());
        entry.update = value("update").or(entry.update.take());
    }
    Ok(entries)
}

/// Addresses that begin with `./` or `../` are relative to the outer repository's.
fn resolve(parent: &RemoteUrl, address: &str) -> Result<RemoteUrl, Error> {
    if !address.starts_with("./") && !address.starts_with("../") {
        return RemoteUrl::parse(address);
    }
    let refuse = || Error::new(ErrorKind::UrlInvalid, "its address leads out of the server");
    if address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(Error::new(ErrorKind::UrlInvalid, "its address contains a control character"));
    }
    let mut url = Url::parse(parent.as_str()).map_err(|_| refuse())?;
    let mut path: Vec<&str> =
        parent.as_str().splitn(4, '/').nth(3).unwrap_or_default().split('/').collect();
    for part in address.split('/') {
        match part {
            "" | "." => {}
            ".." => path.pop().map(|_| ()).ok_or_else(refuse)?,
            part => path.push(part),
        }
    }
    url.set_path(&path.join("/"));
    let text = match parent.user_info() {
        Some((user, _)) if parent.is_ssh() => {
            url.as_str().replacen("ssh://", &format!("ssh://{user}@"), 1)
        }
        _ => url.to_string(),
    };
    RemoteUrl::parse(&text)
}

/// Whether what is a secret between us and one host may be shown at this address.
fn same_host(a: &RemoteUrl, b: &RemoteUrl) -> bool {
    let parts = |url: &RemoteUrl| {
        let url = Url::parse(url.as_str()).ok()?;
        let host = url.host_str()?.to_lowercase();
        Some((url.scheme().to_owned(), host, url.port_or_known_default()))
    };
    parts(a).is_some() && parts(a) == parts(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_stay_on_the_server() {
        let parent = |text: &str| RemoteUrl::parse(text).unwrap();
        let of =
            |base: &str, address: &str| resolve(&parent(base), address).map(|url| url.to_string());
        let base = "https://host/team/app.git";
        assert_eq!(of(base, "../lib.git").unwrap(), "https://host/team/lib.git");
        assert_eq!(of(base, "../../other/lib").unwrap(), "https://host/other/lib");
        assert_eq!(of(base, "./sub").unwrap(), "https://host/team/app.git/sub");
        assert!(of(base, "../../../x").is_err());
        assert!(of(base, "../../../../evil/x").is_err());
        assert_eq!(of("ssh://deploy@h:22/a/b", "../c").unwrap(), "ssh://h:22/a/c");
        for hostile in ["file:///etc", "-u./p", "ext::sh -c id", "/etc", "git@h:x", "../x\n"] {
            assert!(of(base, hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn secrets_stay_with_their_host() {
        let url = |text| RemoteUrl::parse(text).unwrap();
        let home = url("https://host/a");
        assert!(same_host(&home, &url("https://HOST:443/b")));
        for other in ["http://host/a", "https://host:444/a", "https://hos/a", "ssh://host/a"] {
            assert!(!same_host(&home, &url(other)), "{other}");
        }
    }
}
