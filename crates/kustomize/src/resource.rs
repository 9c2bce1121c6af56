//! One object on its way through the build, with what kustomize remembers of it in annotations.

use std::collections::BTreeMap;
use std::sync::Arc;

use inhaul_yaml::{Dialect, Node, NodeKind, Style, Tag};

use crate::error::{Context, Error, Result};
use crate::field::{self, is_nil_or_empty};
use crate::id::{Gvk, Id, effective_namespace, key, split_api_version};
use crate::origin::Origin;
use crate::read::Comments;
use crate::shared;

/// What a generator wants when its object exists already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            "create" => Self::Create,
            _ => Self::Unspecified,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// A name that a resource had; its group and version are always the current ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) name: String,
    /// Effective.
    pub(crate) namespace: String,
    pub(crate) kind: String,
}

/// What kustomize keeps in build annotations; an SM patch that removes all annotations removes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) behavior: Behavior,
    pub(crate) needs_hash: bool,
    /// A chart gave it: its namespace is Helm's business.
    pub(crate) from_chart: bool,
}

/// One object of a build.
#[derive(Debug, Clone)]
pub struct Resource {
    pub(crate) node: Node,
    pub(crate) history: History,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    pub(crate) variables: Vec<String>,
    pub(crate) origin: Option<Origin>,
    pub(crate) transformations: Vec<Origin>,
    /// How many groups of [`shared`] nodes were made in the object.
    pub(crate) shares: u16,
    /// The file that it was read from, relative to the tree.
    pub(crate) file: Option<String>,
    /// Schemas that comments in its file give to fields.
    pub(crate) comments: Option<Arc<Comments>>,
}

impl Resource {
    pub(crate) fn new(node: Node) -> Self {
        let mut result = Self::without_history(node);
        result.read_history();
        result
    }

    fn without_history(node: Node) -> Self {
        Self {
            node,
            history: History::default(),
            allow_name_change: false,
            allow_kind_change: false,
            variables: Vec::new(),
            origin: None,
            transformations: Vec::new(),
            shares: 0,
            file: None,
            comments: None,
        }
    }

    /// Takes the notes of an earlier build from annotations, where the real tool keeps them.
    fn read_history(&mut self) {
        const NOTE: &str = "internal.config.kubernetes.io/previous";
        let annotations = self.node.get("metadata").and_then(|node| node.get("annotations"));
        let entries = annotations.and_then(Node::entries).unwrap_or_default();
        if !entries.iter().any(|(key, _)| key.text().is_some_and(|key| key.starts_with(NOTE))) {
            return;
        }
        let map = self.annotations();
        let list = |name: &str| {
            let text = map.get(&format!("{NOTE}{name}")).cloned().unwrap_or_default();
            text.split(',').map(str::to_owned).collect::<Vec<_>>()
        };
        let (names, namespaces, kinds) = (list("Names"), list("Namespaces"), list("Kinds"));
        if names.len() == namespaces.len() && names.len() == kinds.len() {
            let previous = names.into_iter().zip(namespaces).zip(kinds);
            self.history.previous = previous
                .map(|((name, namespace), kind)| Previous { name, namespace, kind })
                .collect();
        }
    }

    fn text(&self, field: &str) -> &str {
        self.node.get(field).and_then(Node::text).unwrap_or_default()
    }

    fn metadata(&self, field: &str) -> &str {
        let value = self.node.get("metadata").and_then(|metadata| metadata.get(field));
        value.filter(|value| !value.is_null()).and_then(Node::text).unwrap_or_default()
    }

