//! Execution of parsed templates: Go's `text/template` evaluator.

mod argument;
mod call;
mod evaluate;
mod place;
mod range;
mod slot;
mod walk;

pub(crate) use walk::State;
