//! What is wrong with an expression, or with what it was given.

use crate::{MAX_INPUT_BYTES, MAX_MADE_BYTES, TIME_BUDGET};
use cel::{ExecutionError, ParseErrors};
use std::fmt;

/// An expression that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The expression, or its beginning if it is long.
    pub text: String,
    /// Line and column, from 1, where they are known.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
}

impl CompileError {
    pub(crate) fn of_parser(text: &str, errors: &ParseErrors) -> Self {
        let first = errors.errors.first();
        let position = first.map(|error| {
            let (line, column) = error.pos;
            (usize::try_from(line).unwrap_or(1), usize::try_from(column).unwrap_or(1))
        });
        let message = first.map_or_else(|| "syntax error".to_owned(), |error| error.msg.clone());
        Self { text: text.to_owned(), position, message }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "failed to parse the CEL expression '{}': ", self.text)?;
        if let Some((line, column)) = self.position {
            write!(out, "{line}:{column}: ")?;
        }
        out.write_str(&self.message)
    }
}

impl std::error::Error for CompileError {}

/// Why an expression has no value. The text quotes none of the variables' values: they may be those of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A field that does not exist.
    #[error("no such key: {0}")]
    NoSuchKey(String),
    /// A variable or function that does not exist.
    #[error("undeclared reference to '{0}'")]
    Undeclared(String),
    /// The types do not fit, a division by zero, an index out of bounds, and so on.
    #[error("{0}")]
    Failed(String),
    /// It evaluates to something else than a truth value.
    #[error("the expression does not evaluate to a boolean")]
    NotBool,
    /// It evaluates to something that JSON cannot hold.
    #[error("the expression evaluates to something that is not JSON")]
    NotJson,
    /// The variables are too large.
    #[error("what the expression is evaluated over is larger than {MAX_INPUT_BYTES} bytes")]
    InputTooLarge,
    /// It put too much together.
    #[error("the expression makes more than {MAX_MADE_BYTES} bytes")]
    TooMuchMade,
    /// It took too long.
    #[error("the expression took more than {} ms", TIME_BUDGET.as_millis())]
    TooSlow,
}

impl EvaluationError {
    pub(crate) fn of(error: &ExecutionError) -> Self {
        use ExecutionError as E;
        let failed = |what: &str| Self::Failed(what.to_owned());
        match error {
            E::NoSuchKey(key) => Self::NoSuchKey(key.to_string()),
            E::UndeclaredReference(name) => Self::Undeclared(name.to_string()),
            // Types and names only.
            E::NoSuchOverload(overload) => Self::Failed(overload.to_string()),
            E::UnexpectedType { got, want } => {
                Self::Failed(format!("unexpected type: got {got}, want {want}"))
            }
            E::InvalidArgumentCount { .. } => Self::Failed(error.to_string()),
            E::DivisionByZero(_) | E::RemainderByZero(_) => failed("division by zero"),
            E::Overflow(..) => failed("integer overflow"),
            E::IndexOutOfBounds(_) => failed("index out of bounds"),
            E::ValuesNotComparable(..) => failed("values of these types cannot be compared"),
            E::FunctionError { function, .. } => {
                Self::Failed(format!("the function '{function}' failed"))
            }
            E::DuplicateKey(_) => failed("a key occurs twice"),
            _ => failed("the types of the values do not fit"),
        }
    }
}
