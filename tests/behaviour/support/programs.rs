//! The programs that tests run, and the certainty that none of them outlives the run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock};

/// The root of the clone.
pub(crate) fn clone_root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// One of our Go programs, from the environment (`make test` sets it) or from its cache.
pub(crate) fn go_program(name: &str) -> PathBuf {
    let variable = format!("INHAUL_{}", name.to_uppercase().replace('-', "_"));
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let script = clone_root().join("hack/build-go.sh");
    let output = Command::new(script)
        .arg(clone_root().join("tests").join(name))
        .stderr(Stdio::inherit())
        .output()
        .expect("hack/build-go.sh runs");
    assert!(output.status.success(), "tests/{name} does not build");
    String::from_utf8(output.stdout).expect("a path is UTF-8").trim().into()
}

/// `INHAUL_BIN`, or the `inhaul` that was built beside this test binary (target/PROFILE/deps/behaviour-HASH).
pub(crate) fn inhaul() -> PathBuf {
    if let Some(path) = std::env::var_os("INHAUL_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test binary has a path");
    let path = test.ancestors().nth(2).expect("target/PROFILE").join("inhaul");
    assert!(path.exists(), "{} is missing: run `cargo build -p inhaul`", path.display());
    path
}

/// The directory of this run; what earlier runs left is removed, the newest run's logs can be read after it.
pub(crate) fn run_directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("behaviour");
        for entry in std::fs::read_dir(&all).into_iter().flatten().flatten() {
            let alive = Path::new("/proc").join(entry.file_name()).exists();
            if !alive {
                std::fs::remove_dir_all(entry.path())
                    .expect("an earlier run's files can be removed");
            }
        }
        let mine = all.join(std::process::id().to_string());
        std::fs::create_dir_all(&mine).expect("the target directory is writable");
        mine
    })
}

/// Kills the registered processes when this process ends, however it ends: its pipe breaks then. A test binary
/// exits without running destructors, and may be killed.
pub(crate) fn kill_with_us(child: &Child) {
    tell_watchdog(&format!("+{}", child.id()));
}

/// To be called once a registered process was waited for: its number may belong to another one soon.
pub(crate) fn forget(child: &Child) {
    tell_watchdog(&format!("-{}", child.id()));
}

const WATCHDOG: &str = r#"
trap '' INT TERM HUP
pids=' '
while read -r line; do
    pid=${line#?}
    case $line in
    +*) pids="$pids$pid " ;;
    -*) pids="${pids%% $pid *} ${pids#* $pid }" ;;
    esac
done
kill -9 $pids 2>/dev/null
"#;

fn tell_watchdog(line: &str) {
    static WATCHDOG_PROCESS: OnceLock<Mutex<Child>> = OnceLock::new();
    let process = WATCHDOG_PROCESS.get_or_init(|| {
        let shell = Command::new("sh").args(["-c", WATCHDOG]).stdin(Stdio::piped()).spawn();
        Mutex::new(shell.expect("sh runs"))
    });
    let mut process = process.lock().expect("no test panics while it writes");
    let pipe = process.stdin.as_mut().expect("its input is a pipe");
    writeln!(pipe, "{line}").expect("the watchdog reads");
}

/// A free port that stays free until it is used: below the range from which the system takes the
/// ports of outgoing connections, and given to nobody else in this process.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).expect("below 100") * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A file that a program's output goes to.
pub(crate) fn log_file(name: &str) -> (PathBuf, Stdio, Stdio) {
    let path = run_directory().join(name);
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    let file = file.expect("the run's directory is writable");
    let twin = file.try_clone().expect("a file handle can be cloned");
    (path, file.into(), twin.into())
}

/// A file outside every repository, with this content; returns its path.
pub(crate) fn canary_file(content: &str) -> String {
    // Not below a directory named tmp: no message may name one, and this path is in messages, as a link's text.
    let target =
        Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target directory");
    let path = target.join("behaviour-canary.yaml");
    std::fs::write(&path, content).expect("the target directory is writable");
    path.to_str().expect("a path of ours is UTF-8").to_owned()
}
