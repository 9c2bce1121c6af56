//! The `ValueAddTransformer`: one value written to, or into the path of, several fields.

use inhaul_yaml::{Node, Tag};
use serde_json::Value;

use crate::collection::Collection;
use crate::decode::PLUGIN;
use crate::error::{Error, Result};
use crate::field::{self, split_path};
use crate::load::Loader;
use crate::selector::Matcher;
use crate::settings::Selector;
use crate::transform::namespace;

/// A field that gets the value.
#[derive(Debug, Default)]
struct Target {
    selector: Option<Selector>,
    field_path: String,
    /// From 1; 0 replaces the field.
    file_path_position: i64,
}

fn targets(value: &Value, at: &str) -> Result<Vec<Target>> {
    PLUGIN.list(value, at, |decoder, value, at| {
        let mut target = Target::default();
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "selector" if value.is_null() => {}
                "selector" => target.selector = Some(Selector::decode(decoder, value, at)?),
                "fieldpath" => target.field_path = decoder.text(value, at)?,
                "filepathposition" => target.file_path_position = decoder.integer(value, at)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(target)
    })
}

/// Puts a part into a path at a position from 0; beyond the end it is appended.
fn insert_part(path: &str, position: usize, part: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

/// Runs the transformer.
pub(crate) fn transform(
    resources: &mut Collection,
    settings: &Value,
    loader: &Loader<'_>,
) -> Result<()> {
    let (mut value, mut file, mut list) = (String::new(), String::new(), Vec::new());
    PLUGIN.fields(settings, "ValueAddTransformer", &mut |name, field, at| {
        match name {
            "value" => value = PLUGIN.text(field, at)?.trim().to_owned(),
            "targets" => list = targets(field, at)?,
            "targetfilepath" => file = PLUGIN.text(field, at)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if value.is_empty() {
        loader.root().name().unwrap_or_default().clone_into(&mut value);
    }
    if !file.is_empty() {
        let data = inhaul_yaml::from_str(&loader.text(&file)?, inhaul_yaml::Dialect::GoV2)?;
        list.extend(targets(data.get("targets").unwrap_or(&Value::Null), &file)?);
    }
    if list.is_empty() {
        return Err(Error::new("must specify at least one target"));
    }
    for target in &list {
        if target.field_path.is_empty() {
            return Err(Error::new("fieldPath cannot be empty"));
        }
        if target.file_path_position < 0 {
            return Err(Error::new(format!(
                "value of FilePathPosition ({}) cannot be negative",
                target.file_path_position
            )));
        }
    }
    list.iter().try_for_each(|target| apply(resources, target, &value))
}

fn apply(resources: &mut Collection, target: &Target, value: &str) -> Result<()> {
    let matcher = target.selector.as_ref().map(Matcher::new).transpose()?;
    for resource in resources.list_mut() {
        if matcher.as_ref().is_some_and(|matcher| !matcher.accepts(resource)) {
            continue;
        }
        if target.field_path == "metadata/namespace" {
            let settings =
                namespace::Settings { namespace: value.to_owned(), ..Default::default() };
            settings.apply(resource, &[])?;
            continue;
        }
        let mut node = &mut resource.node;
        let parts = split_path(&target.field_path, '/');
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            let new = if last { Node::plain("") } else { field::empty_mapping() };
            node = field::field_or_create(node, part, new)?;
        }
        let new = match usize::try_from(target.file_path_position) {
            Ok(position @ 1..) => insert_part(node.text().unwrap_or_default(), position - 1, value),
            _ => value.to_owned(),
        };
        field::set_scalar(node, &new, Tag::None)?;
    }
    Ok(())
}
