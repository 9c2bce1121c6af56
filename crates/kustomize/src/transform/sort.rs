//! The order in which resources are emitted.

use crate::error::{Error, Result};
use crate::id::{FIRST, LAST, rank};
use crate::resource::Resource;
use crate::settings::SortOptions;

/// What the order compares, after the rank of the kind.
fn key(resource: &Resource) -> (String, String) {
    let id = resource.id();
    let namespace = if id.namespace.is_empty() { "~X" } else { &id.namespace };
    let name = if id.name.is_empty() { "~N" } else { &id.name };
    // Of all kinds called Namespace the core's comes first, which elsewhere goes last.
    let types = match (id.gvk.kind.as_str(), id.gvk.group.as_str()) {
        ("Namespace", "") => "~G_v1_Namespace".to_owned(),
        ("Namespace", _) => format!("~G_v1_Namespace_{}", id.gvk.sort_text()),
        _ => id.gvk.sort_text(),
    };
    (types, format!("{}|{namespace}|{name}", id.gvk))
}

/// Sorts by kind, then type, then namespace and name.
pub(crate) fn by_kind<T: AsRef<str>>(resources: &mut [Resource], first: &[T], last: &[T]) {
    resources.sort_by_cached_key(|resource| {
        let (types, name) = key(resource);
        (rank(resource.kind(), first, last), types, name)
    });
}

/// Applies `sortOptions`.
///
/// # Errors
/// An unknown order, or kinds for an order that does not use them.
pub(crate) fn by_options(resources: &mut [Resource], options: &SortOptions) -> Result<()> {
    match (options.order.as_str(), &options.legacy) {
        ("legacy", None) => by_kind(resources, &FIRST, &LAST),
        ("legacy", Some((first, last))) => by_kind(resources, first, last),
        ("fifo", None) => {}
        ("fifo", Some(_)) => {
            return Err(Error::new(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
            ));
        }
        _ => {
            return Err(Error::new("the field 'sortOptions.order' must be one of [fifo, legacy]"));
        }
    }
    Ok(())
}
