//! Packing a chart into a `.tgz`.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};

use super::{Chart, Dependency, Lock, Metadata};
use crate::Error;

impl Chart {
    /// Packs the chart, charts inside it as directories. The bytes depend on nothing but the
    /// chart: times are zero.
    ///
    /// # Errors
    /// [`Error::Chart`] where a path is too long for an archive.
    pub fn to_archive(&self) -> Result<Vec<u8>, Error> {
        let failed = |error: std::io::Error| {
            Error::Chart(format!("cannot pack chart {}: {error}", self.metadata.name))
        };
        let mut builder = tar::Builder::new(Vec::new());
        self.append_to(&mut builder, &self.metadata.name).map_err(failed)?;
        let tar = builder.into_inner().map_err(failed)?;
        let mut gzip = GzBuilder::new().comment("Helm").write(Vec::new(), Compression::default());
        gzip.write_all(&tar).map_err(failed)?;
        gzip.finish().map_err(failed)
    }

    fn append_to(
        &self,
        builder: &mut tar::Builder<Vec<u8>>,
        base: &str,
    ) -> Result<(), std::io::Error> {
        let metadata = inhaul_yaml::to_string(&self.metadata.to_json());
        append(builder, &format!("{base}/Chart.yaml"), metadata.as_bytes())?;
        if let Some(lock) = self.lock.as_ref().filter(|_| self.metadata.api_version == "v2") {
            append(builder, &format!("{base}/Chart.lock"), lock.to_yaml().as_bytes())?;
        }
        if let Some(values) = &self.values_text {
            append(builder, &format!("{base}/values.yaml"), values)?;
        }
        if let Some(schema) = &self.schema {
            append(builder, &format!("{base}/values.schema.json"), schema)?;
        }
        for file in &self.templates {
            append(builder, &format!("{base}/{}", file.name), &file.data)?;
        }
        for file in &self.files {
            append(builder, &format!("{base}/{}", file.name), &file.data)?;
        }
        for child in &self.dependencies {
            child.append_to(builder, &format!("{base}/charts/{}", child.metadata.name))?;
        }
        Ok(())
    }
}

fn append(
    builder: &mut tar::Builder<Vec<u8>>,
    path: &str,
    data: &[u8],
) -> Result<(), std::io::Error> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(data.len() as u64);
    builder.append_data(&mut header, path, data)
}

/// Collects the fields that Go's `omitempty` would keep.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), text.into());
        }
    }

    fn list(&mut self, name: &str, items: Vec<Value>) {
        if !items.is_empty() {
            self.0.insert(name.to_owned(), items.into());
        }
    }

    fn texts(&mut self, name: &str, items: &[String]) {
        self.list(name, items.iter().map(|item| item.as_str().into()).collect());
    }
}

impl Metadata {
    /// `Chart.yaml` as Helm writes it.
    fn to_json(&self) -> Value {
        let mut fields = Fields::default();
        fields.text("name", &self.name);
        fields.text("home", &self.home);
        fields.texts("sources", &self.sources);
        fields.text("version", &self.version);
        fields.text("description", &self.description);
        fields.texts("keywords", &self.keywords);
        fields.text("icon", &self.icon);
        fields.text("apiVersion", &self.api_version);
        fields.text("condition", &self.condition);
        fields.text("tags", &self.tags);
        fields.text("appVersion", &self.app_version);
        fields.text("kubeVersion", &self.kube_version);
        fields.text("type", &self.kind);
        let maintainers = self.maintainers.iter().map(|maintainer| {
            let mut fields = Fields::default();
            fields.text("name", &maintainer.name);
            fields.text("email", &maintainer.email);
            fields.text("url", &maintainer.url);
            Value::Object(fields.0)
        });
        fields.list("maintainers", maintainers.collect());
        if self.deprecated {
            fields.0.insert("deprecated".to_owned(), true.into());
        }
        if !self.annotations.is_empty() {
            let annotations = self.annotations.iter().map(|(k, v)| (k.clone(), v.as_str().into()));
            fields.0.insert("annotations".to_owned(), Value::Object(annotations.collect()));
        }
        // Charts of version 1 keep them in requirements.yaml.
        if self.api_version != "v1" {
            let dependencies = self.dependencies.iter().flatten().map(Dependency::to_json);
            fields.list("dependencies", dependencies.collect());
        }
        Value::Object(fields.0)
    }
}

impl Dependency {
    /// The dependency as Helm writes it; the repository is written even if it is empty.
    pub(crate) fn to_json(&self) -> Value {
        let mut fields = Fields::default();
        fields.0.insert("name".to_owned(), self.name.as_str().into());
        fields.text("version", &self.version);
        fields.0.insert("repository".to_owned(), self.repository.as_str().into());
        fields.text("condition", &self.condition);
        fields.texts("tags", &self.tags);
        if self.enabled {
            fields.0.insert("enabled".to_owned(), true.into());
        }
        fields.list("import-values", self.import_values.clone());
        fields.text("alias", &self.alias);
        Value::Object(fields.0)
    }
}

impl Lock {
    /// The lock file's text.
    pub(crate) fn to_yaml(&self) -> String {
        let dependencies: Vec<Value> = self.dependencies.iter().map(Dependency::to_json).collect();
        inhaul_yaml::to_string(&json!({
            "dependencies": dependencies,
            "digest": self.digest,
            "generated": self.generated,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    #[test]
    fn a_packed_chart_is_the_same_chart() {
        let yaml = "apiVersion: v2\nname: top\nversion: 1.0.0\nannotations: {a: b}\n\
                    maintainers: [{name: me}]\ndependencies:\n- {name: child, version: '*'}";
        let mut chart = Chart::named("top");
        chart.metadata = Metadata::parse(yaml.as_bytes()).unwrap();
        chart.values_text = Some(b"a: 1 # one\n".as_slice().into());
        chart.templates.push(crate::File {
            name: format!("templates/{}.yaml", "long".repeat(60)),
            data: b"x".as_slice().into(),
        });
        chart.dependencies.push(Chart::named("child"));
        let packed = chart.to_archive().unwrap();
        assert_eq!(packed, chart.to_archive().unwrap());
        let again = Chart::from_archive(&packed, Limits::default()).unwrap();
        assert_eq!(again.metadata, chart.metadata);
        assert_eq!(again.values_text, chart.values_text);
        assert_eq!(again.templates, chart.templates);
        assert_eq!(again.dependencies[0].metadata, chart.dependencies[0].metadata);
    }
}
