//! `.Chart`, `.Release` and `.Capabilities`, with the names and types that Go's structs give them.

use std::sync::Arc;

use inhaul_template::{
    Function, List, Map, Outcome, Parameter, Runtime, Structure, TypeInfo, Value,
};

use crate::{
    capabilities::{Capabilities, KubeVersion},
    chart::{Dependency, Maintainer, Metadata},
    release::Release,
};

static TEXT_MAP: TypeInfo = TypeInfo::plain("map[string]string", "string");
static CAPABILITIES: TypeInfo = TypeInfo::plain("common.Capabilities", "");
static HELM_VERSION: TypeInfo = TypeInfo::plain("version.BuildInfo", "");
static VERSION_SET: TypeInfo = TypeInfo {
    name: "common.VersionSet",
    element: "string",
    methods: &[Function::fixed("Has", &[Parameter::String], has_version)],
    text: None,
};
static KUBE_VERSION: TypeInfo = TypeInfo {
    name: "common.KubeVersion",
    element: "",
    methods: &[
        Function::fixed("String", &[], |_, arguments| Ok(normalized(arguments.first()))),
        Function::fixed("GitVersion", &[], |_, arguments| Ok(field(arguments.first(), "Version"))),
    ],
    text: Some(|value| match normalized(Some(value)) {
        Value::String(text) => text.to_str().into_owned(),
        _ => String::new(),
    }),
};

/// `.Release`
pub(super) fn release(release: &Release) -> Value {
    Value::map([
        ("Name", text(&release.name)),
        ("Namespace", text(&release.namespace)),
        ("Revision", Value::Int(release.revision)),
        ("IsInstall", (!release.is_upgrade).into()),
        ("IsUpgrade", release.is_upgrade.into()),
        ("Service", "Helm".into()),
    ])
}

/// `.Capabilities`
pub(super) fn capabilities(capabilities: &Capabilities) -> Value {
    let versions = capabilities.api_versions.iter().map(|version| text(version)).collect();
    let helm = &capabilities.helm_version;
    let helm_fields = vec![
        ("Version", text(&helm.version)),
        ("GitCommit", "".into()),
        ("GitTreeState", "".into()),
        ("GoVersion", text(&helm.go_version)),
        ("KubeClientVersion", text(&helm.kube_client_version)),
    ];
    structure(
        &CAPABILITIES,
        true,
        vec![
            ("KubeVersion", kube_version(&capabilities.kube_version)),
            ("APIVersions", Value::List(List::typed(&VERSION_SET, versions))),
            ("HelmVersion", structure(&HELM_VERSION, false, helm_fields)),
        ],
    )
}

fn kube_version(version: &KubeVersion) -> Value {
    let fields = vec![
        ("Version", text(&version.version)),
        ("normalizedVersion", text(&version.normalized)),
        ("Major", text(&version.major)),
        ("Minor", text(&version.minor)),
    ];
    structure(&KUBE_VERSION, false, fields)
}

fn structure(kind: &'static TypeInfo, pointer: bool, fields: Vec<(&'static str, Value)>) -> Value {
    Value::Structure(Arc::new(Structure::new(kind, pointer, fields)))
}

fn has_version(_: &mut Runtime<'_>, arguments: &[Value]) -> Outcome {
    let [Value::List(versions), Value::String(wanted)] = arguments else {
        return Ok(false.into());
    };
    let has = versions.items().iter().any(|version| version.as_text() == Some(wanted));
    Ok(has.into())
}

fn normalized(version: Option<&Value>) -> Value {
    field(version, "normalizedVersion")
}

fn field(value: Option<&Value>, name: &str) -> Value {
    match value {
        Some(Value::Structure(structure)) => structure.field(name).cloned().unwrap_or_default(),
        _ => Value::Nil,
    }
}

/// `.Chart`
pub(super) fn chart(metadata: &Metadata, is_root: bool) -> Value {
    let annotations = metadata.annotations.iter();
    let annotations = annotations.map(|(key, value)| (key.as_str().into(), text(value))).collect();
    let dependencies = metadata.dependencies.iter().flatten().map(dependency).collect();
    Value::map([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::list(metadata.maintainers.iter().map(maintainer).collect())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", metadata.deprecated.into()),
        ("Annotations", Map::typed(&TEXT_MAP, annotations).into()),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Value::list(dependencies)),
        ("Type", text(&metadata.kind)),
        ("IsRoot", is_root.into()),
    ])
}

fn maintainer(maintainer: &Maintainer) -> Value {
    Value::map([
        ("Name", text(&maintainer.name)),
        ("Email", text(&maintainer.email)),
        ("URL", text(&maintainer.url)),
    ])
}

fn dependency(dependency: &Dependency) -> Value {
    Value::map([
        ("Name", text(&dependency.name)),
        ("Version", text(&dependency.version)),
        ("Repository", text(&dependency.repository)),
        ("Condition", text(&dependency.condition)),
        ("Tags", texts(&dependency.tags)),
        ("Enabled", dependency.enabled.into()),
        (
            "ImportValues",
            Value::list(dependency.import_values.iter().map(Value::from_json).collect()),
        ),
        ("Alias", text(&dependency.alias)),
    ])
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn texts(items: &[String]) -> Value {
    Value::list(items.iter().map(|item| text(item)).collect())
}
