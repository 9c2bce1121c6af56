use crate::{Command, Printer};
use clap::Parser;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(clap::Parser)]
#[command(name = "inhaul")]
enum Cli {
    #[command(flatten)]
    Command(Command),
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let arguments = ["inhaul"].iter().chain(arguments);
    match Cli::try_parse_from(arguments).map_err(|error| error.to_string())? {
        Cli::Command(command) => command.output(Printer::new()),
    }
}

fn chart() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let chart = directory.path().join("web");
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("values.yaml", "greeting: hello\n"),
        (
            "templates/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n\
             data: {greeting: {{ .Values.greeting | quote }}, key: {{ randAlphaNum 8 }}}\n",
        ),
    ];
    for (path, text) in files {
        let path = chart.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    (directory, chart)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_chart_is_rendered_with_values_and_fresh_randomness() {
    let (directory, chart) = chart();
    let values = directory.path().join("values.yaml");
    std::fs::write(&values, "greeting: from a file\n").expect("a file");
    let rendered = run(&["template", "mine", text(&chart)]).expect("rendered");
    assert!(rendered.starts_with("---\n# Source: web/templates/map.yaml\n"), "{rendered}");
    assert!(rendered.contains(r#"name: mine"#) && rendered.contains(r#"greeting: "hello""#));
    let again = run(&["template", "mine", text(&chart)]).expect("rendered");
    assert_ne!(rendered, again, "passwords that are made up differ from run to run");
    let set = run(&["template", text(&chart), "-f", text(&values)]).expect("rendered");
    assert!(set.contains(r#"greeting: "from a file""#), "{set}");
    let set = run(&["template", text(&chart), "-f", text(&values), "--set", "greeting=-1"]);
    assert!(set.is_ok_and(|set| set.contains(r#"greeting: "-1""#)));
}

#[test]
fn documents_become_files() {
    let (directory, chart) = chart();
    let out = directory.path().join("out");
    let printed = run(&["template", text(&chart), "--output-dir", text(&out)]).expect("rendered");
    let file = out.join("web/templates/map.yaml");
    assert_eq!(printed, format!("wrote {}\n\n", file.display()));
    assert!(std::fs::read_to_string(file).is_ok_and(|text| text.contains("kind: ConfigMap")));
}

#[test]
fn what_is_not_here_is_named() {
    let (_directory, chart) = chart();
    let error = run(&["template", "oci://example.com/web"]).expect_err("remote");
    assert!(error.starts_with("oci://example.com/web: charts are not downloaded"), "{error}");
    let error = run(&["template", "no/such/chart"]).expect_err("absent");
    assert!(error.starts_with("path \"no/such/chart\" not found"), "{error}");
    let error = run(&["template", text(&chart), "--validate"]).expect_err("a cluster");
    assert!(error.contains("--validate needs a cluster"), "{error}");
    let error = run(&["template", text(&chart), "--repo=https://x"]).expect_err("unknown");
    assert!(error.contains("--repo"), "{error}");
}

#[test]
fn dependencies_are_brought_into_the_chart() {
    let (directory, chart) = chart();
    let top = directory.path().join("top");
    std::fs::create_dir(&top).expect("a directory");
    let wanted = "- {name: web, version: ^1.0, repository: 'file://../web'}\n";
    let metadata = format!("apiVersion: v2\nname: top\nversion: 1.0.0\ndependencies:\n{wanted}");
    std::fs::write(top.join("Chart.yaml"), metadata).expect("a file");
    let listed = run(&["dependency", "list", text(&top)]).expect("listed");
    assert!(listed.contains("missing"), "{listed}");
    run(&["dependency", "update", text(&top)]).expect("updated");
    assert!(top.join("charts/web-1.0.0.tgz").is_file() && top.join("Chart.lock").is_file());
    let rendered = run(&["template", text(&top)]).expect("rendered");
    assert!(rendered.contains("# Source: top/charts/web/templates/map.yaml"), "{rendered}");
    std::fs::remove_dir_all(top.join("charts")).expect("removed");
    run(&["dependency", "build", text(&top)]).expect("built");
    assert!(top.join("charts/web-1.0.0.tgz").is_file());
    assert!(!chart.join("charts").exists());
    let error = run(&["dependency", "list", text(&top), "--local-repository=x"]).expect_err("no =");
    assert!(error.contains("write ADDRESS=DIR"), "{error}");
}
