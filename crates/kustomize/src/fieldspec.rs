//! Field specifications: which field of which type a transformer changes, and the walk that finds it.

use inhaul_yaml::{Node, NodeKind, Tag};
use serde_json::Value;

use crate::decode::Decoder;
use crate::error::{Context, Error, Result};
use crate::field::{self, split_path};
use crate::id::{FIRST, Gvk, LAST, rank, split_api_version};
use crate::resource::Resource;
use crate::settings::gvk_field;

/// One element of a path.
#[derive(Debug, Clone, PartialEq)]
struct Segment {
    name: String,
    /// Written as `name[]`: a list that is never created.
    list: bool,
}

/// A field of the types that a selector accepts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    pub(crate) path: String,
    pub(crate) create: bool,
    segments: Vec<Segment>,
}

impl FieldSpec {
    pub(crate) fn new(gvk: Gvk, path: &str, create: bool) -> Self {
        let segment = |part: String| match part.strip_suffix("[]") {
            Some(name) => Segment { name: name.to_owned(), list: true },
            None => Segment { name: part, list: false },
        };
        let segments = split_path(path, '/').into_iter().map(segment).collect();
        Self { gvk, path: path.to_owned(), create, segments }
    }

    pub(crate) fn decode(decoder: Decoder, value: &Value, at: &str) -> Result<Self> {
        let (mut gvk, mut path, mut create) = (Gvk::default(), String::new(), false);
        decoder.fields(value, at, &mut |name, value, at| {
            match name {
                "path" => path = decoder.text(value, at)?,
                "create" => create = decoder.flag(value, at)?,
                _ => return gvk_field(&mut gvk, decoder, name, value, at),
            }
            Ok(true)
        })?;
        Ok(Self::new(gvk, &path, create))
    }

    /// Whether this field exists in the type of a resource.
    pub(crate) fn accepts(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = split_api_version(api_version);
        self.gvk.selects(group, version, kind)
    }
}

/// Adds field specifications to others; the same field twice must agree about being created.
pub(crate) fn merge(into: &mut Vec<FieldSpec>, incoming: &[FieldSpec]) -> Result<()> {
    for spec in incoming {
        let same = |other: &&FieldSpec| {
            let Gvk { group, version, kind } = &other.gvk;
            other.path == spec.path && spec.gvk.selects(group, version, kind)
        };
        match into.iter().find(same) {
            Some(other) if other.create != spec.create => {
                return Err(Error::new("conflicting fieldspecs").context(format!(
                    "{} of {} is created in one and not in the other",
                    spec.path, spec.gvk
                )));
            }
            Some(_) => {}
            None => into.push(spec.clone()),
        }
    }
    Ok(())
}

/// The order in which tables are kept.
pub(crate) fn sort_key(gvk: &Gvk) -> (isize, String) {
    (rank(&gvk.kind, &FIRST, &LAST), gvk.sort_text())
}

/// What a walk makes of a field that is missing, and of one that is null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Create {
    /// Nothing: the field must exist.
    Never,
    /// A scalar with this tag.
    Scalar(Tag),
    /// A mapping.
    Mapping,
}

/// Changes what a field specification leads to.
pub(crate) type Set<'s> = &'s mut dyn FnMut(&mut Node) -> Result<()>;

/// A walk over one resource.
struct Walk<'s> {
    create: Create,
    set: Set<'s>,
}

/// Many field specifications as one tree of paths, so that one walk finds all their fields.
#[derive(Debug)]
pub(crate) struct PathTree<'c, T> {
    children: Vec<(&'c str, PathTree<'c, T>)>,
    /// What ends here, with its whole path, in the order in which it was added.
    ends: Vec<(T, &'c str)>,
    /// A path goes on in a way that no field can have.
    wild: bool,
}

impl<'c, T> Default for PathTree<'c, T> {
    fn default() -> Self {
        Self { children: Vec::new(), ends: Vec::new(), wild: false }
    }
}

impl<'c, T> PathTree<'c, T> {
    pub(crate) fn add(&mut self, spec: &'c FieldSpec, value: T) {
        let mut tree = self;
        for segment in &spec.segments {
            let name = segment.name.trim();
            tree.wild |= name.is_empty() || name == "*";
            let known = tree.children.iter().position(|(child, _)| *child == name);
            let at = known.unwrap_or_else(|| {
                tree.children.push((name, Self::default()));
                tree.children.len() - 1
            });
            tree = &mut tree.children[at].1;
        }
        tree.ends.push((value, &spec.path));
    }

