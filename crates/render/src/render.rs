//! The render itself.

use crate::assemble::{Built, assemble};
use crate::generate::Kustomization;
use crate::{Error, Instructions, Rendered, check, generate, merge};
use inhaul_kustomize::{LoadRestrictor, Reorder};
use inhaul_tree::{Kind, Tree, TreePath};
use serde_json::Value;

/// Renders what `instructions` ask for from a tree.
///
/// # Errors
/// [`Reason::PathNotFound`](crate::Reason::PathNotFound) where the path is not a directory of the
/// tree, [`Reason::Build`](crate::Reason::Build) for anything else: the first thing that is wrong,
/// with its file.
pub fn render(tree: &dyn Tree, instructions: &Instructions) -> Result<Rendered, Error> {
    let directory = find_directory(tree, &instructions.path)?;
    let mut kustomization = generate::kustomization(tree, &directory)?;
    let Kustomization { file, fields, generated_from: _ } = &mut kustomization;
    merge::merge(tree, &directory, instructions, file, fields)?;
    if is_empty(&kustomization) {
        return Ok(Rendered::new(Vec::new(), Vec::new()));
    }
    let (built, warnings) = build(tree, &directory, &kustomization)?;
    let objects = assemble(built, instructions).map_err(|error| {
        check::diagnose(tree, &kustomization.generated_from).map_or(error, Error::build)
    })?;
    Ok(Rendered::new(objects, warnings))
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
) -> Result<(Vec<Built>, Vec<String>), Error> {
    let options = inhaul_kustomize::Options {
        load_restrictor: LoadRestrictor::None,
        reorder: Reorder::None,
        managed_by_label: false,
    };
    let text = inhaul_yaml::to_string(&Value::Object(kustomization.fields.clone()));
    let built = inhaul_kustomize::build_with_root(tree, directory.as_str(), &text, &options)
        .map_err(|error| explain(tree, kustomization, &error))?;
    let values = built.resources.iter().map(|resource| {
        let value = resource.to_json().map_err(|error| Error::build(error.to_string()))?;
        Ok(Built { value, origin: resource.file().map(str::to_owned) })
    });
    Ok((values.collect::<Result<_, Error>>()?, built.warnings.clone()))
}

/// The engine's error, or where the kustomization was generated and a file is to blame, what is
/// wrong with that file: the engine speaks of a kustomization that nobody wrote.
fn explain(
    tree: &dyn Tree,
    kustomization: &Kustomization,
    error: &inhaul_kustomize::Error,
) -> Error {
    match check::diagnose(tree, &kustomization.generated_from) {
        Some(problem) => Error::build(problem),
        None => Error::build(shortened(&format!("{}: {error}", kustomization.file))),
    }
}

/// The engine may repeat what it could not read, and a status has no room for a whole file.
fn shortened(message: &str) -> String {
    const LIMIT: usize = 4096;
    match message.char_indices().nth(LIMIT) {
        None => message.to_owned(),
        Some((end, _)) => format!("{}...", message.get(..end).unwrap_or_default()),
    }
}
