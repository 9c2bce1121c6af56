//! The two kinds of file patterns that Helm knows: shell patterns (`.helmignore`, `--show-only`)
//! and globs (`.Files.Glob`).

pub(crate) mod glob;
pub(crate) mod shell;
