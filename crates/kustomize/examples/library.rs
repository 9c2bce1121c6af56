//! How long a build takes inside a process that lives on, as the operator does: `library DIR` prints
//! the microseconds of one build, from the files in memory to the objects, as the best of many.

use inhaul_kustomize::{Options, build};
use inhaul_tree::{DirectoryTree, Kind, MemoryTree, MemoryTreeBuilder, TreePath};
use std::io::Write as _;
use std::time::Instant;

const RUNS: usize = 2000;

fn collect(
    tree: &DirectoryTree,
    directory: &TreePath,
    mut into: MemoryTreeBuilder,
) -> Result<MemoryTreeBuilder, inhaul_tree::Error> {
    for entry in inhaul_tree::list(tree, directory)? {
        let path = directory.child(&entry.name);
        into = match inhaul_tree::kind(tree, &path)? {
            Some(Kind::Directory) => collect(tree, &path, into)?,
            Some(Kind::File { .. }) => into.file(path.as_str(), inhaul_tree::read(tree, &path)?),
            _ => into,
        };
    }
    Ok(into)
}

fn best(directory: &str) -> Result<u128, Box<dyn std::error::Error>> {
    let files = DirectoryTree::new(directory);
    let tree = collect(&files, &TreePath::root(), MemoryTree::builder())?.build()?;
    let options = Options::default();
    let mut best = u128::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        let built = build(&tree, ".", &options)?;
        best = best.min(start.elapsed().as_micros());
        drop(built);
    }
    Ok(best)
}

fn main() -> std::process::ExitCode {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let (text, code) = match best(&directory) {
        Ok(best) => (best.to_string(), std::process::ExitCode::SUCCESS),
        Err(error) => (format!("{directory}: {error}"), std::process::ExitCode::FAILURE),
    };
    let _ = writeln!(std::io::stdout(), "{text}");
    code
}
