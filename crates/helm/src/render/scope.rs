//! What each template sees as its dot.

use std::cmp::Reverse;

use bytes::Bytes;
use inhaul_template::{Map, Value};

use super::{Surroundings, data, files, values::VALUES};
use crate::{chart::Chart, values::Table};

/// A template file with the scope of its chart, which all templates of the chart share.
pub(super) struct Template {
    /// The full path: chart, `charts/` and inner charts, `templates/`, file.
    pub(super) path: String,
    pub(super) text: Bytes,
    pub(super) scope: Map,
    base_path: String,
}

impl Template {
    /// Partials are parsed for others to include, but give no output.
    pub(super) fn is_partial(&self) -> bool {
        last_element(&self.path).starts_with('_')
    }

    /// Puts the template's own name into its scope, as `.Template`.
    pub(super) fn announce(&self) {
        let entries = [
            ("Name".into(), self.path.as_str().into()),
            ("BasePath".into(), self.base_path.as_str().into()),
        ];
        let own = Map::typed(&VALUES, entries.into_iter().collect());
        self.scope.insert("Template", own.into());
    }
}

/// All templates of a chart and those inside it, in the order in which Helm parses and executes
/// them: the deepest and last first, so that a parent's definitions win and that what a template
/// changes in the values is seen by those after it.
pub(super) fn templates(
    chart: &Chart,
    values: &Table,
    surroundings: &Surroundings<'_>,
) -> Vec<Template> {
    let values = Value::from_json_integers(&serde_json::Value::Object(values.clone()));
    let mut collector = Collector {
        release: data::release(surroundings.release),
        capabilities: data::capabilities(surroundings.capabilities),
        found: Vec::new(),
    };
    let root = values.as_map().cloned().unwrap_or_else(|| Map::new(Default::default()));
    collector.chart(chart, &chart.metadata.name, root, true);
    let mut found = collector.found;
    found.sort_by_cached_key(|template| {
        Reverse((template.path.matches('/').count(), template.path.clone()))
    });
    // Where two charts claim one path, the one collected last wins; the sort is stable.
    found.reverse();
    found.dedup_by(|later, kept| later.path == kept.path);
    found.reverse();
    found
}

struct Collector {
    release: Value,
    capabilities: Value,
    found: Vec<Template>,
}

impl Collector {
    /// Adds a chart's templates; gives its scope.
    fn chart(&mut self, chart: &Chart, path: &str, values: Map, is_root: bool) -> Map {
        let subcharts = Map::new(Default::default());
        let entries = [
            ("Chart".into(), data::chart(&chart.metadata, is_root)),
            ("Files".into(), files::files(&chart.files)),
            ("Release".into(), self.release.clone()),
            ("Capabilities".into(), self.capabilities.clone()),
            ("Values".into(), values.retyped(&VALUES).into()),
            ("Subcharts".into(), subcharts.clone().into()),
        ];
        let scope = Map::new(entries.into_iter().collect());
        for child in &chart.dependencies {
            let name = &child.metadata.name;
            let below = match values.get(name) {
                Some(Value::Map(below)) => below,
                _ => Map::new(Default::default()),
            };
            let child_path = format!("{path}/charts/{name}");
            let child_scope = self.chart(child, &child_path, below, false);
            subcharts.insert(name.as_str(), child_scope.into());
        }
        let base_path = format!("{path}/templates");
        for file in &chart.templates {
            if chart.is_library() && !last_element(&file.name).starts_with('_') {
                continue;
            }
            self.found.push(Template {
                path: format!("{path}/{}", file.name),
                text: file.data.clone(),
                scope: scope.retyped(&VALUES),
                base_path: base_path.clone(),
            });
        }
        scope
    }
}

fn last_element(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