    /// The `apiVersion`, empty where there is none.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text("apiVersion")
    }

    /// The `kind`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    /// The name; empty only for list kinds.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// The namespace as it is written, empty where there is none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    /// The file that the object was read from, relative to the tree; `None` for generated ones.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The object as JSON data.
    ///
    /// # Errors
    /// Values without a JSON form: infinite numbers, keys that are not strings.
    pub fn to_json(&self) -> std::result::Result<serde_json::Value, Error> {
        inhaul_yaml::to_json(&self.node, Dialect::GoV3).context(|| self.describe())
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::new(self.api_version(), self.kind())
    }

    pub(crate) fn effective_namespace(&self) -> &str {
        effective_namespace(self.api_version(), self.kind(), self.namespace())
    }

    /// The id as it is written, for messages and exact sorting.
    pub(crate) fn id(&self) -> Id {
        Id { gvk: self.gvk(), name: self.name().to_owned(), namespace: self.namespace().to_owned() }
    }

    /// The id that collisions are about.
    pub(crate) fn current_id(&self) -> Id {
        let namespace = self.effective_namespace().to_owned();
        Id { gvk: self.gvk(), name: self.name().to_owned(), namespace }
    }

    /// The key of the current id in an index.
    pub(crate) fn current_key(&self) -> String {
        let (group, version) = split_api_version(self.api_version());
        key([group, version, self.kind(), self.effective_namespace(), self.name()])
    }

    /// The keys of the ids that it had.
    pub(crate) fn previous_keys(&self) -> impl Iterator<Item = String> + '_ {
        let (group, version) = split_api_version(self.api_version());
        let previous = self.history.previous.iter();
        previous.map(move |p| key([group, version, &p.kind, &p.namespace, &p.name]))
    }

    /// The ids that it had, oldest first, namespaces effective.
    pub(crate) fn previous_ids(&self) -> impl DoubleEndedIterator<Item = Id> + '_ {
        self.history.previous.iter().map(|previous| self.previous_id(previous))
    }

    fn previous_id(&self, previous: &Previous) -> Id {
        Id {
            gvk: Gvk::new(self.api_version(), &previous.kind),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        }
    }

    /// The first id that it had, namespace effective.
    pub(crate) fn original_id(&self) -> Id {
        match self.history.previous.first() {
            Some(previous) => self.previous_id(previous),
            None => self.current_id(),
        }
    }

    /// Whether a selector accepts the type that the resource had at first.
    pub(crate) fn original_type_selected(&self, selector: &Gvk) -> bool {
        let kind = self.history.previous.first().map_or(self.kind(), |previous| &previous.kind);
        let (group, version) = split_api_version(self.api_version());
        selector.selects(group, version, kind)
    }

    /// A node that will stand in several fields, see [`shared`].
    pub(crate) fn share(&mut self, node: Node) -> Node {
        self.shares = self.shares.saturating_add(1);
        shared::share(node, self.shares)
    }

    /// Carries changes of shared nodes to all their places.
    pub(crate) fn settle(&mut self) {
        if self.shares > 0 {
            shared::settle(&mut self.node);
        }
    }

    /// The real tool writes its notes into the annotations, all of which then stand alone.
    pub(crate) fn separate_annotations(&mut self) {
        if self.shares == 0 {
            return;
        }
        let metadata = self.node.get_mut("metadata");
        if let Some(annotations) = metadata.and_then(|metadata| metadata.get_mut("annotations")) {
            shared::separate(annotations);
        }
    }

    /// Remembers the current id before it changes.
    pub(crate) fn store_previous_id(&mut self) {
        self.separate_annotations();
        let previous = Previous {
            name: self.name().to_owned(),
            namespace: self.effective_namespace().to_owned(),
            kind: self.kind().to_owned(),
        };
        self.history.previous.push(previous);
    }

    /// Names the object and, where known, its file, for messages.
    pub(crate) fn describe(&self) -> String {
        let place = match &self.file {
            Some(file) if self.node.line > 0 => format!(" ({file}:{})", self.node.line),
            Some(file) => format!(" ({file})"),
            None => String::new(),
        };
        format!("{}{place}", self.id())
    }

    pub(crate) fn set_kind(&mut self, kind: &str) -> Result<()> {
        field::set_field(&mut self.node, "kind", field::bare(kind))
    }

    pub(crate) fn set_gvk(&mut self, gvk: &Gvk) -> Result<()> {
        self.set_kind(&gvk.kind)?;
        field::set_field(&mut self.node, "apiVersion", field::bare(&gvk.api_version()))
    }

    pub(crate) fn set_name(&mut self, name: &str) -> Result<()> {
        let metadata = field::field_or_create(&mut self.node, "metadata", field::empty_mapping())?;
        field::set_field(metadata, "name", field::bare(name))
    }

    /// Sets the namespace, or removes it where it is empty.
    pub(crate) fn set_namespace(&mut self, namespace: &str) -> Result<()> {
        if namespace.is_empty() {
            if let Some(metadata) = self.node.get_mut("metadata") {
                metadata.remove("namespace");
            }
            return Ok(());
        }
        let metadata = field::field_or_create(&mut self.node, "metadata", field::empty_mapping())?;
        field::set_field(metadata, "namespace", field::bare(namespace))
    }

    fn metadata_map(&self, name: &str) -> BTreeMap<String, String> {
        let map = self.node.get("metadata").and_then(|metadata| metadata.get(name));
        let entries = map.and_then(Node::entries).unwrap_or_default();
        let text = |node: &Node| node.text().unwrap_or_default().to_owned();
        entries.iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.metadata_map("labels")
    }

    pub(crate) fn annotations(&self) -> BTreeMap<String, String> {
        self.metadata_map("annotations")
    }

    /// Replaces a whole map of the metadata by strings; an empty one goes.
    fn set_metadata_map(&mut self, name: &str, map: &BTreeMap<String, String>) -> Result<()> {
        let metadata = field::field_or_create(&mut self.node, "metadata", field::empty_mapping())?;
        metadata.remove(name);
        if map.is_empty() {
            return Ok(());
        }
        let entries =
            map.iter().map(|(key, value)| (field::bare(key), Node::string(value.as_str())));
        let entries = entries.collect();
        field::set_field(metadata, name, Node::mapping(entries))
    }

    pub(crate) fn set_labels(&mut self, map: &BTreeMap<String, String>) -> Result<()> {
        self.set_metadata_map("labels", map)
    }

    pub(crate) fn set_annotations(&mut self, map: &BTreeMap<String, String>) -> Result<()> {
        self.set_metadata_map("annotations", map)
    }

    /// A map of strings such as `data`.
    pub(crate) fn string_map(&self, name: &str) -> BTreeMap<String, String> {
        let entries = self.node.get(name).and_then(Node::entries).unwrap_or_default();
        let text = |node: &Node| {
            if node.is_null() { String::new() } else { node.text().unwrap_or_default().to_owned() }
        };
        entries.iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        is_nil_or_empty(&self.node)
    }

    /// Whether the object only configures tools and is not to be emitted.
    pub(crate) fn is_local_config(&self) -> bool {
        self.annotations()
            .get("config.kubernetes.io/local-config")
            .is_some_and(|value| value != "false")
    }
}

