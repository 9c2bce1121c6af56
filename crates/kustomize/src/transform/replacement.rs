//! Replacements: a value of one resource copied into fields of others.

use inhaul_yaml::{Node, NodeKind};

use crate::collection::Collection;
use crate::error::{Context, Error, Result};
use crate::field::{self, is_nil_or_empty, split_bracketed};
use crate::id::{DEFAULT_NAMESPACE, Id};
use crate::kustomization::replacements_file;
use crate::load::Loader;
use crate::resource::Resource;
use crate::selector::Matcher;
use crate::settings::{FieldOptions, Replacement, Source, Target};
use crate::shared;
use crate::transform::path::{Make, visit};
use crate::transform::structured;

/// Bytes of a value; without a bound a few replacements could double one without an end.
const LONGEST_VALUE: usize = 8 << 20;

/// Every id that a resource has or had, the current namespace as written.
fn ids(resource: &Resource) -> impl Iterator<Item = Id> + '_ {
    std::iter::once(resource.id()).chain(resource.previous_ids())
}

/// Applies replacements; an entry with a path stands for those in the file.
pub(crate) fn transform(
    resources: &mut Collection,
    entries: &[Replacement],
    loader: &Loader<'_>,
) -> Result<()> {
    let mut replacements = Vec::new();
    for entry in entries {
        let targets = entry.targets.as_ref().is_some_and(|targets| !targets.is_empty());
        if entry.path.is_empty() {
            replacements.push((entry.clone(), String::new()));
        } else if entry.source.is_some() || targets {
            return Err(Error::new("cannot specify both path and inline replacement"));
        } else {
            let file = loader.shown(&entry.path);
            let loaded = replacements_file(&loader.text(&entry.path)?).context(|| &file)?;
            replacements.extend(loaded.into_iter().map(|entry| (entry, file.clone())));
        }
    }
    for (replacement, file) in &replacements {
        apply(resources.list_mut(), replacement).map_err(|error| match file.as_str() {
            "" => error,
            file => error.context(format!("replacement in {file}")),
        })?;
    }
    Ok(())
}

fn apply(resources: &mut [Resource], replacement: &Replacement) -> Result<()> {
    let Replacement { source, source_value, targets, .. } = replacement;
    let Some(targets) = targets.as_ref().filter(|_| source.is_some() || source_value.is_some())
    else {
        return Err(Error::new("replacements must specify a source and at least one target"));
    };
    let value = match (source, source_value) {
        (Some(_), Some(_)) => {
            return Err(Error::new("value and resource selectors are mutually exclusive"));
        }
        (Some(source), None) => source_node(resources, source)?,
        (None, value) => Node::plain(value.clone().unwrap_or_default()),
    };
    targets.iter().try_for_each(|target| copy_to(resources, &value, target))
}

fn path_of(path: &str) -> &str {
    if path.is_empty() { "metadata.name" } else { path }
}

fn show(source: &Source) -> String {
    let mut text = source.id.to_string();
    if !source.field_path.is_empty() {
        text = format!("{text}:{}", source.field_path);
    }
    let FieldOptions { delimiter, index, create } = &source.options;
    if delimiter.is_empty() && !create {
        return text;
    }
    format!("{text}:{delimiter}({index}), create={create}")
}

fn selects(selector: &Id, id: &Id) -> bool {
    let or_default = |namespace: &str| match namespace {
        "" => DEFAULT_NAMESPACE.to_owned(),
        namespace => namespace.to_owned(),
    };
    (selector.name.is_empty() || selector.name == id.name)
        && (selector.namespace.is_empty()
            || or_default(&selector.namespace) == or_default(&id.namespace))
        && selector.gvk.selects(&id.gvk.group, &id.gvk.version, &id.gvk.kind)
}

