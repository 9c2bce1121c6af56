//! Labels, annotations and replica counts: values set in the fields that a table names.

use std::collections::BTreeMap;

use inhaul_yaml::{Node, Tag};

use crate::collection::Collection;
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::field;
use crate::fieldspec::{self, Create, FieldSpec};
use crate::id::{Gvk, Id};
use crate::resource::Resource;
use crate::settings::{Label, Replica};

/// Sets entries in every mapping that a table names.
pub(crate) fn set_entries(
    resources: &mut Collection,
    pairs: &BTreeMap<String, String>,
    table: &[FieldSpec],
) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in resources.contents_mut() {
        let was_shared = resource.shares > 0;
        let values: Vec<(&String, Node)> = pairs
            .iter()
            .map(|(key, value)| (key, resource.share(Node::string(value.as_str()))))
            .collect();
        for spec in table {
            fieldspec::apply(resource, spec, Create::Mapping, &mut |node| {
                for (key, value) in &values {
                    field::set_field(node, key, value.clone())?;
                }
                Ok(())
            })?;
        }
        if was_shared {
            resource.settle();
        }
    }
    Ok(())
}

/// The fields that one entry of `labels` is set in.
pub(crate) fn label_table(label: &Label, config: &Config) -> Result<Vec<FieldSpec>> {
    let mut table = label.fields.clone();
    let mut add = |specs: &[FieldSpec]| {
        fieldspec::merge(&mut table, specs).context(|| "failed to merge labels")
    };
    add(&config.labels)?;
    if label.include_selectors {
        add(&config.common_labels)?;
        return Ok(table);
    }
    if label.include_templates {
        add(&config.template_labels)?;
    }
    if label.include_volume_claim_templates {
        add(&config.volume_claim_template_labels)?;
    }
    add(&[FieldSpec::new(Gvk::default(), "metadata/labels", true)])?;
    Ok(table)
}

/// Sets the number of replicas of whatever has or had a name.
pub(crate) fn set_replicas(
    resources: &mut Collection,
    replica: &Replica,
    table: &[FieldSpec],
) -> Result<()> {
    let named = |resource: &Resource| {
        resource.name() == replica.name
            || resource.history.previous.iter().any(|previous| previous.name == replica.name)
    };
    let places: Vec<usize> = (0..resources.list().len())
        .filter(|&at| named(&resources.list()[at]) && !resources.list()[at].is_empty())
        .collect();
    let mut found = false;
    for spec in table {
        for &at in &places {
            let resource = &mut resources.contents_mut()[at];
            let selected = |id: Id| {
                id.name == replica.name
                    && spec.gvk.selects(&id.gvk.group, &id.gvk.version, &id.gvk.kind)
            };
            let matches = resource.previous_ids().any(selected) || selected(resource.current_id());
            if !matches {
                continue;
            }
            found = true;
            fieldspec::apply(resource, spec, Create::Scalar(Tag::Int), &mut |node| {
                field::set_scalar(node, &replica.count.to_string(), Tag::Int)
            })?;
        }
    }
    if found {
        return Ok(());
    }
    let types: Vec<String> = table.iter().map(|spec| spec.gvk.to_string()).collect();
    Err(Error::new(format!(
        "resource with name {} does not match a config with the following GVK [{}]",
        replica.name,
        types.join(" ")
    )))
}
