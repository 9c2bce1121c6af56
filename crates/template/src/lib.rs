//! Go's `text/template`, and the function libraries that Helm puts into it: sprig and Helm's own.
//!
//! The crate is pure: no file, no network, no clock, no random source. What a template may ask of
//! the world it asks of the caller's [`Host`].
//!
//! * [`TemplateSet`]: texts parsed once, found by name, shared by every rendering.
//! * [`Session`]: one rendering, of one or several templates of a set, within one [`Budget`].
//! * [`Value`]: what templates work on, with Go's kinds.
//! * [`sprig`] and [`helm`]: the function libraries.
//!
//! Errors read as Go prints them: `template: NAME:LINE:COLUMN: executing "T" at <EXPRESSION>: WHY`.

mod budget;
mod error;
mod exec;
mod format;
mod functions;
mod host;
mod parse;
mod runtime;
mod set;
mod stack;
mod value;

pub use budget::Budget;
pub use error::{Error, ErrorKind, Failure, Outcome};
pub use functions::{Function, FunctionLibrary, Parameter, helm, helm_4_2, sprig, text_template};
pub use host::{Host, SeededHost};
pub use runtime::Runtime;
pub use set::{MissingKey, Session, TemplateSet};
pub use stack::on_deep_stack;
pub use value::{Entries, Key, List, Map, Structure, Text, TypeInfo, Value, json::JsonError};
