//! One level of a build: resources, generators, components, transformers, validators.

use super::{Accumulator, Level, Session, declare, read_kustomization};
use crate::collection::Collection;
use crate::config::{Config, Tables};
use crate::crds;
use crate::error::{Context, Error, Result};
use crate::generate;
use crate::origin::{ConfiguredBy, Origin};
use crate::plugin::{self, Helpers};
use crate::read;
use crate::resource::Resource;
use crate::transform::{fields, images, names, namespace, patch, replacement};

impl<'t> Session<'_> {
    /// Runs a whole level on what is there already.
    pub(super) fn accumulate(
        &mut self,
        level: &Level<'t>,
        mut accumulator: Accumulator,
    ) -> Result<Accumulator> {
        let kustomization = &level.kustomization;
        for path in &kustomization.resources {
            self.resource(level, &mut accumulator, path).context(|| "accumulating resources")?;
        }
        if !kustomization.configurations.is_empty() {
            let mut config = Config::built_in().clone();
            for path in &kustomization.configurations {
                let text = level.loader.text(path)?;
                let loaded = Config::parse(&text).context(|| format!("configurations: {path}"))?;
                config.merge(&loaded).context(|| format!("configurations: {path}"))?;
            }
            accumulator.tables.merge(&Tables::own(config))?;
        }
        if !kustomization.crds.is_empty() {
            let what = || format!("loading CRDs {:?}", kustomization.crds);
            let config = crds::load(&kustomization.crds, &level.loader).context(what)?;
            accumulator.tables.merge(&Tables::own(config))?;
        }
        self.generators(level, &mut accumulator)?;
        for path in &kustomization.components {
            accumulator = self.component(level, accumulator, path).map_err(|error| {
                Error::new(format!("accumulateDirectory: {:?}", error.to_string()))
                    .context("accumulating components")
            })?;
        }
        self.transformers(level, &mut accumulator)?;
        for plugin in self.plugins(level, &kustomization.transformers)? {
            let helpers = Helpers { loader: &level.loader, schemas: &self.schemas };
            plugin::transform(&plugin, &mut accumulator.resources, &helpers)?;
            mark(&mut accumulator.resources, configured_by(&plugin));
            accumulator.resources.drop_empty();
        }
        self.validators(level, &mut accumulator)?;
        declare(&mut accumulator, &kustomization.vars)?;
        Ok(accumulator)
    }

    /// Adds what one entry of `resources` names: a file, or else a directory.
    fn resource(
        &mut self,
        level: &Level<'t>,
        accumulator: &mut Accumulator,
        path: &str,
    ) -> Result<()> {
        let Err(file_error) = file(level, accumulator, path) else { return Ok(()) };
        let loader = match level.loader.descend(path) {
            Ok(loader) => loader,
            Err(_) if file_error.is_malformed() => return Err(file_error),
            Err(error) => return Err(error.context(format!("accumulation err='{file_error}'"))),
        };
        let origin = level.origin.as_ref().map(|origin| origin.append(path));
        // It is a directory: that it is no file is nothing to tell.
        self.directory(level, loader, origin, None)
            .and_then(|other| accumulator.merge(other).context(|| "recursed merging"))
            .context(|| format!("accumulating resources from '{path}'"))
    }

    fn component(
        &mut self,
        level: &Level<'t>,
        accumulator: Accumulator,
        path: &str,
    ) -> Result<Accumulator> {
        let loader = level.loader.descend(path).context(|| "loader.New")?;
        let origin = level.origin.as_ref().map(|origin| origin.append(path));
        self.directory(level, loader, origin, Some(accumulator))
    }

    /// Accumulates a directory: on its own, or as a component on what its parent has.
    fn directory(
        &mut self,
        parent: &Level<'t>,
        loader: crate::load::Loader<'t>,
        origin: Option<Origin>,
        onto: Option<Accumulator>,
    ) -> Result<Accumulator> {
        let root = loader.root().clone();
        let (mut kustomization, file_name) = read_kustomization(&loader)
            .context(|| format!("couldn't make target for path '{root}'"))?;
        kustomization.build_metadata.clone_from(&parent.kustomization.build_metadata);
        let namespace_above = parent.chart_namespace().to_owned();
        let level = Level { loader, kustomization, file_name, origin, namespace_above };
        self.enter(&level)?;
        let is_component = level.kustomization.kind == "Component";
        match (&onto, is_component) {
            (Some(_), false) => {
                return Err(Error::new(format!(
                    "expected kind 'Component' for path '{root}' but got 'Kustomization'"
                )));
            }
            (None, true) => {
                return Err(Error::new(format!("expected kind != 'Component' for path '{root}'")));
            }
            _ => {}
        }
        self.accumulate(&level, onto.unwrap_or_else(Accumulator::new))
            .context(|| format!("recursed accumulation of path '{root}'"))
    }

