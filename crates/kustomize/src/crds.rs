//! `crds`: OpenAPI definitions whose extensions say which fields hold names, labels and annotations.

use inhaul_yaml::Dialect;
use serde_json::Value;

use crate::config::{Config, NameReference};
use crate::error::{Context, Error, Result};
use crate::fieldspec::{FieldSpec, merge};
use crate::id::Gvk;
use crate::load::Loader;

/// References within references that a definition may have.
const DEEPEST: usize = 64;

/// Reads the tables that files of definitions add.
pub(crate) fn load(paths: &[String], loader: &Loader<'_>) -> Result<Config> {
    let mut config = Config::default();
    for path in paths {
        let what = || format!("unable to parse open API definition from '{path}'");
        let text = loader.text(path)?;
        let definitions = inhaul_yaml::from_str(&text, Dialect::GoV2).context(what)?;
        let map =
            definitions.as_object().ok_or_else(|| Error::new("it is no map")).context(what)?;
        let mut names: Vec<&String> = map.keys().collect();
        names.sort();
        for name in names {
            let properties = properties(&definitions, name);
            if ["kind", "apiVersion", "metadata"]
                .iter()
                .all(|field| properties.get(field).is_some())
            {
                let kind = name.rsplit('.').next().unwrap_or(name).to_owned();
                let gvk = Gvk { kind, ..Gvk::default() };
                let mut reader = Reader { definitions: &definitions, gvk, config: &mut config };
                reader.definition(name, &mut Vec::new())?;
            }
        }
    }
    Ok(config)
}

fn properties<'d>(definitions: &'d Value, name: &str) -> &'d Value {
    let definition = definitions.get(name);
    let schema =
        definition.and_then(|definition| definition.get("Schema").or(definition.get("schema")));
    schema.and_then(|schema| schema.get("properties")).unwrap_or(&Value::Null)
}

struct Reader<'d> {
    definitions: &'d Value,
    gvk: Gvk,
    config: &'d mut Config,
}

impl Reader<'_> {
    fn spec(&self, path: &[String]) -> FieldSpec {
        FieldSpec::new(self.gvk.clone(), &path.join("/"), false)
    }

    fn definition(&mut self, name: &str, path: &mut Vec<String>) -> Result<()> {
        if path.len() >= DEEPEST {
            return Err(Error::new(format!("definition {name} refers to itself without an end")));
        }
        let Some(properties) = properties(self.definitions, name).as_object() else {
            return Ok(());
        };
        let mut names: Vec<&String> = properties.keys().collect();
        names.sort();
        for field in names {
            path.push(field.clone());
            self.property(&properties[field], path)?;
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &Value, path: &mut Vec<String>) -> Result<()> {
        let text = |name: &str| property.get(name).and_then(Value::as_str);
        let spec = self.spec(path);
        if text("x-kubernetes-annotation").is_some() {
            merge(&mut self.config.common_annotations, std::slice::from_ref(&spec))?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            merge(&mut self.config.common_labels, std::slice::from_ref(&spec))?;
        }
        if text("x-kubernetes-identity").is_some() {
            merge(&mut self.config.name_prefix, &[spec])?;
        }
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name").to_owned();
            path.push(key);
            let target =
                Gvk { version: version.to_owned(), kind: kind.to_owned(), ..Gvk::default() };
            let referrers = vec![self.spec(path)];
            path.pop();
            self.config.add_reference(&NameReference { target, referrers })?;
        }
        match text("$ref") {
            Some(reference) => self.definition(reference, path),
            None => Ok(()),
        }
    }
}
