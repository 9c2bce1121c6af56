//! A chart and a user's values become the objects of a release.

use std::fmt::Write as _;

use inhaul_template::on_deep_stack;
use serde_json::{Map, Value};

use crate::{
    Error,
    chart::{Chart, File},
    dependencies,
    manifest::{self, Hook, Manifest},
    release,
    render::{self, Surroundings},
    values::{
        Warnings,
        coalesce::{Nulls, coalesce},
        schema,
    },
    version::is_compatible,
};

/// What a chart gives for one release.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The chart with its dependencies settled.
    pub chart: Chart,
    /// The values that the templates saw.
    pub values: Map<String, Value>,
    /// The objects, in the order of their installation, hooks left out.
    pub manifests: Vec<Manifest>,
    /// The hooks, in the order of their kinds.
    pub hooks: Vec<Hook>,
    /// The chart's message to its user.
    pub notes: String,
    /// What Helm would warn of, each once.
    pub warnings: Vec<String>,
}

impl Installation {
    /// Renders a chart: dependencies settled, values merged and checked, templates executed,
    /// manifests sorted. `check_schema: false` is `--skip-schema-validation`.
    ///
    /// # Errors
    /// Each step's error, in Helm's words where it has some.
    pub fn render(
        chart: Chart,
        values: &Map<String, Value>,
        surroundings: &Surroundings<'_>,
        check_schema: bool,
    ) -> Result<Self, Error> {
        // One thread with room for all recursion, instead of one for each template.
        on_deep_stack(|| Self::steps(chart, values, surroundings, check_schema))
            .unwrap_or_else(|error| Err(Error::Render(format!("no thread to render on: {error}"))))
    }

    fn steps(
        mut chart: Chart,
        values: &Map<String, Value>,
        surroundings: &Surroundings<'_>,
        check_schema: bool,
    ) -> Result<Self, Error> {
        let mut warnings = Warnings::default();
        installable(&chart, &mut warnings)?;
        dependencies::check_present(&chart)?;
        release::check_name(&surroundings.release.name)?;
        dependencies::process(&mut chart, values, &mut warnings)
            .map_err(|error| error.within("chart dependencies processing failed"))?;
        let values = coalesce(&chart, values.clone(), Nulls::Remove, &mut warnings)?;
        if check_schema {
            schema::validate(&chart, &values)?;
        }
        fits_cluster(&chart, surroundings)?;
        let rendered = render::render(&chart, &values, surroundings)?;
        let sorted = manifest::sort(rendered.files)?;
        Ok(Self {
            chart,
            values,
            manifests: sorted.manifests,
            hooks: sorted.hooks,
            notes: rendered.notes,
            warnings: warnings.into_vec(),
        })
    }

    /// The release's manifest as Helm stores it: each document below its `# Source:` line, the
    /// given CRDs first.
    pub fn manifest_text(&self, crds: &[File]) -> String {
        let crd_bytes = crds.iter().map(|crd| crd.name.len() + crd.data.len());
        let own_bytes = self.manifests.iter().map(|m| m.path.len() + m.content.as_str().len());
        let separators = FRAME_BYTES * (crds.len() + self.manifests.len());
        let bytes = crd_bytes.chain(own_bytes).sum::<usize>() + separators;
        let mut text = String::with_capacity(bytes);
        for crd in crds {
            push_document(&mut text, &crd.name, &String::from_utf8_lossy(&crd.data));
        }
        for manifest in &self.manifests {
            push_document(&mut text, &manifest.path, manifest.content.as_str());
        }
        text
    }
}

/// What [`push_document`] adds to path and content, in bytes.
const FRAME_BYTES: usize = "---\n# Source: \n\n".len();

/// Appends one document as `helm template` prints it.
pub(crate) fn push_document(out: &mut String, path: &str, content: &str) {
    // Writing to a String cannot fail.
    let _ = write!(out, "---\n# Source: {path}\n{content}\n");
}

fn installable(chart: &Chart, warnings: &mut Warnings) -> Result<(), Error> {
    let kind = chart.metadata.kind.as_str();
    if !matches!(kind, "" | "application") {
        return Err(Error::Chart(format!("{kind} charts are not installable")));
    }
    if chart.metadata.deprecated {
        warnings.add("this chart is deprecated".to_owned());
    }
    Ok(())
}

fn fits_cluster(chart: &Chart, surroundings: &Surroundings<'_>) -> Result<(), Error> {
    let range = &chart.metadata.kube_version;
    let version = &surroundings.capabilities.kube_version;
    if range.is_empty() || is_compatible(range, &version.normalized) {
        return Ok(());
    }
    Err(Error::Chart(format!(
        "chart requires kubeVersion: {range} which is incompatible with Kubernetes {}",
        version.version
    )))
}
