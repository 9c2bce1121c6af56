//! A chart's templates executed: files in, files out.

mod data;
mod failure;
mod files;
mod scope;
mod values;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use inhaul_template::{Budget, FunctionLibrary, Host, MissingKey, TemplateSet, Text, Value};

use crate::{Error, capabilities::Capabilities, chart::Chart, release::Release, values::Table};

/// What a template file must be called to be shown to people instead of installed.
const NOTES: &str = "NOTES.txt";

/// Everything that a render depends on besides the chart and its values.
pub struct Surroundings<'a> {
    /// Random bytes, the clock, the cluster.
    pub host: &'a dyn Host,
    /// What one render may use up.
    pub budget: Budget,
    /// The functions that templates may call.
    pub library: FunctionLibrary,
    /// What `.Capabilities` shows.
    pub capabilities: &'a Capabilities,
    /// What `.Release` shows.
    pub release: &'a Release,
}

/// The files that a chart's templates gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Path and text, in the order of the paths.
    pub(crate) files: Vec<(Arc<str>, Text)>,
    /// The text of the chart's own notes.
    pub(crate) notes: String,
}

/// Renders all templates of a chart and of the charts inside it, whose dependencies and values are
/// settled already.
///
/// # Errors
/// [`Error::Render`] in Helm's words, naming template, line and column.
pub(crate) fn render(
    chart: &Chart,
    values: &Table,
    surroundings: &Surroundings<'_>,
) -> Result<Rendered, Error> {
    let templates = scope::templates(chart, values, surroundings);
    let mut set = TemplateSet::new(surroundings.library.clone(), MissingKey::Zero);
    for template in &templates {
        set.parse(&template.path, &String::from_utf8_lossy(&template.text))
            .map_err(|error| failure::parse(&template.path, &error))?;
    }
    let mut session = set.session(surroundings.host, surroundings.budget);
    let mut outputs: BTreeMap<Arc<str>, Text> = BTreeMap::new();
    for template in templates.iter().filter(|template| !template.is_partial()) {
        template.announce();
        let data = Value::Map(template.scope.clone());
        let text = session
            .execute(&template.path, &data)
            .map_err(|error| failure::execution(&template.path, &error))?;
        outputs.insert(template.path.as_str().into(), without_missing(text));
    }
    Ok(sorted(outputs, &format!("{}/templates/{NOTES}", chart.metadata.name)))
}

/// Go prints a missing key as `<no value>`, whatever the options say; Helm deletes it everywhere.
/// The result is valid UTF-8.
fn without_missing(text: Text) -> Text {
    const MISSING: &str = "<no value>";
    let changed = match text.to_str() {
        shown if shown.contains(MISSING) => shown.replace(MISSING, ""),
        Cow::Owned(valid) => valid,
        Cow::Borrowed(_) => return text.clone(),
    };
    changed.into()
}

fn sorted(outputs: BTreeMap<Arc<str>, Text>, own_notes: &str) -> Rendered {
    let mut rendered = Rendered::default();
    for (path, text) in outputs {
        if &*path == own_notes {
            rendered.notes = text.to_str().into_owned();
        } else if !path.ends_with(NOTES) {
            rendered.files.push((path, text));
        }
    }
    rendered
}
