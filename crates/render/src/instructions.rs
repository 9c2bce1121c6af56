//! What a Kustomization asks of a render.

use crate::Charts;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The part of a Kustomization that decides what is rendered from a tree. Empty and absent mean
/// the same everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instructions {
    /// Whose objects these are; written as labels on each.
    pub owner: Owner,
    /// Directory inside the tree; empty for its root.
    pub path: String,
    /// Namespace of everything that has one.
    pub target_namespace: Option<String>,
    /// Put before every name.
    pub name_prefix: Option<String>,
    /// Put after every name.
    pub name_suffix: Option<String>,
    /// Patches, after those of the kustomization file.
    pub patches: Vec<Patch>,
    /// Strategic merge patches of older versions of the API.
    pub patches_strategic_merge: Vec<Value>,
    /// JSON patches of older versions of the API.
    pub patches_json6902: Vec<JsonPatch>,
    /// Images; each replaces the one of its name in the kustomization file.
    pub images: Vec<Image>,
    /// Components: local paths relative to `path`.
    pub components: Vec<String>,
    /// Whether a component that is not there is left out.
    pub ignore_missing_components: bool,
    /// Labels and annotations of every object.
    pub common_metadata: CommonMetadata,
    /// `originAnnotations`, `transformerAnnotations`.
    pub build_metadata: Vec<String>,
    /// Renders the charts that kustomizations name; without it they are refused.
    pub charts: Option<Charts>,
}

/// The Kustomization that owns the objects. With an empty name nothing is labelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// Labels and annotations that are set on every object after the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommonMetadata {
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
}

/// A strategic merge patch or a JSON patch as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The text.
    pub patch: String,
    /// What it applies to; a strategic merge patch without one names its object itself.
    pub target: Option<Selector>,
}

/// A JSON patch as data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonPatch {
    /// The list of operations.
    pub patch: Value,
    /// What it applies to.
    pub target: Selector,
}

/// Selects objects; what is absent matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Group, a regular expression.
    pub group: Option<String>,
    /// Version, a regular expression.
    pub version: Option<String>,
    /// Kind, a regular expression.
    pub kind: Option<String>,
    /// Namespace, a regular expression.
    pub namespace: Option<String>,
    /// Name, a regular expression.
    pub name: Option<String>,
    /// A selector over annotations.
    pub annotation_selector: Option<String>,
    /// A selector over labels.
    pub label_selector: Option<String>,
}

/// What becomes of a container image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The name that is looked for.
    pub name: String,
    /// The new name.
    pub new_name: Option<String>,
    /// The new tag.
    pub new_tag: Option<String>,
    /// The new digest.
    pub digest: Option<String>,
}

/// A map of what is there and not empty.
pub(crate) fn texts(fields: &[(&str, &Option<String>)]) -> Map<String, Value> {
    fields
        .iter()
        .filter_map(|(key, text)| Some(((*key).to_owned(), text.as_deref()?)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (key, Value::from(text)))
        .collect()
}

impl Selector {
    /// As a kustomization file writes it.
    pub(crate) fn to_json(&self) -> Value {
        let Self { group, version, kind, namespace, name, annotation_selector, label_selector } =
            self;
        Value::Object(texts(&[
            ("group", group),
            ("version", version),
            ("kind", kind),
            ("namespace", namespace),
            ("name", name),
            ("annotationSelector", annotation_selector),
            ("labelSelector", label_selector),
        ]))
    }
}
