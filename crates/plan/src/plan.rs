//! The plan itself.

use crate::inventory::Inventory;
use inhaul_object::order::{self, Stage};
use inhaul_object::{GroupVersionKind, Object, ObjectId};
use inhaul_render::{Rendered, RenderedObject};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many bytes an inventory may take: with it, a status must fit into the 1.5 MiB that etcd
/// takes, and it is better to say so before anything is applied.
const MAX_INVENTORY_BYTES: usize = 1_200_000;
/// How many problems an error names.
const NAMED: usize = 5;

/// Whether the objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace each.
    Namespaced,
    /// In none.
    Cluster,
}

/// What the plan needs to know beside the objects.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Kinds, as (group, kind), that are applied in a stage of their own
    /// (`--custom-apply-stage-kinds`).
    pub custom_stage_kinds: Vec<(String, String)>,
}

/// An object to apply.
#[derive(Clone, Debug)]
pub struct PlannedObject {
    /// The object, with the namespace its kind demands.
    pub object: Object,
    /// The file that it comes from, where that is known.
    pub origin: Option<String>,
    /// Whether its kind has namespaces.
    pub scope: Scope,
}

impl PlannedObject {
    /// One object of a render, as a plan has it.
    pub fn of(rendered: RenderedObject, scope: Scope) -> Self {
        let RenderedObject { mut object, origin } = rendered;
        if scope == Scope::Cluster {
            object.set_namespace(None);
        }
        Self { object, origin, scope }
    }
}

/// What is to be done. It is made only from a complete render.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The objects to apply, stage by stage, each stage in the order of its writes.
    pub stages: Vec<Vec<PlannedObject>>,
    /// What is stored before the first write: everything from before, and everything new.
    pub ahead: Inventory,
    /// What the source holds now.
    pub wanted: Inventory,
    /// What left the source, in the order in which it is deleted.
    pub stale: Vec<(ObjectId, String)>,
}

impl Plan {
    /// How many objects the source holds.
    pub fn len(&self) -> usize {
        self.wanted.len()
    }

    /// Whether the source holds no object.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }
}

/// Why there is no plan. Each names the objects and the files they come from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Kinds that neither the API server nor the source knows.
    #[error("{}", listed(.0))]
    UnknownKinds(Vec<String>),
    /// Objects that need a namespace and have none.
    #[error("{}: namespace not specified; set metadata.namespace or spec.targetNamespace", listed(.0))]
    NoNamespace(Vec<String>),
    /// Two objects that are one to the API server.
    #[error("{}: defined more than once", listed(.0))]
    Duplicates(Vec<String>),
    /// The status could not hold the inventory.
    #[error(
        "{objects} objects are too many for one Kustomization: their inventory of {bytes} bytes would not fit into its status; split it"
    )]
    TooLarge {
        /// How many objects there are.
        objects: usize,
        /// What their inventory would take.
        bytes: usize,
    },
}

fn listed(problems: &[String]) -> String {
    let mut text = problems[..problems.len().min(NAMED)].join("; ");
    if problems.len() > NAMED {
        text.push_str(&format!("; and {} more", problems.len() - NAMED));
    }
    text
}

/// The kinds that an object defines: those of a CRD, in every version of it; of anything else none.
pub fn defined_kinds(object: &Object) -> Vec<GroupVersionKind> {
    if object.kind() != "CustomResourceDefinition" || object.group() != "apiextensions.k8s.io" {
        return Vec::new();
    }
    let spec = &object.as_json()["spec"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let kinds = versions.map(|version| GroupVersionKind {
        group: text(&spec["group"]),
        version: text(&version["name"]),
        kind: text(&spec["names"]["kind"]),
    });
    kinds.collect()
}

/// The scopes of the kinds that the rendered objects define themselves: the custom resources of
/// CRDs that the API server does not know yet.
pub fn rendered_scopes(rendered: &Rendered) -> HashMap<GroupVersionKind, Scope> {
    let mut scopes = HashMap::new();
    for RenderedObject { object, .. } in rendered.objects() {
        let cluster = object.as_json()["spec"]["scope"] == "Cluster";
        let scope = if cluster { Scope::Cluster } else { Scope::Namespaced };
        scopes.extend(defined_kinds(object).into_iter().map(|gvk| (gvk, scope)));
    }
    scopes
}

/// Makes a plan. `scopes` holds the kinds that the API server serves or the source defines.
///
/// # Errors
/// [`PlanError`] names every object at fault; there is no partial plan.
pub fn plan(
    rendered: Rendered,
    inventory: &Inventory,
    scopes: &HashMap<GroupVersionKind, Scope>,
    options: &Options,
) -> Result<Plan, PlanError> {
    let objects = scoped(rendered, scopes)?;
    let mut wanted = inventory.unreadable_only();
    for planned in &objects {
        wanted.insert(planned.object.id(), planned.object.version().to_owned());
    }
    let ahead = inventory.union(&wanted);
    let bytes = ahead.bytes();
    if bytes > MAX_INVENTORY_BYTES {
        return Err(PlanError::TooLarge { objects: ahead.len(), bytes });
    }
    let mut stale = inventory.minus(&wanted);
    stale.sort_by(|(a, _), (b, _)| order::compare(b, a));
    Ok(Plan { stages: staged(objects, options), ahead, wanted, stale })
}

fn scoped(
    rendered: Rendered,
    scopes: &HashMap<GroupVersionKind, Scope>,
) -> Result<Vec<PlannedObject>, PlanError> {
    let (mut unknown, mut homeless, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let mut objects = Vec::new();
    for rendered in rendered.into_objects() {
        let gvk = rendered.object.gvk();
        let Some(scope) = scopes.get(&gvk).copied() else {
            let (kind, api_version) = (&gvk.kind, gvk.api_version());
            unknown.push(format!(
                "{}: no matches for kind \"{kind}\" in version \"{api_version}\"; is its \
                 definition (CRD) installed?",
                named(&rendered.object, &rendered.origin)
            ));
            continue;
        };
        let planned = PlannedObject::of(rendered, scope);
        let name = || named(&planned.object, &planned.origin);
        if scope == Scope::Namespaced && planned.object.namespace().is_none() {
            homeless.push(name());
        }
        if !seen.insert(planned.object.id()) {
            twice.push(name());
        }
        objects.push(planned);
    }
    match (unknown.is_empty(), homeless.is_empty(), twice.is_empty()) {
        (false, ..) => Err(PlanError::UnknownKinds(unknown)),
        (_, false, _) => Err(PlanError::NoNamespace(homeless)),
        (.., false) => Err(PlanError::Duplicates(twice)),
        _ => Ok(objects),
    }
}

/// The object, with the file that it comes from.
fn named(object: &Object, origin: &Option<String>) -> String {
    match origin {
        Some(file) => format!("{} ({file})", object.id()),
        None => object.id().to_string(),
    }
}

fn staged(objects: Vec<PlannedObject>, options: &Options) -> Vec<Vec<PlannedObject>> {
    let mut stages: BTreeMap<Stage, Vec<PlannedObject>> = BTreeMap::new();
    for planned in objects {
        let stage = order::stage(&planned.object.gvk(), &options.custom_stage_kinds);
        stages.entry(stage).or_default().push(planned);
    }
    for stage in stages.values_mut() {
        stage.sort_by(|a, b| order::compare(&a.object.id(), &b.object.id()));
    }
    stages.into_values().collect()
}
