//! Charts: their files, their metadata, the charts inside them.

mod archive;
mod assemble;
mod decode;
mod directory;
mod ignore;
mod metadata;
pub(crate) mod package;

use std::sync::Arc;

use bytes::Bytes;

pub use archive::Limits;
pub use metadata::{Dependency, Lock, Maintainer, Metadata};

use crate::values::Table;

/// One file of a chart. What templates may ask for is kept in the form in which they see it, so
/// that a render does not copy it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<Data = Arc<[u8]>> {
    /// The path inside the chart, `/` between elements.
    pub name: String,
    /// The content, without a byte order mark.
    pub data: Data,
}

/// A chart with everything in it. Copies share files and default values.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// What `Chart.yaml` says.
    pub metadata: Metadata,
    /// What `Chart.lock` says.
    pub lock: Option<Lock>,
    /// The files below `templates/`.
    pub templates: Vec<File<Bytes>>,
    /// The default values.
    pub values: Arc<Table>,
    /// The text of `values.yaml`, with its comments.
    pub values_text: Option<Bytes>,
    /// The text of `values.schema.json`.
    pub schema: Option<Bytes>,
    /// All other files, `crds/` among them.
    pub files: Vec<File>,
    /// The charts below `charts/`.
    pub dependencies: Vec<Chart>,
}

impl Chart {
    /// Whether it is a library: its templates are only for others to include.
    pub(crate) fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }

    /// The manifests below `crds/` of this chart and of those inside it, each under its full path.
    pub fn crds(&self) -> Vec<File> {
        let mut found = Vec::new();
        self.collect_crds(&self.metadata.name, &mut found);
        found
    }

    fn collect_crds(&self, path: &str, found: &mut Vec<File>) {
        for file in self.files.iter().filter(|file| is_crd_manifest(&file.name)) {
            found.push(File { name: format!("{path}/{}", file.name), data: file.data.clone() });
        }
        for child in &self.dependencies {
            child.collect_crds(&format!("{path}/charts/{}", child.metadata.name), found);
        }
    }

    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Self {
        let metadata = Metadata {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            api_version: "v2".to_owned(),
            ..Metadata::default()
        };
        Self { metadata, ..Self::default() }
    }
}

fn is_crd_manifest(name: &str) -> bool {
    let extension = name.rsplit('/').next().and_then(|last| last.rsplit_once('.'));
    name.starts_with("crds/")
        && extension.is_some_and(|(_, extension)| {
            ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
}
