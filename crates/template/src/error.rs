//! Errors, worded and nested as Go's.

use crate::{
    budget::Exhausted,
    format::FormatError,
    value::{Value, json::JsonError},
};

/// What a function gives back.
pub type Outcome = Result<Value, Failure>;

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no template.
    Parse,
    /// A template failed; the text says where.
    Execution,
    /// The template to execute does not exist.
    Missing,
    /// A function failed: the innermost reason of an execution error.
    Function,
    /// The budget is used up.
    Budget,
}

/// An error with the errors that led to it. Its text holds theirs, as Go's wrapped errors do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    text: String,
    kind: ErrorKind,
    #[source]
    source: Option<Box<Error>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { text: text.into(), kind, source: None }
    }

    pub(crate) fn caused_by(mut self, source: Self) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The whole text, as Go prints it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The error that this one wraps.
    pub fn cause(&self) -> Option<&Self> {
        self.source.as_deref()
    }

    /// True where the budget, and not the template's own doing, ended the evaluation.
    pub fn is_exhausted(&self) -> bool {
        let mut error = self;
        while let Some(cause) = error.cause() {
            error = cause;
        }
        error.kind == ErrorKind::Budget
    }
}

/// Why a function fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The function's own message.
    Message(String),
    /// A message that holds the text of another error, which stays reachable.
    Wrapped(Box<Error>),
}

impl Failure {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Message(text) => Error::new(ErrorKind::Function, text),
            Self::Wrapped(error) => *error,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<Box<Error>> for Failure {
    fn from(error: Box<Error>) -> Self {
        Self::Wrapped(error)
    }
}

impl From<Exhausted> for Failure {
    fn from(exhausted: Exhausted) -> Self {
        Self::Wrapped(Box::new(Error::new(ErrorKind::Budget, exhausted.to_string())))
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<JsonError> for Failure {
    fn from(error: JsonError) -> Self {
        Self::Message(error.to_string())
    }
}
