//! Compares with answers of the Go libraries, recorded in `tests/data` for inputs made at random from awkward pieces.
//! The inputs on which a YAML 1.2 scanner and libyaml's differ (tabs as indentation, anchors with colons) are left out.

use inhaul_yaml::{
    Dialect, Limits, NodeKind, documents, emit, from_str, parse, parse_with, to_string,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn rows(text: &str) -> impl Iterator<Item = Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

#[test]
fn writes_what_sigs_yaml_writes() {
    let mut count = 0;
    for row in rows(include_str!("data/emit.jsonl")) {
        assert_eq!(to_string(&row["in"]), row["out"].as_str().unwrap());
        count += 1;
    }
    assert!(count >= 400);
}

#[test]
fn reads_what_each_go_library_reads() {
    let mut count = 0;
    for row in rows(include_str!("data/read.jsonl")) {
        let text = row["in"].as_str().unwrap();
        for (dialect, value, error) in [(Dialect::GoV2, "v2", "e2"), (Dialect::GoV3, "v3", "e3")] {
            match from_str(text, dialect) {
                Ok(read) => assert_eq!((&read, None), (&row[value], row.get(error)), "{text:?}"),
                Err(problem) => assert!(row.get(error).is_some(), "{text:?}: {problem}"),
            }
        }
        count += 1;
    }
    assert!(count >= 500);
}

#[test]
fn types_scalars_by_dialect() {
    for (text, v2, v3) in [
        ("yes", json!(true), json!("yes")),
        ("Off", json!(false), json!("Off")),
        ("0777", json!(511), json!(511)),
        ("0o777", json!(511), json!(511)),
        ("08", json!(8), json!(8)),
        ("1_000", json!(1000), json!(1000)),
        ("1.0", json!(1), json!(1)),
        ("1e3", json!(1000), json!(1000)),
        ("1E400", json!("1E400"), json!("1E400")),
        ("2024-01-01", json!("2024-01-01"), json!("2024-01-01T00:00:00Z")),
        ("!!binary aGk=", json!("hi"), json!("hi")),
        ("!!str 123", json!("123"), json!("123")),
        ("!Ref foo", json!("foo"), json!("foo")),
        ("{q: 3, <<: {q: 9}}", json!({"q": 9}), json!({"q": 3})),
        (
            "a: &x {b: 1}\nc: *x",
            json!({"a": {"b": 1}, "c": {"b": 1}}),
            json!({"a": {"b": 1}, "c": {"b": 1}}),
        ),
        ("", Value::Null, Value::Null),
    ] {
        assert_eq!(from_str(text, Dialect::GoV2).unwrap(), v2, "{text}");
        assert_eq!(from_str(text, Dialect::GoV3).unwrap(), v3, "{text}");
    }
}

#[test]
fn a_block_at_the_end_has_the_line_break_that_the_text_has() {
    for (text, wanted) in [
        ("a: |\n  x\n", "x\n"),
        ("a: |\n  x", "x"),
        ("a: &b |\n  x", "x"),
        ("a: >\n  x\n  y", "x y"),
        ("a: |+\n  x", "x"),
        ("a: |-\n  x\n", "x"),
    ] {
        assert_eq!(from_str(text, Dialect::GoV3).unwrap(), json!({"a": wanted}), "{text:?}");
    }
}

#[test]
fn keys_that_are_no_text_become_text_or_an_error() {
    let text = "a: {1: x, true: z}";
    assert_eq!(from_str(text, Dialect::GoV2).unwrap(), json!({"a": {"1": "x", "true": "z"}}));
    assert!(from_str(text, Dialect::GoV3).unwrap_err().message.contains("map[interface {}]"));
}

#[test]
fn duplicate_keys_win_or_fail_with_both_lines() {
    let text = "a: 1\nb: 2\na: 3\n";
    assert_eq!(from_str(text, Dialect::GoV2).unwrap(), json!({"a": 3, "b": 2}));
    let error = from_str(text, Dialect::GoV3).unwrap_err();
    assert_eq!((error.line, error.message.contains("line 1")), (3, true));
}

#[test]
fn streams_keep_their_documents() {
    let all = documents("a: 1\n---\n---\n- x\n", Dialect::GoV3).unwrap();
    assert_eq!(all, [json!({"a": 1}), Value::Null, json!(["x"])]);
    assert!(documents("# only a comment\n", Dialect::GoV3).unwrap().is_empty());
}

#[test]
fn hostile_input_is_refused_with_its_line() {
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for pair in "abcdefghij".as_bytes().windows(2) {
        let (from, to) = (char::from(pair[0]), char::from(pair[1]));
        bomb += &format!(
            "{to}: &{to} [*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from}]\n"
        );
    }
    let started = std::time::Instant::now();
    assert!(parse(&bomb).unwrap_err().line > 1);
    for text in ["[".repeat(1_000_000), "- ".repeat(1_000_000), "{a: ".repeat(1_000_000)] {
        assert!(parse(&text).unwrap_err().line >= 1);
    }
    assert_eq!(parse("a: &a [*a]").unwrap_err().line, 1);
    assert!(parse_with("abc", Dialect::GoV3, Limits { bytes: 2, ..Limits::default() }).is_err());
    assert!(started.elapsed().as_secs() < 5, "limits must strike early");
}

#[test]
fn styles_and_places_are_kept() {
    let nodes = parse("a: 'x'\nb: \"1\"\nc: |\n  text\n").unwrap();
    let NodeKind::Mapping(entries) = &nodes[0].kind else { panic!("not a mapping") };
    let styles: Vec<_> = entries.iter().map(|(_, value)| format!("{:?}", value.style)).collect();
    assert_eq!(styles, ["SingleQuoted", "DoubleQuoted", "Literal"]);
    assert_eq!((entries[1].1.line, entries[1].1.column), (2, 4));
}

fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~\n]{0,60}".prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[ -~]{0,12}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in data()) {
        let text = to_string(&value);
        prop_assert_eq!(from_str(&text, Dialect::GoV2).unwrap(), value);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[-a?:,\\[\\]{}#&*!|>'\"%@` \n0-9.~<e]{0,60}") {
        for node in parse(&text).unwrap_or_default() {
            let mut out = String::new();
            let _ = emit(&node, &mut out);
        }
        let _ = documents(&text, Dialect::GoV2);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(text in any::<String>()) {
        let _ = documents(&text, Dialect::GoV3);
    }
}
