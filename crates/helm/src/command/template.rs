//! `inhaul template NAME CHART`: what `helm template` prints.

use inhaul_template::{Budget, MissingKey, TemplateSet, Value};

use super::{Change, Output, OutputFile, World};
use crate::{
    Capabilities, Error, Installation, KubeVersion, Release, Surroundings, ValueOptions,
    chart::Chart,
    install::push_document,
    manifest::{Hook, HookEvent, documents},
    pattern::shell::Shell,
};

/// The name where none was given, as Helm has it.
const DEFAULT_NAME: &str = "release-name";

/// The flags and arguments of the command, as they were given.
#[derive(Debug, Clone, Default)]
pub struct TemplateOptions {
    /// `[NAME] CHART`
    pub arguments: Vec<String>,
    /// `-f` and `--set` in all their forms.
    pub values: ValueOptions,
    /// `-n`, `--namespace`; empty means `default`.
    pub namespace: String,
    /// `-a`, `--api-versions`: besides those that Helm takes for granted.
    pub api_versions: Vec<String>,
    /// `--kube-version`
    pub kube_version: Option<String>,
    /// `-s`, `--show-only`: patterns of paths inside the chart.
    pub show_only: Vec<String>,
    /// `--include-crds`
    pub include_crds: bool,
    /// `--no-hooks`
    pub no_hooks: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
    /// `--is-upgrade`
    pub is_upgrade: bool,
    /// `--validate`, which needs a cluster and is refused.
    pub validate: bool,
    /// `--generate-name`
    pub generate_name: bool,
    /// `--name-template`
    pub name_template: Option<String>,
    /// Whether `--output-dir` was given: documents become files.
    pub to_files: bool,
    /// `--release-name`: files lie below a directory with the release's name.
    pub release_name_in_path: bool,
    /// `--skip-schema-validation`
    pub skip_schema_validation: bool,
}

/// Runs the command.
///
/// # Errors
/// Whatever stops the render, in Helm's words; the command line prints `Error: ` in front of it
/// and exits with 1.
pub fn template(options: &TemplateOptions, world: &World<'_>) -> Result<Output, Error> {
    if options.validate {
        let why = "--validate needs a cluster, and `inhaul template` talks to none";
        return Err(Error::Unsupported(why.to_owned()));
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = options.kube_version.as_ref().filter(|text| !text.is_empty()) {
        capabilities.kube_version = KubeVersion::parse(version)?;
    }
    capabilities.api_versions.extend(options.api_versions.iter().cloned());
    let (name, chart) = name_and_chart(options, world)?;
    let path = (world.locate)(chart).map_err(Error::Usage)?;
    let values = options.values.merged(world.read)?;
    let chart = Chart::load(world.tree, &path)?;
    let namespace = match options.namespace.as_str() {
        "" => "default",
        given => given,
    };
    let release = Release {
        name,
        namespace: namespace.to_owned(),
        revision: 1,
        is_upgrade: options.is_upgrade,
    };
    let surroundings = Surroundings {
        host: world.host,
        budget: Budget::default(),
        library: inhaul_template::helm(),
        capabilities: &capabilities,
        release: &release,
    };
    let check_schema = !options.skip_schema_validation;
    let installation = Installation::render(chart, &values, &surroundings, check_schema)?;
    print(options, &release.name, installation)
}

/// The release's name and the CHART argument.
fn name_and_chart<'a>(
    options: &'a TemplateOptions,
    world: &World<'_>,
) -> Result<(String, &'a str), Error> {
    let usage = |message: &str| Err(Error::Usage(message.to_owned()));
    match options.arguments.as_slice() {
        [] => usage("\"inhaul template\" requires at least 1 argument"),
        [chart] => match &options.name_template {
            Some(text) if !text.is_empty() => Ok((named_by_template(text, world)?, chart)),
            _ => Ok((DEFAULT_NAME.to_owned(), chart)),
        },
        [_, _] if options.generate_name => {
            usage("cannot set --generate-name and also specify a name")
        }
        [_, _] if options.name_template.as_ref().is_some_and(|text| !text.is_empty()) => {
            usage("cannot set --name-template and also specify a name")
        }
        [name, chart] => Ok((name.clone(), chart)),
        [_, _, rest @ ..] => usage(&format!(
            "expected at most two arguments, unexpected arguments: {}",
            rest.join(", ")
        )),
    }
}

