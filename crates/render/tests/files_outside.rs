//! No field of a kustomization reads a file outside the tree (CVE-2022-24877).

#![expect(clippy::unwrap_used, reason = "a test ends where a step of it fails")]

use inhaul_render::{Instructions, render};
use inhaul_tree::DirectoryTree;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// What no output and no error may hold.
const CANARY: &str = "canary-value";

/// Content that each field would accept, so that only the place can be what is wrong with it.
struct Field {
    name: &'static str,
    /// The kustomization, with `PATH` for the path.
    text: &'static str,
    /// What stands in the file or, with a `/` in the end, in the kustomization of the directory.
    content: &'static str,
    is_directory: bool,
    /// Whether the engine knows the field: with a path inside the tree the build must succeed.
    supported: bool,
}

const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: canary-value}\n";
const BASE: &str = "configMapGenerator: [{name: a, literals: [key=canary-value]}]\n";
const COMPONENT: &str = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n\
    configMapGenerator: [{name: a, literals: [key=canary-value]}]\n";
const JSON_PATCH: &str = "- {op: add, path: /data/x, value: canary-value}\n";

const fn file(name: &'static str, text: &'static str, content: &'static str) -> Field {
    Field { name, text, content, is_directory: false, supported: true }
}

const fn unsupported(field: Field) -> Field {
    Field { supported: false, ..field }
}

const fn directory(name: &'static str, text: &'static str, content: &'static str) -> Field {
    Field { name, text, content, is_directory: true, supported: true }
}

const STRATEGIC: &str = CONFIG_MAP;
const TRANSFORMER: &str = "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {name: t}\n\
    annotations: {canary-value: x}\nfieldSpecs: [{path: metadata/annotations, create: true}]\n";
/// Validators must leave the objects as they are.
const VALIDATOR: &str = "apiVersion: builtin\nkind: AnnotationsTransformer\n\
    metadata: {name: canary-value}\n";
const GENERATOR: &str = "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\n\
    literals: [key=canary-value]\n";
const LISTED: &str = "resources: [listed.yaml]\n";
const REPLACEMENT: &str = "source: {kind: ConfigMap, name: local, fieldPath: metadata.name}\n\
    targets: [{select: {kind: ConfigMap}, fieldPaths: [data.key]}]\n";

