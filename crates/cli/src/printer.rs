//! The one place that writes to stdout and stderr.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Writes results to stdout, and everything else to stderr.
#[derive(Clone, Copy, Debug, Default)]
pub struct Printer(());

impl Printer {
    /// A printer to this process's stdout and stderr.
    pub fn new() -> Self {
        Self(())
    }

    /// Writes a result. A reader that has seen enough, such as `head`, is no failure.
    pub fn out(self, text: &str) -> ExitCode {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                self.error(&format!("cannot write the output: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    /// Writes what went wrong.
    pub fn error(self, error: &dyn Display) {
        self.note("Error", error);
    }

    /// Writes what should be known, though nothing went wrong.
    pub fn warning(self, warning: &dyn Display) {
        self.note("Warning", warning);
    }

    fn note(self, what: &str, text: &dyn Display) {
        // There is nobody to tell that nobody can be told.
        let _ = writeln!(std::io::stderr().lock(), "{what}: {text}");
    }
}
