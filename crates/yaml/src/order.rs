//! The order in which go-yaml v2 writes the keys of a map.

use std::cmp::Ordering;

/// Compares two keys: letters after everything else, runs of digits by value, then by Unicode.
#[must_use]
pub fn natural(left: &str, right: &str) -> Ordering {
    let same = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    if let (Some(&a), Some(&b)) = (left.as_bytes().get(same), right.as_bytes().get(same)) {
        // Most keys differ at a letter; this is the whole comparison then.
        if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() {
            return a.cmp(&b);
        }
    } else {
        return left.len().cmp(&right.len());
    }
    let mut at = same;
    while !left.is_char_boundary(at) || !right.is_char_boundary(at) {
        at -= 1;
    }
    differing(left, right, at)
}

/// Compares from the first differing character, which starts at byte `at` of both.
fn differing(left: &str, right: &str, at: usize) -> Ordering {
    let (Some(a), Some(b)) = (left[at..].chars().next(), right[at..].chars().next()) else {
        return left.len().cmp(&right.len());
    };
    match (a.is_alphabetic(), b.is_alphabetic()) {
        (true, true) => return a.cmp(&b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero inside a number that has begun with another digit counts for its length.
    let begun = (a == '0' || b == '0')
        && left[..at].bytes().rev().take_while(u8::is_ascii_digit).any(|digit| digit != b'0');
    let (a_value, a_length) = run(&left[at..], begun);
    let (b_value, b_length) = run(&right[at..], begun);
    a_value.cmp(&b_value).then(a_length.cmp(&b_length)).then(a.cmp(&b))
}

fn run(text: &str, begun: bool) -> (i64, usize) {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold((i64::from(begun), 0), |(value, length), digit| {
        (value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), length + 1)
    })
}

/// Sorts entries by key, stably.
///
/// The order is not transitive for every set of keys (a number run may begin before the difference), and the standard
/// sort may panic on such an order; merging never does.
pub(crate) fn sort_entries<T: Copy>(entries: &mut Vec<(&str, T)>) {
    if entries.windows(2).all(|pair| natural(pair[0].0, pair[1].0) != Ordering::Greater) {
        return;
    }
    if entries.len() <= 24 {
        for at in 1..entries.len() {
            let mut hole = at;
            while hole > 0 && natural(entries[hole - 1].0, entries[hole].0) == Ordering::Greater {
                entries.swap(hole - 1, hole);
                hole -= 1;
            }
        }
        return;
    }
    let mut right = entries.split_off(entries.len() / 2);
    let mut left = std::mem::take(entries);
    sort_entries(&mut left);
    sort_entries(&mut right);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let take_right = natural(a.0, b.0) == Ordering::Greater;
        entries.extend(if take_right { right.next() } else { left.next() });
    }
    entries.extend(left);
    entries.extend(right);
}
