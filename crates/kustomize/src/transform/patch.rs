//! Patches: which form one has, which resources it is for, and what happens to them.

use crate::collection::Collection;
use crate::error::{Context, Error, Result};
use crate::field::is_nil_or_empty;
use crate::load::Loader;
use crate::read;
use crate::resource::Resource;
use crate::schema::Schemas;
use crate::selector::Matcher;
use crate::settings::Patch;
use crate::transform::json_patch::JsonPatch;
use crate::transform::merge::merge;

/// An entry of `patches`, read and told apart.
#[derive(Debug)]
enum Form {
    Strategic(Vec<Resource>),
    Json(JsonPatch),
}

/// What tells one inline patch from another, for messages: its target and its paths, but no value,
/// which may be that of a Secret.
fn shown(entry: &Patch) -> String {
    const TOLD: [&str; 7] =
        ["apiVersion:", "kind:", "metadata:", "name:", "namespace:", "op:", "path:"];
    let text = entry.patch.trim();
    if text.starts_with('[') && !text.contains("value") {
        return text.to_owned();
    }
    if text.starts_with(['[', '{']) {
        return "(inline JSON)".to_owned();
    }
    let told = |line: &&str| {
        let line = line.trim_start().trim_start_matches("- ");
        TOLD.iter().any(|key| line.starts_with(key))
    };
    let lines: Vec<&str> = text.lines().filter(told).collect();
    // A word alone is no value of anything.
    if lines.is_empty() && !text.contains([':', ' ', '\n']) {
        return text.to_owned();
    }
    lines.join("\n")
}

/// Where a patch comes from, for messages.
fn source(entry: &Patch) -> String {
    if entry.path.is_empty() {
        format!("[patch: {:?}]", shown(entry))
    } else {
        format!("[path: {:?}]", entry.path)
    }
}

fn load(entry: &Patch, loader: &Loader<'_>) -> Result<Form> {
    let text = match (entry.patch.trim(), entry.path.as_str()) {
        ("", "") => return Err(Error::new("must specify one of patch and path in\n{}")),
        ("", path) => loader
            .text(path)
            .context(|| format!("failed to get the patch file from path({path})"))?,
        (patch, "") => patch.to_owned(),
        (_, path) => {
            return Err(Error::new(format!(
                "patch and path can't be set at the same time\npatch: {}\npath: {path}",
                shown(entry)
            )));
        }
    };
    let strategic = read::patches(&text);
    // A list is never a strategic patch, a map never a JSON patch; the second reading is only tried where it may win.
    let json = match &strategic {
        Ok(resources) if !resources.is_empty() => JsonPatch::parse(&text).ok(),
        Ok(_) => None,
        Err(_) => JsonPatch::parse(&text).ok(),
    };
    match (strategic, json) {
        (Ok(resources), Some(json)) if !resources.is_empty() && !json.is_empty() => {
            Err(Error::new(format!(
                "illegally qualifies as both an SM and JSON patch: {}",
                source(entry)
            )))
        }
        (Ok(resources), _) => Ok(Form::Strategic(resources)),
        (Err(_), Some(json)) => Ok(Form::Json(json)),
        (Err(error), None) => Err(Error::new(format!(
            "unable to parse SM or JSON patch from {}: {error}",
            source(entry)
        ))),
    }
}

impl Resource {
    /// Applies a strategic merge patch; name, kind and namespace stay unless the patch may change them.
    fn merge_patch(&mut self, patch: Self, schemas: &Schemas) -> Result<()> {
        let (name, namespace) = (self.name().to_owned(), self.namespace().to_owned());
        let kind = self.kind().to_owned();
        if patch.allow_name_change || patch.allow_kind_change {
            self.store_previous_id();
        }
        if drops_annotations(&patch) {
            // The real tool's notes are annotations, and go with the others.
            self.history = crate::resource::History::default();
            self.origin = None;
            self.transformations.clear();
        }
        let line = self.node.line;
        let node = std::mem::replace(&mut self.node, inhaul_yaml::Node::null());
        let comments = [self.comments.as_deref(), patch.comments.as_deref()];
        let merged = merge(node, patch.node, schemas, comments)?;
        let Some(merged) = merged.filter(|node| !is_nil_or_empty(node)) else { return Ok(()) };
        self.node = merged;
        self.node.line = line;
        self.settle();
        if !patch.allow_kind_change {
            self.set_kind(&kind)?;
        }
        if !patch.allow_name_change {
            self.set_name(&name)?;
        }
        self.set_namespace(&namespace)
    }
}

fn drops_annotations(patch: &Resource) -> bool {
    let replaced = |node: Option<&inhaul_yaml::Node>| {
        node.is_some_and(|node| {
            node.is_null()
                || matches!(
                    node.get("$patch").and_then(inhaul_yaml::Node::text),
                    Some("replace" | "delete")
                )
        })
    };
    let metadata = patch.node.get("metadata");
    replaced(metadata) || replaced(metadata.and_then(|metadata| metadata.get("annotations")))
}

