//! What the binary tells about itself: its version, and the CRDs of what it serves.

use serde_json::json;
use std::fmt::Write;

/// `inhaul version`
#[derive(clap::Args)]
pub struct Version {
    /// Print JSON or YAML instead of a line
    #[arg(long, short, value_name = "FORMAT")]
    output: Option<Format>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Json,
    Yaml,
}

/// `inhaul crds`
#[derive(clap::Args)]
pub struct Crds {}

const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

impl Version {
    pub(crate) fn run(&self) -> Result<String, String> {
        let version = json!({ "flux": inhaul_api::FLUX_VERSION, "inhaul": VERSION });
        Ok(match self.output {
            None => format!("inhaul {VERSION}\n"),
            Some(Format::Json) => format!("{version:#}\n"),
            Some(Format::Yaml) => inhaul_yaml::to_string(&version),
        })
    }
}

impl Crds {
    /// All definitions as one YAML stream.
    #[expect(clippy::unused_self, reason = "options may come")]
    pub(crate) fn run(&self) -> Result<String, String> {
        let mut text = String::new();
        for crd in inhaul_api::custom_resource_definitions() {
            let crd =
                serde_json::to_value(&crd).map_err(|error| format!("a definition: {error}"))?;
            // Writing to a String cannot fail.
            let _ = write!(text, "---\n{}", inhaul_yaml::to_string(&crd));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_yaml::Dialect;

    #[test]
    fn the_version_is_one_line_or_data() {
        let print = |output| Version { output }.run().expect("a version");
        assert_eq!(print(None), format!("inhaul {VERSION}\n"));
        let data: serde_json::Value =
            serde_json::from_str(&print(Some(Format::Json))).expect("JSON");
        assert_eq!(data["inhaul"], VERSION);
        assert!(print(Some(Format::Yaml)).contains(&format!("inhaul: {VERSION}\n")));
    }

    #[test]
    fn the_definitions_are_a_stream_that_the_api_server_takes() {
        let text = Crds {}.run().expect("definitions");
        let documents = inhaul_yaml::documents(&text, Dialect::GoV2).expect("YAML");
        let names: Vec<_> =
            documents.iter().filter_map(|document| document["metadata"]["name"].as_str()).collect();
        let expected = [
            "gitrepositories.source.toolkit.fluxcd.io",
            "kustomizations.kustomize.toolkit.fluxcd.io",
            "receivers.notification.toolkit.fluxcd.io",
        ];
        assert_eq!(names, expected);
        assert!(documents.iter().all(|crd| crd["kind"] == "CustomResourceDefinition"));
    }
}
