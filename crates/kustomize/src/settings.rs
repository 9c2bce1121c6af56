//! The structures inside a kustomization: selectors, patches, images, generators and the like.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::decode::Decoder;
use crate::error::Result;
use crate::fieldspec::FieldSpec;
use crate::id::{Gvk, Id, split_api_version};

/// Sets one of the fields that every id has.
fn id_field(id: &mut Id, decoder: Decoder, name: &str, value: &Value, at: &str) -> Result<bool> {
    let field = match name {
        "group" => &mut id.gvk.group,
        "version" => &mut id.gvk.version,
        "kind" => &mut id.gvk.kind,
        "name" => &mut id.name,
        "namespace" => &mut id.namespace,
        _ => return Ok(false),
    };
    *field = decoder.embedded_text(value, at)?;
    Ok(true)
}

/// Which resources a patch or replacement is for; the parts of the id are regular expressions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Selector {
    pub(crate) id: Id,
    pub(crate) annotations: String,
    pub(crate) labels: String,
}

impl Selector {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "annotationselector" => result.annotations = decoder.text(value, at)?,
                "labelselector" => result.labels = decoder.text(value, at)?,
                _ => return id_field(&mut result.id, decoder, name, value, at),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:a={}:l={}", self.id, self.annotations, self.labels)
    }
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Patch {
    pub(crate) path: String,
    pub(crate) patch: String,
    pub(crate) target: Option<Selector>,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
}

impl Patch {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "path" => result.path = decoder.text(value, at)?,
                // `jsonOp` is what the JSON patch transformer calls it in its own configuration.
                "patch" | "jsonop" => result.patch = decoder.text(value, at)?,
                "target" if value.is_null() => {}
                "target" => result.target = Some(Selector::decode(decoder, value, at)?),
                "options" => result.decode_options(decoder, value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }

    fn decode_options(&mut self, decoder: Decoder, value: &Value, at: &str) -> Result<()> {
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "allownamechange" => self.allow_name_change = decoder.flag(value, at)?,
                "allowkindchange" => self.allow_kind_change = decoder.flag(value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })
    }
}

/// An entry of `images`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) new_tag: String,
    pub(crate) tag_suffix: String,
    pub(crate) digest: String,
}

impl Image {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            let field = match name {
                "name" => &mut result.name,
                "newname" => &mut result.new_name,
                "newtag" => &mut result.new_tag,
                "tagsuffix" => &mut result.tag_suffix,
                "digest" => &mut result.digest,
                _ => return Ok(false),
            };
            *field = decoder.text(value, at)?;
            Ok(true)
        })?;
        Ok(result)
    }
}

/// An entry of `replicas`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

