//! The kustomize engine.
//!
//! [`build`] does what `kustomize build` 5.8.2 does, byte for byte in [`Built::to_yaml`], and reads nothing but a
//! [`Tree`]. Remote resources, exec and container functions, Go plugins and Helm charts are refused by name.

mod build;
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

use inhaul_tree::Tree;

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
