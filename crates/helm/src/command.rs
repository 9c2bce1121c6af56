//! The commands that people type, as functions: options in, text and files out. The command line
//! parses arguments and prints; nothing is read or written here but through [`World`].

pub mod dependency;
pub mod template;

use inhaul_template::Host;
use inhaul_tree::{Tree, TreePath};

use crate::FileReader;

/// What a command may reach.
pub struct World<'a> {
    /// The files that charts are in.
    pub tree: &'a dyn Tree,
    /// Where in the tree the argument CHART points to.
    pub locate: &'a dyn Fn(&str) -> Result<TreePath, String>,
    /// Reads the files that `-f` and `--set-file` name.
    pub read: &'a FileReader<'a>,
    /// Random bytes and the clock.
    pub host: &'a dyn Host,
}

/// What a command wants printed and written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// For standard output, line ends included.
    pub text: String,
    /// For standard error, one warning each.
    pub warnings: Vec<String>,
    /// Files to write, in this order.
    pub files: Vec<OutputFile>,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Below the output directory (`template`) or the chart (`dependency`).
    pub path: String,
    /// What happens to the file.
    pub change: Change,
}

/// What happens to an [`OutputFile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is created, or replaced.
    Write(Vec<u8>),
    /// It is created, or the bytes are added at its end.
    Append(Vec<u8>),
    /// It goes.
    Remove,
}