impl Replica {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "name" => result.name = decoder.text(value, at)?,
                "count" => result.count = decoder.integer(value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

/// An entry of `labels`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Label {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) include_volume_claim_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

impl Label {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "pairs" => result.pairs = decoder.map(value, at)?,
                "includeselectors" => result.include_selectors = decoder.flag(value, at)?,
                "includetemplates" => result.include_templates = decoder.flag(value, at)?,
                "includevolumeclaimtemplates" => {
                    result.include_volume_claim_templates = decoder.flag(value, at)?;
                }
                "fields" => result.fields = decoder.list(value, at, FieldSpec::decode)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

/// `generatorOptions`, or the `options` of one generator.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorOptions {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "labels" => result.labels = decoder.map(value, at)?,
                "annotations" => result.annotations = decoder.map(value, at)?,
                "disablenamesuffixhash" => {
                    result.disable_name_suffix_hash = decoder.flag(value, at)?;
                }
                "immutable" => result.immutable = decoder.flag(value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }

    /// What one generator says wins; a global yes cannot be taken back.
    pub(crate) fn merge_under(&mut self, global: &Self) {
        for (own, global) in
            [(&mut self.labels, &global.labels), (&mut self.annotations, &global.annotations)]
        {
            for (key, value) in global {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        self.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        self.immutable |= global.immutable;
    }
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Generator {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    pub(crate) options: GeneratorOptions,
    /// Secrets only.
    pub(crate) secret_type: String,
}

impl Generator {
    pub(crate) fn config_map(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        Self::decode(decoder, value, at, false)
    }

    pub(crate) fn secret(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        Self::decode(decoder, value, at, true)
    }

    fn decode(decoder: Decoder, value: &Value, at: &str, secret: bool) -> Result<Self> {
        // All of it is embedded wherever it stands.
        let decoder = Decoder { lenient_text: false, ..decoder };
        let mut result = Self::default();
        let mut env = String::new();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "name" => result.name = decoder.text(value, at)?,
                "namespace" => result.namespace = decoder.text(value, at)?,
                "behavior" => result.behavior = decoder.text(value, at)?,
                "literals" => result.literals = decoder.texts(value, at)?,
                "files" => result.files = decoder.texts(value, at)?,
                "envs" => result.envs = decoder.texts(value, at)?,
                "env" => env = decoder.text(value, at)?,
                "options" => result.options = GeneratorOptions::decode(decoder, value, at)?,
                "type" if secret => result.secret_type = decoder.text(value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        result.envs.extend((!env.is_empty()).then_some(env));
        Ok(result)
    }
}

/// An entry of `vars`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) target: Id,
    pub(crate) field_path: String,
}

impl Variable {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        let mut api_version = String::new();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "name" => result.name = decoder.text(value, at)?,
                "objref" => decoder.fields(value, at, &mut |name, value, at| match name {
                    "apiversion" => {
                        api_version = decoder.text(value, at)?;
                        Ok(true)
                    }
                    _ => id_field(&mut result.target, decoder, name, value, at),
                })?,
                "fieldref" => decoder.fields(value, at, &mut |name, value, at| {
                    if name == "fieldpath" {
                        result.field_path = decoder.text(value, at)?;
                    }
                    Ok(name == "fieldpath")
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if !api_version.is_empty() {
            let (group, version) = split_api_version(&api_version);
            let gvk = &mut result.target.gvk;
            gvk.version = version.to_owned();
            if !group.is_empty() {
                gvk.group = group.to_owned();
            }
        }
        if result.field_path.is_empty() {
            result.field_path = "metadata.name".to_owned();
        }
        Ok(result)
    }
}

/// `sortOptions`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    /// First and last kinds.
    pub(crate) legacy: Option<(Vec<String>, Vec<String>)>,
}

impl SortOptions {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "order" => result.order = decoder.text(value, at)?,
                "legacysortoptions" if value.is_null() => {}
                "legacysortoptions" => {
                    let (mut first, mut last) = (Vec::new(), Vec::new());
                    decoder.fields(value, at, &mut |name, value, at| {
                        match name {
                            "orderfirst" => first = decoder.texts(value, at)?,
                            "orderlast" => last = decoder.texts(value, at)?,
                            _ => return Ok(false),
                        }
                        Ok(true)
                    })?;
                    result.legacy = Some((first, last));
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

/// Options of a replacement's source or target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

impl FieldOptions {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "delimiter" => result.delimiter = decoder.text(value, at)?,
                "index" => result.index = decoder.integer(value, at)?,
                // The real tool reads it and does nothing with it.
                "encoding" => drop(decoder.text(value, at)?),
                "create" => result.create = decoder.flag(value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

/// Where a replacement's value comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Source {
    pub(crate) id: Id,
    pub(crate) field_path: String,
    pub(crate) options: FieldOptions,
}

/// Where a replacement's value goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Target {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: FieldOptions,
}

/// An entry of `replacements`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) path: String,
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<String>,
    pub(crate) targets: Option<Vec<Target>>,
}

impl Replacement {
    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "path" => result.path = decoder.text(value, at)?,
                "source" if value.is_null() => {}
                "source" => result.source = Some(Source::decode(decoder, value, at)?),
                "sourcevalue" if value.is_null() => {}
                "sourcevalue" => result.source_value = Some(decoder.text(value, at)?),
                "targets" if value.is_null() => {}
                "targets" => result.targets = Some(decoder.list(value, at, Target::decode)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

impl Source {
    fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "fieldpath" => result.field_path = decoder.text(value, at)?,
                "options" => result.options = FieldOptions::decode(decoder, value, at)?,
                _ => return id_field(&mut result.id, decoder, name, value, at),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

impl Target {
    fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let mut result = Self::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "select" if value.is_null() => {}
                "select" => result.select = Some(Selector::decode(decoder, value, at)?),
                "reject" => result.reject = decoder.list(value, at, Selector::decode)?,
                "fieldpaths" => result.field_paths = decoder.texts(value, at)?,
                "options" => result.options = FieldOptions::decode(decoder, value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(result)
    }
}

/// A type selector of a configuration file.
pub(crate) fn gvk_field(
    gvk: &mut Gvk,
    decoder: Decoder,
    name: &str,
    value: &Value,
    at: &str,
) -> Result<bool> {
    let field = match name {
        "group" => &mut gvk.group,
        "version" => &mut gvk.version,
        "kind" => &mut gvk.kind,
        _ => return Ok(false),
    };
    *field = decoder.embedded_text(value, at)?;
    Ok(true)
}
