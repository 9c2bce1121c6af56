//! What can go wrong with a chart.

/// Why a chart could not be loaded, rendered or resolved. Texts follow Helm's where its users know
/// them, so that they can be searched for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chart itself is broken: a missing or invalid file, an archive that is refused.
    #[error("{0}")]
    Chart(String),
    /// A values file, a `--set` argument or their combination cannot be used.
    #[error("{0}")]
    Values(String),
    /// The values do not meet a chart's `values.schema.json`.
    #[error("{0}")]
    Schema(String),
    /// A dependency is missing, does not fit, or cannot be reached from here.
    #[error("{0}")]
    Dependency(String),
    /// A template could not be parsed or executed.
    #[error("{0}")]
    Render(String),
    /// What the templates gave is not a manifest.
    #[error("{0}")]
    Manifest(String),
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// Helm can do this and inhaul cannot.
    #[error("{0}")]
    Unsupported(String),
    /// The tree that holds the chart did not answer.
    #[error(transparent)]
    Tree(#[from] inhaul_tree::Error),
}

impl Error {
    /// Puts `context: ` in front of the message, as nested Go errors read.
    pub(crate) fn within(self, context: &str) -> Self {
        let add = |message: String| format!("{context}: {message}");
        match self {
            Self::Chart(message) => Self::Chart(add(message)),
            Self::Values(message) => Self::Values(add(message)),
            Self::Schema(message) => Self::Schema(add(message)),
            Self::Dependency(message) => Self::Dependency(add(message)),
            Self::Render(message) => Self::Render(add(message)),
            Self::Manifest(message) => Self::Manifest(add(message)),
            Self::Usage(message) => Self::Usage(add(message)),
            Self::Unsupported(message) => Self::Unsupported(add(message)),
            Self::Tree(error) => Self::Chart(add(error.to_string())),
        }
    }
}
