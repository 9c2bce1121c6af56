//! Every case of the corpus, against what the real tool said.
//!
//! The corpus is found by `INHAUL_CORPUS`, or beside the project. `CORPUS_SHOW=NAME` prints one case in full.

use std::fs;
use std::path::{Path, PathBuf};

use inhaul_kustomize::{LoadRestrictor, Options, Reorder, build};
use inhaul_tree::DirectoryTree;
use serde_json::Value;

fn corpus() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let path = std::env::var("INHAUL_CORPUS").unwrap_or_else(|_| default.to_owned());
    let path = PathBuf::from(path);
    path.is_dir().then_some(path)
}

fn options(flags: &Value) -> Options {
    let mut options = Options::default();
    for flag in flags.as_array().into_iter().flatten().filter_map(Value::as_str) {
        match flag {
            "--reorder=none" => options.reorder = Reorder::None,
            "--reorder=legacy" => options.reorder = Reorder::Legacy,
            "--load-restrictor=LoadRestrictionsNone" => {
                options.load_restrictor = LoadRestrictor::None;
            }
            other => assert!(other.is_empty(), "unknown flag {other}"),
        }
    }
    options
}

fn render(root: &Path, directory: &str, flags: &Value) -> Result<String, String> {
    let tree = DirectoryTree::new(root);
    let built = build(&tree, directory, &options(flags)).map_err(|error| error.to_string())?;
    built.to_yaml().map_err(|error| error.to_string())
}

/// Words of an error that name something: quoted, an id, or a file.
fn offenders(error: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let text = error.replace("\\\"", "\"").replace("$ROOT/", "").replace("$ROOT", "");
    for quote in ['\'', '"', '`'] {
        found.extend(text.split(quote).skip(1).step_by(2).map(str::to_owned));
    }
    let separators = |c: char| c.is_whitespace() || "'\"`,;()[]{}".contains(c);
    let named = |word: &&str| word.contains('/') || word.contains('.') || word.contains('=');
    found.extend(text.split(separators).filter(named).map(|w| w.trim_matches(':').to_owned()));
    found.retain(|word| word.len() > 1 && word.len() < 80 && !word.contains('\n'));
    found
}

/// Whether ours names what theirs names, or says the same.
fn same_offender(ours: &str, theirs: &str) -> bool {
    let theirs = theirs.trim().trim_start_matches("Error: ");
    let last = theirs.rsplit(": ").next().unwrap_or(theirs).trim();
    let mut words = offenders(theirs);
    // Go names a field by its types as well; the last two parts are its place in the file.
    if let Some((_, field)) = theirs.split_once("Go struct field ") {
        let field = field.split_whitespace().next().unwrap_or(field);
        words.push(
            field
                .rsplit('.')
                .take(2)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect::<Vec<_>>()
                .join("."),
        );
    }
    ours.contains(last) || words.iter().any(|word| ours.contains(word.as_str())) || words.is_empty()
}

fn exceptions() -> Vec<&'static str> {
    let lines = include_str!("exceptions.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// Compares one case; the message of a difference.
fn compare(case: &Path, meta: &Value) -> Result<(), String> {
    let directory = meta["build_dir"].as_str().unwrap_or(".");
    let ours = render(&case.join("input"), directory, &meta["flags"]);
    let read = |name: &str| fs::read_to_string(case.join(name)).map_err(|e| e.to_string());
    match (meta["expect"].as_str(), ours) {
        (Some("output"), Ok(ours)) => {
            let theirs = read("expected.yaml")?;
            if ours == theirs {
                return Ok(());
            }
            let differs = ours.lines().zip(theirs.lines()).position(|(a, b)| a != b);
            let at = differs.unwrap_or_else(|| ours.lines().count().min(theirs.lines().count()));
            let line = |text: &str| text.lines().nth(at).unwrap_or("<end>").to_owned();
            Err(format!("line {}: ours {:?}, theirs {:?}", at + 1, line(&ours), line(&theirs)))
        }
        (Some("output"), Err(error)) => Err(format!("an error of ours: {error}")),
        (_, Ok(_)) => Err(format!("no error of ours; theirs: {}", read("expected-error.txt")?)),
        (_, Err(ours)) => {
            let theirs = read("expected-error.txt")?;
            match same_offender(&ours, &theirs) {
                true => Ok(()),
                false => Err(format!("another offender\n  ours:   {ours}\n  theirs: {theirs}")),
            }
        }
    }
}

#[test]
fn cases_build_as_the_real_tool_builds_them() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let shown = std::env::var("CORPUS_SHOW").unwrap_or_default();
    let mut entries: Vec<_> =
        fs::read_dir(corpus.join("kustomize/cases")).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    let (mut passed, mut failed, mut fixed) = (0, Vec::new(), Vec::new());
    for case in &entries {
        let meta: Value =
            serde_json::from_str(&fs::read_to_string(case.join("case.json")).unwrap()).unwrap();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if name == shown {
            let directory = meta["build_dir"].as_str().unwrap_or(".");
            println!("{:?}", render(&case.join("input"), directory, &meta["flags"]));
        }
        let excepted = exceptions().contains(&name.as_str());
        match compare(case, &meta) {
            Ok(()) if excepted => fixed.push(name),
            Ok(()) => passed += 1,
            Err(_) if excepted => {}
            Err(problem) => failed.push(format!("{name}: {problem}")),
        }
    }
    println!("{passed} of {} cases pass, {} are excepted", entries.len(), exceptions().len());
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
    assert!(fixed.is_empty(), "these pass now, take them out of exceptions.txt: {fixed:?}");
    assert!(exceptions().len() * 100 <= entries.len(), "at most one case in a hundred is excepted");
}

#[test]
fn real_repositories_build_as_the_real_tool_builds_them() {
    use std::io::Read as _;
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let root = corpus.join("realworld");
    let (mut passed, mut failed) = (0, Vec::new());
    let rows = fs::read_to_string(root.join("cases.jsonl")).unwrap();
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let path = row["path"].as_str().unwrap();
        let bytes = fs::read(root.join(row["expected"].as_str().unwrap())).unwrap();
        let mut theirs = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut theirs).unwrap();
        match render(&root, path, &row["flags"]) {
            Ok(ours) if ours == theirs => passed += 1,
            Ok(ours) => {
                let at = ours.lines().zip(theirs.lines()).position(|(a, b)| a != b).unwrap_or(0);
                let line = |text: &str| text.lines().nth(at).unwrap_or("<end>").to_owned();
                failed.push(format!(
                    "{path} line {}: ours {:?}, theirs {:?}",
                    at + 1,
                    line(&ours),
                    line(&theirs)
                ));
            }
            Err(error) => failed.push(format!("{path}: {error}")),
        }
    }
    println!("{passed} real roots pass");
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
}
