//! The command line: thin front-ends over the library functions that the operator calls, too.
//!
//! Everything here runs in the one thread that the process starts with, and speaks no TLS:
//! `inhaul build` is to be done before others have started.

mod about;
mod build;
mod chart;
mod edit;
mod files;
mod printer;

pub use printer::Printer;

use about::{Crds, Version};
use build::Build;
use chart::{Dependency, Template};
use edit::Edit;
use std::process::ExitCode;

/// The commands beside `controller`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Render a directory as `kustomize build` does, or a Kustomization as the operator does
    Build(Box<Build>),
    /// Change a kustomization file, keeping its comments and order
    Edit(Edit),
    /// Render a chart as `helm template` does
    Template(Box<Template>),
    /// List, build or update the charts that a chart needs
    #[command(visible_alias = "dep")]
    Dependency(Dependency),
    /// Print the version
    Version(Version),
    /// Print the custom resource definitions, for `kubectl apply --server-side -f -`
    Crds(Crds),
}

/// Runs a command; errors are printed on stderr.
pub fn run(command: Command) -> ExitCode {
    let printer = Printer::new();
    match command.output(printer) {
        Ok(text) => printer.out(&text),
        Err(error) => {
            printer.error(&error);
            ExitCode::FAILURE
        }
    }
}

impl Command {
    /// What is to be printed on stdout.
    fn output(self, printer: Printer) -> Result<String, String> {
        match self {
            Self::Build(build) => build.run(printer),
            Self::Edit(edit) => edit.run(),
            Self::Template(template) => template.run(printer),
            Self::Dependency(dependency) => dependency.run(printer),
            Self::Version(version) => version.run(),
            Self::Crds(crds) => crds.run(),
        }
    }
}
