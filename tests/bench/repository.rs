//! Git repositories to reconcile from.

use std::path::PathBuf;
use std::process::Command;

use crate::operator::environment;

pub(crate) struct Repository {
    work: PathBuf,
    bare: PathBuf,
    pub(crate) url: String,
}

impl Repository {
    /// An empty one, served by the git server.
    pub(crate) fn create(name: &str) -> Self {
        let root = PathBuf::from(environment("BENCH_REPOSITORIES"));
        let (bare, work) = (root.join(format!("{name}.git")), root.join(format!("{name}.work")));
        for path in [&bare, &work] {
            if path.exists() {
                std::fs::remove_dir_all(path).expect("an old repository can be removed");
            }
        }
        std::fs::create_dir_all(&work).expect("the state directory is writable");
        let url = format!("{}/{name}.git", environment("BENCH_GIT_URL"));
        let repository = Self { work, bare, url };
        let bare = repository.bare.display().to_string();
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main", &bare]);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.work.join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a directory"))
            .expect("the state directory is writable");
        std::fs::write(path, text).expect("the state directory is writable");
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.work.join(path)).expect("the file is there");
    }

    /// Commits and pushes everything; returns the revision as a status has it.
    pub(crate) fn push(&self) -> String {
        self.git(&["add", "--all"]);
        let author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"];
        self.git(&[&author[..], &["commit", "--quiet", "--message", "bench"]].concat());
        let bare = self.bare.display().to_string();
        self.git(&["push", "--quiet", &bare, "main"]);
        format!("main@sha1:{}", self.git(&["rev-parse", "HEAD"]).trim())
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(&self.work)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .output()
            .expect("git runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// A ConfigMap of about 300 bytes.
pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  labels: {{app.kubernetes.io/part-of: bench}}\n\
         data:\n  key: \"{value}\"\n  text: \"{}\"\n",
        "lorem ipsum dolor ".repeat(8)
    )
}
