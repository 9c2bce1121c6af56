//! `helmCharts`: what a kustomization says of a chart, and how the chart becomes resources.
//!
//! The engine runs no program. Whoever builds hands in a [`ChartInflator`], which does what `helm template` does; the
//! arguments that the real tool would give to it are a [`Chart`].

mod values;

use std::fmt;

use inhaul_tree::{Kind, Tree, TreePath};
use serde_json::{Map, Value};

use crate::decode::Decoder;
use crate::error::{Context, Error, Result};
use crate::load::Loader;
use crate::resource::Resource;
use crate::{Options, read};

/// Renders charts for `helmCharts` and `HelmChartInflationGenerator`.
pub trait ChartInflator: fmt::Debug + Send + Sync {
    /// What `helm template` prints for a chart in a directory of the tree.
    ///
    /// # Errors
    /// Why the chart cannot be rendered, in Helm's words.
    fn inflate(&self, tree: &dyn Tree, chart: &Chart) -> std::result::Result<String, String>;
}

/// The arguments of one `helm template`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    /// The chart's directory in the tree.
    pub directory: TreePath,
    /// The release's name; Helm has its own where there is none.
    pub release_name: String,
    /// The release's namespace; empty means `default`.
    pub namespace: String,
    /// `--name-template`
    pub name_template: String,
    /// The values files in their order, later ones winning: name and content.
    pub values: Vec<(String, Vec<u8>)>,
    /// `--api-versions`
    pub api_versions: Vec<String>,
    /// `--kube-version`
    pub kube_version: String,
    /// `--include-crds`
    pub include_crds: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
    /// `--no-hooks`
    pub skip_hooks: bool,
}

/// How `valuesInline` and the values file go together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Precedence {
    /// Inline values win.
    #[default]
    Inline,
    /// The file's values win.
    File,
    /// Inline values alone count.
    InlineAlone,
}

/// An entry of `helmCharts`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    name: String,
    version: String,
    repo: String,
    pub(crate) namespace: String,
    additional_values_files: Vec<String>,
    values_file: String,
    values_inline: Map<String, Value>,
    values_merge: String,
    /// Where charts lie; `charts` if empty.
    pub(crate) home: String,
    chart: Chart,
}

