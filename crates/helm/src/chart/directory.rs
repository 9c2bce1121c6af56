//! A chart in a directory of a tree.

use bytes::Bytes;
use inhaul_tree::{Kind, Tree, TreePath};

use super::{Chart, File, Limits, archive::without_mark, assemble, ignore::IgnoreRules};
use crate::Error;

/// Deepest nesting of directories in a chart; also ends loops of links.
const MAX_DEPTH: usize = 64;

impl Chart {
    /// Loads the chart that a path of the tree leads to: a directory, or a `.tgz` file.
    ///
    /// # Errors
    /// [`Error::Chart`] where the files are no chart, [`Error::Tree`] where they cannot be read.
    pub fn load(tree: &dyn Tree, path: &TreePath) -> Result<Self, Error> {
        match inhaul_tree::kind(tree, path)? {
            None => Err(Error::Chart(format!("path {:?} not found", path.as_str()))),
            Some(Kind::Directory) => Self::from_directory(tree, path, Limits::default()),
            Some(_) => {
                let bytes = inhaul_tree::read(tree, path)?;
                Self::from_archive(&bytes, Limits::default())
                    .map_err(|error| error.within(&format!("file '{path}'")))
            }
        }
    }

    /// Loads a chart directory. Links inside it are followed, as Helm does, but only within the
    /// tree.
    ///
    /// # Errors
    /// As for [`Chart::load`].
    pub fn from_directory(
        tree: &dyn Tree,
        root: &TreePath,
        mut limits: Limits,
    ) -> Result<Self, Error> {
        let ignore_file = root.child(".helmignore");
        let ignore_text = match inhaul_tree::kind(tree, &ignore_file)? {
            Some(Kind::File { .. }) => inhaul_tree::read(tree, &ignore_file)?,
            _ => Bytes::new(),
        };
        let rules = IgnoreRules::parse(&String::from_utf8_lossy(&ignore_text))
            .map_err(|error| error.within(&root.to_string()))?;
        let mut collector = Collector { tree, rules, limits: &mut limits, files: Vec::new() };
        collector.directory(root, "", 0)?;
        let files = collector.files;
        assemble::chart(files, &mut limits)
    }
}

struct Collector<'a> {
    tree: &'a dyn Tree,
    rules: IgnoreRules,
    limits: &'a mut Limits,
    files: Vec<File<Bytes>>,
}

impl Collector<'_> {
    fn directory(&mut self, path: &TreePath, name: &str, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            let message = format!("{path}: more than {MAX_DEPTH} levels of directories");
            return Err(Error::Chart(message));
        }
        for entry in inhaul_tree::list(self.tree, path)? {
            let path = path.child(&entry.name);
            let name = if name.is_empty() { entry.name } else { format!("{name}/{}", entry.name) };
            let kind = match entry.kind {
                Kind::Symlink => inhaul_tree::kind(self.tree, &path)?,
                other => Some(other),
            };
            let is_directory = kind == Some(Kind::Directory);
            if self.rules.ignores(&name, is_directory) {
                continue;
            }
            match kind {
                Some(Kind::Directory) => self.directory(&path, &name, depth + 1)?,
                Some(_) => self.file(&path, name)?,
                None => {
                    let message = format!("{path}: the link leads to nothing");
                    return Err(Error::Chart(message));
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &TreePath, name: String) -> Result<(), Error> {
        let data = inhaul_tree::read(self.tree, path)?;
        self.limits.spend(data.len() as u64)?;
        self.files.push(File { name, data: without_mark(data) });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use inhaul_tree::MemoryTree;

    use super::*;

    const CHART: &str = "apiVersion: v2\nname: top\nversion: 1.0.0";

    #[test]
    fn a_directory_is_read_in_order_without_what_is_ignored() {
        let tree = MemoryTree::builder()
            .file("c/Chart.yaml", CHART)
            .file("c/.helmignore", "*.bak\nskip/\n")
            .file("c/templates/b.yaml", "b")
            .file("c/templates/a.yaml", "\u{feff}a")
            .file("c/templates/.hidden", "h")
            .file("c/x.bak", "x")
            .file("c/skip/y", "y")
            .file("shared/z.txt", "z")
            .link("c/files", "../shared")
            .build()
            .unwrap();
        let chart = Chart::load(&tree, &TreePath::parse("c").unwrap()).unwrap();
        let templates: Vec<_> =
            chart.templates.iter().map(|f| (f.name.as_str(), &f.data[..])).collect();
        assert_eq!(templates, [("templates/a.yaml", &b"a"[..]), ("templates/b.yaml", b"b")]);
        let files: Vec<_> = chart.files.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(files, [".helmignore", "files/z.txt"]);
    }

    #[test]
    fn loops_and_dangling_links_end() {
        for (target, expected) in
            [("../c", "too many levels of"), ("nowhere", "the link leads to nothing")]
        {
            let tree = MemoryTree::builder()
                .file("c/Chart.yaml", CHART)
                .link("c/x", target)
                .build()
                .unwrap();
            let error = Chart::load(&tree, &TreePath::parse("c").unwrap()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_missing_chart_is_named() {
        let tree = MemoryTree::builder().file("a", "").build().unwrap();
        let error = Chart::load(&tree, &TreePath::parse("no/chart").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "path \"no/chart\" not found");
    }
}
