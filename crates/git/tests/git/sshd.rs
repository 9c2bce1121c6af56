//! A real `sshd` (OpenSSH), with host keys and deploy keys of its own.

use crate::support::Repository;
use inhaul_git::{Authorization, Credentials};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) struct Sshd {
    pub(crate) directory: TempDir,
    pub(crate) port: u16,
    user: String,
    child: Child,
}

impl Sshd {
    /// Starts one that shows host keys of `kinds`; `None` means that the test is skipped.
    pub(crate) fn start(kinds: &[(&str, u32)]) -> Option<Self> {
        Self::start_with(kinds, "")
    }

    pub(crate) fn start_with(kinds: &[(&str, u32)], more: &str) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"]
            .map(Path::new)
            .into_iter()
            .find(|path| path.exists());
        let Some(program) = program else {
            println!("skipped: no sshd (Debian package openssh-server)");
            return None;
        };
        // Where it runs as root it wants this directory for its unprivileged part.
        let _ = std::fs::create_dir_all("/run/sshd");
        let directory = TempDir::new().unwrap();
        let mut config = format!(
            "ListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\nLogLevel VERBOSE\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             AuthorizedKeysFile {}\n{more}\n",
            directory.path().join("authorized_keys").display()
        );
        for (kind, bits) in kinds {
            let path = directory.path().join(format!("host_{kind}"));
            generate(&path, kind, *bits, "", &[]);
            config += &format!("HostKey {}\n", path.display());
        }
        std::fs::write(directory.path().join("authorized_keys"), "").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        config += &format!("Port {port}\n");
        let file = directory.path().join("sshd_config");
        std::fs::write(&file, config).unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let child = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(&file)
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        let sshd = Self { directory, port, user, child };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(sshd);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("sshd does not listen: {}", sshd.log());
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// A bare repository on its machine, and the address of it.
    pub(crate) fn repository(&self, name: &str) -> (Repository, String) {
        let path = self.directory.path().join(name);
        let status = Command::new("git")
            .args(["init", "--quiet", "--bare", "--initial-branch=main"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
        let shown: String = path
            .to_str()
            .unwrap()
            .chars()
            .map(|c| if c == ' ' { "%20".to_owned() } else { c.to_string() })
            .collect();
        let url = format!("ssh://{}@127.0.0.1:{}{shown}", self.user, self.port);
        (Repository { path }, url)
    }

    /// A private key that may log in.
    pub(crate) fn deploy_key(
        &self,
        kind: &str,
        bits: u32,
        passphrase: &str,
        format: &[&str],
    ) -> String {
        let name = format!("deploy_{kind}_{bits}_{}_{}", passphrase.len(), format.join("_"));
        let path = self.directory.path().join(name);
        generate(&path, kind, bits, passphrase, format);
        let public = std::fs::read_to_string(path.with_added("pub")).unwrap();
        let authorized = self.directory.path().join("authorized_keys");
        let all = std::fs::read_to_string(&authorized).unwrap() + &public;
        std::fs::write(&authorized, all).unwrap();
        std::fs::read_to_string(&path).unwrap()
    }

    /// Its host keys, as `ssh-keyscan` would print them.
    pub(crate) fn known_hosts(&self) -> String {
        self.known_as("127.0.0.1")
    }

    /// The same under another name.
    pub(crate) fn known_as(&self, host: &str) -> String {
        let mut lines = String::new();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("host_") && name.ends_with(".pub") {
                let key = std::fs::read_to_string(&path).unwrap();
                lines += &format!("[{host}]:{} {key}", self.port);
            }
        }
        lines
    }

    pub(crate) fn credentials(&self, private_key: &str, passphrase: Option<&str>) -> Credentials {
        credentials(private_key, passphrase, &self.known_hosts())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn credentials(
    private_key: &str,
    passphrase: Option<&str>,
    known_hosts: &str,
) -> Credentials {
    let authorization = Authorization::Ssh {
        private_key: private_key.to_owned(),
        passphrase: passphrase.map(str::to_owned),
        known_hosts: known_hosts.to_owned(),
    };
    Credentials { authorization, ..Credentials::default() }
}

fn generate(path: &PathBuf, kind: &str, bits: u32, passphrase: &str, format: &[&str]) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"]).arg(path).args(format);
    if bits > 0 {
        command.arg("-b").arg(bits.to_string());
    }
    assert!(command.status().unwrap().success(), "ssh-keygen -t {kind} -b {bits}");
}

trait WithAdded {
    fn with_added(&self, extension: &str) -> PathBuf;
}

impl WithAdded for PathBuf {
    fn with_added(&self, extension: &str) -> PathBuf {
        let mut text = self.clone().into_os_string();
        text.push(".");
        text.push(extension);
        Self::from(text)
    }
}
