use serde_json::json;

use super::*;

fn table(value: Value) -> Table {
    match value {
        Value::Object(table) => table,
        other => panic!("{other} is no table"),
    }
}

fn chart(name: &str, values: Value, dependencies: Vec<Chart>) -> Chart {
    let mut chart = Chart::named(name);
    chart.values = table(values).into();
    chart.dependencies = dependencies;
    chart
}

fn coalesced(chart: &Chart, values: Value) -> (Value, Vec<String>) {
    let mut warnings = Warnings::default();
    let got = coalesce(chart, table(values), Nulls::Remove, &mut warnings).unwrap();
    (Value::Object(got), warnings.into_vec())
}

#[test]
fn null_removes_a_default_and_null_defaults_are_dropped() {
    let chart = chart(
        "top",
        json!({"a": 1, "b": {"c": 1, "d": {"e": 1, "f": null}}, "n": null, "keep": "x"}),
        vec![],
    );
    let (got, _) = coalesced(&chart, json!({"a": null, "b": {"c": null, "new": null}}));
    assert_eq!(got, json!({"b": {"d": {"e": 1}, "new": null}, "keep": "x"}));
}

#[test]
fn null_for_a_subcharts_default_removes_it_there() {
    let child = chart("child", json!({"x": 1, "y": {"z": 1, "w": 2}}), vec![]);
    let top = chart("top", json!({"child": {"x": null}}), vec![child]);
    let (got, _) = coalesced(&top, json!({"child": {"y": {"z": null}}}));
    assert_eq!(got, json!({"child": {"y": {"w": 2}, "global": {}}}));
}

#[test]
fn globals_go_down_and_the_parents_win() {
    let grandchild = chart("gc", json!({"global": {"a": "gc", "own": true}}), vec![]);
    let child = chart("child", json!({"global": {"a": "child", "t": {"c": 1}}}), vec![grandchild]);
    let top = chart("top", json!({"global": {"a": "top", "t": {"p": 1}}}), vec![child]);
    let (got, _) = coalesced(&top, json!({"global": {"user": 1}}));
    assert_eq!(
        got,
        json!({
            "global": {"a": "top", "t": {"p": 1}, "user": 1},
            "child": {
                "global": {"a": "top", "t": {"p": 1, "c": 1}, "user": 1},
                "gc": {"global": {"a": "top", "t": {"p": 1, "c": 1}, "user": 1, "own": true}},
            },
        })
    );
}

#[test]
fn conflicts_between_tables_and_scalars_warn_and_keep_the_users() {
    let chart = chart("top", json!({"a": {"b": {"c": 1}, "d": "x"}, "e": "s"}), vec![]);
    let (got, warnings) =
        coalesced(&chart, json!({"a": {"b": "flat", "d": {"k": 1}}, "e": {"t": 1}}));
    assert_eq!(got, json!({"a": {"b": "flat", "d": {"k": 1}}, "e": {"t": 1}}));
    for expected in [
        "warning: cannot overwrite table with non table for top.a.b (map[c:1])",
        "warning: destination for top.a.d is a table. Ignoring non-table value (x)",
        "warning: skipped value for top.e: Not a table.",
    ] {
        assert!(warnings.iter().any(|warning| warning == expected), "{warnings:?}");
    }
}

#[test]
fn a_scalar_where_a_subcharts_values_belong_is_an_error() {
    let top = chart("top", json!({}), vec![chart("child", json!({}), vec![])]);
    let mut warnings = Warnings::default();
    let values = table(json!({"child": "x"}));
    let error = coalesce(&top, values, Nulls::Remove, &mut warnings).unwrap_err();
    assert_eq!(error.to_string(), "type mismatch on child: %!t(string=x)");
}