/// Applies one entry of `patches`.
pub(crate) fn transform(
    resources: &mut Collection,
    entry: &Patch,
    loader: &Loader<'_>,
    schemas: &Schemas,
) -> Result<()> {
    match load(entry, loader)? {
        Form::Strategic(mut patches) => {
            for patch in &mut patches {
                patch.allow_name_change = entry.allow_name_change;
                patch.allow_kind_change = entry.allow_kind_change;
                if entry.allow_name_change || entry.allow_kind_change {
                    // What is allowed stands in the patch's annotations, which become strings by it.
                    patch.set_annotations(&patch.annotations())?;
                }
            }
            strategic(resources, entry, patches, schemas)
        }
        Form::Json(patch) => {
            let Some(target) = &entry.target else {
                let source = source(entry);
                return Err(Error::new(format!("must specify a target for JSON patch {source}")));
            };
            let matcher = Matcher::new(target)?;
            for resource in resources.list_mut().iter_mut().filter(|r| matcher.accepts(r)) {
                resource.store_previous_id();
                patch.apply(resource).context(|| source(entry))?;
            }
            Ok(())
        }
    }
}

fn strategic(
    resources: &mut Collection,
    entry: &Patch,
    mut patches: Vec<Resource>,
    schemas: &Schemas,
) -> Result<()> {
    let Some(target) = &entry.target else {
        return patches.into_iter().try_for_each(|patch| {
            let id = patch.id();
            let at = resources
                .find_one(&id.effective(), &id)
                .context(|| format!("no resource matches strategic merge patch \"{id}\""))?;
            patch_one(resources, at, patch, schemas).context(|| source(entry))
        });
    };
    if patches.len() > 1 {
        return Err(Error::new(format!(
            "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {}",
            source(entry)
        )));
    }
    let Some(patch) = patches.pop() else { return Ok(()) };
    let matcher = Matcher::new(target)
        .context(|| format!("unable to find patch target \"{target}\" in `resources`"))?;
    let places: Vec<usize> =
        (0..resources.list().len()).filter(|&at| matcher.accepts(&resources.list()[at])).collect();
    for at in places {
        let copy = copy_for(&patch, &resources.list()[at])?;
        patch_one(resources, at, copy, schemas).context(|| source(entry))?;
    }
    resources.check_ids()
}

/// The copy of a patch for one of its targets.
fn copy_for(patch: &Resource, resource: &Resource) -> Result<Resource> {
    let mut copy = patch.clone();
    copy.set_gvk(&crate::id::Gvk { kind: patch.kind().to_owned(), ..resource.gvk() })?;
    // The real tool copies these maps as strings, so that a null in one of them deletes nothing.
    copy.set_labels(&patch.labels())?;
    copy.set_annotations(&patch.annotations())?;
    Ok(copy)
}

fn patch_one(
    resources: &mut Collection,
    at: usize,
    patch: Resource,
    schemas: &Schemas,
) -> Result<()> {
    let keeps_id =
        !patch.allow_name_change && !patch.allow_kind_change && !drops_annotations(&patch);
    let resource = &mut resources.contents_mut()[at];
    let id = resource.current_id();
    let what = resource.describe();
    resource.merge_patch(patch, schemas).context(|| what)?;
    // The index of ids stays good for as long as nothing that is in it has changed.
    if !keeps_id || resource.is_empty() || resource.current_id() != id {
        resources.list_mut();
    }
    Ok(())
}

/// Applies `patchesStrategicMerge`: each entry is a patch itself, or the path of a file with some.
pub(crate) fn strategic_merge(
    resources: &mut Collection,
    entries: &[String],
    loader: &Loader<'_>,
    schemas: &Schemas,
) -> Result<()> {
    let mut patches = Vec::new();
    for entry in entries {
        match read::patches(entry) {
            Ok(inline) => patches.extend(inline),
            Err(_) => {
                let text = loader.text(entry)?;
                let loaded = read::patches(&text).context(|| format!("in File: {entry}"))?;
                patches.extend(loaded);
            }
        }
    }
    apply_all(resources, patches, schemas, &format!("files={entries:?}, Patch="))
}

/// Applies patches that find their targets by id.
pub(crate) fn apply_all(
    resources: &mut Collection,
    patches: Vec<Resource>,
    schemas: &Schemas,
    what: &str,
) -> Result<()> {
    if patches.is_empty() {
        return Err(Error::new(format!("patch appears to be empty; {what}")));
    }
    for patch in patches {
        let id = patch.id();
        let at = resources.find_one(&id.effective(), &id)?;
        let copy = copy_for(&patch, &resources.list()[at])?;
        patch_one(resources, at, copy, schemas)?;
        resources.drop_empty();
    }
    Ok(())
}

/// Applies one entry of `patchesJson6902`.
pub(crate) fn json6902(
    resources: &mut Collection,
    entry: &Patch,
    loader: &Loader<'_>,
) -> Result<()> {
    let Some(target) = &entry.target else {
        return Err(Error::new(format!("must specify a target for patch {}", entry.patch)));
    };
    if target.id.name.is_empty() {
        return Err(Error::new("must specify the target name"));
    }
    let text = match (entry.path.as_str(), entry.patch.as_str()) {
        ("", "") => return Err(Error::new("empty file path and empty jsonOp")),
        ("", patch) => patch.to_owned(),
        (path, "") => {
            let text = loader.text(path)?;
            if text.is_empty() {
                return Err(Error::new(format!("patch file '{path}' empty seems to be empty")));
            }
            text
        }
        _ => return Err(Error::new("must specify a file path or jsonOp, not both")),
    };
    let patch = JsonPatch::parse(&text).context(|| format!("decoding {text}"))?;
    if patch.is_empty() {
        return Err(Error::new(format!(
            "patch appears to be empty; file={}, JsonOp={text}",
            entry.path
        )));
    }
    let matcher = Matcher::new(target)?;
    for resource in resources.list_mut().iter_mut().filter(|r| matcher.accepts(r)) {
        patch.apply(resource).context(|| format!("patchesJson6902 {}", entry.path))?;
    }
    Ok(())
}
