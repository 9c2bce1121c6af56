//! The build: directories accumulated from the bottom up, and what happens once at the root.

mod finish;
mod level;

use std::sync::Arc;

use inhaul_tree::Tree;

use crate::collection::Collection;
use crate::config::Tables;
use crate::error::{Context, Error, Result};
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::Loader;
use crate::origin::Origin;
use crate::schema::Schemas;
use crate::settings::Variable;
use crate::vars::{self, Variables};
use crate::{Built, Options};

/// What one build knows beyond the directory that it is in.
struct Session<'o> {
    options: &'o Options,
    warnings: Vec<String>,
    schemas: Arc<Schemas>,
    /// The first directory that names a schema decides for the whole build.
    schema_chosen: bool,
}

/// What a directory and everything below it add up to.
struct Accumulator {
    resources: Collection,
    tables: Tables,
    variables: Variables,
}

impl Accumulator {
    fn new() -> Self {
        Self {
            resources: Collection::default(),
            tables: Tables::default(),
            variables: Variables::new(),
        }
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.resources.append_all(other.resources.into_list())?;
        self.tables.merge(&other.tables)?;
        vars::merge(&mut self.variables, other.variables.into_values())
    }
}

/// One directory with its kustomization.
struct Level<'t> {
    loader: Loader<'t>,
    kustomization: Kustomization,
    file_name: String,
    /// Where this directory is, seen from the root; only where `buildMetadata` wants origins.
    origin: Option<Origin>,
    /// The namespace of the nearest kustomization above that sets one: charts get it.
    namespace_above: String,
}

impl Level<'_> {
    /// The namespace of charts that name none.
    fn chart_namespace(&self) -> &str {
        match self.kustomization.namespace.as_str() {
            "" => &self.namespace_above,
            namespace => namespace,
        }
    }
}

/// Finds and reads the kustomization of a directory.
fn read_kustomization(loader: &Loader<'_>) -> Result<(Kustomization, String)> {
    let mut found = Vec::new();
    for name in FILE_NAMES {
        if loader.has_file(name)? {
            found.push((name, loader.text(name)?));
        }
    }
    let root = loader.root();
    match &found[..] {
        [] => Err(Error::new(format!(
            "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{root}'"
        ))),
        [(name, text)] => {
            let kustomization = Kustomization::parse(text)
                .context(|| format!("Failed to read kustomization file under {root}:\n{name}"))?;
            Ok((kustomization, (*name).to_owned()))
        }
        _ => Err(Error::new(format!("Found multiple kustomization files under: {root}\n"))),
    }
}

/// Builds a directory of a tree.
pub(crate) fn run(
    tree: &dyn Tree,
    directory: &str,
    root: Option<&str>,
    options: &Options,
) -> Result<Built> {
    let loader = Loader::new(tree, directory, options.load_restrictor)?;
    let (kustomization, file_name) = match root {
        Some(text) => {
            let what = || format!("kustomization for '{}'", loader.root());
            (Kustomization::parse(text).context(what)?, FILE_NAMES[0].to_owned())
        }
        None => read_kustomization(&loader)?,
    };
    let mut session = Session {
        options,
        warnings: Vec::new(),
        schemas: Schemas::built_in(),
        schema_chosen: false,
    };
    let origin = (!kustomization.build_metadata.is_empty()).then(Origin::default);
    let level = Level { loader, kustomization, file_name, origin, namespace_above: String::new() };
    session.enter(&level)?;
    let accumulated = session.accumulate(&level, Accumulator::new())?;
    session.finish(&level, accumulated)
}

impl Session<'_> {
    /// Takes note of a directory's warnings and schema.
    fn enter(&mut self, level: &Level<'_>) -> Result<()> {
        self.warnings.extend(level.kustomization.warnings.iter().cloned());
        let openapi = &level.kustomization.openapi;
        let text = openapi.get("path").map(|path| level.loader.text(path)).transpose()?;
        if self.schema_chosen {
            return Ok(());
        }
        let version = openapi.get("version");
        if let Some(text) = text {
            if version.is_some() {
                return Err(Error::new(
                    "builtin version and custom schema provided, cannot use both",
                ));
            }
            let document = inhaul_yaml::from_str(&text, inhaul_yaml::Dialect::GoV2)?;
            let schemas = Schemas::from_openapi(&document).context(|| "openapi.path")?;
            self.schemas = Arc::new(schemas);
            self.schema_chosen = true;
        } else if let Some(version) = version.filter(|version| !version.is_empty()) {
            if version != "v1.21.2" {
                return Err(Error::new(format!(
                    "the specified OpenAPI version is not built in: {version} (known: v1.21.2)"
                )));
            }
            self.schema_chosen = true;
        }
        Ok(())
    }
}

/// The vars of a level, told apart from those of other levels.
fn declare(accumulator: &mut Accumulator, incoming: &[Variable]) -> Result<()> {
    vars::declare(&mut accumulator.variables, incoming, &mut accumulator.resources)
        .context(|| "merging vars")
}
