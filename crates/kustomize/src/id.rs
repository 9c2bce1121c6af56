//! Which object a resource is: group, version, kind, namespace, name.

use std::fmt;
use std::sync::OnceLock;

/// What stands for the namespace of a resource that certainly has none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// Group, version and kind; as a selector, an empty part matches anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

/// Splits `apps/v1` into its group and version.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Whether the built-in tables say that a type has no namespace; unknown types are taken to have one.
pub(crate) fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    static TABLE: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let lines = include_str!("tables/cluster_scoped.txt").lines();
        let pair =
            |line: &'static str| line.rsplit_once('/').map(|(version, kind)| (kind, version));
        let mut table: Vec<_> = lines.filter_map(pair).collect();
        table.sort_unstable();
        table
    });
    let first = table.partition_point(|(known, _)| *known < kind);
    let of_kind = table[first..].iter().take_while(|(known, _)| *known == kind);
    of_kind.into_iter().any(|(_, version)| *version == api_version)
}

/// The namespace that counts when ids are compared.
pub(crate) fn effective_namespace<'a>(
    api_version: &str,
    kind: &str,
    namespace: &'a str,
) -> &'a str {
    if is_cluster_scoped(api_version, kind) {
        NO_NAMESPACE
    } else if namespace.is_empty() {
        DEFAULT_NAMESPACE
    } else {
        namespace
    }
}

impl Gvk {
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether this selector accepts a type.
    pub(crate) fn selects(&self, group: &str, version: &str, kind: &str) -> bool {
        let accepts = |own: &str, other: &str| own.is_empty() || own == other;
        accepts(&self.kind, kind) && accepts(&self.group, group) && accepts(&self.version, version)
    }

    /// What the stable order compares among kinds of one rank.
    pub(crate) fn sort_text(&self) -> String {
        let or = |text: &str, none: &str| {
            if text.is_empty() { none.to_owned() } else { text.to_owned() }
        };
        format!("{}_{}_{}", or(&self.group, "~G"), or(&self.version, "~V"), or(&self.kind, "~K"))
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &'static str| {
            move |own: &str| if own.is_empty() { text.to_owned() } else { own.to_owned() }
        };
        let (kind, version, group) =
            (or("[noKind]")(&self.kind), or("[noVer]")(&self.version), or("[noGrp]")(&self.group));
        write!(formatter, "{kind}.{version}.{group}")
    }
}

/// One text for the parts of an id: group, version, kind, namespace, name.
pub(crate) fn key(parts: [&str; 5]) -> String {
    parts.join("\0")
}

/// The identity of a resource, or a selector of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Id {
    /// The id with its namespace made comparable.
    pub(crate) fn effective(&self) -> Self {
        let namespace =
            effective_namespace(&self.gvk.api_version(), &self.gvk.kind, &self.namespace)
                .to_owned();
        Self { gvk: self.gvk.clone(), name: self.name.clone(), namespace }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The id as one text, for an index.
    pub(crate) fn key(&self) -> String {
        let Self { gvk: Gvk { group, version, kind }, name, namespace } = self;
        key([group, version, kind, namespace, name])
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        let namespace = if self.namespace.is_empty() { "[noNs]" } else { &self.namespace };
        write!(formatter, "{}/{name}.{namespace}", self.gvk)
    }
}

/// The built-in order of kinds: what others need first, webhooks last, everything else between.
pub(crate) const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
pub(crate) const LAST: [&str; 2] =
    ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The rank of a kind in an order: negative for the first ones, positive for the last ones.
pub(crate) fn rank<T: AsRef<str>>(kind: &str, first: &[T], last: &[T]) -> isize {
    let place = |list: &[T]| list.iter().rposition(|entry| entry.as_ref() == kind);
    let signed = |count: usize| isize::try_from(count).unwrap_or(isize::MAX);
    match (place(last), place(first)) {
        (Some(at), _) => signed(at) + 1,
        (None, Some(at)) => signed(at) - signed(first.len()),
        (None, None) => 0,
    }
}
