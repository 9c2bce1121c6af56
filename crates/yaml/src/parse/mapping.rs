//! What happens when a mapping is complete: duplicate keys and merge keys.

use std::collections::HashMap;

use crate::{Dialect, Error, Node, NodeKind, Tag};

/// Below this many keys a nested loop is faster than hashing.
const FEW: usize = 12;

/// Applies the dialect's rules to the entries of a complete mapping.
pub(super) fn finish(
    entries: &mut Vec<(Node, Node)>,
    merges: bool,
    dialect: Dialect,
    last_key_wins: bool,
) -> Result<(), Error> {
    match dialect {
        Dialect::GoV3 => {
            if last_key_wins {
                last_wins(entries);
            }
            unique(entries)?;
            if merges {
                merge_under(entries)?;
            }
        }
        Dialect::GoV2 => {
            if merges {
                merge_in_order(entries)?;
            }
            last_wins(entries);
        }
    }
    Ok(())
}

fn unique(entries: &[(Node, Node)]) -> Result<(), Error> {
    let duplicate = if entries.len() <= FEW {
        (1..entries.len()).find_map(|at| {
            let text = entries[at].0.text()?;
            let first = entries[..at].iter().find(|(key, _)| key.text() == Some(text))?;
            Some((&entries[at].0, &first.0))
        })
    } else {
        let mut seen: HashMap<&str, &Node> = HashMap::with_capacity(entries.len());
        entries.iter().find_map(|(key, _)| Some((key, seen.insert(key.text()?, key)?)))
    };
    let Some((second, first)) = duplicate else { return Ok(()) };
    let text = second.text().unwrap_or_default();
    let message = format!("mapping key {text:?} already defined at line {}", first.line);
    Err(Error::new(second.line as usize, usize::from(second.column), message))
}

fn position(entries: &[(Node, Node)], key: &Node) -> Option<usize> {
    entries.iter().position(|(other, _)| other.text().is_some() && other.text() == key.text())
}

/// The mappings that the value of a merge key names, in order.
fn sources(value: Node) -> Result<Vec<Vec<(Node, Node)>>, Error> {
    let (line, column) = (value.line as usize, usize::from(value.column));
    let wrong =
        || Error::new(line, column, "map merge requires map or sequence of maps as the value");
    match value.kind {
        NodeKind::Mapping(entries) => Ok(vec![entries]),
        NodeKind::Sequence(items) => {
            let entries = |item: Node| match item.kind {
                NodeKind::Mapping(entries) => Ok(entries),
                _ => Err(wrong()),
            };
            items.into_iter().map(entries).collect()
        }
        NodeKind::Scalar(_) => Err(wrong()),
    }
}

fn take(entries: &mut Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    std::mem::take(entries)
}

/// kyaml: merged keys come under explicit ones, and the first of a list of maps wins.
fn merge_under(entries: &mut Vec<(Node, Node)>) -> Result<(), Error> {
    let (merging, mut own): (Vec<_>, Vec<_>) =
        take(entries).into_iter().partition(|(key, _)| key.tag == Tag::Merge);
    for (_, value) in merging {
        for (key, value) in sources(value)?.into_iter().flatten() {
            if position(&own, &key).is_none() {
                own.push((key, value));
            }
        }
    }
    *entries = own;
    Ok(())
}

/// go-yaml v2: a merge overwrites what stands before it, and is overwritten by what follows.
fn merge_in_order(entries: &mut Vec<(Node, Node)>) -> Result<(), Error> {
    let mut result: Vec<(Node, Node)> = Vec::new();
    let mut put = |key: Node, value: Node| match position(&result, &key) {
        Some(at) => result[at].1 = value,
        None => result.push((key, value)),
    };
    for (key, value) in take(entries) {
        if key.tag != Tag::Merge {
            put(key, value);
            continue;
        }
        for (key, value) in sources(value)?.into_iter().rev().flatten() {
            put(key, value);
        }
    }
    *entries = result;
    Ok(())
}

fn last_wins(entries: &mut Vec<(Node, Node)>) {
    if unique(entries).is_ok() {
        return;
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut result: Vec<(Node, Node)> = Vec::with_capacity(entries.len());
    for (key, value) in take(entries) {
        let text = key.text().map(str::to_owned);
        match text.as_ref().and_then(|text| places.get(text)) {
            Some(&at) => result[at].1 = value,
            None => {
                places.extend(text.map(|text| (text, result.len())));
                result.push((key, value));
            }
        }
    }
    *entries = result;
}
