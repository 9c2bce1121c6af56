//! The lines that a bench prints.

#[derive(Default)]
pub(crate) struct Report {
    missed: usize,
}

impl Report {
    /// A number that must stay below its limit.
    pub(crate) fn below(&mut self, what: &str, value: f64, limit: f64, unit: &str) {
        let verdict = if value <= limit { "ok" } else { "too much" };
        self.missed += usize::from(value > limit);
        println!("{what:<58} {value:>9.2} {unit} (limit {limit}): {verdict}");
    }

    /// A number without a limit.
    pub(crate) fn tell(&self, what: &str, value: f64, unit: &str) {
        println!("{what:<58} {value:>9.2} {unit}");
    }

    /// Something that is, or is not, as it must be.
    pub(crate) fn holds(&mut self, what: &str, holds: bool) {
        self.missed += usize::from(!holds);
        println!("{what:<58} {}", if holds { "ok" } else { "NO" });
    }

    /// The code that the process ends with.
    pub(crate) fn code(&self) -> i32 {
        i32::from(self.missed > 0)
    }
}
