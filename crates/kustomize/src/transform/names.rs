//! Prefixes and suffixes of names.

use inhaul_yaml::Tag;

use crate::collection::Collection;
use crate::error::Result;
use crate::field;
use crate::fieldspec::{self, Create, FieldSpec};
use crate::id::Gvk;

/// At which end of a name something is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// Types whose names others than this build depend on.
fn keeps_its_name(resource: &crate::Resource) -> bool {
    let selector = |group: &str, kind: &str| Gvk {
        group: group.to_owned(),
        version: String::new(),
        kind: kind.to_owned(),
    };
    [
        selector("", "CustomResourceDefinition"),
        selector("apiregistration.k8s.io", "APIService"),
        selector("", "Namespace"),
    ]
    .iter()
    .any(|selector| resource.original_type_selected(selector))
}

/// Adds to the names, and to whatever else a table says.
pub(crate) fn add(
    resources: &mut Collection,
    end: End,
    part: &str,
    table: &[FieldSpec],
) -> Result<()> {
    for resource in resources.list_mut() {
        if keeps_its_name(resource) {
            continue;
        }
        for spec in table {
            if !resource.original_type_selected(&spec.gvk) {
                continue;
            }
            if spec.path == "metadata/name" && !part.is_empty() {
                let list = match end {
                    End::Prefix => &mut resource.history.prefixes,
                    End::Suffix => &mut resource.history.suffixes,
                };
                list.push(part.to_owned());
                resource.store_previous_id();
            }
            fieldspec::apply(resource, spec, Create::Scalar(Tag::Str), &mut |node| {
                let old = node.text().unwrap_or_default();
                let new = match end {
                    End::Prefix => format!("{part}{old}"),
                    End::Suffix => format!("{old}{part}"),
                };
                field::set_scalar(node, &new, Tag::None)
            })?;
        }
    }
    Ok(())
}
