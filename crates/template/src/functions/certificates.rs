//! Private keys and certificates.

use super::registry::Function;

pub(super) static TABLE: &[Function] = &[];
