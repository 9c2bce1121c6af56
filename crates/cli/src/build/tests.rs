use crate::{Command, Printer};
use clap::Parser;
use std::path::Path;
use tempfile::TempDir;

#[derive(clap::Parser)]
#[command(name = "inhaul")]
enum Cli {
    #[command(flatten)]
    Command(Command),
}

/// What a command line prints, or the error.
fn run(arguments: &[&str]) -> Result<String, String> {
    let arguments = ["inhaul", "build"].iter().chain(arguments);
    match Cli::try_parse_from(arguments).map_err(|error| error.to_string())? {
        Cli::Command(command) => command.output(Printer::new()),
    }
}

fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    directory
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

#[test]
fn a_directory_is_built_as_kustomize_does() {
    let dir = files(&[
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", MAP),
        ("overlay/kustomization.yaml", "resources: [../base]\nnamePrefix: my-\n"),
    ]);
    let expected = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: my-a\n";
    let overlay = dir.path().join("overlay");
    assert_eq!(run(&[text(&overlay)]).as_deref(), Ok(expected));

    let file = dir.path().join("out.yaml");
    assert_eq!(run(&[text(&overlay), "-o", text(&file)]).as_deref(), Ok(""));
    assert_eq!(std::fs::read_to_string(file).expect("written"), expected);
    let each = tempfile::tempdir().expect("a directory");
    assert_eq!(run(&[text(&overlay), "-o", text(each.path())]).as_deref(), Ok(""));
    let written = std::fs::read_to_string(each.path().join("v1_configmap_my-a.yaml"));
    assert_eq!(written.expect("written"), expected);
}

#[test]
fn a_base_beside_the_repository_is_found_and_errors_name_files_inside_it() {
    let dir = files(&[
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", MAP),
        ("repository/.git/HEAD", ""),
        ("repository/good/kustomization.yaml", "resources: [../../base]\n"),
        ("repository/bad/kustomization.yaml", "resources: [absent.yaml]\n"),
    ]);
    assert_eq!(run(&[text(&dir.path().join("repository/good"))]).as_deref(), Ok(MAP));
    let error = run(&[text(&dir.path().join("repository/bad"))]).expect_err("no such file");
    assert!(error.contains("bad") && error.contains("absent.yaml"), "{error}");
    assert!(!error.contains(dir.path().file_name().and_then(|n| n.to_str()).expect("a name")));
}

#[test]
fn files_outside_need_the_restrictor_lifted() {
    let dir = files(&[("a.yaml", MAP), ("app/kustomization.yaml", "resources: [../a.yaml]\n")]);
    let app = dir.path().join("app");
    assert!(run(&[text(&app)]).is_err());
    for flag in ["--load-restrictor=LoadRestrictionsNone", "--load_restrictor=none"] {
        assert_eq!(run(&[text(&app), flag]).as_deref(), Ok(MAP), "{flag}");
    }
}

#[test]
fn what_would_run_other_programs_is_refused_by_name() {
    let function = "apiVersion: v1\nkind: Mine\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n";
    let dir = files(&[
        ("kustomization.yaml", "generators: [f.yaml]\n"),
        ("f.yaml", function),
        ("plain/kustomization.yaml", "resources: [a.yaml]\n"),
        ("plain/a.yaml", MAP),
    ]);
    let flags = ["--enable-alpha-plugins", "--enable-exec", "--network", "--env=A=B"];
    let error = run(&[&[text(dir.path())], &flags[..]].concat()).expect_err("refused");
    assert!(error.contains("external plugin 'Mine'"), "{error}");
    // The flags alone do no harm.
    let plain = dir.path().join("plain");
    assert_eq!(run(&[&[text(&plain)], &flags[..]].concat()).as_deref(), Ok(MAP));
    let error = run(&["https://example.com/x"]).expect_err("refused");
    assert!(error.contains("remote directories are not built"), "{error}");
    assert!(run(&[".", "--reorder=backwards"]).is_err());
}

