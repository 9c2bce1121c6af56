//! `helm template` for the conformance runner, without the command line's crate:
//! `render NAME CHART [--namespace N] [--kube-version V] [-f FILE] [--set X] ...`.

#[path = "../tests/arguments/mod.rs"]
mod arguments;

use std::{path::Path, process::ExitCode};

use inhaul_helm::command::{World, template::template};
use inhaul_template::SeededHost;
use inhaul_tree::{DirectoryTree, TreePath};

fn run() -> Result<(), String> {
    let options = arguments::options(std::env::args().skip(1))?;
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).map_err(|error| error.to_string())?;
    let now = jiff::Timestamp::from_second(since.as_secs().cast_signed())
        .map_err(|error| error.to_string())?;
    let host = SeededHost::new(since.as_secs(), now);
    let tree = DirectoryTree::new("/");
    let world = World {
        tree: &tree,
        locate: &|path| {
            let path =
                Path::new(path).canonicalize().map_err(|_| format!("path {path:?} not found"))?;
            TreePath::parse(&path.to_string_lossy()).map_err(|error| error.to_string())
        },
        read: &|path| std::fs::read(path).map_err(|error| format!("open {path}: {error}")),
        host: &host,
    };
    let output = template(&options, &world).map_err(|error| error.to_string())?;
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a program")]
    {
        for warning in output.warnings {
            eprintln!("{warning}");
        }
        print!("{}", output.text);
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is a program")]
            {
                eprintln!("Error: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
