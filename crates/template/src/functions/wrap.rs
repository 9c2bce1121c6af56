//! `wrap` and `wrapWith`.

use super::{
    argument::{bytes, int},
    registry::{
        Function,
        Parameter::{Int, String as Str},
    },
};

pub(super) static TABLE: &[Function] = &[
    Function::fixed("wrap", &[Int, Str], |runtime, arguments| {
        let string = bytes(arguments, 1);
        runtime.charge(string.len())?;
        Ok(wrap(string, int(arguments, 0), b"\n", false).into())
    }),
    Function::fixed("wrapWith", &[Int, Str, Str], |runtime, arguments| {
        let (separator, string) = (bytes(arguments, 1), bytes(arguments, 2));
        let separator = if separator.is_empty() { b"\n" } else { separator };
        runtime.reserve(string.len().saturating_mul(separator.len() + 1))?;
        Ok(wrap(string, int(arguments, 0), separator, true).into())
    }),
];

/// Breaks lines at spaces before `width` bytes; longer words are cut, or overhang.
fn wrap(string: &[u8], width: i64, separator: &[u8], cuts_words: bool) -> Vec<u8> {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Vec::with_capacity(string.len());
    let mut rest = string;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let is_space = |&byte: &u8| byte == b' ';
        let (line, skip) = match rest[..=width].iter().rposition(is_space) {
            Some(space) => (space, 1),
            None if cuts_words => (width, 0),
            None => match rest[width..].iter().position(is_space) {
                Some(space) => (width + space, 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(separator);
        rest = &rest[line + skip..];
    }
    out.extend_from_slice(rest);
    out
}
