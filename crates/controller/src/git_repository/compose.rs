//! The files of a source: the commit's, with its submodules and what it includes from others.

use super::remote::Remote;
use super::{Context, Run, source_key};
use crate::sources::SourceKey;
use crate::step::{Retry, StepError};
use inhaul_api::{Artifact, GitRepository, GitRepositoryInclude, Reason};
use inhaul_artifact::{MountedTree, SparseTree};
use inhaul_cluster::Own;
use inhaul_git::{Call, GitTree};
use inhaul_tree::{Tree, TreePath};
use kube::ResourceExt;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

type View = Arc<dyn Tree>;

/// How soon an include that is not there yet is looked for again, as in Flux.
const DEPENDENCY: Duration = Duration::from_secs(30);

/// Sources that one may include, those of its includes among them.
const MAX_INCLUDED: usize = 100;

/// An artifact of another GitRepository, and where it goes.
pub(super) struct Included {
    include: GitRepositoryInclude,
    pub(super) artifact: Artifact,
    source: SourceKey,
}

/// The artifacts that `spec.include` names, in order.
///
/// # Errors
/// For an include that does not exist, has no artifact yet, or includes this one.
pub(super) async fn includes(own: &Own, run: &Run) -> Result<Vec<Included>, StepError> {
    let mut found = Vec::new();
    for include in &run.object.spec.include {
        let name = &include.repository.name;
        let namespace = &run.key.namespace;
        let missing = |reason: Reason, why: String| StepError {
            reason,
            message: why,
            retry: Retry::After(DEPENDENCY),
        };
        let read = own.get::<GitRepository>(namespace, name).await;
        let object = read.map_err(|error| {
            let what = format!("could not get resource for include '{namespace}/{name}'");
            StepError::cluster(Reason::NotFound, &what, &error)
        })?;
        let object = object.ok_or_else(|| {
            let why = "could not get resource for include";
            missing(Reason::NotFound, format!("{why} '{namespace}/{name}': not found"))
        })?;
        circle(own, run, &object).await?;
        let artifact = object.status.and_then(|status| status.artifact).ok_or_else(|| {
            let why = format!("no artifact available for include '{namespace}/{name}'");
            missing(Reason::NoArtifact, why)
        })?;
        let source = SourceKey { name: name.clone(), ..source_key(&run.key) };
        found.push(Included { include: include.clone(), artifact, source });
    }
    Ok(found)
}

/// Refuses an include that includes this one again, by whatever way: each new artifact would make
/// the next one, without end.
async fn circle(own: &Own, run: &Run, first: &GitRepository) -> Result<(), StepError> {
    let namespace = &run.key.namespace;
    let mut pending = vec![(first.name_any(), Some(first.spec.include.clone()))];
    let mut seen = HashSet::new();
    while let Some((name, known)) = pending.pop() {
        if name == run.key.name || seen.len() > MAX_INCLUDED {
            let message = format!(
                "GitRepository '{namespace}/{}' includes itself by way of '{}'",
                run.key.name,
                first.name_any()
            );
            return Err(StepError::stalled(Reason::NotFound, message));
        }
        if !seen.insert(name.clone()) {
            continue;
        }
        let includes = match known {
            Some(includes) => includes,
            None => {
                let read = own.get::<GitRepository>(namespace, &name).await;
                let what = format!("could not get resource for include '{namespace}/{name}'");
                let object =
                    read.map_err(|error| StepError::cluster(Reason::NotFound, &what, &error))?;
                object.map(|object| object.spec.include).unwrap_or_default()
            }
        };
        pending.extend(includes.into_iter().map(|include| (include.repository.name, None)));
    }
    Ok(())
}

/// Puts the source together.
///
/// # Errors
/// Names the directory, submodule or include that cannot be had.
pub(super) async fn files(
    context: &Context,
    run: &Run,
    commit: &Arc<GitTree>,
    included: &[Included],
    remote: &Remote,
    call: &Call,
) -> Result<View, StepError> {
    let spec = &run.object.spec;
    let mut view: View = Arc::clone(commit) as View;
    if spec.recurse_submodules {
        let Remote { url, credentials, .. } = remote;
        let submodules = context.mirrors.submodules(url, credentials, commit, call).await;
        for (path, tree) in submodules.map_err(|error| super::remote::failed(&error))? {
            let mounted = MountedTree::new(view, path.clone(), tree, TreePath::root());
            view = Arc::new(mounted.map_err(|error| {
                let message = format!("submodule '{path}': {error}");
                StepError::passing(Reason::GitOperationFailed, message)
            })?);
        }
    }
    if !spec.sparse_checkout.is_empty() {
        view = sparse(view, &spec.sparse_checkout)?;
    }
    for include in included {
        view = add(context, view, include).await?;
    }
    Ok(view)
}

fn sparse(view: View, directories: &[String]) -> Result<View, StepError> {
    let refuse = |directory: &str, why: String| {
        let message = format!("spec.sparseCheckout: directory '{directory}': {why}");
        StepError::passing(Reason::GitOperationFailed, message)
    };
    let mut paths = Vec::new();
    for directory in directories {
        let path = TreePath::parse(directory).map_err(|e| refuse(directory, e.to_string()))?;
        if !matches!(view.kind(&path), Ok(Some(inhaul_tree::Kind::Directory))) {
            return Err(refuse(directory, "there is no such directory in the commit".into()));
        }
        paths.push(path);
    }
    let shown = directories.join(", ");
    let sparse = SparseTree::new(view, paths).map_err(|error| refuse(&shown, error.to_string()))?;
    Ok(Arc::new(sparse))
}

async fn add(context: &Context, view: View, included: &Included) -> Result<View, StepError> {
    let Included { include, artifact, source } = included;
    let guest = match context.sources.get(source, &artifact.digest) {
        Some(snapshot) => snapshot.tree,
        None => context.downloads.fetch(source, artifact).await?.tree,
    };
    let illegal = |path: &str, error: inhaul_tree::Error| {
        let message = format!("include '{}': path '{path}': {error}", source.name);
        StepError::stalled(Reason::IllegalPath, message)
    };
    let from = include.from_path.as_deref().filter(|path| !path.is_empty()).unwrap_or(".");
    let to = include.destination();
    let from_path = TreePath::parse(from).map_err(|error| illegal(from, error))?;
    let to_path = TreePath::parse(to).map_err(|error| illegal(to, error))?;
    let mounted = MountedTree::new(view, to_path, guest, from_path).map_err(|error| {
        let message =
            format!("could not copy '{}' include from '{from}' to '{to}': {error}", source.name);
        StepError::passing(Reason::CopyFailure, message)
    })?;
    Ok(Arc::new(mounted))
}