#[test]
fn charts_beside_a_kustomization_are_rendered_where_a_flag_says_so() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Values.size }}\n  namespace: {{ .Release.Namespace }}\n";
    let kustomization = "namespace: shop\nnamePrefix: p-\nhelmCharts:\n- name: web\n  releaseName: r\n  valuesInline: {size: 2}\n- name: web\n  releaseName: s\n  additionalValuesFiles: [more.yaml]\n";
    let remote = "helmCharts: [{name: db, version: 1.0.0, repo: 'https://charts.example'}]\n";
    let injected = "helmCharts: [{name: web, releaseName: '--post-renderer=/x'}]\n";
    let dir = files(&[
        ("app/kustomization.yaml", kustomization),
        ("app/more.yaml", "size: 3\n"),
        ("app/charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("app/charts/web/values.yaml", "size: 1\n"),
        ("app/charts/web/templates/a.yaml", template),
        ("remote/kustomization.yaml", remote),
        ("injected/kustomization.yaml", injected),
    ]);
    let build = |name: &str, flag: &str| run(&[text(&dir.path().join(name)), flag]);
    let expected = |name: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-{name}\n  namespace: shop\n")
    };
    let both = format!("{}---\n{}", expected("r-2"), expected("s-3"));
    assert_eq!(build("app", "--enable-helm"), Ok(both));
    let error = build("app", "--reorder=none").expect_err("not asked for");
    assert!(error.contains("must specify --enable-helm") && error.contains("web"), "{error}");
    let error = build("remote", "--enable-helm").expect_err("remote");
    assert!(error.contains("charts.example") && error.contains("charts/db-1.0.0/db"), "{error}");
    let error = build("injected", "--enable-helm").expect_err("a flag");
    assert!(error.contains("releaseName must not start with '-'"), "{error}");
}

const KS: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web, namespace: apps}
spec:
  interval: 10m
  prune: true
  path: ./deploy
  sourceRef: {kind: GitRepository, name: source}
  targetNamespace: live
  commonMetadata: {labels: {team: web}}
";

#[test]
fn a_kustomization_is_rendered_as_the_operator_does() {
    let dir = files(&[("ks.yaml", KS), ("source/deploy/a.yaml", MAP), ("source/other.yaml", "no")]);
    let (file, source) = (dir.path().join("ks.yaml"), dir.path().join("source"));
    let expected = "\
apiVersion: v1
kind: ConfigMap
metadata:
  labels:
    kustomize.toolkit.fluxcd.io/name: web
    kustomize.toolkit.fluxcd.io/namespace: apps
    team: web
  name: a
  namespace: live
";
    assert_eq!(run(&["ks", text(&file), "--path", text(&source)]).as_deref(), Ok(expected));
}

#[test]
fn what_the_source_ignores_is_not_rendered() {
    let repository = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: source, namespace: apps}
spec: {interval: 1m, url: 'https://example.com/x', ignore: 'secret.yaml'}
";
    let secret = MAP.replace("name: a", "name: secret");
    let workflow = MAP.replace("name: a", "name: workflow");
    let dir = files(&[
        ("both.yaml", &format!("{repository}---\n{KS}")),
        ("alone.yaml", KS),
        ("source/deploy/a.yaml", MAP),
        ("source/deploy/secret.yaml", &secret),
        ("source/deploy/.github/x.yaml", &workflow),
    ]);
    let source = dir.path().join("source");
    let render = |file: &str| {
        run(&["ks", text(&dir.path().join(file)), "--path", text(&source)]).expect("rendered")
    };
    let has = |file: &str, name: &str| render(file).contains(&format!("name: {name}\n"));
    // One pattern of the GitRepository's replaces Flux's built-in ones.
    assert_eq!((has("alone.yaml", "secret"), has("alone.yaml", "workflow")), (true, false));
    assert_eq!((has("both.yaml", "secret"), has("both.yaml", "workflow")), (false, true));
}

#[test]
fn what_cannot_be_rendered_is_named() {
    let two = format!("{KS}---\n{}", KS.replace("name: web", "name: api"));
    let substituted = format!("{KS}  postBuild: {{substitute: {{a: b}}}}\n");
    let dir = files(&[
        ("two.yaml", &two),
        ("substituted.yaml", &substituted),
        ("none.yaml", MAP),
        ("source/deploy/a.yaml", MAP),
    ]);
    let source = dir.path().join("source");
    let render = |file: &str, more: &[&str]| {
        let file = dir.path().join(file);
        run(&[&["ks", text(&file), "--path", text(&source)], more].concat())
    };
    let error = render("two.yaml", &[]).expect_err("which one?");
    assert!(error.ends_with("two.yaml: holds 2 Kustomizations; choose one with --name"), "{error}");
    let api = render("two.yaml", &["--name=api"]).expect("rendered");
    assert!(api.contains("kustomize.toolkit.fluxcd.io/name: api\n"), "{api}");
    let error = render("none.yaml", &[]).expect_err("no Kustomization");
    assert!(error.contains("none.yaml: holds no Kustomization"), "{error}");
    let error = render("substituted.yaml", &[]).expect_err("not supported");
    assert!(error.starts_with("Kustomization/apps/web: spec.postBuild: not supported"), "{error}");
    let error = render("absent.yaml", &[]).expect_err("no file");
    assert!(error.contains("absent.yaml: No such file"), "{error}");
}
