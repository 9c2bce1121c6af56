//! Patches of both kinds on an object of any shape.
#![no_main]

use inhaul_kustomize::{Options, build_with_root};
use inhaul_tree::MemoryTree;
use libfuzzer_sys::fuzz_target;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    object: &'a str,
    patch: &'a str,
    operations: Vec<(u8, &'a str, &'a str, &'a str)>,
}

const OPERATIONS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];
const HEAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {a: b}}\n";

fuzz_target!(|input: Input<'_>| {
    let operations: String = input
        .operations
        .iter()
        .map(|(operation, path, from, value)| {
            let operation = OPERATIONS[usize::from(*operation) % OPERATIONS.len()];
            format!("- {{op: {operation}, path: {path:?}, from: {from:?}, value: {value:?}}}\n")
        })
        .collect();
    let tree = MemoryTree::builder()
        .file("object.yaml", format!("{HEAD}{}", input.object))
        .file("merge.yaml", format!("{HEAD}{}", input.patch))
        .file("raw.yaml", input.patch.to_owned())
        .file("operations.yaml", operations)
        .build();
    let Ok(tree) = tree else { return };
    let options = Options::default();
    for patches in [
        "[{path: merge.yaml}]",
        "[{path: merge.yaml, target: {kind: Deployment}, options: {allowNameChange: true, allowKindChange: true}}]",
        "[{path: raw.yaml, target: {name: w.*}}]",
        "[{path: operations.yaml, target: {kind: Deployment}}]",
    ] {
        let root = format!("resources: [object.yaml]\nnamePrefix: p-\npatches: {patches}\n");
        if let Ok(built) = build_with_root(&tree, ".", &root, &options) {
            let _ = built.to_yaml();
        }
    }
});