impl Entry {
    /// Reads an entry of `helmCharts`, or the settings of the plugin, which hold the globals, too.
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| result.field(decoder, name, value, at))?;
        Ok(result)
    }

    fn field(&mut self, decoder: Decoder, name: &str, value: &Value, at: &str) -> Result<bool> {
        let chart = &mut self.chart;
        match name {
            "name" => self.name = decoder.text(value, at)?,
            "version" => self.version = decoder.text(value, at)?,
            "repo" => self.repo = decoder.text(value, at)?,
            "releasename" => chart.release_name = decoder.text(value, at)?,
            "namespace" => self.namespace = decoder.text(value, at)?,
            "additionalvaluesfiles" => self.additional_values_files = decoder.texts(value, at)?,
            "valuesfile" => self.values_file = decoder.text(value, at)?,
            "valuesinline" => self.values_inline = decoder.object(value, at)?,
            "valuesmerge" => self.values_merge = decoder.text(value, at)?,
            "includecrds" => chart.include_crds = decoder.flag(value, at)?,
            "skiphooks" => chart.skip_hooks = decoder.flag(value, at)?,
            "apiversions" => chart.api_versions = decoder.texts(value, at)?,
            "kubeversion" => chart.kube_version = decoder.text(value, at)?,
            "nametemplate" => chart.name_template = decoder.text(value, at)?,
            "skiptests" => chart.skip_tests = decoder.flag(value, at)?,
            // They concern Helm's messages and its downloads.
            "debug" | "devel" => drop(decoder.flag(value, at)?),
            "charthome" if !decoder.strict => self.home = decoder.text(value, at)?,
            "confighome" if !decoder.strict => drop(decoder.text(value, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads an entry of `helmChartInflationGenerator`, the older form.
    pub(crate) fn decode_old(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "chartname" => result.name = decoder.text(value, at)?,
                "chartversion" => result.version = decoder.text(value, at)?,
                "chartrepourl" => result.repo = decoder.text(value, at)?,
                "charthome" => result.home = decoder.text(value, at)?,
                "values" => result.values_file = decoder.text(value, at)?,
                "valueslocal" => result.values_inline = decoder.object(value, at)?,
                "valuesmerge" => result.values_merge = decoder.text(value, at)?,
                "releasename" => result.chart.release_name = decoder.text(value, at)?,
                // The real tool takes these and forgets them.
                "chartreponame" | "helmbin" | "helmhome" | "releasenamespace" => {
                    drop(decoder.text(value, at)?);
                }
                "extraargs" => drop(decoder.texts(value, at)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }

    /// Names the chart, for messages.
    pub(crate) fn describe(&self) -> String {
        format!("chart {:?}", self.name)
    }

    fn check(&self) -> Result<Precedence> {
        if self.name.is_empty() {
            return Err(Error::new("chart name cannot be empty"));
        }
        for (field, text) in [("releaseName", &self.chart.release_name), ("chart name", &self.name)]
        {
            if text.starts_with('-') {
                return Err(Error::new(format!("{field} must not start with '-', got {text:?}")));
            }
        }
        match self.values_merge.as_str() {
            "" | "override" => Ok(Precedence::Inline),
            "merge" => Ok(Precedence::File),
            "replace" => Ok(Precedence::InlineAlone),
            _ => Err(Error::new(format!(
                "valuesMerge must be one of [merge override replace], not {:?}",
                self.values_merge
            ))),
        }
    }

    /// Where the chart's directory must be.
    fn directory(&self, loader: &Loader<'_>) -> Result<TreePath> {
        let home = if self.home.is_empty() { "charts" } else { &self.home };
        let mut home = if home.starts_with('/') {
            TreePath::parse(home)?
        } else {
            loader.root().join(home)?
        };
        if !self.version.is_empty() && !self.repo.is_empty() {
            home = home.join(&format!("{}-{}", self.name, self.version))?;
        }
        Ok(home.join(&self.name)?)
    }

    /// Renders the chart.
    pub(crate) fn inflate(&self, loader: &Loader<'_>, options: &Options) -> Result<Vec<Resource>> {
        let Some(inflator) = &options.charts else {
            return Err(Error::new("must specify --enable-helm"));
        };
        let precedence = self.check()?;
        let directory = self.directory(loader)?;
        let mut additional = Vec::new();
        for path in &self.additional_values_files {
            let bytes =
                loader.load(path).context(|| "could not load additionalValuesFile")?.to_vec();
            additional.push((path.clone(), bytes));
        }
        if inhaul_tree::kind(loader.tree(), &directory)? != Some(Kind::Directory) {
            return Err(self.missing(&directory));
        }
        let mut chart = self.chart.clone();
        chart.values.push(self.values(loader, &directory, precedence)?);
        chart.values.extend(additional);
        self.namespace.clone_into(&mut chart.namespace);
        chart.directory = directory;
        if chart.kube_version.is_empty() {
            options.kube_version.clone_into(&mut chart.kube_version);
        }
        if chart.api_versions.is_empty() {
            options.api_versions.clone_into(&mut chart.api_versions);
        }
        let text = inflator.inflate(loader.tree(), &chart).map_err(Error::new)?;
        let mut resources = read::resources(&text).context(|| "reading what the chart renders")?;
        for resource in &mut resources {
            resource.history.from_chart = true;
        }
        Ok(resources)
    }

    fn missing(&self, directory: &TreePath) -> Error {
        if self.repo.is_empty() {
            return Error::new(format!(
                "no repo specified for pull, no chart found at '{directory}'"
            ));
        }
        let version = match self.version.as_str() {
            "" => String::new(),
            version => format!(" {version}"),
        };
        Error::new(format!(
            "chart {}{version} of {} is remote: charts are not downloaded, because a render reads its own tree only (put the unpacked chart at '{directory}')",
            self.name, self.repo
        ))
    }

    /// The values file of the chart, or the one in its place, with the inline values.
    fn values(
        &self,
        loader: &Loader<'_>,
        directory: &TreePath,
        precedence: Precedence,
    ) -> Result<(String, Vec<u8>)> {
        let path = match self.values_file.as_str() {
            "" => format!("/{directory}/values.yaml"),
            path => path.to_owned(),
        };
        if self.values_inline.is_empty() {
            return Ok((path.clone(), loader.load(&path)?.to_vec()));
        }
        let text = match precedence {
            Precedence::InlineAlone => {
                inhaul_yaml::to_string(&Value::Object(self.values_inline.clone()))
            }
            Precedence::Inline => values::merged(&loader.text(&path)?, &self.values_inline, true)?,
            Precedence::File => values::merged(&loader.text(&path)?, &self.values_inline, false)?,
        };
        Ok((format!("{}-kustomize-values.yaml", self.name), text.into_bytes()))
    }
}
