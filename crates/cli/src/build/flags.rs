//! kustomize's flags. Those that run other programs are refused by name.

use crate::printer::Printer;
use inhaul_kustomize::{LoadRestrictor, Options, Reorder};
use std::path::PathBuf;

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
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    refused: Refused,
}

/// What other programs or the network would be needed for.
#[derive(clap::Args, Default)]
struct Refused {
    #[arg(long, hide = true)]
    enable_helm: bool,
    #[arg(long, hide = true)]
    helm_command: Option<String>,
    #[arg(long, hide = true)]
    helm_api_versions: Vec<String>,
    #[arg(long, hide = true)]
    helm_kube_version: Option<String>,
    #[arg(long, hide = true)]
    helm_debug: bool,
    #[arg(long, hide = true)]
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
    allow_remote: bool,
}

fn restrictor(text: &str) -> Result<LoadRestrictor, String> {
    match text {
        "LoadRestrictionsRootOnly" | "rootOnly" => Ok(LoadRestrictor::RootOnly),
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

impl Refused {
    /// The first flag that was given, and why it is refused.
    fn first(&self) -> Option<(&'static str, &'static str)> {
        const HELM: &str = "charts in a kustomization are not rendered yet";
        const PROGRAMS: &str = "inhaul runs no other programs";
        const REMOTE: &str = "remote bases are not fetched yet";
        let Self {
            enable_helm,
            helm_command,
            helm_api_versions,
            helm_kube_version,
            helm_debug,
            enable_alpha_plugins,
            enable_exec,
            enable_star,
            network,
            network_name,
            mount,
            env,
            as_current_user,
            allow_remote,
        } = self;
        let given = [
            (*enable_helm, "--enable-helm", HELM),
            (helm_command.is_some(), "--helm-command", HELM),
            (!helm_api_versions.is_empty(), "--helm-api-versions", HELM),
            (helm_kube_version.is_some(), "--helm-kube-version", HELM),
            (*helm_debug, "--helm-debug", HELM),
            (*enable_alpha_plugins, "--enable-alpha-plugins", PROGRAMS),
            (*enable_exec, "--enable-exec", PROGRAMS),
            (*enable_star, "--enable-star", PROGRAMS),
            (*network, "--network", PROGRAMS),
            (network_name.is_some(), "--network-name", PROGRAMS),
            (!mount.is_empty(), "--mount", PROGRAMS),
            (!env.is_empty(), "--env", PROGRAMS),
            (*as_current_user, "--as-current-user", PROGRAMS),
            (*allow_remote, "--allow-remote", REMOTE),
        ];
        given.into_iter().find(|(given, ..)| *given).map(|(_, flag, why)| (flag, why))
    }
}

impl Flags {
    /// What the flags ask of the engine.
    pub(super) fn options(&self, printer: Printer) -> Result<Options, String> {
        if let Some((flag, why)) = self.refused.first() {
            return Err(format!("{flag}: {why}"));
        }
        if self.reorder.is_some() {
            printer.warning(&"flag --reorder is deprecated, use sortOptions in the kustomization");
        }
        Ok(Options {
            load_restrictor: self.load_restrictor.unwrap_or_default(),
            reorder: self.reorder.unwrap_or_default(),
            managed_by_label: self.enable_managedby_label,
        })
    }

    /// Writes the result to the file that is named, or gives it back to be printed.
    pub(super) fn deliver(&self, text: String) -> Result<String, String> {
        let Some(file) = &self.output else { return Ok(text) };
        let shown = file.display();
        if file.is_dir() {
            return Err(format!("--output {shown}: one file per object is not supported yet"));
        }
        std::fs::write(file, text).map_err(|error| format!("--output {shown}: {error}"))?;
        Ok(String::new())
    }
}
