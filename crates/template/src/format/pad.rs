//! Flags, and padding to a width.

use super::{FormatError, LONGEST};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) width: Option<usize>,
    pub(crate) precision: Option<usize>,
    pub(crate) minus: bool,
    pub(crate) plus: bool,
    pub(crate) sharp: bool,
    pub(crate) space: bool,
    pub(crate) zero: bool,
    /// `%+v`
    pub(crate) plus_v: bool,
    /// `%#v`
    pub(crate) sharp_v: bool,
}

/// Appends `text`, filled to the width in characters.
pub(super) fn pad(out: &mut Vec<u8>, flags: &Flags, text: &[u8]) -> Result<(), FormatError> {
    if out.len() + text.len() > LONGEST {
        return Err(FormatError::Length);
    }
    let Some(width) = flags.width else {
        out.extend_from_slice(text);
        return Ok(());
    };
    let characters: usize =
        text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum();
    let missing = width.saturating_sub(characters);
    if flags.minus {
        out.extend_from_slice(text);
        out.extend(std::iter::repeat_n(b' ', missing));
    } else {
        let filler = if flags.zero { b'0' } else { b' ' };
        out.extend(std::iter::repeat_n(filler, missing));
        out.extend_from_slice(text);
    }
    Ok(())
}
