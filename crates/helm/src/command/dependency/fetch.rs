//! Finding the charts that a chart needs.

use inhaul_tree::{Kind, TreePath};

use super::{LocalRepository, index, list::Folder};
use crate::{
    Error,
    chart::{Chart, Dependency, Limits},
    command::World,
    version::{Constraint, Version},
};

pub(super) struct Fetcher<'a> {
    world: &'a World<'a>,
    chart: TreePath,
    folder: Folder<'a>,
    repositories: &'a [LocalRepository],
}

/// What was found for a list of dependencies.
#[derive(Default)]
pub(super) struct Fetched {
    /// The version of each dependency, in the order of the list.
    pub(super) versions: Vec<String>,
    /// Archives to write into `charts/`.
    pub(super) archives: Vec<(String, Vec<u8>)>,
    /// Archives in `charts/` that nothing needs any more.
    pub(super) outdated: Vec<String>,
    /// Archives in `charts/` that are needed and there.
    kept: Vec<String>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(
        world: &'a World<'a>,
        chart: TreePath,
        repositories: &'a [LocalRepository],
    ) -> Result<Self, Error> {
        let folder = Folder::open(world.tree, chart.child("charts"))?;
        Ok(Self { world, chart, folder, repositories })
    }

    /// Finds each of the dependencies.
    pub(super) fn all(&self, dependencies: &[Dependency]) -> Result<Fetched, Error> {
        let mut fetched = Fetched::default();
        for dependency in dependencies {
            let range = Constraint::parse(&dependency.version).map_err(|why| {
                Error::Dependency(format!(
                    "dependency {:?} has an invalid version/constraint format: {why}",
                    dependency.name
                ))
            })?;
            let version = self.one(dependency, &range, &mut fetched)?;
            fetched.versions.push(version);
        }
        self.find_outdated(dependencies, &mut fetched);
        Ok(fetched)
    }

    fn one(
        &self,
        dependency: &Dependency,
        range: &Constraint,
        fetched: &mut Fetched,
    ) -> Result<String, Error> {
        let repository = dependency.repository.as_str();
        if repository.is_empty() {
            self.in_charts_folder(dependency, range)?;
            return Ok(dependency.version.clone());
        }
        if let Some(path) = repository.strip_prefix("file://") {
            return self.in_folder(dependency, range, path, fetched);
        }
        let same = |local: &&LocalRepository| {
            local.address.trim_end_matches('/') == repository.trim_end_matches('/')
        };
        match self.repositories.iter().find(same) {
            Some(local) => self.in_repository(dependency, range, local, fetched),
            None => self.vendored(dependency, range, fetched),
        }
    }

    /// A dependency without a repository is a folder in `charts/`, which stays as it is.
    fn in_charts_folder(&self, wanted: &Dependency, range: &Constraint) -> Result<(), Error> {
        let path = self.folder.path.child(&wanted.name);
        if inhaul_tree::kind(self.world.tree, &path)? != Some(Kind::Directory) {
            return Err(Error::Dependency(format!("directory {path} not found")));
        }
        let found = Chart::from_directory(self.world.tree, &path, Limits::default())?;
        if fits(&found, range) {
            return Ok(());
        }
        Err(Error::Dependency(format!(
            "dependency {} at version {} does not satisfy the constraint {}",
            wanted.name, found.metadata.version, wanted.version
        )))
    }

    fn in_folder(
        &self,
        wanted: &Dependency,
        range: &Constraint,
        path: &str,
        fetched: &mut Fetched,
    ) -> Result<String, Error> {
        let at = if path.starts_with('/') {
            (self.world.locate)(path).map_err(Error::Dependency)?
        } else {
            self.chart.join(path)?
        };
        if inhaul_tree::kind(self.world.tree, &at)?.is_none() {
            return Err(Error::Dependency(format!("directory {at} not found")));
        }
        let found = Chart::from_directory(self.world.tree, &at, Limits::default())?;
        if !fits(&found, range) {
            return Err(no_valid_version(wanted));
        }
        let version = found.metadata.version.clone();
        let name = format!("{}-{version}.tgz", found.metadata.name);
        fetched.archives.push((name, found.to_archive()?));
        Ok(version)
    }

    fn in_repository(
        &self,
        wanted: &Dependency,
        range: &Constraint,
        local: &LocalRepository,
        fetched: &mut Fetched,
    ) -> Result<String, Error> {
        let tree = self.world.tree;
        let newest = index::newest(tree, &local.folder, &wanted.name, range)?;
        let (version, archive) = newest.ok_or_else(|| no_valid_version(wanted))?;
        let path = local.folder.join(&archive)?;
        let bytes = inhaul_tree::read(tree, &path)?;
        let found = Chart::from_archive(&bytes, Limits::default())
            .map_err(|error| error.within(&path.to_string()))?;
        if found.metadata.name != wanted.name {
            return Err(Error::Dependency(format!(
                "{path}: holds chart {:?}, the index says {:?}",
                found.metadata.name, wanted.name
            )));
        }
        let name = format!("{}-{version}.tgz", wanted.name);
        fetched.archives.push((name, bytes.to_vec()));
        Ok(version)
    }

    /// A chart of a repository that is not here may be in `charts/` already.
    fn vendored(
        &self,
        wanted: &Dependency,
        range: &Constraint,
        fetched: &mut Fetched,
    ) -> Result<String, Error> {
        let mut best: Option<(Version, &str)> = None;
        for name in self.folder.archives(&wanted.name) {
            let Ok(found) = Chart::load(self.world.tree, &self.folder.path.child(name)) else {
                continue;
            };
            let Ok(version) = Version::parse(&found.metadata.version) else { continue };
            let newer = best.as_ref().is_none_or(|(best, _)| version.compare(best).is_gt());
            if found.metadata.name == wanted.name && range.check(&version) && newer {
                best = Some((version, name));
            }
        }
        let (version, name) = best.ok_or_else(|| {
            Error::Unsupported(format!(
                "dependency {:?}: no archive in charts/ satisfies {:?}, and charts are not \
                 downloaded from {}; put {}-VERSION.tgz into charts/",
                wanted.name, wanted.version, wanted.repository, wanted.name
            ))
        })?;
        fetched.kept.push(name.to_owned());
        Ok(version.original().to_owned())
    }

    fn find_outdated(&self, dependencies: &[Dependency], fetched: &mut Fetched) {
        for entry in &self.folder.entries {
            let is_new = fetched.archives.iter().any(|(name, _)| *name == entry.name);
            let is_needed = is_new || fetched.kept.contains(&entry.name);
            if entry.kind == Kind::Directory || is_needed {
                continue;
            }
            let path = self.folder.path.child(&entry.name);
            let Ok(found) = Chart::load(self.world.tree, &path) else { continue };
            let is_local =
                |d: &Dependency| d.repository.is_empty() && d.name == found.metadata.name;
            if !dependencies.iter().any(is_local) {
                fetched.outdated.push(entry.name.clone());
            }
        }
    }
}

fn fits(chart: &Chart, range: &Constraint) -> bool {
    Version::parse(&chart.metadata.version).is_ok_and(|version| range.check(&version))
}

fn no_valid_version(wanted: &Dependency) -> Error {
    Error::Dependency(format!(
        "can't get a valid version for 1 subchart(s): {:?} (repository {:?}, version {:?}). Make \
         sure a matching chart version exists in the repo, or change the version constraint in \
         Chart.yaml",
        wanted.name, wanted.repository, wanted.version
    ))
}