    fn generators(&mut self, level: &Level<'t>, accumulator: &mut Accumulator) -> Result<()> {
        let kustomization = &level.kustomization;
        let mut made = Vec::new();
        for (kind, generators) in [
            ("ConfigMapGenerator", &kustomization.config_map_generator),
            ("SecretGenerator", &kustomization.secret_generator),
        ] {
            for generator in generators {
                let mut generator = generator.clone();
                generator.options.merge_under(&kustomization.generator_options);
                let made_resource = match kind {
                    "SecretGenerator" => generate::secret(&generator, &level.loader),
                    _ => generate::config_map(&generator, &level.loader),
                };
                let mut resource =
                    made_resource.context(|| format!("{kind} {}", generator.name))?;
                resource.origin =
                    level.origin.as_ref().map(|origin| origin.of_builtin(kind, &level.file_name));
                made.push(resource);
            }
        }
        for entry in &kustomization.helm_charts {
            let mut entry = entry.clone();
            if entry.namespace.is_empty() {
                level.chart_namespace().clone_into(&mut entry.namespace);
            }
            let inflated = entry.inflate(&level.loader, self.options);
            let kind = "HelmChartInflationGenerator";
            let file = level.loader.shown(&level.file_name);
            for mut resource in inflated.context(|| format!("{} of {file}", entry.describe()))? {
                resource.origin =
                    level.origin.as_ref().map(|origin| origin.of_builtin(kind, &level.file_name));
                made.push(resource);
            }
        }
        for plugin in self.plugins(level, &kustomization.generators)? {
            let helpers = Helpers { loader: &level.loader, schemas: &self.schemas };
            for mut resource in plugin::generate(&plugin, &helpers, self.options)? {
                resource.origin = configured_by(&plugin);
                made.push(resource);
            }
        }
        for resource in made {
            let what = resource.describe();
            accumulator
                .resources
                .absorb(resource)
                .context(|| format!("merging from generator {what}"))?;
        }
        Ok(())
    }

    /// The objects that configure plugins: written in place, or named by file or directory.
    fn plugins(&mut self, level: &Level<'t>, entries: &[String]) -> Result<Vec<Resource>> {
        let mut accumulator = Accumulator::new();
        let mut paths = Vec::new();
        for entry in entries {
            let Ok(inline) = read::resources(entry) else {
                paths.push(entry);
                continue;
            };
            for mut resource in inline {
                resource.origin =
                    level.origin.as_ref().map(|origin| origin.append(&level.file_name));
                accumulator.resources.append(resource).context(|| "configuring external plugin")?;
            }
        }
        for path in paths {
            self.resource(level, &mut accumulator, path)?;
        }
        Ok(accumulator.resources.into_list())
    }

    fn transformers(&self, level: &Level<'t>, accumulator: &mut Accumulator) -> Result<()> {
        let kustomization = &level.kustomization;
        let tables = accumulator.tables.clone();
        let (loader, schemas) = (&level.loader, &*self.schemas);
        let resources = &mut accumulator.resources;
        let mut run = Run { level, resources };
        if !kustomization.patches_strategic_merge.is_empty() {
            run.step("PatchStrategicMergeTransformer", |resources| {
                let entries = &kustomization.patches_strategic_merge;
                patch::strategic_merge(resources, entries, loader, schemas)
            })?;
        }
        for entry in &kustomization.patches {
            run.step("PatchTransformer", |r| patch::transform(r, entry, loader, schemas))?;
        }
        if !kustomization.namespace.is_empty() {
            let namespace = kustomization.namespace.clone();
            let settings = namespace::Settings { namespace, ..Default::default() };
            run.step("NamespaceTransformer", |resources| {
                namespace::transform(resources, &settings, &tables.get().namespace)
            })?;
        }
        affixes(&mut run, &tables)?;
        labels(&mut run, &tables)?;
        for entry in &kustomization.patches_json6902 {
            run.step("PatchJson6902Transformer", |r| patch::json6902(r, entry, loader))?;
        }
        for replica in &kustomization.replicas {
            run.step("ReplicaCountTransformer", |resources| {
                fields::set_replicas(resources, replica, &tables.get().replicas)
            })?;
        }
        for image in &kustomization.images {
            run.step("ImageTagTransformer", |r| images::transform(r, image, &tables.get().images))?;
        }
        if !kustomization.replacements.is_empty() {
            run.step("ReplacementTransformer", |resources| {
                replacement::transform(resources, &kustomization.replacements, loader)
            })?;
        }
        Ok(())
    }

    fn validators(&mut self, level: &Level<'t>, accumulator: &mut Accumulator) -> Result<()> {
        for plugin in self.plugins(level, &level.kustomization.validators)? {
            let state = |resources: &Collection| -> Result<Vec<serde_json::Value>> {
                resources.list().iter().map(validated).collect()
            };
            let ids = |resources: &Collection| -> Vec<usize> {
                resources.list().iter().map(|r| r.history.previous.len()).collect()
            };
            let ids_before = ids(&accumulator.resources);
            let before = state(&accumulator.resources)?;
            let helpers = Helpers { loader: &level.loader, schemas: &self.schemas };
            plugin::transform(&plugin, &mut accumulator.resources, &helpers)?;
            let after = state(&accumulator.resources)?;
            // Old ids are annotations to the real tool: to remember one is a change, too.
            let ids_after = ids(&accumulator.resources);
            let differs =
                |at: &usize| after[*at] != before[*at] || ids_after.get(*at) != ids_before.get(*at);
            let changed = (0..after.len().min(before.len())).find(differs);
            if changed.is_some() || after.len() != before.len() {
                let list = accumulator.resources.list();
                let object = changed.map_or_else(String::new, |at| list[at].describe());
                return Err(Error::new(format!(
                    "validator shouldn't modify the resource map: {} changed {object}",
                    plugin.describe()
                )));
            }
        }
        Ok(())
    }
}

