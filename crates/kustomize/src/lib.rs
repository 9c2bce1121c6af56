//! The kustomize engine.
//!
//! [`build`] does what `kustomize build` 5.8.2 does, byte for byte in [`Built::to_yaml`], and reads nothing but a
//! [`Tree`]. Remote resources, exec and container functions and Go plugins are refused by name; charts of `helmCharts`
//! are rendered by a [`ChartInflator`], if one is given.

mod build;
mod chart;
mod collection;
mod config;
mod crds;
mod decode;
pub mod edit;
mod error;
mod field;
mod fieldspec;
mod folded;
mod generate;
mod id;
mod kustomization;
mod load;
mod name_ref;
mod origin;
mod plugin;
mod read;
mod resource;
mod schema;
mod selector;
mod settings;
mod shared;
mod transform;
mod vars;

use std::sync::Arc;

use inhaul_tree::Tree;

pub use chart::{Chart, ChartInflator};
pub use error::Error;
pub use load::LoadRestrictor;
pub use resource::Resource;

/// The order of the result where the root has no `sortOptions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reorder {
    /// By kind, as the command line does: namespaces and definitions first, webhooks last.
    #[default]
    Legacy,
    /// As the resources were named.
    None,
}

/// How to build. The default is what the command line does.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which files a kustomization may read.
    pub load_restrictor: LoadRestrictor,
    /// The order of the result.
    pub reorder: Reorder,
    /// Labels everything with `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
    /// Renders charts; without one, `helmCharts` are refused.
    pub charts: Option<Arc<dyn ChartInflator>>,
    /// API versions that charts see where the kustomization says nothing of them.
    pub api_versions: Vec<String>,
    /// The version of Kubernetes that charts see where the kustomization says nothing of it.
    pub kube_version: String,
}

/// The result of a build.
#[derive(Debug)]
pub struct Built {
    /// The objects in the order in which they are emitted.
    pub resources: Vec<Resource>,
    /// Messages for people, about deprecated fields and unused vars.
    pub warnings: Vec<String>,
}

impl Built {
    /// The objects as `kustomize build` prints them.
    ///
    /// # Errors
    /// Values without a JSON form: infinite numbers, keys that are not strings.
    pub fn to_yaml(&self) -> Result<String, Error> {
        let mut out = String::new();
        for (at, resource) in self.resources.iter().enumerate() {
            if at > 0 {
                out.push_str("---\n");
            }
            inhaul_yaml::emit(&resource.node, &mut out)
                .map_err(|error| Error::from(error).context(resource.describe()))?;
        }
        Ok(out)
    }

    /// The objects as `kustomize build -o DIR` writes them: the name and the text of each file.
    ///
    /// The name is made of type and name, and of the namespace where the objects that have one are
    /// in several. It may hold whatever the object's name holds.
    ///
    /// # Errors
    /// As [`Built::to_yaml`].
    pub fn to_files(&self) -> Result<Vec<(String, String)>, Error> {
        let namespaces: std::collections::BTreeSet<&str> = self
            .resources
            .iter()
            .map(Resource::effective_namespace)
            .filter(|namespace| *namespace != id::NO_NAMESPACE)
            .collect();
        let file = |resource: &Resource| {
            let gvk = resource.gvk();
            let namespace = resource.effective_namespace();
            let with_namespace = namespaces.len() > 1 && namespace != id::NO_NAMESPACE;
            let parts =
                [if with_namespace { namespace } else { "" }, &gvk.group, &gvk.version, &gvk.kind];
            let mut name: String = parts
                .iter()
                .filter(|part| !part.is_empty())
                .map(|part| format!("{}_", part.to_lowercase()))
                .collect();
            name.push_str(&resource.name().to_lowercase());
            name.push_str(".yaml");
            let mut text = String::new();
            inhaul_yaml::emit(&resource.node, &mut text)
                .map_err(|error| Error::from(error).context(resource.describe()))?;
            Ok((name, text))
        };
        self.resources.iter().map(file).collect()
    }
}

/// Builds the kustomization in a directory of a tree.
///
/// # Errors
/// Anything that stops the real tool, and what this engine refuses; the message says which kustomization, file, field
/// and object.
pub fn build(tree: &dyn Tree, directory: &str, options: &Options) -> Result<Built, Error> {
    build::run(tree, directory, None, options)
}

/// Builds a directory of a tree with this text in place of its kustomization file, which need not exist.
///
/// # Errors
/// As [`build`].
pub fn build_with_root(
    tree: &dyn Tree,
    directory: &str,
    kustomization: &str,
    options: &Options,
) -> Result<Built, Error> {
    build::run(tree, directory, Some(kustomization), options)
}