fn named_by_template(text: &str, world: &World<'_>) -> Result<String, Error> {
    let failed = |error: inhaul_template::Error| Error::Usage(error.text().to_owned());
    let name = "name-template";
    let mut set = TemplateSet::new(inhaul_template::sprig(), MissingKey::Invalid);
    set.parse(name, text).map_err(failed)?;
    let made = set.execute(name, &Value::Nil, world.host, Budget::default()).map_err(failed)?;
    Ok(made.to_str().into_owned())
}

fn print(
    options: &TemplateOptions,
    release: &str,
    installation: Installation,
) -> Result<Output, Error> {
    let crds = if options.include_crds { installation.chart.crds() } else { Vec::new() };
    let hooks: Vec<&Hook> = installation
        .hooks
        .iter()
        .filter(|_| !options.no_hooks)
        .filter(|hook| !(options.skip_tests && hook.events.contains(&HookEvent::Test)))
        .collect();
    let mut output = Output::default();
    if options.to_files {
        let prefix =
            if options.release_name_in_path { format!("{release}/") } else { String::new() };
        output.files = files(&installation, &crds, &hooks, &prefix);
        output.text = "\n".to_owned();
    } else {
        // Each document begins with dashes, so only the end can have white space to trim.
        output.text = installation.manifest_text(&crds);
        output.text.truncate(output.text.trim_end().len());
        output.text.push('\n');
        for hook in hooks {
            push_document(&mut output.text, &hook.path, hook.manifest.as_str());
        }
    }
    if !options.show_only.is_empty() {
        output.text = only(&options.show_only, &output.text)?;
    }
    output.warnings = installation.warnings;
    Ok(output)
}

/// One file for each template; what comes second from a template is added to its file.
fn files(
    installation: &Installation,
    crds: &[crate::File],
    hooks: &[&Hook],
    prefix: &str,
) -> Vec<OutputFile> {
    let mut seen = std::collections::HashSet::new();
    let mut files = Vec::new();
    let mut push = |path: String, source: &str, content: &str, is_hook: bool| {
        let mut text = String::new();
        push_document(&mut text, source, content);
        let bytes = text.into_bytes();
        let is_first = seen.insert(path.clone());
        // A hook never truncates: Helm adds to whatever file is there.
        let change =
            if is_first && !is_hook { Change::Write(bytes) } else { Change::Append(bytes) };
        files.push(OutputFile { path, change });
    };
    for crd in crds {
        push(crd.name.clone(), &crd.name, &String::from_utf8_lossy(&crd.data), false);
    }
    for manifest in &installation.manifests {
        push(
            format!("{prefix}{}", manifest.path),
            &manifest.path,
            manifest.content.as_str(),
            false,
        );
    }
    for hook in hooks {
        push(format!("{prefix}{}", hook.path), &hook.path, hook.manifest.as_str(), true);
    }
    files
}

/// The documents whose source matches one of the patterns, pattern by pattern.
fn only(patterns: &[String], text: &str) -> Result<String, Error> {
    let found: Vec<(&str, &str)> = documents(text)
        .into_iter()
        .filter_map(|document| source(document).map(|source| (source, document)))
        .collect();
    let mut shown = String::new();
    for text in patterns {
        let pattern = Shell::parse(text).ok();
        let before = shown.len();
        for (source, document) in &found {
            if pattern.as_ref().is_some_and(|pattern| pattern.matches(source)) {
                shown.push_str("---\n");
                shown.push_str(document);
                shown.push('\n');
            }
        }
        if shown.len() == before {
            return Err(Error::Usage(format!("could not find template {text} in chart")));
        }
    }
    Ok(shown)
}

/// The path inside the chart that a document's `# Source:` line names.
fn source(document: &str) -> Option<&str> {
    document.match_indices("# Source: ").find_map(|(at, mark)| {
        let (chart, rest) = document[at + mark.len()..].split_once('/')?;
        let path = rest.split('\n').next().unwrap_or_default();
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}
