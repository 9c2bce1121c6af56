//! A stream of YAML documents taken apart by its `---` lines, as text.

/// The documents of a text that are not blank, without white space in front.
///
/// A line that begins with `---` ends a document; what follows the dashes on that line belongs to
/// the next one. No YAML is read: a `---` inside a block scalar at column 0 splits too.
pub(crate) fn documents(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---") {
            found.push(&text[start..at]);
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            start = at + 3 + blanks;
        }
        at += line.len();
    }
    found.push(&text[start..]);
    found.into_iter().map(str::trim_start).filter(|document| !document.is_empty()).collect()
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
