//! Built-in plugins that a kustomization configures by an object: `generators`, `transformers` and `validators`.

use inhaul_yaml::Dialect;
use serde_json::Value;

use crate::Options;
use crate::chart;
use crate::collection::Collection;
use crate::decode::PLUGIN;
use crate::error::{Context, Error, Result};
use crate::fieldspec::FieldSpec;
use crate::generate;
use crate::load::Loader;
use crate::resource::Resource;
use crate::schema::Schemas;
use crate::settings::{Generator, GeneratorOptions, Image, Patch, Replacement, Replica};
use crate::transform::{fields, hash, images, names, namespace, patch, replacement, value_add};

/// What every plugin works with.
pub(crate) struct Helpers<'p, 't> {
    pub(crate) loader: &'p Loader<'t>,
    pub(crate) schemas: &'p Schemas,
}

/// Refuses everything but built-in plugins.
fn check(plugin: &Resource) -> Result<()> {
    if plugin.api_version() == "builtin" {
        return Ok(());
    }
    let kind = plugin.kind();
    Err(Error::new(format!(
        "external plugins disabled; unable to load external plugin '{kind}' ({}); exec and container functions and Go plugins are refused",
        plugin.describe()
    )))
}

fn settings(plugin: &Resource) -> Result<Value> {
    Ok(inhaul_yaml::to_json(&plugin.node, Dialect::GoV3)?)
}

fn field<'v>(settings: &'v Value, name: &str) -> &'v Value {
    let map = settings.as_object();
    let found = map.and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
    found.map_or(&Value::Null, |(_, value)| value)
}

fn text(settings: &Value, name: &str) -> Result<String> {
    PLUGIN.text(field(settings, name), name)
}

fn specs(settings: &Value) -> Result<Vec<FieldSpec>> {
    PLUGIN.list(field(settings, "fieldSpecs"), "fieldSpecs", FieldSpec::decode)
}

/// Runs one of `generators`.
pub(crate) fn generate(
    plugin: &Resource,
    helpers: &Helpers<'_, '_>,
    options: &Options,
) -> Result<Vec<Resource>> {
    check(plugin)?;
    let settings = settings(plugin)?;
    let generator = |decode: fn(crate::decode::Decoder, &Value, &str) -> Result<Generator>| {
        let mut generator = decode(PLUGIN, &settings, plugin.kind())?;
        let metadata = field(&settings, "metadata");
        if generator.name.is_empty() {
            generator.name = text(metadata, "name")?;
        }
        if generator.namespace.is_empty() {
            generator.namespace = text(metadata, "namespace")?;
        }
        generator.options.merge_under(&GeneratorOptions::default());
        Ok::<_, Error>(generator)
    };
    let what = || format!("plugin {} fails configuration", plugin.describe());
    match plugin.kind() {
        "ConfigMapGenerator" => {
            let generator = generator(Generator::config_map).context(what)?;
            Ok(vec![generate::config_map(&generator, helpers.loader)?])
        }
        "SecretGenerator" => {
            let generator = generator(Generator::secret).context(what)?;
            Ok(vec![generate::secret(&generator, helpers.loader)?])
        }
        "IAMPolicyGenerator" => Ok(vec![generate::iam::generate(&settings)?]),
        "HelmChartInflationGenerator" => {
            let entry = chart::Entry::decode(PLUGIN, &settings, plugin.kind()).context(what)?;
            entry.inflate(helpers.loader, options).context(|| entry.describe())
        }
        kind if is_transformer(kind) => {
            Err(Error::new(format!("plugin {} not a generator", plugin.describe())))
        }
        _ => Err(unknown(plugin)),
    }
    .map_err(|error| error.context("failed to load generator"))
}

fn unknown(plugin: &Resource) -> Error {
    Error::new(format!("unable to load builtin {}", plugin.gvk()))
}

fn is_transformer(kind: &str) -> bool {
    matches!(
        kind,
        "AnnotationsTransformer"
            | "HashTransformer"
            | "ImageTagTransformer"
            | "LabelTransformer"
            | "NamespaceTransformer"
            | "PatchJson6902Transformer"
            | "PatchStrategicMergeTransformer"
            | "PatchTransformer"
            | "PrefixTransformer"
            | "SuffixTransformer"
            | "PrefixSuffixTransformer"
            | "ReplacementTransformer"
            | "ReplicaCountTransformer"
            | "ValueAddTransformer"
    )
}

