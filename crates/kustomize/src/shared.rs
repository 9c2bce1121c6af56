//! Values that stand in several fields of one object at once.
//!
//! The real tool puts one and the same node into every field that a label or annotation creates. Whatever changes one
//! of them later changes all, the selectors that nobody named included, until the object goes through JSON. Here such
//! nodes are copies with a common mark, which [`settle`] makes equal again after a change. The mark is kept where a
//! node of a file has its column: a node made by a program has none.

use inhaul_yaml::Node;

/// Set in a mark from a change until it is settled.
const CHANGED: u16 = 0x8000;

/// The mark of a node that stands in several places; 0 for all others.
fn mark(node: &Node) -> u16 {
    if node.line == 0 { node.column } else { 0 }
}

/// A node that will stand in several places. The groups of one object have different numbers, from 1.
pub(crate) fn share(mut node: Node, group: u16) -> Node {
    node.line = 0;
    node.column = group & !CHANGED;
    node
}

/// Takes note that a node was changed in place.
pub(crate) fn changed(node: &mut Node) {
    if mark(node) != 0 {
        node.column |= CHANGED;
    }
}

/// Overwrites a node in place, so that it stays where else it is.
pub(crate) fn overwrite(old: &mut Node, value: Node) {
    let group = mark(old);
    *old = value;
    if mark(old) != 0 {
        // Its content was copied into a node that was there before.
        old.column = 0;
    }
    if group != 0 {
        old.line = 0;
        old.column = group | CHANGED;
    }
}

/// Makes a node and all in it stand alone, as a copy does.
pub(crate) fn separate(node: &mut Node) {
    if mark(node) != 0 {
        node.column = 0;
    }
    each_child(node, &mut separate);
}

/// Carries every change to the other places of its node.
pub(crate) fn settle(root: &mut Node) {
    let mut changes = Vec::new();
    collect(root, &mut changes);
    if !changes.is_empty() {
        spread(root, &changes);
    }
}

fn collect(node: &mut Node, changes: &mut Vec<Node>) {
    if mark(node) & CHANGED != 0 {
        node.column &= !CHANGED;
        changes.push(node.clone());
    }
    each_child(node, &mut |child| collect(child, changes));
}

fn spread(node: &mut Node, changes: &[Node]) {
    let group = mark(node);
    if group != 0
        && let Some(change) = changes.iter().rev().find(|change| change.column == group)
    {
        *node = change.clone();
        return;
    }
    each_child(node, &mut |child| spread(child, changes));
}

fn each_child(node: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    if let Some(entries) = node.entries_mut() {
        entries.iter_mut().for_each(|(_, value)| visit(value));
    } else if let Some(items) = node.items_mut() {
        items.iter_mut().for_each(visit);
    }
}
