//! Lists whose elements are merged: by one key, by several, or as sets of scalars.
//!
//! Upstream builds the result by setting elements one after the other in a list, each setting replacing whatever it
//! matches. Its losses (ports of one number, elements without a key) follow from that order, and so does this code.

use inhaul_yaml::{Node, NodeKind, Tag};

use super::{DIRECTIVE, Directive, Outcome, Walker, parse_directive};
use crate::error::Result;
use crate::field;
use crate::schema::Schema;

/// The values of an element's keys; an absent one is empty.
type Values = Vec<String>;

/// All elements of a merge, named by their place, so that the same element can be in several lists.
struct Lists {
    pool: Vec<Node>,
    destination: Vec<usize>,
    /// The same as the destination where a list is merged with itself.
    patch: Vec<usize>,
    shared: bool,
}

impl Lists {
    fn patch(&self) -> &[usize] {
        if self.shared { &self.destination } else { &self.patch }
    }
}

fn is_empty_element(node: &Node) -> bool {
    node.is_null() || node.entries().is_some_and(<[_]>::is_empty)
}

/// The directive that is an element of its own, with all its kind taken out.
fn list_directive(patch: &mut Node) -> Result<Directive> {
    let Some(items) = patch.items_mut() else { return Ok(Directive::Merge) };
    let marked = items.iter().find_map(|item| Some((item.entries()?.len(), item.get(DIRECTIVE)?)));
    let Some((1, value)) = marked else { return Ok(Directive::Merge) };
    let text = value.text().unwrap_or_default().to_owned();
    let directive = parse_directive(&text)?;
    items.retain(|item| {
        !is_empty_element(item) && item.get(DIRECTIVE).and_then(Node::text) != Some(text.as_str())
    });
    Ok(directive)
}

fn key_values(node: &Node, keys: &[&str]) -> Values {
    let value = |key: &&str| {
        let value = node.get(key).filter(|value| !field::is_nil_or_empty(value));
        value.and_then(Node::text).unwrap_or_default().to_owned()
    };
    keys.iter().map(value).collect()
}

/// Whether setting an element with these values would replace this one.
fn replaces(node: &Node, keys: &[&str], values: &[String]) -> Result<bool> {
    for (key, value) in keys.iter().zip(values) {
        let found = if key.is_empty() {
            let NodeKind::Scalar(text) = &node.kind else {
                return Err(field::wrong_kind("ScalarNode", node));
            };
            text == value
        } else if node.entries().is_some() {
            // An empty value is satisfied by any value of the field.
            node.get(key).is_some_and(|field| value.is_empty() || field.text() == Some(value))
        } else {
            return Err(field::wrong_kind("MappingNode", node));
        };
        if !found {
            return Ok(false);
        }
    }
    // A key beyond the values repeats the last answer, and without any value there was none.
    Ok(!values.is_empty())
}

/// Sets an element in a list, or without one removes what it would replace.
fn set(
    pool: &[Node],
    list: &mut Vec<usize>,
    element: Option<usize>,
    keys: &[&str],
    values: &[String],
) -> Result<()> {
    let by_key = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let mut kept = Vec::with_capacity(list.len() + 1);
    let mut found = false;
    for &at in list.iter() {
        let node = &pool[at];
        if is_empty_element(node) {
            continue;
        }
        if by_key && node.entries().is_none() {
            kept.push(at);
        } else if replaces(node, keys, values)? {
            found = true;
            kept.extend(element);
        } else if !values.is_empty() {
            kept.push(at);
        }
    }
    if let Some(element) = element.filter(|&at| !found && !pool[at].is_null()) {
        kept.push(element);
    }
    *list = kept;
    Ok(())
}

/// Keys that have a value anywhere, with the values that go with them.
fn valid<'k>(all: &[Values], keys: &[&'k str], values: &[String]) -> (Vec<&'k str>, Values) {
    let used = |at: usize| all.iter().any(|values| values.get(at).is_some_and(|v| !v.is_empty()));
    if !(0..keys.len()).any(used) {
        return (keys.to_vec(), values.to_vec());
    }
    let valid_keys = keys.iter().enumerate().filter(|(at, _)| used(*at)).map(|(_, key)| *key);
    let valid_values =
        values.iter().enumerate().filter(|(at, value)| !value.is_empty() || used(*at));
    (valid_keys.collect(), valid_values.map(|(_, value)| value.clone()).collect())
}

