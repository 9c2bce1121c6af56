//! The render itself.

use crate::assemble::{Built, assemble};
use crate::bounded::BoundedTree;
use crate::generate::Kustomization;
use crate::{Error, Instructions, Rendered, check, generate, merge};
use inhaul_kustomize::{ChartInflator, LoadRestrictor, Reorder};
use inhaul_tree::{Kind, Tree, TreePath};
use serde_json::Value;
use std::sync::Arc;

/// Renders what `instructions` ask for from a tree.
///
/// # Errors
/// [`Reason::PathNotFound`](crate::Reason::PathNotFound) where the path is not a directory of the
/// tree, [`Reason::Build`](crate::Reason::Build) for anything else: the first thing that is wrong,
/// with its file.
pub fn render(tree: &dyn Tree, instructions: &Instructions) -> Result<Rendered, Error> {
    let bounded = BoundedTree::new(tree);
    let directory = find_directory(&bounded, &instructions.path)?;
    let mut kustomization = generate::kustomization(&bounded, &directory)?;
    let Kustomization { file, fields, generated_from: _ } = &mut kustomization;
    merge::merge(&bounded, &directory, instructions, file, fields)?;
    if is_empty(&kustomization) {
        return Ok(Rendered::new(Vec::new(), Vec::new()));
    }
    build(&bounded, &directory, &kustomization, instructions).map_err(|error| {
        // The engine speaks of a kustomization that nobody wrote; a file of it may be to blame.
        let files = &kustomization.generated_from;
        check::diagnose(&BoundedTree::new(tree), files).map_or(error, Error::build)
    })
}

/// Where `spec.path` leads, links followed.
fn find_directory(tree: &dyn Tree, path: &str) -> Result<TreePath, Error> {
    let shown = if path.is_empty() { "." } else { path };
    let find = || {
        let resolved = inhaul_tree::resolve(tree, &TreePath::parse(path)?)?;
        let kind = tree.kind(&resolved)?;
        Ok((resolved, kind))
    };
    match find() {
        Ok((directory, Some(Kind::Directory))) => Ok(directory),
        Ok((_, Some(_))) => Err(Error::path(shown, "not a directory")),
        Ok((_, None)) => Err(Error::path(shown, "no such file or directory")),
        // The store failed, which says nothing about the path.
        Err(error @ inhaul_tree::Error::Unreadable { .. }) => Err(error.into()),
        Err(error) => Err(Error::path(shown, error)),
    }
}

/// Whether a kustomization asks for nothing. The engine, like kustomize, refuses such a file; for
/// Flux it is valid and empty.
fn is_empty(kustomization: &Kustomization) -> bool {
    const SILENT: [&str; 4] = ["apiVersion", "kind", "metadata", "buildMetadata"];
    kustomization.fields.iter().all(|(key, value)| {
        value.is_null() || SILENT.iter().any(|silent| silent.eq_ignore_ascii_case(key))
    })
}

/// Builds with the engine as Flux does: in the order of the files, and with files of any place in
/// the tree.
fn build(
    tree: &dyn Tree,
    directory: &TreePath,
    kustomization: &Kustomization,
    instructions: &Instructions,
) -> Result<Rendered, Error> {
    let options = inhaul_kustomize::Options {
        load_restrictor: LoadRestrictor::None,
        reorder: Reorder::None,
        charts: instructions
            .charts
            .clone()
            .map(|charts| Arc::new(charts) as Arc<dyn ChartInflator>),
        ..inhaul_kustomize::Options::default()
    };
    let text = inhaul_yaml::to_string(&Value::Object(kustomization.fields.clone()));
    let built = inhaul_kustomize::build_with_root(tree, directory.as_str(), &text, &options)
        .map_err(|error| Error::build(shortened(&format!("{}: {error}", kustomization.file))))?;
    let values = built.resources.iter().map(|resource| {
        let value = resource.to_json().map_err(|error| Error::build(error.to_string()))?;
        Ok(Built { value, origin: resource.file().map(str::to_owned) })
    });
    let objects = assemble(values.collect::<Result<_, Error>>()?, instructions)?;
    Ok(Rendered::new(objects, built.warnings))
}

/// The engine may repeat what it could not read, and a status has no room for a whole file.
fn shortened(message: &str) -> String {
    const LIMIT: usize = 4096;
    match message.char_indices().nth(LIMIT) {
        None => message.to_owned(),
        Some((end, _)) => format!("{}...", message.get(..end).unwrap_or_default()),
    }
}
