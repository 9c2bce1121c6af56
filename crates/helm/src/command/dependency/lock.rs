//! `inhaul dependency build` and `update`.

use inhaul_tree::{Kind, TreePath};

use super::{
    DependencyOptions, LocalRepository,
    digest::{digest, digest_of_helm_2},
    fetch::{Fetched, Fetcher},
};
use crate::{
    Error,
    chart::{Chart, Dependency, Limits, Lock},
    command::{Change, Output, OutputFile, World},
};

/// Resolves the ranges in `Chart.yaml`, brings the charts into `charts/` and writes the lock file
/// where it changed.
///
/// # Errors
/// [`Error::Dependency`], naming the dependency that is not here or does not fit.
pub fn update(options: &DependencyOptions, world: &World<'_>) -> Result<Output, Error> {
    let (path, chart) = open(options, world)?;
    update_chart(options, world, &path, &chart)
}

/// Brings the charts that the lock file names into `charts/`; without a lock file, as [`update`].
///
/// # Errors
/// [`Error::Dependency`] where the lock file does not belong to `Chart.yaml`, or a chart is not
/// here.
pub fn build(options: &DependencyOptions, world: &World<'_>) -> Result<Output, Error> {
    let (path, chart) = open(options, world)?;
    let Some(lock) = &chart.lock else { return update_chart(options, world, &path, &chart) };
    let wanted = chart.metadata.dependencies.clone().unwrap_or_default();
    let is_v1 = chart.metadata.api_version == "v1";
    let fits = digest(&wanted, &lock.dependencies) == lock.digest
        || (is_v1 && digest_of_helm_2(&wanted) == lock.digest);
    if !fits {
        return Err(Error::Dependency(if is_v1 {
            "the lock file (requirements.lock) is out of sync with the dependencies file \
             (requirements.yaml). Please update the dependencies"
                .to_owned()
        } else {
            "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). \
             Please update the dependencies with `inhaul dependency update`"
                .to_owned()
        }));
    }
    let fetched = fetcher(options, world, &path)?.all(&lock.dependencies)?;
    Ok(save(&fetched, &lock.dependencies))
}

fn open(options: &DependencyOptions, world: &World<'_>) -> Result<(TreePath, Chart), Error> {
    let path = (world.locate)(options.chart_or_here()).map_err(Error::Usage)?;
    match inhaul_tree::kind(world.tree, &path)? {
        None => Err(Error::Chart(format!("could not find {}", options.chart_or_here()))),
        Some(Kind::Directory) => {
            let chart = Chart::from_directory(world.tree, &path, Limits::default())?;
            Ok((path, chart))
        }
        Some(_) => Err(Error::Chart("only unpacked charts can be updated".to_owned())),
    }
}

fn fetcher<'a>(
    options: &'a DependencyOptions,
    world: &'a World<'a>,
    path: &TreePath,
) -> Result<Fetcher<'a>, Error> {
    let repositories: &[LocalRepository] = &options.local_repositories;
    Fetcher::new(world, path.clone(), repositories)
}

fn update_chart(
    options: &DependencyOptions,
    world: &World<'_>,
    path: &TreePath,
    chart: &Chart,
) -> Result<Output, Error> {
    let Some(wanted) = &chart.metadata.dependencies else { return Ok(Output::default()) };
    let fetched = fetcher(options, world, path)?.all(wanted)?;
    let locked: Vec<Dependency> = wanted
        .iter()
        .zip(&fetched.versions)
        .map(|(wanted, version)| Dependency {
            name: wanted.name.clone(),
            version: version.clone(),
            repository: wanted.repository.clone(),
            ..Dependency::default()
        })
        .collect();
    let mut output = save(&fetched, &locked);
    let digest = digest(wanted, &locked);
    if chart.lock.as_ref().is_none_or(|lock| lock.digest != digest) {
        let generated = world.host.now().to_string();
        let lock = Lock { generated, digest, dependencies: locked };
        let is_v1 = chart.metadata.api_version == "v1";
        let name = if is_v1 { "requirements.lock" } else { "Chart.lock" };
        output.files.push(OutputFile {
            path: name.to_owned(),
            change: Change::Write(lock.to_yaml().into_bytes()),
        });
    }
    Ok(output)
}

/// What is printed and written once every chart is at hand.
fn save(fetched: &Fetched, locked: &[Dependency]) -> Output {
    let mut output =
        Output { text: format!("Saving {} charts\n", locked.len()), ..Output::default() };
    for dependency in locked.iter().filter(|dependency| dependency.repository.is_empty()) {
        output.text.push_str(&format!(
            "Dependency {} did not declare a repository. Assuming it exists in the charts \
             directory\n",
            dependency.name
        ));
    }
    output.text.push_str("Deleting outdated charts\n");
    let write = |(name, bytes): &(String, Vec<u8>)| OutputFile {
        path: format!("charts/{name}"),
        change: Change::Write(bytes.clone()),
    };
    let remove =
        |name: &String| OutputFile { path: format!("charts/{name}"), change: Change::Remove };
    output.files.extend(fetched.archives.iter().map(write));
    output.files.extend(fetched.outdated.iter().map(remove));
    output
}
