//! Templates that want too much are stopped with an error that names them, and nothing panics.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::{Duration, Instant};

use inhaul_template::{Budget, Error, MissingKey, SeededHost, TemplateSet, Text, Value, helm};
use proptest::prelude::*;

fn execute_within(template: &str, budget: Budget) -> Result<Text, Error> {
    let mut set = TemplateSet::new(helm(), MissingKey::Zero);
    set.parse("chart/templates/x.yaml", template)?;
    let host = SeededHost::new(7, "2026-01-02T03:04:05Z".parse().unwrap());
    let data = Value::map([
        ("Values", Value::map([("s", Value::from("text")), ("n", Value::Float(3.0))])),
        ("list", Value::list(vec![Value::Int(1), Value::Nil, Value::from("a")])),
    ]);
    set.execute("chart/templates/x.yaml", &data, &host, budget)
}

fn execute(template: &str) -> Result<Text, Error> {
    execute_within(template, Budget { steps: 1_000_000, bytes: 64 << 20, ..Budget::default() })
}

fn refusal(template: &str) -> String {
    let started = Instant::now();
    let error = execute(template).unwrap_err().to_string();
    assert!(started.elapsed() < Duration::from_secs(30), "{template} took {:?}", started.elapsed());
    assert!(error.contains("chart/templates/x.yaml:1"), "{template}: {error}");
    error
}