fn source_node(resources: &[Resource], source: &Source) -> Result<Node> {
    let mut matches =
        resources.iter().filter(|resource| ids(resource).any(|id| selects(&source.id, &id)));
    let Some(resource) = matches.next() else {
        return Err(Error::new(format!("nothing selected by {}", show(source))));
    };
    if let Some(other) = matches.next() {
        let (one, two) = (resource.describe(), other.describe());
        let shown = show(source);
        return Err(Error::new(format!("multiple matches for selector {shown}: {one} and {two}")));
    }
    let path = path_of(&source.field_path);
    let node = field::lookup(&resource.node, &split_bracketed(path))
        .context(|| "error looking up replacement source")?;
    let Some(node) = node.filter(|node| !is_nil_or_empty(node)) else {
        return Err(Error::new(format!(
            "fieldPath `{path}` is missing for replacement source {}",
            source.id
        )));
    };
    let mut node = node.clone();
    shared::separate(&mut node);
    let FieldOptions { delimiter, index, .. } = &source.options;
    if delimiter.is_empty() {
        return Ok(node);
    }
    let NodeKind::Scalar(text) = &node.kind else {
        return Err(Error::new("delimiter option can only be used with scalar nodes"));
    };
    let part = usize::try_from(*index).ok().and_then(|at| text.split(delimiter).nth(at));
    let Some(part) = part.map(str::to_owned) else {
        return Err(Error::new(format!("options.index {index} is out of bounds for value {text}")));
    };
    node.kind = NodeKind::Scalar(part.into());
    Ok(node)
}

fn copy_to(resources: &mut [Resource], value: &Node, target: &Target) -> Result<()> {
    let Some(select) = &target.select else {
        return Err(Error::new("target must specify resources to select"));
    };
    let selector = || "error creating target selector";
    let select = Matcher::new(select).context(selector)?;
    let reject = target.reject.iter().map(|reject| Ok((reject, Matcher::new(reject)?)));
    let reject = reject.collect::<Result<Vec<_>>>().context(selector)?;
    for resource in resources {
        let rejected_by_metadata = reject.iter().any(|(selector, matcher)| {
            let says_something = !(selector.annotations.is_empty() && selector.labels.is_empty());
            says_something && matcher.accepts_metadata(resource)
        });
        let rejected = |id: &Id| {
            reject
                .iter()
                .any(|(selector, matcher)| !selector.id.is_empty() && matcher.accepts_id(id))
        };
        let selected = select.accepts_metadata(resource)
            && !rejected_by_metadata
            && !ids(resource).any(|id| rejected(&id))
            && ids(resource).any(|id| select.accepts_id(&id));
        if selected {
            copy_into(resource, value, target).context(|| resource.describe())?;
        }
    }
    Ok(())
}

fn copy_into(resource: &mut Resource, value: &Node, target: &Target) -> Result<()> {
    let default = ["metadata.name".to_owned()];
    let paths = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths };
    for path in paths {
        let make = if target.options.create { Make::like(value) } else { Make::Nothing };
        let parts = split_bracketed(path);
        resource.settle();
        let mut set = |node: &mut Node| set_value(node, value, &target.options);
        if structured::replace(&mut resource.node, &parts, make, &mut set).is_ok() {
            continue;
        }
        let verb = if make == Make::Nothing { "find" } else { "find or create" };
        let failure = || format!("unable to {verb} field {path:?} in replacement target");
        let mut error = None;
        let count = visit(&mut resource.node, &parts, make, &mut |node| {
            error = error.take().or(set(node).err());
            Ok(())
        });
        if count.context(failure)? == 0 {
            return Err(Error::new(failure()));
        }
        if let Some(error) = error {
            return Err(error);
        }
    }
    resource.settle();
    Ok(())
}

fn set_value(node: &mut Node, value: &Node, options: &FieldOptions) -> Result<()> {
    let mut value = value.clone();
    let FieldOptions { delimiter, index, .. } = options;
    if !delimiter.is_empty() {
        let NodeKind::Scalar(old) = &node.kind else {
            return Err(Error::new("delimiter option can only be used with scalar nodes"));
        };
        let new = if value.is_null() { "" } else { value.text().unwrap_or_default() };
        let mut parts: Vec<&str> = old.split(delimiter).collect();
        match usize::try_from(*index) {
            Err(_) => parts.insert(0, new),
            Ok(at) if at >= parts.len() => parts.push(new),
            Ok(at) => parts[at] = new,
        }
        value.kind = NodeKind::Scalar(parts.join(delimiter).into());
    }
    if value.text().is_some_and(|text| text.len() > LONGEST_VALUE) {
        return Err(Error::new(format!("a replaced value grows beyond {LONGEST_VALUE} bytes")));
    }
    match &mut node.kind {
        // Only the text is copied: the type of the target stays, for better or worse.
        NodeKind::Scalar(text) => *text = value.text().unwrap_or_default().into(),
        _ => *node = value,
    }
    shared::changed(node);
    Ok(())
}
