//! Strategic merge as kyaml does it: by the schema, lists from the patch first.
//!
//! Two of upstream's habits shape this code. A part of the patch that has no counterpart is merged with itself, which
//! drops its nulls and obeys its directives. And what a patch does not mention is walked too.

mod list;

use inhaul_yaml::{Node, NodeKind};

use crate::error::{Error, Result};
use crate::field;
use crate::read::Comments;
use crate::schema::{Schema, Schemas};
use crate::shared;

const DIRECTIVE: &str = "$patch";

/// What a walk over a destination and a patch leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing remains.
    Cleared,
    /// The destination, changed in place.
    Destination,
    /// The patch, settled in place, takes the place of the destination.
    Patch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Merges a patch into a destination; `None` where nothing remains.
///
/// # Errors
/// Nodes of different kinds at one place, unknown directives.
pub(crate) fn merge(
    mut destination: Node,
    mut patch: Node,
    schemas: &Schemas,
    comments: [Option<&Comments>; 2],
) -> Result<Option<Node>> {
    let walker = Walker { schemas, comments };
    Ok(match walker.walk(&mut destination, &mut patch, None)? {
        Outcome::Cleared => None,
        // The real tool forgets a result that is another object than the one that it patched: a
        // patch that is to replace the whole of it does nothing.
        Outcome::Destination | Outcome::Patch => Some(destination),
    })
}

#[derive(Clone, Copy)]
struct Walker<'s> {
    schemas: &'s Schemas,
    /// What comments say in the destination's file and in the patch's.
    comments: [Option<&'s Comments>; 2],
}

fn text<'a>(node: &'a Node, name: &str) -> &'a str {
    let value = node.get(name).filter(|value| !value.is_null());
    value.and_then(Node::text).unwrap_or_default()
}

fn same_kind(expected: &Node, other: &Node) -> Result<()> {
    if other.is_null()
        || std::mem::discriminant(&expected.kind) == std::mem::discriminant(&other.kind)
    {
        return Ok(());
    }
    Err(field::wrong_kind(field::kind_name(expected), other))
}

fn parse_directive(text: &str) -> Result<Directive> {
    match text {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        _ => Err(Error::new(format!("unknown patch strategy '{text}'"))),
    }
}

/// The directive of a map, taken out of it.
fn map_directive(patch: &mut Node) -> Result<Directive> {
    let Some(value) = patch.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let directive = parse_directive(value.text().unwrap_or_default())?;
    patch.remove(DIRECTIVE);
    Ok(directive)
}

