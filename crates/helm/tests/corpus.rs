//! The corpus's renders of public charts, byte for byte.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    sync::Mutex,
};

use inhaul_helm::{
    ValueOptions,
    command::{
        World,
        template::{TemplateOptions, template},
    },
};
use inhaul_template::SeededHost;
use inhaul_tree::{DirectoryTree, TreePath};
use serde_json::Value;

/// Cases whose result differs, and why that is right.
const EXCEPTIONS: [(&str, &str); 0] = [];

fn corpus() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root = std::env::var_os("INHAUL_CORPUS").map_or_else(|| default.into(), PathBuf::from);
    let charts = root.join("charts");
    charts.is_dir().then_some(charts)
}

fn render(root: &Path, case: &Value, seed: u64) -> Result<String, String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let chart = text("chart");
    let files = match case["values"].as_str() {
        None => vec![],
        Some(values) => vec![root.join(&chart).join(values).to_string_lossy().into_owned()],
    };
    let options = TemplateOptions {
        arguments: vec![text("release"), chart],
        namespace: text("namespace"),
        kube_version: Some(text("kube_version")),
        values: ValueOptions { files, ..ValueOptions::default() },
        ..TemplateOptions::default()
    };
    let tree = DirectoryTree::new(root);
    let host = SeededHost::new(seed, jiff::Timestamp::UNIX_EPOCH);
    let world = World {
        tree: &tree,
        locate: &|path| TreePath::parse(path).map_err(|error| error.to_string()),
        read: &|path| std::fs::read(path).map_err(|error| format!("open {path}: {error}")),
        host: &host,
    };
    template(&options, &world).map(|output| output.text).map_err(|error| error.to_string())
}

fn expected(root: &Path, case: &Value) -> std::io::Result<String> {
    let path = root.join(case["expected"].as_str().unwrap_or_default());
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(text)
}

/// Equal but for values of equal length under equal keys: what random functions give.
fn same_shape(expected: &str, got: &str) -> bool {
    let same = |(a, b): (&str, &str)| {
        let key =
            |line: &str| line.split_once(':').map(|(key, value)| (key.to_owned(), value.len()));
        a == b || (key(a).is_some() && key(a) == key(b))
    };
    expected.lines().count() == got.lines().count() && expected.lines().zip(got.lines()).all(same)
}

fn first_difference(expected: &str, got: &str) -> String {
    let line = expected.lines().zip(got.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| expected.lines().count().min(got.lines().count()));
    let show = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
    format!("line {}:\n    want {:?}\n    got  {:?}", line + 1, show(expected), show(got))
}

/// `None` where the case is as it should be.
fn verdict(root: &Path, case: &Value) -> Option<String> {
    let wants_error = case["exit"] != 0;
    match (render(root, case, 1), wants_error) {
        (Err(error), true) => {
            // The corpus keeps the end of what helm wrote.
            let end = case["error"].as_str().unwrap_or_default();
            let end =
                end.trim_end().trim_end_matches("Use --debug flag to render out invalid YAML");
            let got = format!("Error: {error}");
            (!got.ends_with(end.trim_end())).then(|| format!("want {end}\n  got  {got}"))
        }
        (Ok(_), true) => Some("rendered, but helm fails".to_owned()),
        (Err(error), false) => Some(error),
        (Ok(got), false) if case["random"] == true => {
            // The corpus keeps no output of these; two renders of ours must have one shape.
            let expected = expected(root, case).or_else(|_| render(root, case, 2));
            let expected = expected.unwrap_or_else(|error| error);
            (!same_shape(&expected, &got)).then(|| first_difference(&expected, &got))
        }
        (Ok(got), false) => match expected(root, case) {
            Ok(expected) => (got != expected).then(|| first_difference(&expected, &got)),
            Err(error) => Some(format!("the corpus is broken: {error}")),
        },
    }
}

#[test]
fn public_charts_render_as_helm_renders_them() {
    let Some(root) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let text = std::fs::read_to_string(root.join("cases.jsonl")).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let next = Mutex::new(cases.iter());
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let Some(case) = next.lock().unwrap().next() else { break };
            if let Some(why) = verdict(&root, case) {
                let name = format!("{} {} {}", case["id"], case["chart"], case["values"]);
                failures.lock().unwrap().insert(name, why);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    println!("charts: {} of {} as helm", cases.len() - failures.len(), cases.len());
    let unexpected: Vec<String> = failures
        .iter()
        .filter(|(name, _)| !EXCEPTIONS.iter().any(|(id, _)| name.contains(id)))
        .map(|(name, why)| format!("{name}\n  {why}"))
        .collect();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}
