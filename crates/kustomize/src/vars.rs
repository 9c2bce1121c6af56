//! `vars`: values of fields put where texts say `$(NAME)`.

use std::collections::{BTreeMap, BTreeSet};

use inhaul_yaml::{Node, NodeKind, Style, Tag, go_float};

use crate::collection::Collection;
use crate::config::Tables;
use crate::error::{Error, Result};
use crate::field::{self, is_string, split_bracketed};
use crate::fieldspec::{self, Create};
use crate::id::{NO_NAMESPACE, effective_namespace};
use crate::resource::Resource;
use crate::settings::Variable;
use crate::shared;

/// The vars of a build by name.
pub(crate) type Variables = BTreeMap<String, Variable>;

fn show(variable: &Variable) -> String {
    format!("{} (objref {}, fieldref {})", variable.name, variable.target, variable.field_path)
}

/// Notes which resources the vars of a level mean, and adds the vars to those of other levels.
pub(crate) fn declare(
    known: &mut Variables,
    incoming: &[Variable],
    resources: &mut Collection,
) -> Result<()> {
    for variable in incoming {
        let target = variable.target.effective();
        let exact = !variable.target.namespace.is_empty()
            || effective_namespace(&target.gvk.api_version(), &target.gvk.kind, "") == NO_NAMESPACE;
        let matches = |resource: &&mut Resource| {
            let mut ids = resource.previous_ids().chain([resource.current_id()]);
            ids.any(|id| {
                id.gvk == target.gvk
                    && id.name == target.name
                    && (!exact || id.namespace == target.namespace)
            })
        };
        let mut found: Vec<_> = resources.contents_mut().iter_mut().filter(matches).collect();
        if found.len() > 1 {
            return Err(Error::new(format!(
                "found {} resId matches for var {} (unable to disambiguate)",
                found.len(),
                show(variable)
            )));
        }
        if let Some(resource) = found.pop() {
            resource.variables.push(variable.name.clone());
        }
    }
    merge(known, incoming.iter().cloned())
}

/// Adds vars; a name can be declared once.
pub(crate) fn merge(
    known: &mut Variables,
    incoming: impl IntoIterator<Item = Variable>,
) -> Result<()> {
    for variable in incoming {
        if known.contains_key(&variable.name) {
            return Err(Error::new(format!("var '{}' already encountered", variable.name)));
        }
        known.insert(variable.name.clone(), variable);
    }
    Ok(())
}

/// The value of a var as the text it becomes, and the tag that it has where it stands alone.
type Values = BTreeMap<String, Option<(String, Tag)>>;

fn value(resources: &[Resource], variable: &Variable) -> Result<Option<(String, Tag)>> {
    let holder = resources.iter().find(|resource| resource.variables.contains(&variable.name));
    let Some(resource) = holder else {
        return Err(Error::new(format!(
            "var '{}' cannot be mapped to a field in the set of known resources",
            show(variable)
        )));
    };
    let path: Vec<String> = split_bracketed(&variable.field_path)
        .iter()
        .flat_map(|part| match part.split_once('[') {
            // `list[0]` is a field and an index.
            Some((name, rest))
                if rest.strip_suffix(']').is_some_and(|i| i.parse::<usize>().is_ok()) =>
            {
                vec![name.to_owned(), rest.trim_end_matches(']').to_owned()]
            }
            _ => vec![part.clone()],
        })
        .collect();
    let node = field::lookup(&resource.node, &path).ok().flatten();
    let Some(node) = node else {
        return Err(Error::new(format!(
            "field specified in var '{}' not found in corresponding resource {}",
            show(variable),
            resource.describe()
        )));
    };
    let NodeKind::Scalar(text) = &node.kind else { return Ok(None) };
    Ok(Some(match node.tag {
        Tag::Int => (text.to_string(), Tag::Int),
        Tag::Bool => (text.to_lowercase().to_string(), Tag::Bool),
        Tag::Float => {
            let number = text.parse::<f64>().unwrap_or_default();
            (go_float(number), Tag::Float)
        }
        _ => (text.to_string(), Tag::Str),
    }))
}

/// One pass over all resources.
struct Expander<'v> {
    values: &'v Values,
    used: BTreeSet<String>,
}

impl Expander<'_> {
    /// The text with its vars replaced; the tag only where a var is all of it.
    fn expand(&mut self, text: &str) -> (String, Tag) {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            result.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                result.push('$');
                rest = after;
                continue;
            }
            let Some((name, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
            else {
                result.push('$');
                continue;
            };
            rest = after;
            match self.values.get(name) {
                Some(Some((value, tag))) => {
                    self.used.insert(name.to_owned());
                    if text.len() == name.len() + 3 {
                        return (value.clone(), *tag);
                    }
                    result.push_str(value);
                }
                _ => result.push_str(&format!("$({name})")),
            }
        }
        result.push_str(rest);
        (result, Tag::Str)
    }

    fn scalar(&mut self, node: &mut Node) {
        let NodeKind::Scalar(text) = &mut node.kind else { return };
        let (value, tag) = self.expand(text);
        *text = value.into();
        node.tag = tag;
        node.style = Style::Plain;
        shared::changed(node);
    }

    fn set(&mut self, node: &mut Node) -> Result<()> {
        match &mut node.kind {
            NodeKind::Scalar(_) => {
                if is_string(node) {
                    self.scalar(node);
                }
            }
            NodeKind::Mapping(entries) => {
                for (key, value) in entries {
                    if !is_string(key) {
                        let text = key.text().unwrap_or_default();
                        return Err(Error::new(format!("invalid map key: value='{text}'")));
                    }
                    if is_string(value) {
                        self.scalar(value);
                    }
                }
            }
            NodeKind::Sequence(items) => {
                for item in items {
                    if !is_string(item) {
                        return Err(Error::new("invalid value type expect a string"));
                    }
                    self.scalar(item);
                }
            }
        }
        Ok(())
    }
}

/// Replaces the vars of a build; gives a warning for those that nothing uses.
pub(crate) fn resolve(
    resources: &mut Collection,
    variables: &Variables,
    tables: &Tables,
) -> Result<Option<String>> {
    if variables.is_empty() {
        return Ok(None);
    }
    let values: Values = variables
        .values()
        .map(|variable| Ok((variable.name.clone(), value(resources.list(), variable)?)))
        .collect::<Result<_>>()?;
    let mut expander = Expander { values: &values, used: BTreeSet::new() };
    for resource in resources.contents_mut() {
        for spec in &tables.get().var_reference {
            fieldspec::apply(resource, spec, Create::Never, &mut |node| match node.is_null() {
                true => Ok(()),
                false => expander.set(node),
            })?;
            resource.settle();
        }
    }
    let unused: Vec<&str> = variables
        .keys()
        .filter(|name| !expander.used.contains(*name))
        .map(String::as_str)
        .collect();
    Ok((!unused.is_empty())
        .then(|| format!("well-defined vars that were never replaced: {}", unused.join(","))))
}
