//! `inhaul build ks`: what the operator would apply, from files on disk.

use crate::files;
use inhaul_api::{GitRepository, Kustomization};
use inhaul_artifact::{IgnoreRules, IgnoredTree, Links};
use inhaul_controller::SystemHost;
use inhaul_controller::kustomization::{instructions, unsupported};
use inhaul_render::Charts;
use inhaul_tree::DirectoryTree;
use inhaul_yaml::Dialect;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// `inhaul build ks FILE --path DIR`
#[derive(clap::Args)]
pub(super) struct Ks {
    /// The file with the Kustomization, - for stdin. If it holds the GitRepository, too, its
    /// spec.ignore counts
    file: PathBuf,
    /// The top directory of the source's files; spec.path leads on from there
    #[arg(long, value_name = "DIR", default_value = ".")]
    path: PathBuf,
    /// Which Kustomization, if the file holds several
    #[arg(long)]
    name: Option<String>,
    /// Render the charts that kustomizations name, as the operator does with the same flag
    #[arg(long)]
    enable_helm_charts: bool,
}

impl Ks {
    pub(super) fn run(&self) -> Result<String, String> {
        let shown = self.file.display();
        let text = files::read_text(&self.file).map_err(|error| format!("{shown}: {error}"))?;
        let documents = inhaul_yaml::documents(&text, Dialect::GoV2);
        let documents = documents.map_err(|error| format!("{shown}: {error}"))?;
        let kustomization = self.choose(&documents).map_err(|why| format!("{shown}: {why}"))?;
        let repository =
            repository(&documents, &kustomization).map_err(|why| format!("{shown}: {why}"))?;
        let ignore = repository.and_then(|repository| repository.spec.ignore);
        let unsupported = unsupported(&kustomization);
        if !unsupported.is_empty() {
            let fields = unsupported.join(", ");
            let metadata = &kustomization.metadata;
            let name = metadata.name.as_deref().unwrap_or_default();
            let namespace = metadata.namespace.as_deref().unwrap_or_default();
            let why = "not supported by this version of inhaul";
            return Err(format!("Kustomization/{namespace}/{name}: {fields}: {why}"));
        }
        let mut instructions = instructions(&kustomization);
        if self.enable_helm_charts {
            instructions.charts = Some(Charts::new(Arc::new(SystemHost)));
        }
        let root = self.path.display();
        if !self.path.is_dir() {
            return Err(format!("--path {root}: is not a directory"));
        }
        let files = DirectoryTree::new(&self.path);
        let rules = IgnoreRules::load(&files, ignore.as_deref());
        let rules = rules.map_err(|error| format!("--path {root}: {error}"))?;
        let tree = IgnoredTree::new(files, rules, Links::Kept);
        let rendered = inhaul_render::render(&tree, &instructions);
        Ok(rendered.map_err(|error| error.to_string())?.to_yaml())
    }

    /// The one Kustomization that is meant.
    fn choose(&self, documents: &[Value]) -> Result<Kustomization, String> {
        let all =
            of_kind::<Kustomization>(documents, "kustomize.toolkit.fluxcd.io", "Kustomization")?;
        let named = |k: &Kustomization| self.name.is_none() || k.metadata.name == self.name;
        let mut meant: Vec<_> = all.into_iter().filter(named).collect();
        match (meant.len(), &self.name) {
            (1, _) => Ok(meant.remove(0)),
            (0, None) => Err("holds no Kustomization of kustomize.toolkit.fluxcd.io".to_owned()),
            (0, Some(name)) => Err(format!("holds no Kustomization named {name}")),
            (count, _) => Err(format!("holds {count} Kustomizations; choose one with --name")),
        }
    }
}

/// The GitRepository that the Kustomization refers to, if the file holds it.
fn repository(
    documents: &[Value],
    kustomization: &Kustomization,
) -> Result<Option<GitRepository>, String> {
    let source = &kustomization.spec.source_ref;
    let all = of_kind::<GitRepository>(documents, "source.toolkit.fluxcd.io", "GitRepository")?;
    let meant = |repository: &GitRepository| {
        source.kind == "GitRepository" && repository.metadata.name.as_ref() == Some(&source.name)
    };
    Ok(all.into_iter().find(meant))
}

fn of_kind<K: DeserializeOwned>(
    documents: &[Value],
    group: &str,
    kind: &str,
) -> Result<Vec<K>, String> {
    let is_meant = |document: &&Value| {
        let api_version = document["apiVersion"].as_str().unwrap_or_default();
        document["kind"] == kind && api_version.split('/').next() == Some(group)
    };
    let read = |document: &Value| {
        let name = document["metadata"]["name"].as_str().unwrap_or_default();
        serde_json::from_value(document.clone()).map_err(|error| format!("{kind}/{name}: {error}"))
    };
    documents.iter().filter(is_meant).map(read).collect()
}
