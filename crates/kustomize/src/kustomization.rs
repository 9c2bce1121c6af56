//! `kustomization.yaml`: every field of it, its deprecated ones included.

use std::collections::BTreeMap;

use inhaul_yaml::Dialect;
use serde_json::Value;

use crate::chart;
use crate::decode::{KUSTOMIZATION, PLUGIN};
use crate::error::{Context, Error, Result};
use crate::settings::{
    Generator, GeneratorOptions, Image, Label, Patch, Replacement, Replica, SortOptions, Variable,
};

/// The names that a kustomization file may have.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// One kustomization, deprecated fields moved to where they belong.
#[derive(Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) openapi: BTreeMap<String, String>,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) namespace: String,
    pub(crate) common_labels: BTreeMap<String, String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: BTreeMap<String, String>,
    pub(crate) patches_strategic_merge: Vec<String>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replacements: Vec<Replacement>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) vars: Vec<Variable>,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) resources: Vec<String>,
    pub(crate) components: Vec<String>,
    pub(crate) crds: Vec<String>,
    pub(crate) config_map_generator: Vec<Generator>,
    pub(crate) secret_generator: Vec<Generator>,
    pub(crate) generator_options: GeneratorOptions,
    pub(crate) helm_charts: Vec<chart::Entry>,
    pub(crate) configurations: Vec<String>,
    pub(crate) generators: Vec<String>,
    pub(crate) transformers: Vec<String>,
    pub(crate) validators: Vec<String>,
    pub(crate) build_metadata: Vec<String>,
    /// Messages about deprecated fields.
    pub(crate) warnings: Vec<String>,
}

/// Deprecated fields in the order of their warnings, with what to use instead.
const DEPRECATED: [(&str, &str, &str); 6] = [
    ("bases", "resources", ""),
    ("commonLabels", "labels", ""),
    ("imageTags", "images", ""),
    ("patchesJson6902", "patches", ""),
    ("patchesStrategicMerge", "patches", ""),
    ("vars", "replacements", "[EXPERIMENTAL] "),
];

/// What is read besides the fields themselves.
#[derive(Default)]
struct Extra {
    bases: Vec<String>,
    image_tags: Vec<Image>,
    old_charts: Vec<chart::Entry>,
    /// `helmGlobals.chartHome`; `None` without `helmGlobals`.
    chart_home: Option<String>,
    used: bool,
    present: Vec<String>,
}

