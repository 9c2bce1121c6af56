//! The tables that tell transformers where to look: built in, and extended by `configurations` and `crds`.

use std::sync::{Arc, OnceLock};

use inhaul_yaml::Dialect;

use crate::decode::CONFIGURATION;
use crate::error::{Context, Result};
use crate::fieldspec::{FieldSpec, merge, sort_key};
use crate::id::Gvk;
use crate::settings::gvk_field;

/// The fields that name objects of one type.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) referrers: Vec<FieldSpec>,
}

/// All tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) volume_claim_template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<NameReference>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

impl Config {
    /// The built-in tables, one copy for the whole process: they never change.
    pub(crate) fn built_in() -> &'static Self {
        static TABLES: OnceLock<Config> = OnceLock::new();
        TABLES.get_or_init(parse_built_in)
    }

    /// The table of a name, in lower case.
    fn table(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "nameprefix" => &mut self.name_prefix,
            "namesuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonlabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templatelabels" => &mut self.template_labels,
            "volumeclaimtemplatelabels" => &mut self.volume_claim_template_labels,
            "commonannotations" => &mut self.common_annotations,
            "varreference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    /// Reads a file of `configurations`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        // Configurations are read strictly: a key twice is an error, as it is to this parser.
        inhaul_yaml::parse(text)?;
        let value = inhaul_yaml::from_str(text, Dialect::GoV2)?;
        let mut result = Self::default();
        CONFIGURATION
            .fields(&value, "TransformerConfig", &mut |name, value, at| {
                if name == "namereference" {
                    result.name_reference = CONFIGURATION.list(value, at, decode_reference)?;
                } else if let Some(table) = result.table(name) {
                    *table = CONFIGURATION.list(value, at, FieldSpec::decode)?;
                } else {
                    return Ok(false);
                }
                Ok(true)
            })
            .context(|| "error unmarshaling JSON: while decoding JSON")?;
        result.sort();
        Ok(result)
    }

    /// Adds other tables to these.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        let mut other = other.clone();
        for name in TABLES {
            let (Some(own), Some(incoming)) = (self.table(name), other.table(name)) else {
                continue;
            };
            merge(own, incoming).context(|| format!("failed to merge {name} fieldSpec"))?;
        }
        for reference in &other.name_reference {
            self.add_reference(reference)?;
        }
        self.sort();
        Ok(())
    }

    pub(crate) fn add_reference(&mut self, reference: &NameReference) -> Result<()> {
        let same = self.name_reference.iter_mut().find(|own| own.target == reference.target);
        match same {
            Some(own) => merge(&mut own.referrers, &reference.referrers)
                .context(|| "failed to merge NameReference fieldSpec"),
            None => {
                self.name_reference.push(reference.clone());
                Ok(())
            }
        }
    }

    fn sort(&mut self) {
        for name in TABLES {
            if let Some(table) = self.table(name) {
                table.sort_by_cached_key(|spec| sort_key(&spec.gvk));
            }
        }
        self.name_reference.sort_by_cached_key(|reference| sort_key(&reference.target));
    }
}

const TABLES: [&str; 11] = [
    "nameprefix",
    "namesuffix",
    "namespace",
    "commonlabels",
    "labels",
    "templatelabels",
    "volumeclaimtemplatelabels",
    "commonannotations",
    "varreference",
    "images",
    "replicas",
];

fn decode_reference(
    decoder: crate::decode::Decoder,
    value: &serde_json::Value,
    at: &str,
) -> Result<NameReference> {
    let mut result = NameReference::default();
    decoder.fields(value, at, &mut |name, value, at| match name {
        "fieldspecs" => {
            result.referrers = decoder.list(value, at, FieldSpec::decode)?;
            Ok(true)
        }
        _ => gvk_field(&mut result.target, decoder, name, value, at),
    })?;
    Ok(result)
}

/// The tables of a part of a build: usually the built-in ones, which then need not even be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(Option<Arc<Config>>);

impl Tables {
    pub(crate) fn own(config: Config) -> Self {
        Self(Some(Arc::new(config)))
    }

    pub(crate) fn get(&self) -> &Config {
        self.0.as_deref().unwrap_or_else(|| Config::built_in())
    }

    /// Adds other tables; the same ones twice cost nothing.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        let same = match (&self.0, &other.0) {
            // Every set of tables has the built-in ones in it.
            (_, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, Some(_)) => false,
        };
        if same {
            return Ok(());
        }
        let mut merged = self.get().clone();
        merged.merge(other.get()).map_err(|error| error.context("merging config"))?;
        *self = Self::own(merged);
        Ok(())
    }
}

fn parse_built_in() -> Config {
    let mut config = Config::default();
    let mut table = String::new();
    for line in include_str!("tables/fieldspecs.txt").lines() {
        let mut parts = line.split('\t').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        if let Some(name) = line.strip_prefix("# ") {
            table = name.to_lowercase();
        } else if line.starts_with("> ") {
            table.clear();
            let group = part().trim_start_matches("> ").to_owned();
            let target = Gvk { group, version: part(), kind: part() };
            config.name_reference.push(NameReference { target, referrers: Vec::new() });
        } else {
            let gvk = Gvk { group: part(), version: part(), kind: part() };
            let spec = FieldSpec::new(gvk, &part(), part() == "create");
            match config.table(&table) {
                Some(table) => table.push(spec),
                None => config.name_reference.iter_mut().last().into_iter().for_each(|reference| {
                    reference.referrers.push(spec.clone());
                }),
            }
        }
    }
    // The table is kept in order, so that no process has to sort it.
    config
}
