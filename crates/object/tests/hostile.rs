//! Arbitrary values never make anything panic, and what is accepted stays a valid object.

use inhaul_object::{Object, difference, health, mask, normalise, policy};
use proptest::prelude::*;
use serde_json::{Value, json};

const KEYS: &str = "(apiVersion|kind|metadata|name|labels|annotations|spec|template|containers|\
    ports|data|stringData|status|conditions|sops|x)";

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z=*]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(KEYS, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn exercise(value: Value) -> Result<(), TestCaseError> {
    let _ = health::of(&value);
    let Ok(mut object) = Object::from_json(value.clone()) else { return Ok(()) };
    normalise::normalise(&mut object);
    prop_assert!(Object::from_json(object.as_json().clone()).is_ok(), "normalised {}", value);
    let masked = mask::masked(&object);
    prop_assert!(Object::from_json(masked.clone()).is_ok(), "masked {}", value);
    let _ = mask::mask_text(&value.to_string(), &object);
    prop_assert!(difference::changed_paths(object.as_json(), object.as_json()).is_empty());
    let _ = difference::changed_paths(&masked, &value);
    let _ = policy::of(Some(&object), None);
    object.set_label("a", "b");
    object.set_annotation("a", "b");
    prop_assert_eq!((object.label("a"), object.annotation("a")), (Some("b"), Some("b")));
    object.remove_annotation("a");
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_values_do_no_harm(value in any_json()) {
        exercise(value)?;
    }

    #[test]
    fn arbitrary_fields_of_objects_do_no_harm(
        kind in "(Secret|Service|Pod|Deployment|CronJob|Widget)",
        fields in prop::collection::btree_map(KEYS, any_json(), 0..5),
    ) {
        let api_version = match kind.as_str() {
            "Deployment" => "apps/v1",
            "CronJob" => "batch/v1",
            "Widget" => "example.com/v1",
            _ => "v1",
        };
        let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
        for (key, field) in fields {
            if !matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                value[key.as_str()] = field;
            }
        }
        exercise(value)?;
    }
}
