//! Every case of the template corpus: what Go 1.26 with sprig 3.3.0, and Helm 4.3.1, answered.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::{fs, path::PathBuf};

use inhaul_template::{Value, on_deep_stack};
use serde_json::Value as Json;
use support::{check, run_helm, run_plain, text};

/// Cases that differ, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("h1333", "the YAML parser finds another fault first in text that has several"),
    ("h1341", "TOML errors have the line, but are worded by another parser"),
];

/// Areas whose objects the helm crate makes; its own test runs them.
const OF_THE_CHART: &[&str] = &["builtin", "files"];

fn corpus() -> Option<Vec<Json>> {
    let root = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus")),
        PathBuf::from,
    );
    let text = fs::read_to_string(root.join("template/cases.jsonl")).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// scrypt takes half a minute in a build without optimizations: one case of it will do there.
fn is_too_slow(case: &Json) -> bool {
    cfg!(debug_assertions)
        && text(case, "template").contains("derivePassword")
        && text(case, "id") != "p0006"
}

fn answer(case: &Json) -> Result<(), String> {
    if text(case, "mode") == "plain" {
        return check(case, run_plain(case));
    }
    let values = inhaul_yaml::from_str(text(case, "values_yaml"), inhaul_yaml::Dialect::GoV2);
    check(case, run_helm(case, &Value::from_json(&values.unwrap())))
}

#[test]
fn every_case_gives_the_reference_answer() {
    let Some(cases) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let (mut passed, mut left_out, mut failed) = ([0, 0], 0, Vec::new());
    on_deep_stack(|| {
        for case in &cases {
            if OF_THE_CHART.contains(&text(case, "area")) || is_too_slow(case) {
                left_out += 1;
                continue;
            }
            let id = text(case, "id");
            let is_exception = EXCEPTIONS.iter().any(|(known, _)| *known == id);
            match answer(case) {
                Ok(()) if is_exception => println!("{id} passes: no exception any more"),
                Ok(()) => passed[usize::from(text(case, "mode") == "helm")] += 1,
                Err(_) if is_exception => {}
                Err(why) => {
                    failed.push(format!("{id} {:?}\n{why}", text(case, "template")));
                }
            }
        }
    })
    .unwrap();
    println!("plain {}, helm {}, left out {left_out}", passed[0], passed[1]);
    println!("failed {}", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
