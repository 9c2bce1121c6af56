//! Percentiles.

use std::time::Duration;

/// The value that so many percent of the durations do not exceed, in milliseconds.
pub(crate) fn percentile(durations: &mut [Duration], percent: usize) -> f64 {
    durations.sort();
    let rank = (durations.len() * percent).div_ceil(100).saturating_sub(1);
    durations.get(rank).copied().unwrap_or(Duration::MAX).as_secs_f64() * 1000.0
}
