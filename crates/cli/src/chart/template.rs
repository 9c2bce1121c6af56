//! `inhaul template [NAME] CHART`

use super::{deliver, run};
use crate::printer::Printer;
use inhaul_helm::ValueOptions;
use inhaul_helm::command::template::{TemplateOptions, template};
use std::path::PathBuf;

/// `inhaul template [NAME] CHART`: what `helm template` prints
#[derive(clap::Args)]
pub struct Template {
    /// [NAME] CHART: the release's name, and a chart's directory or archive
    #[arg(value_name = "NAME CHART", num_args = 1..=2, required = true)]
    arguments: Vec<String>,
    #[command(flatten)]
    values: Values,
    #[command(flatten)]
    output: Shown,
    /// The release's namespace
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// API versions that the cluster has, besides those that Helm takes for granted
    #[arg(long, short, value_delimiter = ',', value_name = "VERSIONS")]
    api_versions: Vec<String>,
    /// The version of Kubernetes
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// Render as for an upgrade
    #[arg(long)]
    is_upgrade: bool,
    /// Needs a cluster, and is refused
    #[arg(long, hide = true)]
    validate: bool,
    /// Make up a name; NAME is left out
    #[arg(long, short)]
    generate_name: bool,
    /// A template for the release's name
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Take values that the chart's schema refuses
    #[arg(long)]
    skip_schema_validation: bool,
}

/// What is printed, and where to.
#[derive(clap::Args)]
struct Shown {
    /// Only these templates of the chart
    #[arg(long, short, value_name = "PATH")]
    show_only: Vec<String>,
    /// The chart's CRDs, too
    #[arg(long)]
    include_crds: bool,
    /// No hooks
    #[arg(long)]
    no_hooks: bool,
    /// No tests
    #[arg(long)]
    skip_tests: bool,
    /// Write files below this directory instead of printing
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// With --output-dir: below a directory with the release's name
    #[arg(long)]
    release_name: bool,
}

/// Values, the later ones of a kind winning.
#[derive(clap::Args)]
struct Values {
    /// Files of values, - for stdin
    #[arg(long = "values", short = 'f', value_delimiter = ',', value_name = "FILES")]
    files: Vec<String>,
    /// key=value pairs
    #[arg(long, value_name = "PAIRS", allow_hyphen_values = true)]
    set: Vec<String>,
    /// key=value pairs whose values are text
    #[arg(long, value_name = "PAIRS", allow_hyphen_values = true)]
    set_string: Vec<String>,
    /// key=JSON pairs
    #[arg(long, value_name = "PAIRS", allow_hyphen_values = true)]
    set_json: Vec<String>,
    /// key=FILE pairs: the file's text is the value
    #[arg(long, value_name = "PAIRS", allow_hyphen_values = true)]
    set_file: Vec<String>,
    /// One key=value pair, taken as it is
    #[arg(long, value_name = "PAIR", allow_hyphen_values = true)]
    set_literal: Vec<String>,
}

impl Template {
    /// Renders, and returns what is to be printed on stdout.
    pub(crate) fn run(self, printer: Printer) -> Result<String, String> {
        let Self { values, output: shown, .. } = self;
        let directory = shown.output_dir.clone();
        let options = TemplateOptions {
            arguments: self.arguments,
            values: ValueOptions {
                files: values.files,
                set_json: values.set_json,
                set: values.set,
                set_string: values.set_string,
                set_file: values.set_file,
                set_literal: values.set_literal,
            },
            namespace: self.namespace,
            api_versions: self.api_versions,
            kube_version: self.kube_version,
            show_only: shown.show_only,
            include_crds: shown.include_crds,
            no_hooks: shown.no_hooks,
            skip_tests: shown.skip_tests,
            is_upgrade: self.is_upgrade,
            validate: self.validate,
            generate_name: self.generate_name,
            name_template: self.name_template,
            to_files: directory.is_some(),
            release_name_in_path: shown.release_name,
            skip_schema_validation: self.skip_schema_validation,
        };
        let output = run(|world| template(&options, world))?;
        let written = deliver(&output, &directory.unwrap_or_default(), printer)?;
        Ok(written + &output.text)
    }
}
