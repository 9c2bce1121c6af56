use serde_json::json;

use super::*;

fn parse_all(arguments: &[&str], reading: &Reading<'_>) -> Result<Value, String> {
    let mut values = Table::new();
    for argument in arguments {
        apply(argument, reading, &mut values)?;
    }
    Ok(Value::Object(values))
}

#[test]
fn set_understands_what_helm_understands() {
    for (argument, expected) in [
        ("a=1", json!({"a": 1})),
        ("a=null,b=TRUE,c=False", json!({"a": null, "b": true, "c": false})),
        ("a=0,b=012,c=-5,d=1.5", json!({"a": 0, "b": "012", "c": -5, "d": "1.5"})),
        ("long=1234567890123456789012", json!({"long": "1234567890123456789012"})),
        ("a=", json!({"a": ""})),
        ("a=,b=2", json!({"a": "", "b": 2})),
        ("a.b.c=x,a.b.d=y", json!({"a": {"b": {"c": "x", "d": "y"}}})),
        (r"a=one\,two,b\.c=d", json!({"a": "one,two", "b.c": "d"})),
        ("a={x,y,1}", json!({"a": ["x", "y", 1]})),
        ("a={}", json!({"a": [""]})),
        ("a={x},b=1", json!({"a": ["x"], "b": 1})),
        ("a[0]=x,a[2]=y", json!({"a": ["x", null, "y"]})),
        ("a[0].b=x,a[0].c=y", json!({"a": [{"b": "x", "c": "y"}]})),
        ("a[1].b=x", json!({"a": [null, {"b": "x"}]})),
        ("a[0][1]=x", json!({"a": [[null, "x"]]})),
        ("a[0]={x,y}", json!({"a": [["x", "y"]]})),
        ("a[0]=", json!({"a": [""]})),
        ("=x", json!({})),
        ("", json!({})),
        ("a=x=y", json!({"a": "x=y"})),
        (r"a=\", json!({"a": ""})),
        ("a=null", json!({"a": null})),
        ("a=http://x.y/z", json!({"a": "http://x.y/z"})),
    ] {
        assert_eq!(parse_all(&[argument], &Reading::Typed).as_ref(), Ok(&expected), "{argument}");
    }
}

#[test]
fn set_refuses_what_helm_refuses() {
    for (arguments, expected) in [
        (&["a"][..], "key \"a\" has no value"),
        (&["a.b"], "key \"b\" has no value"),
        (&["a,b=1"], "key \"a\" has no value (cannot end with ,)"),
        (&["a={x"], "list must terminate with '}'"),
        (&["a={x}y"], "key \"y\" has no value"),
        (&["a[-1]=x"], "negative -1 index not allowed"),
        (&["a[65537]=x"], "index of 65537 is greater than maximum supported index of 65536"),
        (&["a[x]=1"], "error parsing index: strconv.Atoi: parsing \"x\": invalid syntax"),
        (&["a[0]x=1"], "unexpected data at end of array index: \"x\""),
        (
            &["a=1", "a.b=2"],
            "unable to parse key: interface conversion: interface {} is int64, not \
             map[string]interface {}",
        ),
        (
            &["a=x", "a[0]=2"],
            "unable to parse key: interface conversion: interface {} is string, not []interface {}",
        ),
    ] {
        let got = parse_all(arguments, &Reading::Typed);
        assert_eq!(got, Err(expected.to_owned()), "{arguments:?}");
    }
    let deep = format!("{}=1", vec!["a"; 32].join("."));
    let error = parse_all(&[&deep], &Reading::Typed).unwrap_err();
    assert!(error.starts_with("value name nested level is greater"), "{error}");
}

#[test]
fn set_string_keeps_text() {
    let got = parse_all(&["a=1,b=null,c={1,true}"], &Reading::Text);
    assert_eq!(got, Ok(json!({"a": "1", "b": "null", "c": ["1", "true"]})));
}

#[test]
fn set_json_reads_json_with_float_numbers() {
    for (argument, expected) in [
        (r#"a={"b": 1},c=[1,2] ,d="x""#, json!({"a": {"b": 1.0}, "c": [1.0, 2.0], "d": "x"})),
        ("a= ,b=2", json!({"a": null, "b": 2.0})),
        ("a=", json!({"a": null})),
        ("a[1].b=true", json!({"a": [null, {"b": true}]})),
    ] {
        assert_eq!(parse_all(&[argument], &Reading::Json).as_ref(), Ok(&expected), "{argument}");
    }
    assert!(parse_all(&["a={x}"], &Reading::Json).is_err());
}

#[test]
fn set_literal_takes_the_rest_as_it_is() {
    for (argument, expected) in [
        (r"a=x,y\,z=1", json!({"a": r"x,y\,z=1"})),
        ("a.b[1]=true", json!({"a": {"b": [null, "true"]}})),
        ("a=", json!({"a": ""})),
        ("a,b=1", json!({"a,b": "1"})),
    ] {
        assert_eq!(parse_all(&[argument], &Reading::Literal).as_ref(), Ok(&expected), "{argument}");
    }
}

#[test]
fn set_file_reads_each_name() {
    let read = |name: &str| match name {
        "known" => Ok("content\n".to_owned()),
        other => Err(format!("open {other}: no such file or directory")),
    };
    let got = parse_all(&["a=known,b={known}"], &Reading::File(&read));
    assert_eq!(got, Ok(json!({"a": "content\n", "b": ["content\n"]})));
    assert!(parse_all(&["a=unknown"], &Reading::File(&read)).is_err());
}