/// Makes values equal that share a part and differ only where one has none.
fn merge_values(all: &mut [Values]) {
    for first in 0..all.len() {
        for second in 0..all.len() {
            let pairs = || all[first].iter().zip(&all[second]);
            let matches = all[first].len() == all[second].len()
                && pairs().any(|(a, b)| a == b)
                && pairs().all(|(a, b)| a == b || a.is_empty() || b.is_empty());
            if matches {
                let merged = |(a, b): (&String, &String)| if a.is_empty() { b } else { a }.clone();
                let merged: Values = pairs().map(merged).collect();
                all[first].clone_from(&merged);
                all[second] = merged;
            }
        }
    }
}

impl<'s> Walker<'s> {
    pub(super) fn merge_list(
        self,
        dest: &mut Node,
        patch: &mut Node,
        schema: Option<Schema<'s>>,
    ) -> Result<Outcome> {
        if patch.is_null() {
            return Ok(Outcome::Cleared);
        }
        match list_directive(patch)? {
            Directive::Delete => Ok(Outcome::Cleared),
            Directive::Replace => {
                self.elements(patch, None, true, schema)?;
                Ok(Outcome::Patch)
            }
            Directive::Merge => {
                self.elements(dest, Some(patch), false, schema)?;
                Ok(Outcome::Destination)
            }
        }
    }

    /// Merges a list with itself; true where nothing remains.
    pub(super) fn settle_list(self, list: &mut Node, schema: Option<Schema<'s>>) -> Result<bool> {
        if list_directive(list)? == Directive::Delete {
            return Ok(true);
        }
        self.elements(list, None, true, schema)?;
        Ok(false)
    }

    pub(super) fn untouched_list(self, list: &mut Node, schema: Option<Schema<'s>>) -> Result<()> {
        self.elements(list, None, false, schema)
    }

    fn elements(
        self,
        dest: &mut Node,
        patch: Option<&mut Node>,
        shared: bool,
        schema: Option<Schema<'s>>,
    ) -> Result<()> {
        let take = |node: &mut Node| node.items_mut().map(std::mem::take).unwrap_or_default();
        let mut pool = take(dest);
        let destination: Vec<usize> = (0..pool.len()).collect();
        pool.extend(patch.map(take).unwrap_or_default());
        let patch = (destination.len()..pool.len()).collect();
        let mut lists = Lists { pool, destination, patch, shared };
        let result = self.merge_elements(&mut lists, schema);
        let Lists { pool, destination, .. } = lists;
        let mut pool: Vec<Option<Node>> = pool.into_iter().map(Some).collect();
        let items = destination.into_iter().filter_map(|at| pool.get_mut(at)?.take()).collect();
        dest.kind = NodeKind::Sequence(items);
        result
    }

    fn merge_elements(self, lists: &mut Lists, schema: Option<Schema<'s>>) -> Result<()> {
        let keys = schema.map(Schema::keys).unwrap_or_default();
        let keys = if keys.is_empty() { vec![""] } else { keys };
        let mut all: Vec<Values> = Vec::new();
        // The patch comes first.
        for &at in lists.patch().iter().chain(&lists.destination) {
            let node = &lists.pool[at];
            let values = match keys[..] {
                [""] => vec![node.text().unwrap_or_default().to_owned()],
                _ => key_values(node, &keys),
            };
            if !all.contains(&values) {
                all.push(values);
            }
        }
        if keys.len() > 1 {
            merge_values(&mut all);
        }
        let element_schema = schema.and_then(Schema::elements);
        let mut result = Vec::new();
        let mut last_keys = Vec::new();
        for values in &all {
            let (valid_keys, valid_values) = valid(&all, &keys, values);
            self.merge_element(lists, &mut result, &valid_keys, &valid_values, element_schema)?;
            last_keys = valid_keys;
        }
        if !all.is_empty() {
            append(lists, &mut result, &last_keys)?;
            lists.destination = result;
        }
        Ok(())
    }

