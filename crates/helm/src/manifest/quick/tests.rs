use super::*;
use crate::manifest::documents;

fn slow(document: &str) -> Result<Head, String> {
    Head::read(document)
}

/// Whatever the quick way accepts, the YAML reader must accept with the same head.
fn agrees(document: &str) -> Result<bool, String> {
    match head(document) {
        None => Ok(false),
        Some(quick) if slow(document).as_ref() == Ok(&quick) => Ok(true),
        Some(quick) => Err(format!("quick {quick:?}\nslow  {:?}\n{document}", slow(document))),
    }
}

const PLAIN: &str = "\
# Source: made up
apiVersion: v1 # a version
kind: ConfigMap
metadata:
  name: \"a-name\"
  labels: {}
  annotations:
    helm.sh/hook: pre-install,post-upgrade
    'quoted': \"-5\"

  # a comment
data:
  list:
  - one
  -   two: 2
      three: 3
  -
    four: 4
  - - five
    - six
  block: |-
    any: [thing

      at all
  folded: >
     text
  plain: goes on
    over the
      lines
  empty:
  quoted: 'it''s
    more

    of it' # so
  other: \"one
    two\"
  flow: [a, \"b: c\", 'd']
  empties: []
  below:
    {}
  arguments:
  - --port=:80
  - :8080
  last: 'it''s'
";

#[test]
fn plain_manifests_are_read_quickly() {
    let quick = head(PLAIN).unwrap();
    assert_eq!(slow(PLAIN).unwrap(), quick);
    assert_eq!((quick.kind.as_str(), quick.name.as_str()), ("ConfigMap", "a-name"));
    assert_eq!(quick.annotation("quoted"), Some("-5"));
}

#[test]
fn what_is_not_plain_is_left_to_the_yaml_reader() {
    for document in [
        "",
        "# only a comment",
        "- a",
        "text",
        "kind: [a]",
        "metadata:\n  {}",
        "kind: 1",
        "kind: yes",
        "kind: &a x",
        "kind: !!str x",
        "kind: a: b",
        "kind: \"a\\x41\"",
        "kind: \"open\n  string\"",
        "a: 1\n  b: 2",
        "a:\n    b: 1\n  c: 2",
        "a: |\n    x\n   y: 1",
        "a: b\n  c: d",
        "a: b\n- c",
        "a: 'b' c",
        "a: |2\n   x",
        "a: \"b\n    c",
        "a: 'b\nc'",
        "a: [b, ]",
        "a: [b\n  c]",
        "a: {b: c}",
        "metadata: x",
        "metadata:\n- a",
        "metadata:\n  annotations:\n    a: 1",
        "a:\tb",
        "<<: x",
        "? a",
        "%YAML 1.1",
        "...",
    ] {
        assert_eq!(head(document), None, "{document:?}");
    }
}

/// A small generator of numbers; tests must come out the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// Breaks a document at a random place: a line goes, doubles, moves, or gets other characters.
fn broken(document: &str, numbers: &mut Numbers) -> String {
    const INSERTED: [&str; 16] =
        [" ", "  ", ":", ": ", "-", "- ", "#", " #", "'", "\"", "|", "[", "}", "\n", "\n  ", "x"];
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    for _ in 0..=numbers.below(2) {
        let at = numbers.below(lines.len());
        let Some(line) = lines.get(at).cloned() else { break };
        let mut place = numbers.below(line.len() + 1);
        while !line.is_char_boundary(place) {
            place -= 1;
        }
        match numbers.below(5) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, line),
            2 => lines[at] = line.trim_start().to_owned(),
            3 => lines[at] = line[..place].to_owned(),
            _ => {
                let inserted = INSERTED[numbers.below(INSERTED.len())];
                lines[at] = format!("{}{inserted}{}", &line[..place], &line[place..]);
            }
        }
    }
    lines.join("\n")
}

#[test]
fn broken_manifests_are_never_taken_for_sound_ones() {
    let mut numbers = Numbers(1);
    let mut accepted = 0;
    for _ in 0..4_000 {
        let document = broken(PLAIN, &mut numbers);
        for document in documents(&document) {
            accepted += usize::from(agrees(document).unwrap_or_else(|why| panic!("{why}")));
        }
    }
    assert!(accepted > 500, "only {accepted} were plain enough to compare");
}

#[test]
fn public_manifests_have_the_same_head_either_way() {
    use std::io::Read;
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root =
        std::env::var_os("INHAUL_CORPUS").map_or_else(|| default.into(), std::path::PathBuf::from);
    let Ok(files) = std::fs::read_dir(root.join("charts/expected")) else {
        println!("skipped: no corpus");
        return;
    };
    let (mut quick, mut all) = (0, 0);
    let mut numbers = Numbers(7);
    let mut seen = std::collections::HashSet::new();
    for file in files {
        let file = std::fs::File::open(file.unwrap().path()).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        for document in documents(&text) {
            // Long ones take the slow reader too long in a test, and are not other in kind.
            if document.len() > 6_000 || !seen.insert(document.to_owned()) {
                continue;
            }
            all += 1;
            quick += usize::from(agrees(document).unwrap_or_else(|why| panic!("{why}")));
            agrees(&broken(document, &mut numbers)).unwrap_or_else(|why| panic!("{why}"));
        }
    }
    println!("{quick} of {all} manifests are plain");
    assert!(quick * 10 > all * 7, "only {quick} of {all} manifests are plain");
}
