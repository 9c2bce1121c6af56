use super::*;
use serde_json::json;
use std::time::Instant;

fn compiled(text: &str) -> Expression {
    Expression::compile(text, None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn fields_of_an_object_are_compared_as_kubernetes_does() {
    let object = json!({"metadata": {"generation": 2, "labels": {"app.kubernetes.io/name": "web"}},
        "status": {"observedGeneration": 2, "ratio": 0.5, "conditions": [
            {"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False"}]}});
    let fields = [("metadata", &object["metadata"]), ("status", &object["status"])];
    let cases = [
        ("status.observedGeneration == metadata.generation", true),
        ("metadata.generation > 1 && status.ratio < 1.0", true),
        ("status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", true),
        ("status.conditions.exists(e, e.type == 'Synced' && e.status == 'True')", false),
        ("has(status.conditions) && !has(status.phase)", true),
        ("metadata.labels['app.kubernetes.io/name'].startsWith('w')", true),
        ("size(status.conditions) == 2 && 'x' in ['x', 'y']", true),
        ("status.conditions.map(c, c.type) == ['Ready', 'Synced']", true),
        ("('a' + 'b').matches('^a.$')", true),
    ];
    for (text, expected) in cases {
        assert_eq!(compiled(text).evaluate_bool(&fields), Ok(expected), "{text}");
    }
    let both = compiled("{'n': status.conditions[0].type, 'list': [1, 2.5, null]}");
    assert_eq!(both.evaluate(&fields), Ok(json!({"n": "Ready", "list": [1, 2.5, null]})));
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let error = Expression::compile("self.a &&\n  dep.b ==", Some(&["self", "dep"])).unwrap_err();
    assert_eq!(error.position.map(|(line, _)| line), Some(2), "{error}");
    assert!(error.to_string().starts_with("failed to parse the CEL expression 'self.a"), "{error}");
    let cases = [
        ("other.status == 'x'", "undeclared reference to 'other'"),
        ("self.frob(1)", "undeclared reference to the function 'frob'"),
        ("self.a.matches('(')", "is no pattern"),
        ("self.a.matches('(a{1000}){1000}')", "too large"),
        ("self.a.matches(dep.b)", "must be a string literal"),
        (" ", "empty"),
    ];
    for (text, why) in cases {
        let error = Expression::compile(text, Some(&["self", "dep"])).unwrap_err();
        assert!(error.to_string().contains(why), "{text}: {error}");
    }
    let long = format!("'{}' == ''", "ä".repeat(MAX_EXPRESSION_BYTES));
    assert!(Expression::compile(&long, None).unwrap_err().to_string().contains("longer than"));
    let deep = format!("{}1{}", "(".repeat(2000), ")".repeat(2000));
    assert!(Expression::compile(&deep, None).unwrap_err().to_string().contains("nested deeper"));
}

#[test]
fn an_error_quotes_no_value() {
    let secret = json!({"password": "hunter2", "other": 1});
    for text in [
        "data.password > data.other",
        "data.password.absent",
        "data.other / 0 == 1",
        "data.password",
    ] {
        let error = compiled(text).evaluate_bool(&[("data", &secret)]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{text}: {error}");
    }
    assert_eq!(
        compiled("data.absent == 1").evaluate_bool(&[("data", &secret)]),
        Err(EvaluationError::NoSuchKey("absent".to_owned()))
    );
}

#[test]
fn an_expensive_expression_is_cut_short() {
    let started = Instant::now();
    let long = json!("a".repeat(1024 * 1024));
    assert_eq!(compiled("text.matches('(a+)+$')").evaluate_bool(&[("text", &long)]), Ok(true));
    let many: Vec<u32> = (0..20_000).collect();
    let many = json!(many);
    let looping = "list.all(a, list.all(b, list.all(c, a + b + c >= 0)))";
    let result = compiled(looping).evaluate_bool(&[("list", &many)]);
    assert_eq!(result, Err(EvaluationError::TooSlow));
    let doubling = format!("[text]{}[0] == ''", ".map(x, x + x)".repeat(20));
    assert_eq!(
        compiled(&doubling).evaluate_bool(&[("text", &long)]),
        Err(EvaluationError::TooMuchMade)
    );
    let huge = json!("a".repeat(MAX_INPUT_BYTES));
    assert_eq!(
        compiled("text == ''").evaluate_bool(&[("text", &huge)]),
        Err(EvaluationError::InputTooLarge)
    );
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn no_expression_overflows_the_stack() {
    let long = [
        format!("{}a", "!".repeat(3990)),
        format!("{}1", "-".repeat(3990)),
        format!("a{}", ".b".repeat(1990)),
        format!("1{}", "+1".repeat(1990)),
        format!("a{}", "&&a".repeat(1290)),
        format!("a{}", "||a".repeat(1290)),
        format!("a{}", "<a".repeat(1990)),
        format!("a{}", "[0]".repeat(1290)),
        format!("a{}", ".b()".repeat(990)),
        format!("{}1{}", "[".repeat(31), "]".repeat(31)),
        format!("{}1{}", "{1:".repeat(31), "}".repeat(31)),
        format!("a{}", "?a:a".repeat(31)),
        format!("a{}:a{}", "?a".repeat(31), ":a".repeat(30)),
        "(".repeat(3990),
        format!("{}'{}", r"r'\'".repeat(100), "(".repeat(1990)),
        format!("{q}{}{q}", "'('[".repeat(1000), q = "'".repeat(3)),
        format!("a{}{}", ".map(x, a".repeat(31), ")".repeat(31)),
    ];
    for text in &long {
        let begin = &text[..20];
        let started = Instant::now();
        if let Ok(expression) = Expression::compile(text, None) {
            let _ = expression.evaluate(&[("a", &json!(true))]);
        }

        assert!(started.elapsed() < Duration::from_secs(20), "{begin}: {:?}", started.elapsed());
    }
}
