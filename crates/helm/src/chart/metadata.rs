//! `Chart.yaml`, `requirements.yaml` and the lock files.

use serde_json::{Map, Value};

use super::decode::{Fields, mapping};
use crate::{Error, version::Version};

/// What `Chart.yaml` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name; an alias, once dependencies are resolved.
    pub name: String,
    /// The project's page.
    pub home: String,
    /// Where the chart's source is.
    pub sources: Vec<String>,
    /// The chart's version, as written.
    pub version: String,
    /// One sentence on what it installs.
    pub description: String,
    /// Words for a search.
    pub keywords: Vec<String>,
    /// Who looks after it.
    pub maintainers: Vec<Maintainer>,
    /// An address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Read by Helm, used by nobody.
    pub condition: String,
    /// Read by Helm, used by nobody.
    pub tags: String,
    /// The version of what is installed.
    pub app_version: String,
    /// Whether the chart is no longer looked after.
    pub deprecated: bool,
    /// Free annotations, by key.
    pub annotations: Vec<(String, String)>,
    /// A range of Kubernetes versions.
    pub kube_version: String,
    /// The charts that this one needs; `None` where the field is absent, which Helm tells from
    /// an empty list.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library`, or empty.
    pub kind: String,
}

/// Somebody who looks after a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// The person's or organisation's name.
    pub name: String,
    /// An address for mail.
    pub email: String,
    /// A page.
    pub url: String,
}

/// A chart that another one needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependency {
    /// The needed chart's name; its alias, once dependencies are resolved.
    pub name: String,
    /// A version or a range.
    pub version: String,
    /// Where it comes from: an address, `file://PATH`, or empty for `charts/`.
    pub repository: String,
    /// Comma-separated paths into the values; the first boolean found decides.
    pub condition: String,
    /// Tags that switch it on or off.
    pub tags: Vec<String>,
    /// Whether it takes part in this render.
    pub enabled: bool,
    /// Which of its values become the parent's.
    pub import_values: Vec<Value>,
    /// The name under which it is used.
    pub alias: String,
}

/// `Chart.lock`: the versions that a range was resolved to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    /// When it was written, RFC 3339.
    pub generated: String,
    /// Helm's hash of the dependencies as wanted and as locked.
    pub digest: String,
    /// The dependencies with one version each.
    pub dependencies: Vec<Dependency>,
}

impl Metadata {
    /// Reads `Chart.yaml`. A missing `apiVersion` means `v1`, as Helm 2 wrote it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let map = mapping(bytes, "Metadata")?;
        let mut metadata = Self::default();
        metadata.apply(&map)?;
        if metadata.api_version.is_empty() {
            "v1".clone_into(&mut metadata.api_version);
        }
        Ok(metadata)
    }

    /// Reads `requirements.yaml` over what `Chart.yaml` said.
    pub(super) fn apply_requirements(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let map = mapping(bytes, "Metadata")?;
        let fields = Fields::new(&map, "Metadata");
        if let Some(items) = fields.items("dependencies")? {
            self.dependencies = Some(dependencies(items)?);
        }
        Ok(())
    }

    fn apply(&mut self, map: &Map<String, Value>) -> Result<(), Error> {
        let fields = Fields::new(map, "Metadata");
        self.name = sanitize(&fields.text("name")?);
        self.home = sanitize(&fields.text("home")?);
        self.sources = sanitized(fields.texts("sources")?);
        self.version = fields.text("version")?;
        self.description = sanitize(&fields.text("description")?);
        self.keywords = sanitized(fields.texts("keywords")?);
        self.icon = sanitize(&fields.text("icon")?);
        self.api_version = fields.text("apiVersion")?;
        self.condition = sanitize(&fields.text("condition")?);
        self.tags = sanitize(&fields.text("tags")?);
        self.app_version = sanitize(&fields.text("appVersion")?);
        self.deprecated = fields.flag("deprecated")?;
        self.annotations = fields.text_map("annotations")?.unwrap_or_default();
        self.kube_version = sanitize(&fields.text("kubeVersion")?);
        self.kind = fields.text("type")?;
        for item in fields.items("maintainers")?.into_iter().flatten() {
            self.maintainers.push(Maintainer::read(item)?);
        }
        self.dependencies = fields.items("dependencies")?.map(|i| dependencies(i)).transpose()?;
        Ok(())
    }

    /// Checks what Helm checks when it loads a chart.
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.api_version.is_empty() {
            return invalid("chart.metadata.apiVersion is required");
        }
        if self.name.is_empty() {
            return invalid("chart.metadata.name is required");
        }
        if matches!(self.name.as_str(), "." | "..") {
            return invalid(&format!("chart.metadata.name {:?} is not allowed", self.name));
        }
        if self.name.contains('/') {
            return invalid(&format!("chart.metadata.name {:?} is invalid", self.name));
        }
        if self.version.is_empty() {
            return invalid("chart.metadata.version is required");
        }
        if Version::parse(&self.version).is_err() {
            return invalid(&format!("chart.metadata.version {:?} is invalid", self.version));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return invalid("chart.metadata.type must be application or library");
        }
        self.validate_dependencies()
    }

    fn validate_dependencies(&self) -> Result<(), Error> {
        let mut seen = std::collections::HashSet::new();
        for dependency in self.dependencies.iter().flatten() {
            let of_alias = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if !dependency.alias.chars().all(of_alias) {
                return invalid(&format!(
                    "dependency {:?} has disallowed characters in the alias",
                    dependency.name
                ));
            }
            let key = dependency.effective_name();
            if !seen.insert(key) {
                return invalid(&format!("more than one dependency with name or alias {key:?}"));
            }
        }
        Ok(())
    }
}