/// Runs one of `transformers` or `validators`.
pub(crate) fn transform(
    plugin: &Resource,
    resources: &mut Collection,
    helpers: &Helpers<'_, '_>,
) -> Result<()> {
    check(plugin)?;
    if matches!(plugin.kind(), kind if kind.ends_with("Generator")) {
        return Err(Error::new(format!("plugin {} not a transformer", plugin.describe())));
    }
    if !is_transformer(plugin.kind()) {
        return Err(unknown(plugin));
    }
    let settings = settings(plugin)?;
    run(plugin.kind(), &settings, resources, helpers)
        .context(|| format!("plugin {} fails configuration", plugin.describe()))
}

fn run(
    kind: &str,
    settings: &Value,
    resources: &mut Collection,
    helpers: &Helpers<'_, '_>,
) -> Result<()> {
    let Helpers { loader, schemas } = *helpers;
    match kind {
        "AnnotationsTransformer" | "LabelTransformer" => {
            let name = if kind.starts_with('L') { "labels" } else { "annotations" };
            let pairs = PLUGIN.map(field(settings, name), name)?;
            fields::set_entries(resources, &pairs, &specs(settings)?)
        }
        "HashTransformer" => hash::transform(resources),
        "ImageTagTransformer" => {
            let image = Image::decode(PLUGIN, field(settings, "imageTag"), "imageTag")?;
            images::transform(resources, &image, &specs(settings)?)
        }
        "NamespaceTransformer" => run_namespace(settings, resources),
        "PatchJson6902Transformer" => {
            patch::json6902(resources, &Patch::decode(PLUGIN, settings, kind)?, loader)
        }
        "PatchStrategicMergeTransformer" => {
            let paths = PLUGIN.texts(field(settings, "paths"), "paths")?;
            let patches = text(settings, "patches")?;
            if paths.is_empty() && patches.is_empty() {
                return Err(Error::new("empty file path and empty patch content"));
            }
            if !paths.is_empty() {
                patch::strategic_merge(resources, &paths, loader, schemas)?;
            }
            if patches.is_empty() {
                return Ok(());
            }
            let list = crate::read::patches(&patches)?;
            patch::apply_all(resources, list, schemas, &format!("Patch={patches}"))
        }
        "PatchTransformer" => {
            patch::transform(resources, &Patch::decode(PLUGIN, settings, kind)?, loader, schemas)
        }
        "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
            run_names(kind, settings, resources)
        }
        "ReplacementTransformer" => {
            let list = field(settings, "replacements");
            let list = PLUGIN.list(list, "replacements", Replacement::decode)?;
            replacement::transform(resources, &list, loader)
        }
        "ReplicaCountTransformer" => {
            let replica = Replica::decode(PLUGIN, field(settings, "replica"), "replica")?;
            fields::set_replicas(resources, &replica, &specs(settings)?)
        }
        _ => value_add::transform(resources, settings, loader),
    }
}

fn run_names(kind: &str, settings: &Value, resources: &mut Collection) -> Result<()> {
    let table = specs(settings)?;
    if field(settings, "fieldSpecs").is_null() {
        return Err(Error::new("fieldSpecs is not expected to be nil"));
    }
    if kind != "SuffixTransformer" {
        names::add(resources, names::End::Prefix, &text(settings, "prefix")?, &table)?;
    }
    if kind != "PrefixTransformer" {
        names::add(resources, names::End::Suffix, &text(settings, "suffix")?, &table)?;
    }
    Ok(())
}

fn run_namespace(settings: &Value, resources: &mut Collection) -> Result<()> {
    let mode = text(settings, "setRoleBindingSubjects")?;
    let subjects = match mode.as_str() {
        "" | "defaultOnly" => namespace::Subjects::Default,
        "allServiceAccounts" => namespace::Subjects::AllServiceAccounts,
        "none" => namespace::Subjects::None,
        _ => {
            return Err(Error::new(format!(
                "invalid value {mode:?} for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \"allServiceAccounts\""
            )));
        }
    };
    let settings_of = namespace::Settings {
        namespace: text(field(settings, "metadata"), "namespace")?,
        unset_only: PLUGIN.flag(field(settings, "unsetOnly"), "unsetOnly")?,
        subjects,
    };
    namespace::transform(resources, &settings_of, &specs(settings)?)
}
