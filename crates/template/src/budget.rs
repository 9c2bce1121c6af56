//! Limits of one rendering, so that a hostile chart harms nobody.

/// What one [`Session`](crate::Session) may use up, all its templates together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Nodes and commands evaluated, and items and (in units of 64) bytes that functions go over:
    /// the stand-in for time.
    pub steps: u64,
    /// Bytes written and bytes that functions return, together.
    pub bytes: u64,
    /// Bytes, or 32 times the items, of a single value.
    pub value: usize,
    /// Nesting of lists and pipelines while they are evaluated, through all templates.
    pub depth: usize,
}

impl Default for Budget {
    /// Enough for an umbrella of dozens of charts many times over; about a minute at worst.
    fn default() -> Self {
        Self { steps: 300_000_000, bytes: 1 << 30, value: 64 << 20, depth: 20_000 }
    }
}

/// What is left of a budget.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: Budget,
    steps: u64,
    bytes: u64,
    depth: usize,
}

/// Why an evaluation is stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exhausted {
    #[error("template does more than {0} steps")]
    Steps(u64),
    #[error("template produces more than {0} bytes")]
    Bytes(u64),
    #[error("value is longer than {0} bytes")]
    Value(usize),
    #[error("exceeded maximum template depth ({0})")]
    Depth(usize),
}

impl Meter {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, steps: budget.steps, bytes: budget.bytes, depth: 0 }
    }

    pub(crate) fn step(&mut self, steps: u64) -> Result<(), Exhausted> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Exhausted::Steps(self.budget.steps)),
        }
    }

    /// Counts bytes that are written or made.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let bytes = bytes as u64;
        self.step(bytes / 64)?;
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(Exhausted::Bytes(self.budget.bytes)),
        }
    }

    /// Asks before a value of this many bytes is made.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if bytes > self.budget.value {
            return Err(Exhausted::Value(self.budget.value));
        }
        Ok(())
    }

    pub(crate) fn enter(&mut self) -> Result<(), Exhausted> {
        if self.depth >= self.budget.depth {
            return Err(Exhausted::Depth(self.budget.depth));
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}