fn invalid<T>(message: &str) -> Result<T, Error> {
    Err(Error::Chart(format!("validation: {message}")))
}

impl Maintainer {
    fn read(value: &Value) -> Result<Self, Error> {
        let Value::Object(map) = value else {
            return invalid("maintainers must not contain empty or null nodes");
        };
        let fields = Fields::new(map, "Maintainer");
        Ok(Self {
            name: sanitize(&fields.text("name")?),
            email: sanitize(&fields.text("email")?),
            url: sanitize(&fields.text("url")?),
        })
    }
}

fn dependencies(items: &[Value]) -> Result<Vec<Dependency>, Error> {
    items.iter().map(Dependency::read).collect()
}

impl Dependency {
    /// The name under which the chart is used: its alias, where it has one.
    pub(crate) fn effective_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    fn read(value: &Value) -> Result<Self, Error> {
        let Value::Object(map) = value else {
            return invalid("dependencies must not contain empty or null nodes");
        };
        let fields = Fields::new(map, "Dependency");
        Ok(Self {
            name: sanitize(&fields.text("name")?),
            version: sanitize(&fields.text("version")?),
            repository: sanitize(&fields.text("repository")?),
            condition: sanitize(&fields.text("condition")?),
            tags: sanitized(fields.texts("tags")?),
            enabled: fields.flag("enabled")?,
            import_values: fields.items("import-values")?.cloned().unwrap_or_default(),
            alias: fields.text("alias")?,
        })
    }
}

impl Lock {
    /// Reads `Chart.lock` or `requirements.lock`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let map = mapping(bytes, "Lock")?;
        let fields = Fields::new(&map, "Lock");
        let items = fields.items("dependencies")?;
        Ok(Self {
            generated: fields.text("generated")?,
            digest: fields.text("digest")?,
            dependencies: items.map(|items| dependencies(items)).transpose()?.unwrap_or_default(),
        })
    }
}

fn sanitized(texts: Option<Vec<String>>) -> Vec<String> {
    texts.unwrap_or_default().iter().map(|text| sanitize(text)).collect()
}

/// Turns white space into spaces and drops what does not print: metadata ends up in terminals.
fn sanitize(text: &str) -> String {
    text.chars().filter(|c| prints(*c)).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

fn prints(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
    );
    c.is_whitespace() || !(c.is_control() || invisible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Metadata, String> {
        let metadata = Metadata::parse(text.as_bytes()).map_err(|e| e.to_string())?;
        metadata.validate().map_err(|e| e.to_string())?;
        Ok(metadata)
    }

    #[test]
    fn scalars_become_text_as_go_writes_them() {
        let metadata =
            parse("Name: a\nversion: 1.10\nappVersion: 2\nannotations: {b: true, a: 1e3}").unwrap();
        assert_eq!(metadata.name, "a");
        assert_eq!(metadata.version, "1.1");
        assert_eq!(metadata.app_version, "2");
        assert_eq!(metadata.api_version, "v1");
        let annotations = [("a", "1000"), ("b", "true")];
        assert_eq!(metadata.annotations, annotations.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn invalid_metadata_is_named_as_helm_names_it() {
        for (text, expected) in [
            ("version: 1.0.0", "validation: chart.metadata.name is required"),
            ("name: a", "validation: chart.metadata.version is required"),
            ("name: a\nversion: x", "validation: chart.metadata.version \"x\" is invalid"),
            ("name: a/b\nversion: 1.0.0", "validation: chart.metadata.name \"a/b\" is invalid"),
            ("name: ..\nversion: 1.0.0", "validation: chart.metadata.name \"..\" is not allowed"),
            (
                "name: a\nversion: 1.0.0\ntype: x",
                "validation: chart.metadata.type must be application or library",
            ),
            (
                "name: a\nversion: 1.0.0\ndependencies: [{name: b}, {name: c, alias: b}]",
                "validation: more than one dependency with name or alias \"b\"",
            ),
            (
                "name: a\nversion: 1.0.0\ndependencies: [{name: b, alias: 'x y'}]",
                "validation: dependency \"b\" has disallowed characters in the alias",
            ),
            (
                "name: a\nversion: [1]",
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into \
                 Go struct field Metadata.version of type string",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_print_is_dropped() {
        assert_eq!(sanitize("a\tb\u{7}\u{200b}c\u{a0}é"), "a bc é");
    }
}
