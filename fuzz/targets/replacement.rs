//! Replacements and vars with any paths, selectors and options.
#![no_main]

use inhaul_kustomize::{Options, build_with_root};
use inhaul_tree::MemoryTree;
use libfuzzer_sys::fuzz_target;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    source: &'a str,
    target: &'a str,
    source_path: &'a str,
    target_paths: [&'a str; 2],
    delimiters: [&'a str; 2],
    indexes: [i8; 2],
    create: bool,
    name: &'a str,
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let Input { source_path, target_paths: [one, two], delimiters: [from, to], .. } = input;
    let Input { indexes: [first, second], create, name, text, .. } = input;
    let options = format!("{{delimiter: {to:?}, index: {second}, create: {create}}}");
    let targets =
        format!("[{{select: {{name: {name:?}}}, fieldPaths: [{one:?}, {two:?}], options: {options}}}]");
    let root = format!(
        "resources: [source.yaml, target.yaml]\nreplacements:\n\
         - source: {{kind: Source, fieldPath: {source_path:?}, options: {{delimiter: {from:?}, index: {first}}}}}\n  targets: {targets}\n\
         - sourceValue: {text:?}\n  targets: {targets}\n\
         vars: [{{name: V, objref: {{apiVersion: v1, kind: Source, name: s}}, fieldref: {{fieldPath: {source_path:?}}}}}]\n"
    );
    let head = "apiVersion: v1\nmetadata: {name: s}\n";
    let tree = MemoryTree::builder()
        .file("source.yaml", format!("{head}kind: Source\n{}", input.source))
        .file("target.yaml", format!("{head}kind: Target\n{}", input.target))
        .build();
    let Ok(tree) = tree else { return };
    if let Ok(built) = build_with_root(&tree, ".", &root, &Options::default()) {
        let _ = built.to_yaml();
    }
});
