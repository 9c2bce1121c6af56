//! Arbitrary kustomizations and instructions give objects or an error, never a panic.

use inhaul_render::{Image, Instructions, Patch, render};
use inhaul_tree::MemoryTree;
use proptest::prelude::*;
use serde_json::{Value, json};

const FIELDS: &str = "(apiVersion|kind|resources|bases|components|namespace|namePrefix|nameSuffix|\
    labels|commonLabels|commonAnnotations|images|replicas|patches|patchesStrategicMerge|\
    patchesJson6902|configMapGenerator|secretGenerator|generatorOptions|replacements|vars|\
    transformers|validators|generators|configurations|crds|openapi|sortOptions|buildMetadata)";
const INNER: &str = "(name|path|target|patch|kind|group|version|files|literals|envs|behavior|pairs|\
    fields|includeSelectors|newName|newTag|digest|count|source|targets|select|fieldPaths|fieldPath|\
    options|op|value|objref|fieldref|from|delimiter|index|create|order|metadata|data)";
const TEXTS: &str = "(|a|a\\.yaml|sub|sub/k\\.yaml|\\.|\\.\\.|\\.\\./\\.\\.|ConfigMap|Deployment|v1|merge|replace|x=y|\
    data\\.a|spec\\.containers\\.\\[name=a\\]\\.image|metadata\\.name|/data/a|kustomize\\.config\\.k8s\\.io/v1beta1|\
    fifo|legacy|originAnnotations|\\$patch: delete|kind: ConfigMap|\\[\\{op: remove, path: /data/a\\}\\]|:|\\*|\\[)";

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => TEXTS.prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(INNER, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_field() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_value(),
        prop::collection::vec(any_value(), 0..3).prop_map(Value::from),
        Just(json!(["a.yaml"])),
    ]
}

fn any_kustomization() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(FIELDS, any_field(), 0..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn objects() -> &'static str {
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n---\n\
     apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n\
     \x20     containers: [{name: a, image: 'a:1'}]\n"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_kustomizations_do_no_harm(
        root in any_kustomization(),
        sub in any_kustomization(),
        text in TEXTS,
    ) {
        let tree = MemoryTree::builder()
            .file("kustomization.yaml", root.to_string())
            .file("sub/kustomization.yaml", sub.to_string())
            .file("sub/k.yaml", objects().replace("name: a}", "name: b}"))
            .file("a.yaml", objects())
            .file("a", sub.to_string())
            .build()
            .unwrap();
        let instructions = Instructions {
            name_prefix: Some(text.clone()),
            patches: vec![Patch { patch: text.clone(), target: None }],
            images: vec![Image { name: text.clone(), new_tag: Some(text), ..Image::default() }],
            ..Instructions::default()
        };
        for instructions in [Instructions::default(), instructions] {
            match render(&tree, &instructions) {
                Ok(rendered) => prop_assert!(rendered.to_yaml().len() < 1_000_000),
                Err(error) => prop_assert!(!error.message.is_empty()),
            }
        }
    }

    #[test]
    fn arbitrary_files_do_no_harm(text in "\\PC{0,200}", path in "\\PC{0,20}") {
        let tree = MemoryTree::builder().file("x/a.yaml", text).build().unwrap();
        let _ = render(&tree, &Instructions { path, ..Instructions::default() });
        let _ = render(&tree, &Instructions::default());
    }
}
