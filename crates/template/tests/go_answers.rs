//! Templates written for this crate, with the answers of Go 1.26, sprig 3.3.0 and Helm 4.3.1.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use inhaul_template::{Value, on_deep_stack};
use serde_json::Value as Json;
use support::{check, run_helm, run_plain, text};

/// Templates whose answer differs, with the reason.
const EXCEPTIONS: &[(&str, &str)] =
    &[(LITERAL_TO_JSON, LITERAL_REASON), (LITERAL_TO_YAML, LITERAL_REASON)];

const LITERAL_TO_JSON: &str = r#"{{ fromYaml "a: |\n  x\n  y" | toJson }}"#;
const LITERAL_TO_YAML: &str = r#"{{ fromYaml "a: |\n  x\n  y" | toYaml }}"#;
const LITERAL_REASON: &str = "the YAML parser ends a literal's last line where the text lacks it";

/// Other answers can be checked by naming their file in `INHAUL_GO_ANSWERS`.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/go_answers.jsonl");

fn answer(case: &Json) -> Result<(), String> {
    if text(case, "mode") == "plain" {
        return check(case, run_plain(case));
    }
    let values = Value::map([("s", Value::from("hello")), ("n1", Value::Float(1.0))]);
    check(case, run_helm(case, &values))
}

#[test]
fn templates_give_what_go_gives() {
    let path = std::env::var("INHAUL_GO_ANSWERS").unwrap_or_else(|_| DATA.to_owned());
    let data = std::fs::read_to_string(path).unwrap();
    let mut failed = Vec::new();
    let mut passed = 0;
    on_deep_stack(|| {
        for line in data.lines() {
            let case: Json = serde_json::from_str(line).unwrap();
            let template = text(&case, "template");
            let is_exception = EXCEPTIONS.iter().any(|(known, _)| *known == template);
            match answer(&case) {
                Ok(()) if is_exception => println!("{template:?} passes: no exception any more"),
                Ok(()) => passed += 1,
                Err(_) if is_exception => {}
                Err(why) => failed.push(format!("{} {template:?}\n{why}", text(&case, "mode"))),
            }
        }
    })
    .unwrap();
    println!("passed {passed}, failed {}", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