/// A string as kyaml writes it into data: blocks where it has lines.
pub(crate) fn data_value(text: &str) -> Node {
    let mut node = Node::string(text);
    if text.contains('\n') {
        node.style = Style::Literal;
    }
    node
}

/// Nodes of JSON data.
///
/// `quoted` is the form of JSON itself, in which every string carries quotes; otherwise only those strings do that
/// would be something else without.
pub(crate) fn from_json(value: &serde_json::Value, quoted: bool) -> Node {
    use serde_json::Value;
    let scalar = |text: String, tag| {
        let mut node = Node::plain(text);
        node.tag = tag;
        node
    };
    match value {
        Value::Null => Node::null(),
        Value::Bool(value) => scalar(value.to_string(), Tag::Bool),
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() => scalar(inhaul_yaml::go_json_float(value), Tag::None),
            _ => scalar(number.to_string(), Tag::Int),
        },
        Value::String(text) => {
            let mut node = Node::string(text.as_str());
            if quoted || inhaul_yaml::is_non_string(text) {
                node.style = Style::DoubleQuoted;
            }
            node
        }
        Value::Array(items) => {
            Node::sequence(items.iter().map(|item| from_json(item, quoted)).collect())
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let entry = |(key, value): (&String, &Value)| {
                let mut name = Node::string(key.as_str());
                if quoted || inhaul_yaml::is_non_string(key) {
                    name.style = Style::DoubleQuoted;
                }
                (name, from_json(value, quoted))
            };
            Node::mapping(entries.into_iter().map(entry).collect())
        }
    }
}

/// Whether a node is a mapping at all.
pub(crate) fn is_mapping(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Mapping(_))
}
