use std::fmt;

/// Why a build failed: what was being done, outermost first, then what went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    malformed: bool,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), malformed: false }
    }

    /// A file that is no YAML: nobody should go on and look for a directory of that name.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self { message: message.into(), malformed: true }
    }

    pub(crate) fn is_malformed(&self) -> bool {
        self.malformed
    }

    pub(crate) fn context(self, what: impl fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), malformed: self.malformed }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<inhaul_yaml::Error> for Error {
    fn from(error: inhaul_yaml::Error) -> Self {
        Self::new(format!("yaml: {error}"))
    }
}

impl From<inhaul_tree::Error> for Error {
    fn from(error: inhaul_tree::Error) -> Self {
        Self::new(error.to_string())
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Says what was being done when an error came up.
pub(crate) trait Context<T> {
    fn context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| error.into().context(what()))
    }
}
