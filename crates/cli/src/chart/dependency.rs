//! `inhaul dependency list|build|update CHART`

use super::{deliver, locate, run};
use crate::printer::Printer;
use inhaul_helm::command::dependency::{DependencyOptions, LocalRepository, build, list, update};
use std::path::Path;

/// `inhaul dependency`: the charts that a chart needs
#[derive(clap::Args)]
pub struct Dependency {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List what a chart needs, and whether it is there
    List(Chart),
    /// Rebuild charts/ from Chart.lock
    Build(Chart),
    /// Resolve the ranges in Chart.yaml, fill charts/ and write Chart.lock
    Update(Chart),
}

#[derive(clap::Args)]
struct Chart {
    /// The directory of the chart
    #[arg(default_value = ".")]
    chart: String,
    /// A chart repository that is on disk: the address in Chart.yaml, and the directory with its
    /// index.yaml and archives. Nothing is downloaded
    #[arg(long, value_name = "ADDRESS=DIR")]
    local_repository: Vec<String>,
}

impl Chart {
    fn options(&self) -> Result<DependencyOptions, String> {
        let repository = |given: &String| {
            let wrong = || format!("--local-repository {given:?}: write ADDRESS=DIR");
            let (address, directory) = given.rsplit_once('=').ok_or_else(wrong)?;
            Ok(LocalRepository { address: address.to_owned(), folder: locate(directory)? })
        };
        let local_repositories: Result<_, String> =
            self.local_repository.iter().map(repository).collect();
        Ok(DependencyOptions { chart: self.chart.clone(), local_repositories: local_repositories? })
    }
}

impl Dependency {
    /// Does it, and returns what is to be printed on stdout.
    pub(crate) fn run(&self, printer: Printer) -> Result<String, String> {
        let (What::List(chart) | What::Build(chart) | What::Update(chart)) = &self.what;
        let options = chart.options()?;
        let output = run(|world| match self.what {
            What::List(_) => list(&options, world),
            What::Build(_) => build(&options, world),
            What::Update(_) => update(&options, world),
        })?;
        deliver(&output, Path::new(&chart.chart), printer)?;
        Ok(output.text)
    }
}
