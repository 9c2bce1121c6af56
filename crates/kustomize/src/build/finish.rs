//! What happens once, at the root: final names, references, vars, order, and the end of all notes.

use std::collections::BTreeMap;

use super::{Accumulator, Level, Session};
use crate::error::{Context, Result};
use crate::fieldspec::FieldSpec;
use crate::id::{FIRST, Gvk, LAST};
use crate::origin::transformations;
use crate::resource::Resource;
use crate::transform::{fields, hash, sort};
use crate::{Built, Reorder, folded, name_ref, read, vars};

const ORIGIN: &str = "config.kubernetes.io/origin";
const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Annotations by which the real tool keeps notes; none of them is ever emitted.
const NOTES: [&str; 19] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/helm-generated",
];

impl Session<'_> {
    pub(super) fn finish(mut self, level: &Level<'_>, accumulated: Accumulator) -> Result<Built> {
        let Accumulator { mut resources, tables, variables } = accumulated;
        hash::transform(&mut resources)?;
        name_ref::fix(&mut resources, &tables)?;
        self.warnings.extend(vars::resolve(&mut resources, &variables, &tables)?);
        for resource in resources.list() {
            read::validate(&resource.node).context(|| resource.describe())?;
        }
        let list = resources.list_mut();
        list.retain(|resource| !resource.is_local_config());
        let kustomization = &level.kustomization;
        match (&kustomization.sort_options, self.options.reorder) {
            (Some(options), _) => sort::by_options(list, options)?,
            (None, Reorder::Legacy) => sort::by_kind(list, &FIRST, &LAST),
            (None, Reorder::None) => {}
        }
        let wants = |option: &str| kustomization.build_metadata.iter().any(|own| own == option);
        if self.options.managed_by_label || wants("managedByLabel") {
            let label = ("app.kubernetes.io/managed-by".to_owned(), "kustomize-v5.8.2".to_owned());
            let spec = FieldSpec::new(Gvk::default(), "metadata/labels", true);
            fields::set_entries(&mut resources, &BTreeMap::from([label]), &[spec])?;
        }
        let (origins, transformers) = (wants("originAnnotations"), wants("transformerAnnotations"));
        for resource in resources.contents_mut() {
            folded::refold(&mut resource.node);
            annotate(resource, origins, transformers)?;
        }
        Ok(Built { resources: resources.into_list(), warnings: self.warnings })
    }
}

/// Removes notes, and writes those that somebody asked for.
fn annotate(resource: &mut Resource, origins: bool, transformers: bool) -> Result<()> {
    let mut annotations = resource.annotations();
    for note in NOTES {
        annotations.remove(note);
    }
    annotations.remove(ORIGIN);
    annotations.remove(TRANSFORMATIONS);
    if let Some(origin) = resource.origin.as_ref().filter(|_| origins) {
        annotations.insert(ORIGIN.to_owned(), origin.text());
    }
    if transformers && !resource.transformations.is_empty() {
        let text = transformations(&resource.transformations);
        annotations.insert(TRANSFORMATIONS.to_owned(), text);
    }
    resource.set_annotations(&annotations)
}
