//! A Git server with faults, repositories for it, and mirrors of them.

use inhaul_git::{
    Call, Credentials, Error, Limits, Mirror, Mirrors, Options, Reference, RemoteUrl, Snapshot,
};
use inhaul_tree::{Tree, TreePath};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything that is not meant to end by its deadline takes.
pub(crate) const AMPLE: Duration = Duration::from_secs(60);

/// The server's program, built once for all test runs. `None` where there is no Go or Git.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/git-server");
        let mut files: Vec<_> =
            std::fs::read_dir(&sources).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut hash = Sha256::new();
        for file in files {
            hash.update(std::fs::read(file).unwrap());
        }
        let cache = PathBuf::from(std::env::var("HOME").ok()?).join(".cache/inhaul");
        std::fs::create_dir_all(&cache).unwrap();
        let program = cache.join(format!("git-server-{}", &hex::encode(hash.finalize())[..16]));
        if program.exists() {
            return Some(program);
        }
        let fresh = program.with_extension(std::process::id().to_string());
        let built = Command::new(sources.join("build.sh")).arg(&fresh).status();
        if !built.is_ok_and(|status| status.success()) {
            println!("skipped: cannot build tests/git-server (needs go and git)");
            return None;
        }
        std::fs::rename(&fresh, &program).unwrap();
        Some(program)
    };
    PROGRAM.get_or_init(build).as_deref()
}

pub(crate) struct Server {
    pub(crate) url: String,
    child: Child,
    root: TempDir,
    http: reqwest::Client,
}

impl Server {
    /// Starts a server without repositories; `None` means that the test is skipped.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Option<Self> {
        let root = TempDir::new().unwrap();
        let mut child = Command::new(program()?)
            .arg("--root")
            .arg(root.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening ").unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Some(Self { url, child, root, http })
    }

    /// Writes certificates for TLS tests to `directory`.
    pub(crate) fn generate_certificates(directory: &Path) -> Option<()> {
        let status =
            Command::new(program()?).arg("--generate-certs").arg(directory).status().unwrap();
        status.success().then_some(())
    }

    pub(crate) fn repository(&self, name: &str) -> Repository {
        let path = self.root.path().join(name);
        let repository = Repository { path };
        git(
            None,
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                repository.path.to_str().unwrap(),
            ],
        );
        repository
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let url = format!("{}/-/fault", self.url);
        let answer = self.http.post(url).body(fault.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }

    pub(crate) async fn clear(&self) {
        self.http.delete(format!("{}/-/fault", self.url)).send().await.unwrap();
        self.http.delete(format!("{}/-/stats", self.url)).send().await.unwrap();
    }

    /// What the server counted for a repository.
    pub(crate) async fn stats(&self, repository: &str) -> Value {
        let answer = self.http.get(format!("{}/-/stats", self.url)).send().await.unwrap();
        let all: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        all.get(repository).cloned().unwrap_or_else(|| json!({"requests": {}}))
    }

