use inhaul_template::SeededHost;
use inhaul_tree::{MemoryTree, MemoryTreeBuilder};

use super::*;
use crate::{
    Error, Limits,
    chart::Chart,
    command::{Change, Output, World},
};

const TOP: &str = "apiVersion: v2\nname: top\nversion: 1.0.0\ndependencies:\n";
const SUB: &str = "apiVersion: v2\nname: sub\nversion: 0.1.3\n";

fn run(
    command: fn(&DependencyOptions, &World<'_>) -> Result<Output, Error>,
    tree: MemoryTreeBuilder,
    local_repositories: Vec<LocalRepository>,
) -> Result<Output, String> {
    let tree = tree.build().unwrap();
    let host = SeededHost::new(1, jiff::Timestamp::UNIX_EPOCH);
    let world = World {
        tree: &tree,
        locate: &|path| TreePath::parse(path).map_err(|error| error.to_string()),
        read: &|path| Err(format!("open {path}: no such file or directory")),
        host: &host,
    };
    let options = DependencyOptions { chart: "top".to_owned(), local_repositories };
    command(&options, &world).map_err(|error| error.to_string())
}

fn archive(chart: &str) -> Vec<u8> {
    let tree = MemoryTree::builder().file("c/Chart.yaml", chart.to_owned()).build().unwrap();
    Chart::load(&tree, &TreePath::parse("c").unwrap()).unwrap().to_archive().unwrap()
}

fn with_top(wanted: &str) -> MemoryTreeBuilder {
    MemoryTree::builder().file("top/Chart.yaml", format!("{TOP}{wanted}"))
}

#[test]
fn update_packs_folders_and_writes_the_lock() {
    let tree = with_top("- {name: sub, version: ^0.1, repository: 'file://../sub'}\n")
        .file("sub/Chart.yaml", SUB)
        .file("top/charts/old-1.0.0.tgz", archive("name: old\nversion: 1.0.0"));
    let output = run(update, tree, vec![]).unwrap();
    assert_eq!(output.text, "Saving 1 charts\nDeleting outdated charts\n");
    let changes: Vec<_> =
        output.files.iter().map(|f| (f.path.as_str(), f.change == Change::Remove)).collect();
    assert_eq!(
        changes,
        [("charts/sub-0.1.3.tgz", false), ("charts/old-1.0.0.tgz", true), ("Chart.lock", false)]
    );
    let Change::Write(packed) = &output.files[0].change else { panic!("a write") };
    let packed = Chart::from_archive(packed, Limits::default()).unwrap();
    assert_eq!(packed.metadata.name, "sub");
    let Change::Write(lock) = &output.files[2].change else { panic!("a write") };
    let lock = String::from_utf8(lock.clone()).unwrap();
    assert!(
        lock.starts_with(
            "dependencies:\n- name: sub\n  repository: file://../sub\n  version: 0.1.3\ndigest: \
             sha256:"
        ),
        "{lock}"
    );
    assert!(lock.ends_with("generated: \"1970-01-01T00:00:00Z\"\n"), "{lock}");

    let locked = with_top("- {name: sub, version: ^0.1, repository: 'file://../sub'}\n")
        .file("sub/Chart.yaml", SUB)
        .file("top/Chart.lock", lock.clone());
    let again = run(build, locked, vec![]).unwrap();
    assert_eq!(again.files.len(), 1, "the lock file is not written again");

    let stale = with_top("- {name: sub, version: ^0.2, repository: 'file://../sub'}\n")
        .file("sub/Chart.yaml", SUB)
        .file("top/Chart.lock", lock);
    let error = run(build, stale, vec![]).unwrap_err();
    assert!(error.starts_with("the lock file (Chart.lock) is out of sync"), "{error}");
}

#[test]
fn update_takes_the_newest_fitting_chart_of_a_local_index() {
    let index = "entries:\n  sub:\n  - {version: 0.1.3, urls: ['https://x/sub-0.1.3.tgz']}\n  - \
                 {version: 0.2.0, urls: ['sub-0.2.0.tgz']}\n  - {version: 0.1.9, urls: []}\n";
    let local = || {
        vec![LocalRepository {
            address: "https://x/".to_owned(),
            folder: TreePath::parse("repo").unwrap(),
        }]
    };
    let tree = |range: &str| {
        with_top(&format!("- {{name: sub, version: '{range}', repository: 'https://x'}}\n"))
            .file("repo/index.yaml", index)
            .file("repo/sub-0.1.3.tgz", archive(SUB))
    };
    let output = run(update, tree("~0.1"), local()).unwrap();
    assert_eq!(output.files[0].path, "charts/sub-0.1.3.tgz");
    let error = run(update, tree("^1"), local()).unwrap_err();
    assert!(error.starts_with("can't get a valid version for 1 subchart(s): \"sub\""), "{error}");
}

#[test]
fn a_vendored_archive_satisfies_a_repository_that_is_not_here() {
    let wanted = "- {name: sub, version: ^0.1, repository: 'https://x'}\n";
    let tree = with_top(wanted).file("top/charts/sub-0.1.3.tgz", archive(SUB));
    let output = run(update, tree, vec![]).unwrap();
    let paths: Vec<_> = output.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["Chart.lock"]);

    let error = run(update, with_top(wanted), vec![]).unwrap_err();
    assert!(error.contains("charts are not downloaded from https://x"), "{error}");
}

#[test]
fn list_says_of_each_dependency_whether_it_is_there() {
    let tree = with_top(
        "- {name: sub, version: ^0.1, repository: 'file://../sub'}\n\
         - {name: wrong, version: ^9, repository: ''}\n\
         - {name: open, version: '*', repository: ''}\n\
         - {name: gone, version: 1.x, repository: 'https://example.com/charts'}\n",
    )
    .file("top/charts/sub-0.1.3.tgz", archive(SUB))
    .file("top/charts/wrong-1.0.0.tgz", archive("name: wrong\nversion: 1.0.0"))
    .file("top/charts/open/Chart.yaml", "name: open\nversion: 1.0.0")
    .file("top/charts/loose/Chart.yaml", "name: loose\nversion: 1.0.0")
    .file("top/charts/_note/readme", "");
    let output = run(list, tree, vec![]).unwrap();
    let expected = "\
NAME \tVERSION\tREPOSITORY                \tSTATUS       
sub  \t^0.1   \tfile://../sub             \tok           
wrong\t^9     \t                          \twrong version
open \t*      \t                          \tunpacked     
gone \t1.x    \thttps://example.com/charts\tmissing      

WARNING: \"top/charts/_note\" is not a chart.
WARNING: \"top/charts/loose\" is not in Chart.yaml.
";
    assert_eq!(output.text, expected);
}
