//! kustomize's flags.

use crate::files;
use crate::printer::Printer;
use inhaul_controller::SystemHost;
use inhaul_kustomize::{Built, ChartInflator, LoadRestrictor, Options, Reorder};
use inhaul_render::Charts;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The flags of `kustomize build`.
#[derive(clap::Args, Default)]
pub(super) struct Flags {
    /// Which files a kustomization may read: LoadRestrictionsRootOnly (its own directory and
    /// below) or LoadRestrictionsNone
    #[arg(long, alias = "load_restrictor", value_name = "RESTRICTOR", value_parser = restrictor)]
    load_restrictor: Option<LoadRestrictor>,
    /// The order of the result: legacy (by kind) or none; sortOptions in the kustomization is the
    /// better way to say it
    #[arg(long, value_name = "ORDER", value_parser = reorder)]
    reorder: Option<Reorder>,
    /// Label everything with app.kubernetes.io/managed-by
    #[arg(long)]
    enable_managedby_label: bool,
    /// Write to this file instead of stdout; into a directory, one file for each object
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Fetch remote bases and files over http and https
    #[arg(long)]
    pub(super) allow_remote: bool,
    #[command(flatten)]
    helm: Helm,
    #[command(flatten)]
    functions: Functions,
}

/// How charts are rendered: by inhaul itself, from charts that lie in the directory.
#[derive(clap::Args, Default)]
struct Helm {
    /// Render the charts that kustomizations name; inhaul does it itself
    #[arg(long)]
    enable_helm: bool,
    /// Taken and not used: no other program runs
    #[arg(long, value_name = "COMMAND")]
    helm_command: Option<String>,
    /// An API version that charts see, where the kustomization names none; may be given several
    /// times
    #[arg(long, value_name = "VERSION")]
    helm_api_versions: Vec<String>,
    /// The version of Kubernetes that charts see, where the kustomization names none
    #[arg(long, value_name = "VERSION")]
    helm_kube_version: Option<String>,
    /// Taken and not used: errors say what is known anyway
    #[arg(long)]
    helm_debug: bool,
}

/// What concerns functions and plugins. inhaul runs no other programs: these flags are taken, and a
/// kustomization that names a function is refused.
#[derive(clap::Args, Default)]
struct Functions {
    /// Renders charts, too; functions and other plugins are refused
    #[arg(long)]
    enable_alpha_plugins: bool,
    #[arg(long, hide = true)]
    enable_exec: bool,
    #[arg(long, hide = true)]
    enable_star: bool,
    #[arg(long, hide = true)]
    network: bool,
    #[arg(long, hide = true)]
    network_name: Option<String>,
    #[arg(long, hide = true)]
    mount: Vec<String>,
    #[arg(long, short, hide = true)]
    env: Vec<String>,
    #[arg(long, hide = true)]
    as_current_user: bool,
    #[arg(long, hide = true)]
    stack_trace: bool,
}

fn restrictor(text: &str) -> Result<LoadRestrictor, String> {
    match text {
        "LoadRestrictionsRootOnly" | "rootOnly" | "" => Ok(LoadRestrictor::RootOnly),
        "LoadRestrictionsNone" | "none" => Ok(LoadRestrictor::None),
        _ => Err("must be LoadRestrictionsRootOnly or LoadRestrictionsNone".to_owned()),
    }
}

fn reorder(text: &str) -> Result<Reorder, String> {
    match text {
        "legacy" => Ok(Reorder::Legacy),
        "none" => Ok(Reorder::None),
        _ => Err("must be legacy or none".to_owned()),
    }
}

impl Flags {
    /// What the flags ask of the engine.
    pub(super) fn options(&self, printer: Printer) -> Options {
        if self.reorder.is_some() {
            printer.warning(&"flag --reorder is deprecated, use sortOptions in the kustomization");
        }
        if self.enable_managedby_label {
            printer.warning(
                &"flag --enable-managedby-label is deprecated, use managedByLabel in the kustomization's buildMetadata",
            );
        }
        let renders_charts = self.helm.enable_helm || self.functions.enable_alpha_plugins;
        let charts = || Arc::new(Charts::new(Arc::new(SystemHost))) as Arc<dyn ChartInflator>;
        Options {
            load_restrictor: self.load_restrictor.unwrap_or_default(),
            reorder: self.reorder.unwrap_or_default(),
            managed_by_label: self.enable_managedby_label,
            charts: renders_charts.then(charts),
            api_versions: self.helm.helm_api_versions.clone(),
            kube_version: self.helm.helm_kube_version.clone().unwrap_or_default(),
        }
    }

    /// Writes the result to where it is wanted, or gives it back to be printed.
    pub(super) fn deliver(&self, built: &Built) -> Result<String, String> {
        let Some(path) = &self.output else {
            return built.to_yaml().map_err(|error| error.to_string());
        };
        let shown = path.display();
        if path.is_dir() {
            return write_each(built, path)
                .map(|()| String::new())
                .map_err(|error| format!("--output {shown}: {error}"));
        }
        let text = built.to_yaml().map_err(|error| error.to_string())?;
        std::fs::write(path, text).map_err(|error| format!("--output {shown}: {error}"))?;
        Ok(String::new())
    }
}

/// Writes one file for each object, named by its type and name, and by its namespace where there
/// is more than one.
fn write_each(built: &Built, directory: &Path) -> Result<(), String> {
    for (name, text) in built.to_files().map_err(|error| error.to_string())? {
        let path = files::below(directory, &name).map_err(|error| error.to_string())?;
        std::fs::write(&path, text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}
