//! Where an object came from, for the annotations that `buildMetadata` asks for.

/// An origin as kustomize writes it into an annotation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) path: String,
    pub(crate) configured_in: String,
    pub(crate) configured_by: Option<ConfiguredBy>,
}

/// The plugin that generated or transformed an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ConfiguredBy {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// Joins paths and resolves `.` and `..` as text; what leads above the start stays.
pub(crate) fn join(base: &str, path: &str) -> String {
    let mut elements: Vec<&str> = Vec::new();
    for element in base.split('/').chain(path.split('/')) {
        match element {
            "" | "." => {}
            ".." if elements.last().is_some_and(|last| *last != "..") => {
                elements.pop();
            }
            element => elements.push(element),
        }
    }
    elements.join("/")
}

impl Origin {
    pub(crate) fn append(&self, path: &str) -> Self {
        Self { path: join(&self.path, path), ..self.clone() }
    }

    /// What a built-in generator or transformer of this level leaves behind.
    pub(crate) fn of_builtin(&self, kind: &str, file: &str) -> Self {
        let configured_by = ConfiguredBy {
            api_version: "builtin".to_owned(),
            kind: kind.to_owned(),
            ..Default::default()
        };
        Self {
            path: String::new(),
            configured_in: join(&self.path, file),
            configured_by: Some(configured_by),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = |indent: &str, name: &str, value: &str| {
            if !value.is_empty() {
                let value = serde_json::Value::from(value);
                lines
                    .push(format!("{indent}{name}: {}", inhaul_yaml::to_string(&value).trim_end()));
            }
        };
        line("", "path", &self.path);
        line("", "configuredIn", &self.configured_in);
        if let Some(by) = &self.configured_by {
            let mut inner = Vec::new();
            std::mem::swap(&mut inner, &mut lines);
            inner.push("configuredBy:".to_owned());
            let mut line = |name: &str, value: &str| {
                if !value.is_empty() {
                    let value = serde_json::Value::from(value);
                    inner.push(format!("  {name}: {}", inhaul_yaml::to_string(&value).trim_end()));
                }
            };
            line("apiVersion", &by.api_version);
            line("kind", &by.kind);
            line("name", &by.name);
            line("namespace", &by.namespace);
            lines = inner;
        }
        lines
    }

    /// The value of the origin annotation.
    pub(crate) fn text(&self) -> String {
        self.lines().join("\n") + "\n"
    }
}

/// The value of the transformations annotation.
pub(crate) fn transformations(list: &[Origin]) -> String {
    let mut text = String::new();
    for origin in list {
        for (at, line) in origin.lines().into_iter().enumerate() {
            text.push_str(if at == 0 { "- " } else { "  " });
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}
