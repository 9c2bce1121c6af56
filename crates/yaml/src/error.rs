use std::fmt;

/// Why YAML text could not be read or written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Line in the text, from 1; 0 where no place is known.
    pub line: usize,
    /// Column in the line, from 1; 0 where no place is known.
    pub column: usize,
    /// What is wrong, lower case, without the place.
    pub message: String,
}

impl Error {
    pub(crate) fn new(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { line, column, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => formatter.write_str(&self.message),
            (line, 0) => write!(formatter, "line {line}: {}", self.message),
            (line, column) => write!(formatter, "line {line}, column {column}: {}", self.message),
        }
    }
}

impl std::error::Error for Error {}
