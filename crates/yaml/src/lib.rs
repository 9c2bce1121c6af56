//! YAML read and written as the Go tools do it.
//!
//! Kubernetes tooling stands on two Go libraries that disagree with each other and with YAML 1.2 about what a plain
//! scalar means. [`Dialect`] names them. [`parse`] gives a [`Node`] tree that keeps style and tag of every scalar;
//! [`from_str`] and [`documents`] give JSON data; [`to_string`] and [`emit`] write text byte for byte as
//! `sigs.k8s.io/yaml` does: sorted keys, 80 columns, sequences not indented under their key.
//!
//! Input is foreign: depth, size and alias expansion are bounded by [`Limits`], and no input makes a function panic.

mod emit;
mod error;
mod json;
mod node;
mod number;
mod order;
mod parse;
mod resolve;
mod scalar;
mod timestamp;

pub use emit::{emit, to_string};
pub use error::Error;
pub use json::{Scalar, documents, from_str, scalar, to_json};
pub use node::{Node, NodeKind, Style, Tag, Text};
pub use number::{go_float, go_json_float};
pub use order::natural;
pub use parse::{Limits, parse, parse_with};
pub use resolve::is_non_string;

/// Which Go library decides what a plain scalar means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `sigs.k8s.io/yaml` 1.6 on go-yaml v2: YAML 1.1 booleans (`yes`, `on`, `n`), the last duplicate key wins, a later
    /// merge key wins over an earlier explicit key, timestamps stay text.
    GoV2,
    /// go-yaml v3, as kyaml reads resources: only `true`/`false` are booleans, duplicate keys are an error, explicit
    /// keys win over merged ones, timestamps become RFC 3339 text.
    GoV3,
}
