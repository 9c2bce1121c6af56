//! Charts that a kustomization names, rendered by our own Helm engine.

use inhaul_helm::ValueOptions;
use inhaul_helm::command::World;
use inhaul_helm::command::template::{TemplateOptions, template};
use inhaul_kustomize::{Chart, ChartInflator};
use inhaul_template::Host;
use inhaul_tree::Tree;
use std::fmt;
use std::sync::Arc;

/// Renders the charts of `helmCharts`, for `kustomize build --enable-helm` and for the operator.
#[derive(Clone)]
pub struct Charts {
    host: Arc<dyn Host>,
}

impl Charts {
    /// Charts whose templates get randomness and time from `host`.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self { host }
    }
}

impl fmt::Debug for Charts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Charts")
    }
}

/// Any two render alike.
impl PartialEq for Charts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl ChartInflator for Charts {
    fn inflate(&self, tree: &dyn Tree, chart: &Chart) -> Result<String, String> {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let mut arguments = vec![chart.directory.to_string()];
        if let Some(name) = some(&chart.release_name) {
            arguments.insert(0, name);
        }
        let files = (0..chart.values.len()).map(|at| at.to_string()).collect();
        let options = TemplateOptions {
            arguments,
            values: ValueOptions { files, ..ValueOptions::default() },
            namespace: chart.namespace.clone(),
            api_versions: chart.api_versions.clone(),
            kube_version: some(&chart.kube_version),
            include_crds: chart.include_crds,
            no_hooks: chart.skip_hooks,
            skip_tests: chart.skip_tests,
            // The real tool gives this flag where the kustomization names no release.
            generate_name: chart.release_name.is_empty(),
            name_template: some(&chart.name_template),
            ..TemplateOptions::default()
        };
        // Values have numbers for names, because their order counts and two may have one name.
        let value = |name: &str| name.parse().ok().and_then(|at: usize| chart.values.get(at));
        let world = World {
            tree,
            locate: &|_| Ok(chart.directory.clone()),
            read: &|name| match value(name) {
                Some((_, bytes)) => Ok(bytes.clone()),
                None => Err(format!("{name}: no such values file")),
            },
            host: &*self.host,
        };
        let output = template(&options, &world).map_err(|error| {
            let text = error.to_string();
            let file = text.strip_prefix("failed to parse ").and_then(|rest| rest.split_once(':'));
            match file.and_then(|(name, rest)| Some((value(name)?, rest))) {
                Some(((name, _), rest)) => format!("failed to parse {name}:{rest}"),
                None => text,
            }
        })?;
        Ok(output.text)
    }
}
