//! The namespace transformer and its special cases.

use std::collections::HashMap;
use std::sync::OnceLock;

use inhaul_yaml::{Node, Tag};

use crate::collection::Collection;
use crate::error::{Context, Error, Result};
use crate::field::{self, is_nil_or_empty};
use crate::fieldspec::{self, Create, FieldSpec};
use crate::id::{Gvk, is_cluster_scoped};
use crate::resource::Resource;

static METADATA: OnceLock<FieldSpec> = OnceLock::new();

/// Which subjects of role bindings follow the namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Subjects {
    /// Those named `default`, whatever their kind.
    #[default]
    Default,
    AllServiceAccounts,
    None,
}

/// How a namespace is set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) namespace: String,
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
}

impl Settings {
    fn set(&self, node: &mut Node) -> Result<()> {
        let has_value = !is_nil_or_empty(node) && node.text().is_some_and(|text| !text.is_empty());
        if self.unset_only && has_value {
            return Ok(());
        }
        field::set_scalar(node, &self.namespace, Tag::Str)
    }

    /// Sets the namespace of one resource.
    pub(crate) fn apply(&self, resource: &mut Resource, table: &[FieldSpec]) -> Result<()> {
        if !is_cluster_scoped(resource.api_version(), resource.kind()) {
            let spec =
                METADATA.get_or_init(|| FieldSpec::new(Gvk::default(), "metadata/namespace", true));
            fieldspec::apply(resource, spec, Create::Scalar(Tag::None), &mut |node| {
                self.set(node)
            })?;
        }
        let is_binding = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            self.set_subjects(resource)?;
        }
        let is_core = resource.api_version() == "v1";
        for spec in table {
            let binding_subjects = is_binding
                && spec.path == "subjects/namespace"
                && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
            let skipped = spec.path == "metadata/namespace"
                || (spec.path == "metadata/name" && !is_core)
                || binding_subjects;
            if !skipped {
                fieldspec::apply(resource, spec, Create::Scalar(Tag::Str), &mut |node| {
                    self.set(node).context(|| "namespace field specs must target scalar nodes")
                })
                .context(|| "namespace transformation failed")?;
            }
        }
        Ok(())
    }

    fn set_subjects(&self, resource: &mut Resource) -> Result<()> {
        let (name, value) = match self.subjects {
            Subjects::None => return Ok(()),
            Subjects::Default => ("name", "default"),
            Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
        };
        let Some(subjects) = resource.node.get_mut("subjects").filter(|node| !node.is_null())
        else {
            return Ok(());
        };
        let Some(items) = subjects.items_mut() else {
            return Err(field::wrong_kind("SequenceNode", subjects)
                .context("setting namespace on (cluster)role binding subjects"));
        };
        for subject in items {
            let field = subject.get(name).filter(|field| !field.is_null());
            if let Some(field) = field.filter(|field| field.text().is_none()) {
                return Err(field::wrong_kind("ScalarNode", field)
                    .context("setting namespace on (cluster)role binding subjects"));
            }
            if field.and_then(Node::text) == Some(value) {
                let namespace = field::field_or_create(subject, "namespace", Node::plain(""))?;
                self.set(namespace)?;
            }
        }
        Ok(())
    }
}

/// Sets the namespace of every resource; two that become the same are an error.
pub(crate) fn transform(
    resources: &mut Collection,
    settings: &Settings,
    table: &[FieldSpec],
) -> Result<()> {
    if settings.namespace.is_empty() {
        return Ok(());
    }
    for resource in resources.list_mut() {
        if !resource.is_empty() && !resource.history.from_chart {
            resource.store_previous_id();
            settings.apply(resource, table)?;
        }
    }
    let mut seen: HashMap<String, &Resource> = HashMap::new();
    for resource in resources.list() {
        let other = seen.insert(resource.current_key(), resource);
        let both_from_charts =
            |other: &&Resource| other.history.from_chart && resource.history.from_chart;
        if let Some(other) = other.filter(|other| !both_from_charts(other)) {
            return Err(Error::new(format!(
                "namespace transformation produces ID conflict: [{} {}]",
                other.describe(),
                resource.describe()
            )));
        }
    }
    Ok(())
}