impl Kustomization {
    /// Reads the text of a kustomization file.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let value =
            inhaul_yaml::from_str(text, Dialect::GoV2).context(|| "invalid Kustomization")?;
        Self::from_value(&value)
    }

    /// Reads the data of a kustomization file.
    pub(crate) fn from_value(value: &Value) -> Result<Self> {
        let mut result = Self::default();
        let mut extra = Extra::default();
        KUSTOMIZATION
            .fields(value, "Kustomization", &mut |name, value, at| {
                let known = result.field(&mut extra, name, value, at)?
                    || result.list_field(name, value, at)?;
                let empty = value.is_null() || value.as_str() == Some("");
                if known && !empty && !matches!(name, "kind" | "apiversion" | "bases" | "imagetags")
                {
                    extra.used = true;
                }
                if !value.is_null() {
                    extra.present.push(name.to_owned());
                }
                Ok(known)
            })
            .context(|| "invalid Kustomization")?;
        result.finish(extra)?;
        Ok(result)
    }

    fn field(&mut self, extra: &mut Extra, name: &str, value: &Value, at: &str) -> Result<bool> {
        let decoder = KUSTOMIZATION;
        match name {
            "kind" => self.kind = decoder.text(value, at)?,
            "apiversion" => self.api_version = decoder.text(value, at)?,
            "metadata" => check_metadata(value, at)?,
            "openapi" => self.openapi = decoder.map(value, at)?,
            "nameprefix" => self.name_prefix = decoder.text(value, at)?,
            "namesuffix" => self.name_suffix = decoder.text(value, at)?,
            "namespace" => self.namespace = decoder.text(value, at)?,
            "commonlabels" => self.common_labels = decoder.map(value, at)?,
            "commonannotations" => self.common_annotations = decoder.map(value, at)?,
            "generatoroptions" => {
                self.generator_options = GeneratorOptions::decode(decoder, value, at)?;
            }
            "sortoptions" if value.is_null() => {}
            "sortoptions" => self.sort_options = Some(SortOptions::decode(decoder, value, at)?),
            "helmglobals" if value.is_null() => {}
            "helmglobals" => {
                let mut home = String::new();
                decoder.fields(value, at, &mut |name, value, at| {
                    match name {
                        "charthome" => home = decoder.text(value, at)?,
                        "confighome" => drop(decoder.text(value, at)?),
                        _ => return Ok(false),
                    }
                    Ok(true)
                })?;
                extra.chart_home = Some(home);
            }
            "helmcharts" => self.helm_charts = decoder.list(value, at, chart::Entry::decode)?,
            "helmchartinflationgenerator" => {
                extra.old_charts = decoder.list(value, at, chart::Entry::decode_old)?;
            }
            "bases" => extra.bases = decoder.texts(value, at)?,
            "imagetags" => extra.image_tags = decoder.list(value, at, Image::decode)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn list_field(&mut self, name: &str, value: &Value, at: &str) -> Result<bool> {
        let decoder = KUSTOMIZATION;
        match name {
            "labels" => self.labels = decoder.list(value, at, Label::decode)?,
            "patchesstrategicmerge" => self.patches_strategic_merge = decoder.texts(value, at)?,
            "patchesjson6902" => self.patches_json6902 = decoder.list(value, at, Patch::decode)?,
            "patches" => self.patches = decoder.list(value, at, Patch::decode)?,
            "images" => self.images = decoder.list(value, at, Image::decode)?,
            "replacements" => self.replacements = decoder.list(value, at, Replacement::decode)?,
            "replicas" => self.replicas = decoder.list(value, at, Replica::decode)?,
            "vars" => self.vars = decoder.list(value, at, Variable::decode)?,
            "resources" => self.resources = decoder.texts(value, at)?,
            "components" => self.components = decoder.texts(value, at)?,
            "crds" => self.crds = decoder.texts(value, at)?,
            "configmapgenerator" => {
                self.config_map_generator = decoder.list(value, at, Generator::config_map)?;
            }
            "secretgenerator" => {
                self.secret_generator = decoder.list(value, at, Generator::secret)?;
            }
            "configurations" => self.configurations = decoder.texts(value, at)?,
            "generators" => self.generators = decoder.texts(value, at)?,
            "transformers" => self.transformers = decoder.texts(value, at)?,
            "validators" => self.validators = decoder.texts(value, at)?,
            "buildmetadata" => self.build_metadata = decoder.texts(value, at)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Warnings, defaults, deprecated fields, and what a kustomization must be.
    fn finish(&mut self, extra: Extra) -> Result<()> {
        for (old, new, experimental) in DEPRECATED {
            if extra.present.contains(&old.to_lowercase()) {
                self.warnings.push(format!(
                    "# Warning: '{old}' is deprecated. Please use '{new}' instead. {experimental}Run 'kustomize edit fix' to update your Kustomization automatically."
                ));
            }
        }
        let used = extra.used || !extra.bases.is_empty() || !extra.image_tags.is_empty();
        self.resources.extend(extra.bases);
        self.images.extend(extra.image_tags);
        // The last of the older entries decides for all where there are no globals.
        let old_home = extra.old_charts.iter().rev().map(|chart| &chart.home);
        let old_home = old_home.into_iter().find(|home| !home.is_empty()).cloned();
        let home = extra.chart_home.or(old_home).unwrap_or_default();
        self.helm_charts.extend(extra.old_charts);
        for chart in &mut self.helm_charts {
            chart.home.clone_from(&home);
        }
        if self.kind.is_empty() {
            "Kustomization".clone_into(&mut self.kind);
        }
        let version = if self.kind == "Component" { "v1alpha1" } else { "v1beta1" };
        let required = format!("kustomize.config.k8s.io/{version}");
        if self.api_version.is_empty() {
            self.api_version.clone_from(&required);
        }
        if !used {
            return Err(Error::new("kustomization.yaml is empty"));
        }
        let mut problems = Vec::new();
        if self.kind != "Kustomization" && self.kind != "Component" {
            problems.push("kind should be Kustomization or Component".to_owned());
        }
        if self.api_version != required {
            problems.push(format!("apiVersion for {} should be {required}", self.kind));
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::new(problems.join("\n")))
    }
}

/// The metadata of a kustomization is read and not used.
fn check_metadata(value: &Value, at: &str) -> Result<()> {
    let decoder = KUSTOMIZATION;
    decoder.fields(value, at, &mut |name, value, at| {
        match name {
            "name" | "namespace" => drop(decoder.text(value, at)?),
            "labels" | "annotations" => drop(decoder.map(value, at)?),
            _ => return Ok(false),
        }
        Ok(true)
    })
}

/// Reads a file of `replacements`: one, or a list.
pub(crate) fn replacements_file(text: &str) -> Result<Vec<Replacement>> {
    let value = inhaul_yaml::from_str(text, Dialect::GoV2)?;
    match &value {
        Value::Array(_) => PLUGIN.list(&value, "Replacement", Replacement::decode),
        Value::Object(_) => Ok(vec![Replacement::decode(PLUGIN, &value, "Replacement")?]),
        _ => Err(Error::new(
            "unsupported replacement type encountered within replacement path: it must be a map or a list",
        )),
    }
}