impl<'s> Walker<'s> {
    /// The schema for a place: the one known, or the one of an object that says what it is.
    fn schema(self, known: Option<Schema<'s>>, nodes: [Option<&Node>; 2]) -> Option<Schema<'s>> {
        known.or_else(|| {
            let maps = nodes.into_iter().flatten().filter(|node| node.entries().is_some());
            let typed =
                |node: &Node| self.schemas.of_type(text(node, "apiVersion"), text(node, "kind"));
            maps.into_iter().find_map(typed)
        })
    }

    /// The schema that a comment gives to a field, found by its key in the destination and in the patch.
    fn commented(self, keys: [Option<&Node>; 2]) -> Option<Schema<'s>> {
        let of = |(comments, key): (Option<&'s Comments>, Option<&Node>)| comments?.get(&key?.line);
        let strategy = self.comments.into_iter().zip(keys).find_map(of)?;
        Some(Schema::commented(self.schemas, strategy))
    }

    /// Merges two nodes that are both there.
    fn walk(self, dest: &mut Node, patch: &mut Node, known: Option<Schema<'s>>) -> Result<Outcome> {
        let schema = self.schema(known, [Some(dest), Some(patch)]);
        if dest.is_null() {
            if patch.is_null() {
                return Ok(Outcome::Cleared);
            }
            return self.adopt(patch, schema);
        }
        same_kind(dest, patch)?;
        match &dest.kind {
            NodeKind::Scalar(_) => Ok(Outcome::Patch),
            NodeKind::Sequence(_) if schema.is_some_and(Schema::merges) => {
                self.merge_list(dest, patch, schema)
            }
            NodeKind::Sequence(_) => Ok(Outcome::Patch),
            NodeKind::Mapping(_) if patch.is_null() => Ok(Outcome::Cleared),
            NodeKind::Mapping(_) => match map_directive(patch)? {
                Directive::Delete => Ok(Outcome::Cleared),
                Directive::Replace => self.settled(patch, schema),
                Directive::Merge => {
                    self.fields(dest, patch, schema)?;
                    Ok(Outcome::Destination)
                }
            },
        }
    }

    /// Takes a patch that has no counterpart.
    fn adopt(self, patch: &mut Node, schema: Option<Schema<'s>>) -> Result<Outcome> {
        if patch.entries().is_some() && patch.get(DIRECTIVE).and_then(Node::text) == Some("delete")
        {
            return Ok(Outcome::Cleared);
        }
        if let Some("merge" | "replace") = patch.get(DIRECTIVE).and_then(Node::text) {
            patch.remove(DIRECTIVE);
        }
        self.settled(patch, schema)
    }

    fn settled(self, patch: &mut Node, schema: Option<Schema<'s>>) -> Result<Outcome> {
        let cleared = self.settle(patch, schema)?;
        Ok(if cleared { Outcome::Cleared } else { Outcome::Patch })
    }

    /// Merges a node with itself; true where nothing remains.
    fn settle(self, node: &mut Node, known: Option<Schema<'s>>) -> Result<bool> {
        let schema = self.schema(known, [Some(node), None]);
        if node.is_null() {
            return Ok(true);
        }
        match &node.kind {
            NodeKind::Scalar(_) => Ok(false),
            NodeKind::Sequence(_) if schema.is_some_and(Schema::merges) => {
                self.settle_list(node, schema)
            }
            NodeKind::Sequence(_) => Ok(false),
            NodeKind::Mapping(_) => {
                if map_directive(node)? == Directive::Delete {
                    return Ok(true);
                }
                self.each_field(node, schema, |walker, value, schema| {
                    walker.settle(value, schema)
                })?;
                Ok(false)
            }
        }
    }

    /// Walks what the patch does not mention; true where nothing remains.
    fn untouched(self, node: &mut Node, known: Option<Schema<'s>>) -> Result<bool> {
        let schema = self.schema(known, [Some(node), None]);
        if node.is_null() {
            // A null that is written out stays, one that is only left out goes.
            return Ok(node.text() == Some(""));
        }
        match &node.kind {
            NodeKind::Scalar(_) => Ok(false),
            NodeKind::Sequence(_) if schema.is_some_and(Schema::merges) => {
                self.untouched_list(node, schema)?;
                Ok(false)
            }
            NodeKind::Sequence(_) => Ok(false),
            NodeKind::Mapping(_) => {
                self.each_field(node, schema, |walker, value, schema| {
                    walker.untouched(value, schema)
                })?;
                Ok(false)
            }
        }
    }

    /// Walks every field of a map and removes those of which nothing remains.
    fn each_field(
        self,
        map: &mut Node,
        schema: Option<Schema<'s>>,
        walk: impl Fn(Self, &mut Node, Option<Schema<'s>>) -> Result<bool>,
    ) -> Result<()> {
        let Some(entries) = map.entries_mut() else { return Ok(()) };
        let mut at = 0;
        while let Some((key, value)) = entries.get_mut(at) {
            let schema = schema.and_then(|schema| schema.field(key.text().unwrap_or_default()));
            if walk(self, value, schema)? {
                entries.remove(at);
            } else {
                // Upstream sets every field again, its own value included.
                field::quote_if_needed(value);
                at += 1;
            }
        }
        Ok(())
    }

    /// Merges the fields of two maps.
    fn fields(self, dest: &mut Node, patch: &mut Node, schema: Option<Schema<'s>>) -> Result<()> {
        let (Some(entries), Some(changes)) = (dest.entries_mut(), patch.entries_mut()) else {
            return Ok(());
        };
        let mut at = 0;
        while let Some((key, value)) = entries.get_mut(at) {
            let schema = schema.and_then(|schema| schema.field(key.text().unwrap_or_default()));
            let change = changes.iter().position(|(name, _)| name.text() == key.text());
            let schema = self.commented([Some(key), change.map(|at| &changes[at].0)]).or(schema);
            let Some(change) = change else {
                if self.untouched(value, schema)? {
                    entries.remove(at);
                } else {
                    field::quote_if_needed(value);
                    at += 1;
                }
                continue;
            };
            let (_, mut change) = changes.remove(change);
            match self.walk(value, &mut change, schema)? {
                Outcome::Destination => {}
                Outcome::Patch if !change.is_null() => {
                    change.style = value.style;
                    shared::overwrite(value, change);
                }
                Outcome::Patch | Outcome::Cleared => {
                    entries.remove(at);
                    continue;
                }
            }
            at += 1;
        }
        for (key, mut value) in changes.drain(..) {
            let schema = schema.and_then(|schema| schema.field(key.text().unwrap_or_default()));
            let schema = self.schema(schema, [Some(&value), None]);
            if !value.is_null() && self.adopt(&mut value, schema)? == Outcome::Patch {
                field::quote_if_needed(&mut value);
                entries.push((key, value));
            }
        }
        Ok(())
    }
}
