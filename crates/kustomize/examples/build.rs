//! Prints the build of a directory: `build DIR [--reorder=none] [--load-restrictor=LoadRestrictionsNone]`.

use inhaul_kustomize::{LoadRestrictor, Options, Reorder, build};
use inhaul_tree::DirectoryTree;
use std::io::Write as _;

fn main() -> std::process::ExitCode {
    let mut options = Options::default();
    let mut directory = String::from(".");
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--reorder=none" => options.reorder = Reorder::None,
            "--load-restrictor=LoadRestrictionsNone" => {
                options.load_restrictor = LoadRestrictor::None;
            }
            _ => directory = argument,
        }
    }
    let path = std::fs::canonicalize(&directory).unwrap_or_else(|_| directory.into());
    let tree = DirectoryTree::new("/");
    let result = build(&tree, &path.to_string_lossy(), &options).and_then(|built| {
        let text = built.to_yaml();
        let built = std::mem::ManuallyDrop::new(built);
        text.map(|text| (text, built.warnings.join("\n")))
    });
    let (out, code) = match result {
        Ok((text, warnings)) => {
            let _ = writeln!(std::io::stderr(), "{warnings}");
            (text, std::process::ExitCode::SUCCESS)
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            (String::new(), std::process::ExitCode::FAILURE)
        }
    };
    let _ = std::io::stdout().write_all(out.as_bytes());
    code
}
