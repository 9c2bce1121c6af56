//! Charts made for the purpose, and what helm 4.3.1 prints for them (`tests/golden/make.py`).

mod arguments;

use std::path::Path;

use inhaul_helm::command::{
    Change, World,
    template::{TemplateOptions, template},
};
use inhaul_template::SeededHost;
use inhaul_tree::{DirectoryTree, TreePath};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

fn run(options: &TemplateOptions) -> Result<inhaul_helm::command::Output, String> {
    let tree = DirectoryTree::new(FOLDER);
    let host = SeededHost::new(1, jiff::Timestamp::UNIX_EPOCH);
    let world = World {
        tree: &tree,
        locate: &|path| TreePath::parse(path).map_err(|error| error.to_string()),
        read: &|path| {
            std::fs::read(Path::new(FOLDER).join(path)).map_err(|e| format!("open {path}: {e}"))
        },
        host: &host,
    };
    template(options, &world).map_err(|error| error.to_string())
}

fn parsed(arguments: &[&str]) -> TemplateOptions {
    let parsed = arguments::options(arguments.iter().map(|&argument| argument.to_owned()));
    // A mistyped flag leaves no chart, which every test here would notice.
    parsed.unwrap_or_default()
}

#[test]
fn charts_render_and_fail_as_with_helm() {
    let text = std::fs::read_to_string(Path::new(FOLDER).join("cases.jsonl")).unwrap();
    let mut different = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let arguments: Vec<&str> =
            case["arguments"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let got = run(&parsed(&arguments)).map(|output| output.text).map_err(comparable);
        let expected = match case["output"].as_str() {
            Some(output) => Ok(output.to_owned()),
            None => Err(comparable(case["error"].as_str().unwrap().to_owned())),
        };
        if got != expected {
            let show = |result: Result<String, String>| result.unwrap_or_else(|error| error);
            different.push(format!("{arguments:?}\n{}", diff(&show(expected), &show(got))));
        }
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}

/// YAML's syntax errors are worded otherwise; that there is one, and where, is the same.
fn comparable(error: String) -> String {
    let error = error.trim_end();
    error.split_once("to JSON: yaml: line").map_or(error, |(before, _)| before).to_owned()
}

fn diff(expected: &str, got: &str) -> String {
    let lines = expected.lines().count().max(got.lines().count());
    let line = |text: &str, number: usize| text.lines().nth(number).unwrap_or("(end)").to_owned();
    (0..lines)
        .filter(|&number| line(expected, number) != line(got, number))
        .take(5)
        .map(|number| {
            format!(
                "  {}:\n  want {}\n  got  {}\n",
                number + 1,
                line(expected, number),
                line(got, number)
            )
        })
        .collect()
}

#[test]
fn output_files_hold_one_template_each() {
    let options = TemplateOptions {
        to_files: true,
        include_crds: true,
        release_name_in_path: true,
        ..parsed(&["rel", "charts/umbrella"])
    };
    let output = run(&options).unwrap();
    let files: Vec<(&str, bool)> = output
        .files
        .iter()
        .map(|file| (file.path.as_str(), matches!(file.change, Change::Append(_))))
        .collect();
    for expected in [
        ("umbrella/crds/a.yaml", false),
        ("rel/umbrella/templates/config.yaml", false),
        ("rel/umbrella/templates/config.yaml", true),
        ("rel/umbrella/templates/hooks.yaml", true),
    ] {
        assert!(files.contains(&expected), "{expected:?} not in {files:?}");
    }
    let first = |path: &str| output.files.iter().find(|file| file.path == path).unwrap();
    let Change::Write(bytes) = &first("umbrella/crds/a.yaml").change else { panic!("a write") };
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(text, "---\n# Source: umbrella/crds/a.yaml\nkind: CustomResourceDefinition # a\n\n");
}

#[test]
fn what_needs_a_cluster_is_refused() {
    let options = TemplateOptions { validate: true, ..parsed(&["rel", "charts/umbrella"]) };
    let error = run(&options).unwrap_err();
    assert!(error.starts_with("--validate needs a cluster"), "{error}");
}

#[test]
fn warnings_come_with_the_output() {
    let output = run(&parsed(&["rel", "charts/umbrella", "--set", "nested=flat"])).unwrap_err();
    // `.Values.Table "nested"` of the chart fails on it: the warning is not the only sign.
    assert!(output.contains("error calling Table: \"nested\" is not a table"), "{output}");
    let output = run(&parsed(&["rel", "charts/umbrella", "--set", "top.x=1"])).unwrap();
    assert_eq!(output.warnings, ["warning: skipped value for umbrella.top: Not a table."]);
}
