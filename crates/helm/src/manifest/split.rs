//! A stream of YAML documents taken apart by its `---` lines, as text.

use std::ops::Range;

/// The documents of a text that are not blank, without white space in front.
pub(crate) fn documents(text: &str) -> Vec<&str> {
    document_ranges(text).into_iter().map(|range| &text[range]).collect()
}

/// Where the documents of a text are.
///
/// A line that begins with `---` ends a document; what follows the dashes on that line belongs to
/// the next one. No YAML is read: a `---` inside a block scalar at column 0 splits too.
pub(super) fn document_ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = text.len() - text.trim_start().len();
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---") {
            found.push(start..at);
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            start = at + 3 + blanks;
        }
        at += line.len();
    }
    found.push(start..at);
    let trimmed = found.into_iter().map(|range| {
        let blanks = text[range.clone()].len() - text[range.clone()].trim_start().len();
        range.start + blanks..range.end
    });
    trimmed.filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[test]
    fn documents_are_split_as_helm_splits_them() {
        for (text, expected) in [
            ("", &[][..]),
            (" \n\n", &[]),
            ("a: 1", &["a: 1"]),
            ("\n---\na: 1\n---\n\n---\nb: 2\n\n", &["a: 1\n", "b: 2\n\n"]),
            ("--- # one\na: 1\n", &["# one\na: 1\n"]),
            ("a: 1\n---b: 2\n", &["a: 1\n", "b: 2\n"]),
            ("a: 1\n ---\nb: 2", &["a: 1\n ---\nb: 2"]),
            ("---- a", &["- a"]),
        ] {
            assert_eq!(documents(text), expected, "{text:?}");
        }
    }
}