#[test]
fn a_template_that_calls_itself_ends_at_the_depth_limit() {
    let error = refusal(r#"{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}"#);
    assert!(error.contains("exceeded maximum template depth"), "{error}");
}

#[test]
fn an_include_of_itself_ends_at_helms_limit() {
    let error = refusal(r#"{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}"#);
    assert!(error.contains("rendering template has a nested reference name: r"), "{}", error.len());
}

#[test]
fn a_text_that_renders_itself_ends() {
    let error = execute(r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#).unwrap_err();
    assert!(error.is_exhausted(), "{}", error.kind() as u8);
}

#[test]
fn large_numbers_of_items_and_bytes_are_refused_before_they_are_made() {
    for template in [
        "{{ until 1000000000 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ seq 1 1000000000 }}",
        r#"{{ repeat 1000000000 "x" }}"#,
        r#"{{ repeat 9223372036854775807 "xx" }}"#,
        r#"{{ indent 1000000000 "a\nb" }}"#,
        "{{ randAlphaNum 1000000000 }}",
        "{{ randBytes 1000000000 }}",
        r#"{{ $s := repeat 10000000 "a" }}{{ replace "a" (repeat 1000 "b") $s }}"#,
        r#"{{ $s := repeat 10000000 "a" }}{{ regexReplaceAll "a" $s (repeat 1000 "b") }}"#,
        r#"{{ $s := "ab" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}"#,
        r#"{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}"#,
        "{{ range 9223372036854775807 }}{{ end }}",
        "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
        r#"{{ range until 100000 }}{{ $x := genPrivateKey "rsa" }}{{ end }}"#,
    ] {
        refusal(template);
    }
}

#[test]
fn maps_that_hold_themselves_do_not_overflow_the_stack() {
    let cyclic = r#"{{ $d := dict "a" 1 }}{{ $_ := set $d "self" $d }}"#;
    for end in ["{{ $d }}", "{{ $d | toRawJson }}", "{{ mustToYaml $d }}", "{{ deepCopy $d }}"] {
        assert!(execute(&format!("{cyclic}{end}")).is_err(), "{end}");
    }
    for end in ["{{ $d | toJson }}", "{{ $d | toYaml }}", "{{ merge $d $d | len }}", "{{ eq 1 1 }}"]
    {
        assert!(execute(&format!("{cyclic}{end}")).is_ok(), "{end}");
    }
    assert!(execute(&format!("{cyclic}{{{{ deepEqual $d (deepCopy $d.self) }}}}")).is_err());
}

#[test]
fn a_value_nested_a_hundred_thousand_deep_is_taken_apart_again() {
    let deep = "{{ $d := dict }}{{ range until 100000 }}{{ $d = dict \"a\" $d }}{{ end }}done";
    assert_eq!(&*execute(deep).unwrap().to_str(), "done");
    let list = "{{ $d := list }}{{ range until 100000 }}{{ $d = list $d }}{{ end }}done";
    assert_eq!(&*execute(list).unwrap().to_str(), "done");
}

#[test]
fn deeply_nested_text_is_refused_by_the_parser() {
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000));
    assert!(execute(&parens).unwrap_err().to_string().contains("max expression depth exceeded"));
    let blocks = format!("{}{}", "{{ if 1 }}".repeat(50_000), "{{ end }}".repeat(50_000));
    assert!(execute(&blocks).unwrap_err().to_string().contains("nested too deeply"));
    let chain = format!("{{{{ if 1 }}}}{}{{{{ end }}}}", "{{ else if 1 }}".repeat(50_000));
    assert!(execute(&chain).unwrap_err().to_string().contains("nested too deeply"));
    let json = format!("{{{{ fromJson `{}` }}}}", "[".repeat(50_000));
    assert!(execute(&json).unwrap().to_str().contains("Error"));
}

#[test]
fn a_slow_pattern_for_other_engines_is_quick() {
    let template = r#"{{ regexMatch "^(a+)+$" (print (repeat 100000 "a") "b") }}"#;
    assert_eq!(&*execute(template).unwrap().to_str(), "false");
}

#[test]
fn no_environment_and_no_network_are_reached() {
    for name in ["env", "expandenv"] {
        let error = refusal(&format!("{{{{ {name} \"HOME\" }}}}"));
        assert!(error.contains(&format!("function \"{name}\" not defined")), "{error}");
    }
    assert_eq!(&*execute(r#"{{ getHostByName "example.com" }}"#).unwrap().to_str(), "");
}

/// What templates are made of, well and badly.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{ end }}",
    "{{ else }}",
    "{{ if .Values.s }}",
    " | ",
    "(",
    ")",
    "{{ range .list }}",
    "{{ with .Values }}",
    "{{ $x := 1 }}",
    "{{ $x = . }}",
    "{{ break }}",
    "{{ define \"d\" }}",
    "{{ template \"d\" . }}",
    "{{ include \"d\" . }}",
    "{{ . }}",
    "nil",
    "printf \"%[3]*.*d|%x|%q\" ",
    ".Values.n",
    "1.5e3",
    "0x_f",
    "'\\''",
    "\"\\u00e9\"",
    "`raw`",
    "index .list ",
    "slice ",
    "dict ",
    "list ",
    "set ",
    "merge ",
    "toYaml ",
    "fromYaml ",
    "tpl \"{{ . }}\" ",
    "trunc -1 ",
    "substr 1 9 ",
    "regexSplit \"a*\" ",
    "until 3 ",
    "/*",
    "*/",
    "semverCompare \"^1\" ",
    "date \"Jan _2 06\" ",
    "urlParse ",
    "b64dec ",
    "toToml ",
    "split ",
    "html ",
    "js ",
    "é",
    "\u{feff}",
    "\n",
    " ",
    "\t",
    ":=",
    "=",
    ",",
    ".",
    "$",
    "$x.y",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => ".{0,6}",
        1 => "-?[0-9]{1,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_neither_panics_nor_runs_on(
        pieces in proptest::collection::vec(piece(), 0..24),
    ) {
        let budget = Budget { steps: 20_000, bytes: 1 << 20, value: 1 << 18, ..Budget::default() };
        let _ = execute_within(&pieces.concat(), budget);
    }

    #[test]
    fn one_action_of_arbitrary_words_does_not_panic(
        pieces in proptest::collection::vec(piece(), 1..8),
    ) {
        let budget = Budget { steps: 20_000, bytes: 1 << 20, value: 1 << 18, ..Budget::default() };
        let _ = execute_within(&format!("{{{{ {} }}}}", pieces.concat()), budget);
    }

    #[test]
    fn patterns_are_compiled_or_refused(pattern in "[a-z0-9\\\\()\\[\\]{}*+?|.^$:,<>=!PpdwsbQEx-]{0,16}") {
        let quoted = pattern.replace('`', "");
        let template = format!("{{{{ regexMatch `{quoted}` \"some text\" }}}}");
        prop_assert!(execute(&template).is_ok());
    }

    #[test]
    fn layouts_and_times_do_not_panic(layout in "[0-9JanMoPMmsTZ_.,: -]{0,20}", value in ".{0,20}") {
        let template = format!(
            "{{{{ toDate {layout:?} {:?} | date {layout:?} }}}}",
            value.chars().filter(char::is_ascii_graphic).collect::<String>()
        );
        let _ = execute(&template);
    }
}
