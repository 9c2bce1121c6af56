//! Helm's command line in its long form, for tests and the conformance runner.

use inhaul_helm::command::template::TemplateOptions;

/// Reads `[NAME] CHART` and flags.
pub(crate) fn options(arguments: impl Iterator<Item = String>) -> Result<TemplateOptions, String> {
    let mut options = TemplateOptions::default();
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--namespace" => options.namespace = value()?,
            "--kube-version" => options.kube_version = Some(value()?),
            "--api-versions" => {
                options.api_versions.extend(value()?.split(',').map(str::to_owned));
            }
            "-f" => options.values.files.push(value()?),
            "--set" => options.values.set.push(value()?),
            "--set-string" => options.values.set_string.push(value()?),
            "--set-json" => options.values.set_json.push(value()?),
            "--set-literal" => options.values.set_literal.push(value()?),
            "--set-file" => options.values.set_file.push(value()?),
            "--show-only" => options.show_only.push(value()?),
            "--name-template" => options.name_template = Some(value()?),
            "--include-crds" => options.include_crds = true,
            "--no-hooks" => options.no_hooks = true,
            "--skip-tests" => options.skip_tests = true,
            "--is-upgrade" => options.is_upgrade = true,
            "--skip-schema-validation" => options.skip_schema_validation = true,
            unknown if unknown.starts_with('-') => return Err(format!("unknown flag: {unknown}")),
            _ => options.arguments.push(argument),
        }
    }
    Ok(options)
}
