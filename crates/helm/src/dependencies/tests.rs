use serde_json::{Value, json};

use super::*;
use crate::chart::Dependency;

fn table(value: Value) -> Table {
    match value {
        Value::Object(table) => table,
        other => panic!("{other} is no table"),
    }
}

fn chart(name: &str, values: Value, wanted: Vec<Dependency>, present: Vec<Chart>) -> Chart {
    let mut chart = Chart::named(name);
    chart.values = table(values).into();
    chart.metadata.dependencies = (!wanted.is_empty()).then_some(wanted);
    chart.dependencies = present;
    chart
}

fn leaf(name: &str) -> Chart {
    chart(name, json!({}), vec![], vec![])
}

fn wants(name: &str) -> Dependency {
    Dependency { name: name.to_owned(), version: "*".to_owned(), ..Dependency::default() }
}

fn names_after(mut chart: Chart, values: Value) -> Vec<String> {
    process(&mut chart, &table(values), &mut Warnings::default()).unwrap();
    chart.dependencies.into_iter().map(|c| c.metadata.name).collect()
}

#[test]
fn conditions_win_over_tags_and_the_first_boolean_counts() {
    let chart = |condition: &str| {
        let wanted =
            Dependency { condition: condition.into(), tags: vec!["t".into()], ..wants("sub") };
        chart("top", json!({}), vec![wanted], vec![leaf("sub")])
    };
    for (condition, values, enabled) in [
        ("", json!({}), true),
        ("", json!({"tags": {"t": false}}), false),
        ("", json!({"tags": {"t": "x"}}), true),
        ("sub.enabled", json!({"sub": {"enabled": false}}), false),
        ("sub.enabled", json!({"tags": {"t": false}, "sub": {"enabled": true}}), true),
        ("sub.enabled,global.sub", json!({"global": {"sub": false}}), false),
        ("a,b", json!({"a": "text", "b": false}), false),
        ("a,b", json!({"a": true, "b": false}), true),
    ] {
        let got = names_after(chart(condition), values.clone());
        assert_eq!(!got.is_empty(), enabled, "{condition:?} {values}");
    }
}

#[test]
fn aliases_copy_a_chart_and_what_is_not_wanted_stays() {
    let alias = |alias: &str| Dependency { alias: alias.into(), ..wants("sub") };
    let wanted =
        vec![alias("one"), alias("two"), Dependency { version: "^9".to_owned(), ..wants("other") }];
    let top = chart("top", json!({}), wanted, vec![leaf("sub"), leaf("other"), leaf("loose")]);
    assert_eq!(names_after(top, json!({})), ["other", "loose", "one", "two"]);
}

#[test]
fn conditions_of_inner_charts_are_looked_up_below_their_parent() {
    let inner = Dependency { condition: "leaf.enabled".into(), ..wants("leaf") };
    let middle = chart("middle", json!({}), vec![inner], vec![leaf("leaf")]);
    let mut top = chart("top", json!({}), vec![wants("middle")], vec![middle]);
    let values = table(json!({"middle": {"leaf": {"enabled": false}}}));
    process(&mut top, &values, &mut Warnings::default()).unwrap();
    assert!(top.dependencies[0].dependencies.is_empty());
}

#[test]
fn imported_values_come_below_the_parents_own() {
    let child = chart(
        "child",
        json!({"exports": {"data": {"a": "child", "b": "child"}}, "deep": {"x": 1}}),
        vec![],
        vec![],
    );
    let wanted = Dependency {
        import_values: vec![
            json!("data"),
            json!({"child": "deep", "parent": "taken.from"}),
            json!("missing"),
        ],
        ..wants("child")
    };
    let mut top = chart("top", json!({"a": "top"}), vec![wanted], vec![child]);
    let mut warnings = Warnings::default();
    process(&mut top, &Table::new(), &mut warnings).unwrap();
    assert_eq!(top.values.get("a"), Some(&json!("top")));
    assert_eq!(top.values.get("b"), Some(&json!("child")));
    assert_eq!(top.values.get("taken"), Some(&json!({"from": {"x": 1}})));
    assert_eq!(warnings.into_vec().len(), 1);
}

#[test]
fn what_is_missing_is_named() {
    let top = chart("top", json!({}), vec![wants("a"), wants("b"), wants("c")], vec![leaf("b")]);
    let error = check_present(&top).unwrap_err().to_string();
    assert!(error.ends_with("missing in charts/ directory: a, c"), "{error}");
}

#[test]
fn aliases_of_aliases_end() {
    let aliases = |name: &str| -> Vec<Dependency> {
        let alias = |number| Dependency { alias: format!("a{number}"), ..wants(name) };
        (0..100).map(alias).collect()
    };
    let level = (0..5).fold(leaf("leaf"), |below, number| {
        let name = below.metadata.name.clone();
        chart(&format!("level{number}"), json!({}), aliases(&name), vec![below])
    });
    let mut top = chart("top", json!({}), vec![wants("level4")], vec![level]);
    let error = process(&mut top, &Table::new(), &mut Warnings::default()).unwrap_err();
    assert!(error.to_string().contains("multiply charts beyond reason"), "{error}");
}