    /// Merges the two elements that have these values and puts what remains into the result.
    fn merge_element(
        self,
        lists: &mut Lists,
        result: &mut Vec<usize>,
        keys: &[&str],
        values: &[String],
        schema: Option<Schema<'s>>,
    ) -> Result<()> {
        let (own_keys, own_values) = valid(&[values.to_vec()], keys, values);
        let find = |list: &[usize]| find(&lists.pool, list, &own_keys, &own_values);
        let (dest, patch) = (find(&lists.destination), find(lists.patch()));
        let merged = self.merge_pair(lists, dest, patch, schema)?;
        let merged = merged.filter(|&at| !is_empty_element(&lists.pool[at]));
        let Some(at) = merged else {
            return set(&lists.pool, &mut lists.destination, None, keys, values);
        };
        for (key, value) in keys.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
            let node = &mut lists.pool[at];
            if key.is_empty() {
                field::set_scalar(node, value, Tag::None)?;
            } else if node.get(key).is_none() {
                field::set_field(node, key, field::bare(value))?;
            }
        }
        set(&lists.pool, result, Some(at), keys, values)
    }

    fn merge_pair(
        self,
        lists: &mut Lists,
        dest: Option<usize>,
        patch: Option<usize>,
        schema: Option<Schema<'s>>,
    ) -> Result<Option<usize>> {
        let (kept, cleared) = match (dest, patch) {
            (None, None) => return Ok(None),
            (Some(at), None) => (at, self.untouched(&mut lists.pool[at], schema)?),
            (Some(at), Some(other)) if at == other => {
                (at, self.settle(&mut lists.pool[at], schema)?)
            }
            (None, Some(at)) => {
                let outcome = self.adopt(&mut lists.pool[at], schema)?;
                (at, outcome == Outcome::Cleared)
            }
            (Some(at), Some(other)) => {
                let mut destination = std::mem::replace(&mut lists.pool[at], Node::null());
                let outcome = self.walk(&mut destination, &mut lists.pool[other], schema);
                lists.pool[at] = destination;
                match outcome? {
                    Outcome::Cleared => (at, true),
                    Outcome::Destination => (at, false),
                    Outcome::Patch => (other, false),
                }
            }
        };
        Ok((!cleared).then_some(kept))
    }
}

/// The first element with these values.
fn find(pool: &[Node], list: &[usize], keys: &[&str], values: &[String]) -> Option<usize> {
    let has = |node: &Node, key: &&str, value: &String| {
        let field = if key.is_empty() { Some(node) } else { node.get(key) };
        // A collection has the empty text.
        field.is_some_and(|field| field.text().unwrap_or_default() == value)
    };
    let matches = |node: &Node| {
        values.len() == keys.len()
            && keys.iter().zip(values).all(|(key, value)| has(node, key, value))
    };
    list.iter().copied().find(|&at| matches(&pool[at]))
}

/// Sets what is left of the destination after the elements that the patch named.
fn append(lists: &Lists, result: &mut Vec<usize>, keys: &[&str]) -> Result<()> {
    let Lists { pool, destination, .. } = lists;
    for &at in destination {
        let node = &pool[at];
        if keys.first().is_some_and(|key| key.is_empty()) {
            let value = node.text().unwrap_or_default().to_owned();
            set(pool, result, Some(at), &[""], &[value])?;
            continue;
        }
        let mut values = Vec::new();
        for key in keys {
            if !node.is_null() && node.entries().is_none() {
                return Err(field::wrong_kind("MappingNode", node));
            }
            match node.get(key) {
                Some(field) => values.push(field.text().unwrap_or_default().to_owned()),
                None => result.push(at),
            }
        }
        if keys.len() > 1 {
            set(pool, result, None, keys, &values)?;
        }
        set(pool, result, Some(at), keys, &values)?;
    }
    Ok(())
}
