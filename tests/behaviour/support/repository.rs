//! A bare repository behind the git server, and a work tree that commits are made in with the real `git`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::git_server::GitServer;
use super::programs::run_directory;

/// What a commit does to one path.
pub(crate) enum Change {
    Write(String, String),
    Link(String, String),
    Remove(String),
}

pub(crate) fn write(path: impl Into<String>, content: impl Into<String>) -> Change {
    Change::Write(path.into(), content.into())
}

/// A symbolic link at `path`.
pub(crate) fn link(path: impl Into<String>, target: impl Into<String>) -> Change {
    Change::Link(path.into(), target.into())
}

/// Removes a file, or a directory with all that is in it.
pub(crate) fn remove(path: impl Into<String>) -> Change {
    Change::Remove(path.into())
}

pub(crate) struct Repository {
    /// What a GitRepository names in `spec.url`.
    pub(crate) url: String,
    id: String,
    bare: PathBuf,
    work: PathBuf,
    server: &'static GitServer,
}

impl Repository {
    /// An empty repository whose branch is to be `main`.
    pub(crate) fn create(server: &'static GitServer, namespace: &str, name: &str) -> Self {
        let id = format!("{namespace}/{name}.git");
        let bare = server.root.join(&id);
        let work = run_directory().join("work").join(namespace).join(name);
        std::fs::create_dir_all(&work).expect("the run's directory is writable");
        std::fs::create_dir_all(&bare).expect("the run's directory is writable");
        git(&bare, &["init", "--quiet", "--bare", "--initial-branch=main", "."]);
        git(&work, &["init", "--quiet", "--initial-branch=main", "."]);
        git(&work, &["remote", "add", "origin", bare.to_str().expect("a path of ours is UTF-8")]);
        Self { url: format!("{}/{id}", server.url), id, bare, work, server }
    }

    /// Commits and pushes; returns the revision as a status shows it: `main@sha1:…`.
    pub(crate) fn commit(&self, message: &str, changes: &[Change]) -> String {
        self.change(changes);
        git(&self.work, &["add", "--all"]);
        git(&self.work, &["commit", "--quiet", "--allow-empty", "--message", message]);
        self.push(&["HEAD"])
    }

    fn change(&self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Write(path, content) => {
                    let file = self.parent_made(path);
                    std::fs::write(file, content).expect("the work tree is writable");
                }
                Change::Link(path, target) => {
                    let file = self.parent_made(path);
                    std::os::unix::fs::symlink(target, file).expect("the work tree is writable");
                }
                Change::Remove(path) => {
                    git(&self.work, &["rm", "--quiet", "-r", path]);
                }
            }
        }
    }

    fn parent_made(&self, path: &str) -> PathBuf {
        let file = self.work.join(path);
        std::fs::create_dir_all(file.parent().expect("a file has one"))
            .expect("the work tree is writable");
        file
    }

    /// Where the server keeps it.
    pub(crate) fn bare(&self) -> &Path {
        &self.bare
    }

    /// A path in the work tree.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.work.join(path)
    }

    /// Runs `git` in the work tree and returns what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.work, arguments)
    }

    /// Lets a generator make the bare repository instead.
    pub(crate) fn replace_with(&self, generate: impl FnOnce(&Path)) {
        std::fs::remove_dir_all(&self.bare).expect("the run's directory is writable");
        generate(&self.bare);
    }

    /// Runs `git` in the bare repository itself.
    pub(crate) fn git_in_bare(&self, arguments: &[&str]) -> String {
        git(&self.bare, arguments)
    }

    /// Makes main point to a commit of this tree, which is written as it is: no Git checks it. Entries are mode, name
    /// and object id.
    pub(crate) fn commit_raw_tree(&self, entries: &[(&str, &str, &str)]) -> String {
        let mut tree = Vec::new();
        for (mode, name, id) in entries {
            tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            let byte =
                |at: usize| u8::from_str_radix(&id[at..at + 2], 16).expect("an id is hexadecimal");
            tree.extend((0..id.len()).step_by(2).map(byte));
        }
        let write = ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"];
        let tree = git_with_input(&self.bare, &write, &tree);
        let commit = git(&self.bare, &["commit-tree", "-m", "raw", &tree]);
        git(&self.bare, &["update-ref", "refs/heads/main", &commit]);
        format!("main@sha1:{commit}")
    }

    /// Stores a file's content and returns its id.
    pub(crate) fn blob(&self, content: &str) -> String {
        git_with_input(&self.bare, &["hash-object", "-w", "--stdin"], content.as_bytes())
    }

    /// Pushes references or options of `git push`; returns the revision of the work tree's HEAD.
    pub(crate) fn push(&self, what: &[&str]) -> String {
        git(&self.work, &[&["push", "--quiet", "origin"], what].concat());
        self.revision()
    }

    /// The work tree's HEAD, as a status shows it.
    pub(crate) fn revision(&self) -> String {
        let branch = git(&self.work, &["branch", "--show-current"]);
        format!("{branch}@sha1:{}", git(&self.work, &["rev-parse", "HEAD"]))
    }

    /// From now on the server fails for this repository.
    pub(crate) async fn fail(&self, mode: &str, details: Value) {
        self.server.set_fault(&self.id, mode, details).await;
    }

    pub(crate) async fn recover(&self) {
        self.server.clear_fault(&self.id).await;
    }

    /// How often it was asked, and with which credentials.
    pub(crate) async fn statistics(&self) -> Value {
        self.server.statistics(&self.id).await
    }
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = command(directory, arguments).output().expect("git runs");
    printed(arguments, &output)
}

fn git_with_input(directory: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut process = command(directory, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git runs");
    process
        .stdin
        .take()
        .expect("its input is a pipe")
        .write_all(input)
        .expect("git reads its input");
    printed(arguments, &process.wait_with_output().expect("git can be waited for"))
}

fn printed(arguments: &[&str], output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {error}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .args(arguments)
        // Nothing of the machine's or the user's configuration counts.
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "A Tester")
        .env("GIT_AUTHOR_EMAIL", "tester@example.com")
        .env("GIT_COMMITTER_NAME", "A Tester")
        .env("GIT_COMMITTER_EMAIL", "tester@example.com");
    command
}