    pub(crate) async fn requests(&self, repository: &str, service: &str) -> u64 {
        self.stats(repository).await["requests"][service].as_u64().unwrap_or(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Repository {
    pub(crate) path: PathBuf,
}

impl Repository {
    /// Commits files to a branch; `None` deletes one. Answers the commit id.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, Option<&str>)]) -> String {
        let head = self.rev_parse(&format!("refs/heads/{branch}"));
        let time = 1_700_000_000 + self.count();
        self.import(branch, head.as_deref(), time, files)
    }

    /// A commit with a chosen parent and time.
    pub(crate) fn import(
        &self,
        branch: &str,
        parent: Option<&str>,
        time: i64,
        files: &[(&str, Option<&str>)],
    ) -> String {
        let mut stream =
            format!("commit refs/heads/{branch}\ncommitter Ann <ann@example.com> {time} +0000\n");
        let message = format!("Change {time}\n\nMore.\n");
        stream += &format!("data {}\n{message}\n", message.len());
        if let Some(parent) = parent {
            stream += &format!("from {parent}\n");
        }
        for (path, content) in files {
            match content {
                Some(content) => {
                    stream +=
                        &format!("M 100644 inline {path}\ndata {}\n{content}\n", content.len());
                }
                None => stream += &format!("D {path}\n"),
            }
        }
        let input = format!("{stream}\n");
        self.git_with_input(&["fast-import", "--quiet", "--force"], input.as_bytes());
        self.rev_parse(&format!("refs/heads/{branch}")).unwrap()
    }

    pub(crate) fn rev_parse(&self, name: &str) -> Option<String> {
        let found = command(Some(&self.path))
            .args(["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])
            .output()
            .unwrap();
        found.status.success().then(|| String::from_utf8(found.stdout).unwrap().trim().to_owned())
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(Some(&self.path), arguments)
    }

    pub(crate) fn git_with_input(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = command(Some(&self.path))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn count(&self) -> i64 {
        self.git(&["rev-list", "--all", "--count"]).parse().unwrap()
    }
}

fn command(directory: Option<&Path>) -> Command {
    let mut command = Command::new("git");
    if let Some(directory) = directory {
        command.arg("-C").arg(directory);
    }
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ann"),
        ("GIT_AUTHOR_EMAIL", "ann@example.com"),
        ("GIT_COMMITTER_NAME", "Ann"),
        ("GIT_COMMITTER_EMAIL", "ann@example.com"),
    ] {
        command.env(name, value);
    }
    command
}

fn git(directory: Option<&Path>, arguments: &[&str]) -> String {
    let output = command(directory).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Mirrors in a directory of their own.
pub(crate) struct Client {
    pub(crate) mirrors: Mirrors,
    pub(crate) directory: TempDir,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let directory = TempDir::new().unwrap();
        let mirrors =
            Mirrors::open(directory.path(), Options { limits, ..Options::default() }).unwrap();
        Self { mirrors, directory }
    }

    pub(crate) fn mirror(&self, server: &Server, repository: &str) -> Arc<Mirror> {
        self.mirror_as(server, repository, &Credentials::default())
    }

    pub(crate) fn mirror_as(
        &self,
        server: &Server,
        repository: &str,
        credentials: &Credentials,
    ) -> Arc<Mirror> {
        let url = RemoteUrl::parse(&format!("{}/{repository}", server.url)).unwrap();
        self.mirrors.mirror(&url, credentials).unwrap()
    }

    /// Every file below the client's directory.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut pending = vec![self.directory.path().to_owned()];
        while let Some(directory) = pending.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { pending.push(path) } else { files.push(path) }
            }
        }
        files
    }

    pub(crate) fn packs(&self) -> Vec<PathBuf> {
        let is_pack = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "pack");
        self.files().into_iter().filter(is_pack).collect()
    }
}

pub(crate) fn reference(fields: &Value) -> Reference {
    let field = |name: &str| fields.get(name).map(|value| value.as_str().unwrap().to_owned());
    Reference {
        branch: field("branch"),
        tag: field("tag"),
        semver: field("semver"),
        name: field("name"),
        commit: field("commit"),
    }
}

/// Asks the remote, and answers the revision as text.
pub(crate) async fn resolve(mirror: &Arc<Mirror>, fields: Value) -> Result<String, Error> {
    let call = Call::within(AMPLE);
    let resolved = mirror.resolve(&reference(&fields), Duration::ZERO, &call).await?;
    Ok(resolved.revision().to_string())
}

/// Asks the remote, and fetches.
pub(crate) async fn fetch(mirror: &Arc<Mirror>, fields: Value) -> Result<Snapshot, Error> {
    fetch_within(mirror, fields, AMPLE).await
}

pub(crate) async fn fetch_within(
    mirror: &Arc<Mirror>,
    fields: Value,
    timeout: Duration,
) -> Result<Snapshot, Error> {
    let call = Call::within(timeout);
    let resolved = mirror.resolve(&reference(&fields), Duration::ZERO, &call).await?;
    mirror.fetch(&resolved, &call).await
}

pub(crate) fn read(snapshot: &Snapshot, path: &str) -> String {
    let bytes = snapshot.tree.read(&TreePath::parse(path).unwrap()).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The error of something that must not succeed.
pub(crate) fn error<T>(outcome: Result<T, Error>) -> Error {
    match outcome {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error,
    }
}
