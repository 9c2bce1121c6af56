//! Public repositories, against what the real kustomize makes of them.

#![expect(clippy::unwrap_used, reason = "a test ends where a step of it fails")]

use flate2::read::GzDecoder;
use inhaul_object::difference::changed_paths;
use inhaul_object::{Object, normalise};
use inhaul_render::{Instructions, render};
use inhaul_tree::DirectoryTree;
use inhaul_yaml::Dialect;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Larger builds are left to the tests of the engine.
const MAX_BYTES: u64 = 150_000;

fn corpus() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    PathBuf::from(std::env::var("INHAUL_CORPUS").unwrap_or_else(|_| default.to_owned()))
}

fn unpack(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// Objects by what names them. Flux notes the origin of what a root without resources generates.
fn by_id(objects: impl Iterator<Item = Object>) -> BTreeMap<String, Value> {
    objects
        .map(|mut object| {
            object.remove_annotation("config.kubernetes.io/origin");
            let id = format!("{} {}", object.api_version(), object.id());
            (id, object.into_json())
        })
        .collect()
}

fn expected(text: &str) -> BTreeMap<String, Value> {
    let documents = inhaul_yaml::documents(text, Dialect::GoV2).unwrap();
    by_id(documents.into_iter().map(|document| {
        let mut object = Object::from_json(document).unwrap();
        normalise::normalise(&mut object);
        object
    }))
}

/// The root of the repository and the path below it.
fn split(path: &str) -> (String, String) {
    let mut elements = path.splitn(3, '/');
    let mut next = || elements.next().unwrap_or_default().to_owned();
    let (folder, repository) = (next(), next());
    (format!("{folder}/{repository}"), next())
}

#[test]
fn real_repositories_render_as_kustomize_builds_them() {
    let folder = corpus().join("realworld");
    let Ok(cases) = std::fs::read_to_string(folder.join("cases.jsonl")) else {
        println!("skipped: no corpus at {}", folder.display());
        return;
    };
    let (mut compared, mut failures) = (0, Vec::new());
    for case in cases.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if case["bytes"].as_u64().unwrap_or(u64::MAX) > MAX_BYTES {
            continue;
        }
        let path = case["path"].as_str().unwrap();
        let (root, path) = split(path);
        let tree = DirectoryTree::new(folder.join(root));
        let wanted = expected(&unpack(&folder.join(case["expected"].as_str().unwrap())));
        compared += 1;
        match render(&tree, &Instructions { path: path.clone(), ..Instructions::default() }) {
            Err(error) => failures.push(format!("{path}: {error}")),
            Ok(rendered) => {
                let found = by_id(rendered.into_objects().into_iter().map(|one| one.object));
                if found != wanted {
                    let differs = |id: &&String| found.get(*id) != wanted.get(*id);
                    let mut ids = found.keys().chain(wanted.keys());
                    let id = ids.find(differs).map_or("", String::as_str);
                    let paths = match (found.get(id), wanted.get(id)) {
                        (Some(found), Some(wanted)) => changed_paths(found, wanted).join(", "),
                        (found, _) => format!("is there: {}", found.is_some()),
                    };
                    failures.push(format!("{path}: {id}: {paths}"));
                }
            }
        }
    }
    println!("{compared} compared, {} differ", failures.len());
    assert!(compared > 100, "only {compared} cases were compared");
    assert!(failures.is_empty(), "{} of {compared}:\n{}", failures.len(), failures.join("\n"));
}
