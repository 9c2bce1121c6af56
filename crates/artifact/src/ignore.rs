//! Which files of a source are left out: `.sourceignore`, `spec.ignore`, and the defaults.

mod pattern;
mod tree;

use crate::Error;
use inhaul_tree::{Kind, Tree, TreePath};
use pattern::{Pattern, Verdict};

pub use tree::{IgnoredTree, Links};

const FILE: &str = ".sourceignore";
/// Always left out, unless a later pattern takes them back.
const VCS: &[&str] = &[".git/", ".gitignore", ".gitmodules", ".gitattributes"];
/// Left out where nobody says anything.
const DEFAULTS: &[&str] = &[
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];
const MAX_PATTERNS: usize = 10_000;
const MAX_LINE: usize = 4096;
const MAX_DEPTH: usize = 256;

/// The patterns of one source, in the order in which later ones win (Flux's `sourceignore`).
#[derive(Clone, Debug)]
pub struct IgnoreRules {
    patterns: Vec<Pattern>,
}

impl IgnoreRules {
    /// Collects the `.sourceignore` files of all directories, then `spec_ignore`. Where neither
    /// holds a pattern, Flux's defaults apply.
    ///
    /// # Errors
    /// A file that cannot be read, or holds more than anyone writes by hand.
    pub fn load(tree: &dyn Tree, spec_ignore: Option<&str>) -> Result<Self, Error> {
        let mut own = Vec::new();
        collect(tree, &TreePath::root(), 0, &mut own)?;
        if let Some(text) = spec_ignore {
            read_lines(text, &TreePath::root(), "spec.ignore", &mut own)?;
        }
        let root = TreePath::root();
        let defaults: &[&str] = if own.is_empty() { DEFAULTS } else { &[] };
        let mut patterns: Vec<Pattern> =
            VCS.iter().chain(defaults).map(|line| Pattern::parse(line, &root)).collect();
        patterns.append(&mut own);
        Ok(Self { patterns })
    }

    /// Whether the file or directory at `path` is left out. The last pattern that says anything
    /// decides.
    pub fn excludes(&self, path: &TreePath, is_directory: bool) -> bool {
        let elements: Vec<&str> = path.elements().collect();
        self.patterns
            .iter()
            .rev()
            .find_map(|pattern| match pattern.judge(&elements, is_directory) {
                Verdict::Exclude => Some(true),
                Verdict::Include => Some(false),
                Verdict::Nothing => None,
            })
            .unwrap_or(false)
    }

    /// Whether some pattern takes files back. Only then can anything below a directory that is
    /// left out be there.
    pub(crate) fn takes_back(&self) -> bool {
        self.patterns.iter().any(Pattern::is_inclusion)
    }
}

fn collect(
    tree: &dyn Tree,
    directory: &TreePath,
    depth: usize,
    patterns: &mut Vec<Pattern>,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        let why = format!("more than {MAX_DEPTH} directories inside each other");
        return Err(Error::Ignore { path: directory.to_string(), why });
    }
    let entries = tree.list(directory)?;
    if let Some(entry) = entries.iter().find(|entry| entry.name == FILE) {
        let path = directory.child(FILE);
        match (entry.kind, inhaul_tree::read(tree, &path)) {
            (Kind::Directory, _) => {}
            // A dangling link reads as a file that is not there.
            (Kind::Symlink, Err(error)) if error.is_not_found() => {}
            (_, Err(error)) => return Err(error.into()),
            (_, Ok(bytes)) => {
                let text = String::from_utf8_lossy(&bytes);
                read_lines(&text, directory, path.as_str(), patterns)?;
            }
        }
    }
    for entry in entries {
        if entry.kind == Kind::Directory && entry.name != ".git" {
            collect(tree, &directory.child(&entry.name), depth + 1, patterns)?;
        }
    }
    Ok(())
}

fn read_lines(
    text: &str,
    directory: &TreePath,
    file: &str,
    patterns: &mut Vec<Pattern>,
) -> Result<(), Error> {
    for line in text.lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if line.len() > MAX_LINE || patterns.len() >= MAX_PATTERNS {
            let why =
                format!("more than {MAX_PATTERNS} patterns, or one longer than {MAX_LINE} bytes");
            return Err(Error::Ignore { path: file.to_owned(), why });
        }
        patterns.push(Pattern::parse(line, directory));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use inhaul_tree::MemoryTree;

    fn excluded(files: &[&str], sourceignore: &[(&str, &str)], spec: Option<&str>) -> Vec<String> {
        let mut builder = MemoryTree::builder();
        for file in files {
            builder = builder.file(file, "x");
        }
        for (file, text) in sourceignore {
            builder = builder.file(file, text.as_bytes().to_vec());
        }
        let tree = builder.build().unwrap();
        let rules = IgnoreRules::load(&tree, spec).unwrap();
        let is_excluded = |file: &&&str| rules.excludes(&TreePath::parse(file).unwrap(), false);
        files.iter().filter(is_excluded).map(|file| (*file).to_owned()).collect()
    }

    const FILES: &[&str] = &[
        ".gitignore",
        ".github/workflow.yaml",
        "a/.gitattributes",
        "a/.sops.yaml",
        "a/pic.png",
        "a/x.yaml",
        "deploy/x.yaml",
        "x.yaml",
    ];

    #[test]
    fn defaults_apply_where_nothing_is_said() {
        let expected = [
            ".gitignore",
            ".github/workflow.yaml",
            "a/.gitattributes",
            "a/.sops.yaml",
            "a/pic.png",
        ];
        assert_eq!(excluded(FILES, &[], None), expected);
        assert_eq!(
            excluded(FILES, &[(".sourceignore", "# only a comment\n\n")], Some("")),
            expected
        );
    }

    #[test]
    fn one_pattern_replaces_the_defaults_but_not_what_belongs_to_git() {
        let expected = [".gitignore", "a/.gitattributes", "x.yaml"];
        assert_eq!(excluded(FILES, &[(".sourceignore", "/x.yaml\r\n")], None), expected);
        assert_eq!(excluded(FILES, &[], Some("/x.yaml")), expected);
    }

    #[test]
    fn spec_ignore_comes_last_and_can_take_back() {
        let spec = Some("!/deploy\n!x.yaml");
        let left_out = excluded(FILES, &[(".sourceignore", "/*")], spec);
        assert_eq!(
            left_out,
            [
                ".gitignore",
                ".github/workflow.yaml",
                "a/.gitattributes",
                "a/.sops.yaml",
                "a/pic.png"
            ]
        );
    }

    #[test]
    fn a_nested_file_speaks_for_its_directory_only() {
        let left_out = excluded(FILES, &[("a/.sourceignore", "x.yaml")], None);
        assert_eq!(left_out, [".gitignore", "a/.gitattributes", "a/x.yaml"]);
    }
}
