//! Template text to trees: the lexer and parser of Go's `text/template/parse`.

mod action;
pub(crate) mod ast;
mod control;
mod display;
mod lexer;
mod number;
mod parser;
mod scan;
mod unquote;

pub(crate) use number::{parse_float, parse_int};
pub(crate) use parser::{Definitions, parse};