    /// Visits every field that is there; nothing is created.
    pub(crate) fn visit(
        &self,
        node: &mut Node,
        set: &mut dyn FnMut(&mut Node, &T, &str) -> Result<()>,
    ) -> Result<()> {
        for (value, path) in &self.ends {
            set(node, value, path)?;
        }
        if self.children.is_empty() || node.is_null() {
            return Ok(());
        }
        match &mut node.kind {
            NodeKind::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.descend(item, set))
            }
            _ => self.descend(node, set),
        }
    }

    fn descend(
        &self,
        node: &mut Node,
        set: &mut dyn FnMut(&mut Node, &T, &str) -> Result<()>,
    ) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        match &mut node.kind {
            NodeKind::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.descend(item, set))
            }
            NodeKind::Mapping(_) if self.wild => Err(Error::new(format!(
                "considering field '{}': wildcard is not supported in PathGetter",
                self.first_path()
            ))),
            NodeKind::Mapping(entries) => entries.iter_mut().try_for_each(|(key, value)| {
                let name = key.text().unwrap_or_default();
                match self.children.iter().find(|(child, _)| *child == name) {
                    Some((_, tree)) => tree.visit(value, set),
                    None => Ok(()),
                }
            }),
            NodeKind::Scalar(_) => Err(Error::new(format!(
                "considering field '{}': expected sequence or mapping node, found a scalar (line {})",
                self.first_path(),
                node.line
            ))),
        }
    }

    fn first_path(&self) -> &str {
        match (self.ends.first(), self.children.first()) {
            (Some((_, path)), _) => path,
            (None, Some((_, tree))) => tree.first_path(),
            (None, None) => "",
        }
    }
}

/// Applies `set` to every field of a resource that a specification leads to.
pub(crate) fn apply(
    resource: &mut Resource,
    spec: &FieldSpec,
    create: Create,
    set: Set<'_>,
) -> Result<()> {
    if !spec.accepts(resource.api_version(), resource.kind()) {
        return Ok(());
    }
    apply_to_any(resource, spec, create, set)
}

/// As [`apply`], whatever the type of the resource is.
pub(crate) fn apply_to_any(
    resource: &mut Resource,
    spec: &FieldSpec,
    create: Create,
    set: Set<'_>,
) -> Result<()> {
    let create = if spec.create { create } else { Create::Never };
    let mut walk = Walk { create, set };
    let result = walk.node(&mut resource.node, &spec.segments);
    result
        .context(|| format!("considering field '{}' of object {}", spec.path, resource.describe()))
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, path: &[Segment]) -> Result<()> {
        let Some((segment, rest)) = path.split_first() else { return (self.set)(node) };
        if node.is_null() {
            return Ok(());
        }
        match &mut node.kind {
            NodeKind::Sequence(items) => {
                items.iter_mut().try_for_each(|item| self.node(item, path))
            }
            NodeKind::Mapping(_) => self.field(node, segment, rest),
            NodeKind::Scalar(_) => Err(Error::new(format!(
                "expected sequence or mapping node, found a scalar (line {})",
                node.line
            ))),
        }
    }

    fn field(&mut self, map: &mut Node, segment: &Segment, rest: &[Segment]) -> Result<()> {
        let name = segment.name.trim();
        if segment.name.is_empty() {
            return Err(Error::new("cannot set or create an empty field name"));
        }
        if name == "*" {
            return Err(Error::new("wildcard is not supported in PathGetter")
                .context(format!("fieldName: {name}")));
        }
        let creates = self.create != Create::Never && !segment.list;
        if creates && map.get(name).is_none() {
            let new = self.made(rest);
            field::field_or_create(map, name, new)?;
        }
        let Some(field) = map.get_mut(name) else { return Ok(()) };
        if field.is_null() {
            if creates {
                *field = self.made(rest);
            } else if segment.list {
                // A null list has become a list without elements.
                field.kind = NodeKind::Sequence(Vec::new());
                field.tag = Tag::None;
            }
        }
        self.node(field, rest)
    }

    fn made(&self, rest: &[Segment]) -> Node {
        match self.create {
            Create::Scalar(tag) if rest.is_empty() => {
                let mut node = Node::plain("");
                node.tag = tag;
                node
            }
            _ => field::empty_mapping(),
        }
    }
}
