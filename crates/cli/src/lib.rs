//! The command line: thin front-ends over the library functions that the operator calls, too.
//!
//! Everything here runs in the one thread that the process starts with, and speaks no TLS:
//! `inhaul build` is to be done before others have started.

mod about;
mod build;
mod printer;

pub use printer::Printer;

use about::{Crds, Version};
use build::Build;
use std::process::ExitCode;

/// The commands beside `controller`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Render a directory as `kustomize build` does, or a Kustomization as the operator does
    Build(Box<Build>),
    /// Print the version
    Version(Version),
    /// Print the custom resource definitions, for `kubectl apply --server-side -f -`
    Crds(Crds),
}

/// Runs a command; errors are printed on stderr.
pub fn run(command: Command) -> ExitCode {
    let printer = Printer::new();
    let output = match command {
        Command::Build(build) => build.run(printer),
        Command::Version(version) => version.run(),
        Command::Crds(crds) => crds.run(),
    };
    match output {
        Ok(text) => printer.out(&text),
        Err(error) => {
            printer.error(&error);
            ExitCode::FAILURE
        }
    }
}