/// An object without the label that validators may set.
fn validated(resource: &Resource) -> Result<serde_json::Value> {
    let mut value = resource.to_json()?;
    if let Some(labels) = value.pointer_mut("/metadata/labels").and_then(|l| l.as_object_mut()) {
        labels.remove("validated-by");
        let empty = labels.is_empty();
        if let Some(metadata) = value["metadata"].as_object_mut().filter(|_| empty) {
            metadata.remove("labels");
        }
    }
    Ok(value)
}

/// Prefix, then suffix.
fn affixes(run: &mut Run<'_, '_>, tables: &Tables) -> Result<()> {
    let kustomization = &run.level.kustomization;
    if !kustomization.name_prefix.is_empty() {
        run.step("PrefixTransformer", |resources| {
            let (part, table) = (&kustomization.name_prefix, &tables.get().name_prefix);
            names::add(resources, names::End::Prefix, part, table)
        })?;
    }
    if kustomization.name_suffix.is_empty() {
        return Ok(());
    }
    run.step("SuffixTransformer", |resources| {
        let (part, table) = (&kustomization.name_suffix, &tables.get().name_suffix);
        names::add(resources, names::End::Suffix, part, table)
    })
}

/// Labels, then annotations.
fn labels(run: &mut Run<'_, '_>, tables: &Tables) -> Result<()> {
    let kustomization = &run.level.kustomization;
    if !kustomization.labels.is_empty() || !kustomization.common_labels.is_empty() {
        for label in &kustomization.labels {
            let table = fields::label_table(label, tables.get())?;
            run.step("LabelTransformer", |r| fields::set_entries(r, &label.pairs, &table))?;
        }
        run.step("LabelTransformer", |resources| {
            fields::set_entries(
                resources,
                &kustomization.common_labels,
                &tables.get().common_labels,
            )
        })?;
    }
    if kustomization.common_annotations.is_empty() {
        return Ok(());
    }
    run.step("AnnotationsTransformer", |resources| {
        let pairs = &kustomization.common_annotations;
        fields::set_entries(resources, pairs, &tables.get().common_annotations)
    })
}

/// The transformers of a level at work.
struct Run<'r, 't> {
    level: &'r Level<'t>,
    resources: &'r mut Collection,
}

impl Run<'_, '_> {
    fn step(
        &mut self,
        kind: &str,
        transform: impl FnOnce(&mut Collection) -> Result<()>,
    ) -> Result<()> {
        let Level { loader, file_name, origin, .. } = self.level;
        transform(self.resources).context(|| format!("{kind} of {}", loader.shown(file_name)))?;
        mark(self.resources, origin.as_ref().map(|origin| origin.of_builtin(kind, file_name)));
        self.resources.drop_empty();
        Ok(())
    }
}

/// Notes who transformed; what has no origin yet gets this one.
fn mark(resources: &mut Collection, by: Option<Origin>) {
    let Some(by) = by else { return };
    for resource in resources.contents_mut() {
        resource.separate_annotations();
        if resource.origin.is_none() {
            resource.origin = Some(by.clone());
        } else {
            resource.transformations.push(by.clone());
        }
    }
}

/// What a plugin leaves behind.
fn configured_by(plugin: &Resource) -> Option<Origin> {
    let configured_by = ConfiguredBy {
        api_version: plugin.api_version().to_owned(),
        kind: plugin.kind().to_owned(),
        name: plugin.name().to_owned(),
        namespace: plugin.namespace().to_owned(),
    };
    Some(Origin {
        path: String::new(),
        configured_in: plugin.origin.as_ref()?.path.clone(),
        configured_by: Some(configured_by),
    })
}

/// Adds the objects of a file.
fn file(level: &Level<'_>, accumulator: &mut Accumulator, path: &str) -> Result<()> {
    let what = || format!("accumulating resources from '{path}'");
    let text = level.loader.text(path).context(what)?;
    let shown = level.loader.shown(path);
    let mut resources = read::resources(&text)
        .map_err(|error| if error.is_malformed() { in_file(&error, &shown) } else { error })
        .context(what)?;
    let origin = level.origin.as_ref().map(|origin| origin.append(path));
    for resource in &mut resources {
        resource.origin.clone_from(&origin);
        resource.file = Some(shown.clone());
    }
    accumulator
        .resources
        .append_all(resources)
        .context(|| format!("merging resources from '{path}'"))
}

fn in_file(error: &Error, path: &str) -> Error {
    Error::malformed(format!("{error} in File: {path}"))
}