const FIELDS: &[Field] = &[
    file(
        "resources",
        "resources: [PATH]",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {key: canary-value}\n",
    ),
    directory("resources", "resources: [PATH]", BASE),
    directory("bases", "bases: [PATH]", BASE),
    directory("components", "resources: [local.yaml]\ncomponents: [PATH]", COMPONENT),
    file("patches (strategic merge)", "resources: [a.yaml]\npatches: [{path: PATH}]", STRATEGIC),
    file(
        "patches (JSON)",
        "resources: [a.yaml]\npatches: [{path: PATH, target: {kind: ConfigMap}}]",
        JSON_PATCH,
    ),
    file("patchesStrategicMerge", "resources: [a.yaml]\npatchesStrategicMerge: [PATH]", STRATEGIC),
    file(
        "patchesJson6902",
        "resources: [a.yaml]\npatchesJson6902: [{path: PATH, target: {version: v1, kind: ConfigMap, name: a}}]",
        JSON_PATCH,
    ),
    file("configMapGenerator.files", "configMapGenerator: [{name: g, files: [PATH]}]", CANARY),
    file(
        "configMapGenerator.files (key)",
        "configMapGenerator: [{name: g, files: [key=PATH]}]",
        CANARY,
    ),
    file(
        "configMapGenerator.envs",
        "configMapGenerator: [{name: g, envs: [PATH]}]",
        "A=canary-value",
    ),
    file("configMapGenerator.env", "configMapGenerator: [{name: g, env: PATH}]", "A=canary-value"),
    file("secretGenerator.files", "secretGenerator: [{name: g, files: [PATH]}]", CANARY),
    file("secretGenerator.files (key)", "secretGenerator: [{name: g, files: [key=PATH]}]", CANARY),
    file("secretGenerator.envs", "secretGenerator: [{name: g, envs: [PATH]}]", "A=canary-value"),
    file("secretGenerator.env", "secretGenerator: [{name: g, env: PATH}]", "A=canary-value"),
    file("crds", "resources: [a.yaml]\ncrds: [PATH]", "{}"),
    file("configurations", "resources: [a.yaml]\nconfigurations: [PATH]", "{}\n"),
    file("replacements", "resources: [local.yaml]\nreplacements: [{path: PATH}]", REPLACEMENT),
    file("transformers", "resources: [a.yaml]\ntransformers: [PATH]", TRANSFORMER),
    directory("transformers", "resources: [a.yaml]\ntransformers: [PATH]", LISTED),
    file("validators", "resources: [a.yaml]\nvalidators: [PATH]", VALIDATOR),
    directory("validators", "resources: [a.yaml]\nvalidators: [PATH]", LISTED),
    file("generators", "generators: [PATH]", GENERATOR),
    directory("generators", "generators: [PATH]", LISTED),
    file("openapi.path", "resources: [a.yaml]\nopenapi: {path: PATH}", "{\"definitions\": {}}"),
    unsupported(file(
        "helmCharts.valuesFile",
        "helmCharts: [{name: c, releaseName: r, valuesFile: PATH}]",
        "{}\n",
    )),
    unsupported(file(
        "helmCharts.additionalValuesFiles",
        "helmCharts: [{name: c, releaseName: r, additionalValuesFiles: [PATH]}]",
        "{}\n",
    )),
    unsupported(directory(
        "helmGlobals.chartHome",
        "helmGlobals: {chartHome: PATH}\nhelmCharts: [{name: c, releaseName: r}]",
        BASE,
    )),
    unsupported(directory(
        "helmChartInflationGenerator",
        "helmChartInflationGenerator: [{chartName: c, chartHome: PATH}]",
        BASE,
    )),
];

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A world with the source at `root/` and something beside it that nobody may read. Gives the
/// paths that lead there as seen from `root/app`, and one that stays inside.
fn lay_out(world: &Path, field: &Field) -> (Vec<String>, &'static str) {
    let app = world.join("root/app");
    let local = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: v}\n";
    write(&app.join("a.yaml"), local);
    write(&app.join("local.yaml"), &local.replace("name: a", "name: local"));
    let (outside, inside) = if field.is_directory {
        write(&world.join("outside/d/kustomization.yaml"), field.content);
        write(&world.join("root/shared/d/kustomization.yaml"), field.content);
        for place in ["outside", "root/shared"] {
            let listed = if field.name == "generators" { GENERATOR } else { VALIDATOR };
            write(&world.join(place).join("d/listed.yaml"), listed);
        }
        ("outside/d", "../shared/d")
    } else {
        write(&world.join("outside/f.yaml"), field.content);
        write(&world.join("root/shared/f.yaml"), field.content);
        ("outside/f.yaml", "../shared/f.yaml")
    };
    let absolute = world.join(outside).display().to_string();
    symlink(&absolute, app.join("absolute-link")).unwrap();
    symlink(format!("../../{outside}"), app.join("relative-link")).unwrap();
    symlink("relative-link", app.join("chain")).unwrap();
    symlink("../../outside", app.join("parent-link")).unwrap();
    symlink("../nowhere", app.join("dangling")).unwrap();
    let below = outside.trim_start_matches("outside/");
    let mut paths = vec![format!("../../{outside}"), absolute, format!("parent-link/{below}")];
    paths.extend(
        [
            "absolute-link",
            "relative-link",
            "chain",
            "dangling",
            "../../../../../../../../../../etc/passwd",
            "/proc/self/environ",
            "/var/run/secrets/kubernetes.io/serviceaccount/token",
        ]
        .map(str::to_owned),
    );
    (paths, inside)
}

fn outcome(world: &Path, field: &Field, path: &str) -> Result<String, String> {
    let text = field.text.replace("PATH", path);
    fs::write(world.join("root/app/kustomization.yaml"), text).unwrap();
    let tree = DirectoryTree::new(world.join("root"));
    let instructions = Instructions { path: "app".into(), ..Instructions::default() };
    render(&tree, &instructions).map(|rendered| rendered.to_yaml()).map_err(|error| error.message)
}

#[test]
fn every_field_that_names_a_file_is_kept_inside_the_tree() {
    for field in FIELDS {
        let world = tempfile::tempdir().unwrap();
        let (paths, inside) = lay_out(world.path(), field);
        for path in paths {
            match outcome(world.path(), field, &path) {
                Ok(text) => panic!("{}: {path} was read and gave:\n{text}", field.name),
                Err(message) => {
                    assert!(!message.contains(CANARY), "{}: {path}: {message}", field.name);
                }
            }
        }
        let allowed = outcome(world.path(), field, inside);
        if field.supported {
            assert!(allowed.is_ok(), "{}: {inside}: {allowed:?}", field.name);
        } else {
            assert!(allowed.is_err(), "{} works now: mark it as supported", field.name);
        }
    }
}

#[test]
fn the_place_is_what_is_wrong_with_a_path_outside() {
    for field in FIELDS.iter().filter(|field| field.supported) {
        let world = tempfile::tempdir().unwrap();
        lay_out(world.path(), field);
        for path in ["relative-link", "absolute-link", "chain"] {
            let message = outcome(world.path(), field, path).unwrap_err();
            assert!(
                message.contains("outside the source root"),
                "{}: {path}: {message}",
                field.name
            );
        }
    }
}
