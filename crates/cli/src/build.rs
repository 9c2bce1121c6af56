//! `inhaul build`: renders without a cluster.

mod directory;
mod flags;
mod kustomization;

use crate::printer::Printer;
use flags::Flags;
use kustomization::Ks;
use std::path::PathBuf;

/// `inhaul build PATH`, and `inhaul build ks FILE`
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Build {
    /// The directory of a kustomization
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print exactly what the operator would apply for a Kustomization
    Ks(Ks),
}

impl Build {
    /// Renders, and returns what is to be printed on stdout.
    pub(crate) fn run(&self, printer: Printer) -> Result<String, String> {
        match &self.what {
            Some(What::Ks(ks)) => ks.run(),
            None => {
                let options = self.flags.options(printer);
                if self.flags.allow_remote {
                    return Err("--allow-remote: remote bases are not fetched yet".to_owned());
                }
                let built = directory::build(&self.path, &options)?;
                built.warnings.iter().for_each(|warning| printer.warning(warning));
                let text = self.flags.deliver(&built)?;
                // The process ends now: to give back each of its parts would take as long as to
                // parse them.
                std::mem::forget(built);
                Ok(text)
            }
        }
    }
}

#[cfg(test)]
mod tests;
