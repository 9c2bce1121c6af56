//! Fetches one branch into an empty directory and reads every file: time and peak memory of the
//! whole process, for comparison with `git clone --depth 1 --bare`.
//!
//! Usage: `fetch URL BRANCH`

use inhaul_git::{Call, Credentials, Mirrors, Options, Reference, RemoteUrl};
use inhaul_tree::{Tree, TreePath, walk};
use std::time::{Duration, Instant};

#[expect(clippy::print_stdout, reason = "printing is what this example is for")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(branch)) = (arguments.next(), arguments.next()) else {
        return Err("usage: fetch URL BRANCH".into());
    };
    let directory = tempfile::tempdir()?;
    let mirrors = Mirrors::open(directory.path(), Options::default())?;
    let mirror = mirrors.mirror(&RemoteUrl::parse(&url)?, &Credentials::default())?;
    let call = Call::within(Duration::from_secs(600));
    let began = Instant::now();
    let resolved = mirror.resolve(&Reference::branch(&branch), Duration::ZERO, &call).await?;
    println!("{} resolved in {:?}", resolved.revision(), began.elapsed());
    let began = Instant::now();
    let snapshot = mirror.fetch(&resolved, &call).await?;
    println!("fetched in {:?}, peak {}", began.elapsed(), peak()?);
    let began = Instant::now();
    let (mut files, mut bytes) = (0, 0);
    walk::<inhaul_tree::Error>(
        &*snapshot.tree,
        &TreePath::root(),
        &mut |_| Ok(true),
        &mut |file| {
            files += 1;
            bytes += snapshot.tree.read(file)?.len();
            Ok(())
        },
    )?;
    println!("read {files} files, {bytes} bytes in {:?}, peak {}", began.elapsed(), peak()?);
    Ok(())
}

fn peak() -> Result<String, std::io::Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    Ok(line.split_ascii_whitespace().skip(1).collect::<Vec<_>>().join(" "))
}
