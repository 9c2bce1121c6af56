//! Inline values and a values file made one.

use inhaul_yaml::Node;
use serde_json::{Map, Value};

use crate::error::{Context, Error, Result};
use crate::resource::from_json;
use crate::schema::Schemas;
use crate::transform::merge::merge;

/// Merges inline values with the text of a values file; `inline_wins` says whose values count where both have some.
///
/// # Errors
/// A file that is no YAML or is empty, values of different kinds at one place.
pub(super) fn merged(file: &str, inline: &Map<String, Value>, inline_wins: bool) -> Result<String> {
    let mut documents =
        inhaul_yaml::parse(file).context(|| "could not parse values file into rnode")?;
    if documents.is_empty() {
        return Err(Error::new("could not parse values file into rnode: EOF (it is empty)"));
    }
    let file = documents.swap_remove(0);
    let inline = from_json(&Value::Object(inline.clone()), false);
    let (destination, patch) = if inline_wins { (file, inline) } else { (inline, file) };
    let merged = merge(destination, patch, &Schemas::built_in(), [None, None])
        .context(|| "could not merge values")?;
    let mut text = String::new();
    inhaul_yaml::emit(&merged.unwrap_or_else(|| Node::mapping(Vec::new())), &mut text)?;
    Ok(text)
}
