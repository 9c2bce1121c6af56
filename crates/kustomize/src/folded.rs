//! What becomes of folded texts (`>`) on their way through the real tool's own YAML writer.
//!
//! kyaml writes every object and reads it again before it prints it. Its writer decides about the line breaks of a
//! folded text by the first character of the whole text instead of that of the next line. Lines that are indented
//! further so gain a blank line before them, and repositories live with the result.

use inhaul_yaml::{Node, NodeKind, Style};

/// Gives every folded text of a node the form that it has after writing and reading.
pub(crate) fn refold(node: &mut Node) {
    match &mut node.kind {
        NodeKind::Sequence(items) => items.iter_mut().for_each(refold),
        NodeKind::Mapping(entries) => entries.iter_mut().for_each(|(_, value)| refold(value)),
        NodeKind::Scalar(text) if node.style == Style::Folded => {
            if let Some(changed) = rewritten(text) {
                *text = changed.into();
            }
            node.style = Style::Literal;
        }
        NodeKind::Scalar(_) => {}
    }
}

/// The text after writing and reading; `None` where nothing changes, or where it is not written as a block at all.
fn rewritten(text: &str) -> Option<String> {
    let special = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.ends_with(' ') || text.contains(" \n") || text.contains(special) {
        return None;
    }
    let first = text.trim_start_matches('\n').chars().next()?;
    let adds_breaks = !matches!(first, ' ' | '\t');
    let mut result = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(end) = rest.find('\n') {
        let line = &rest[..end];
        let after = rest[end..].trim_start_matches('\n');
        let breaks = rest.len() - end - after.len();
        result.push_str(line);
        let indented = line.starts_with([' ', '\t']) || line.is_empty();
        let next_indented = after.starts_with([' ', '\t']);
        let written = breaks + usize::from(adds_breaks && !indented);
        // Between two plain lines the first break folds away, and a single one becomes a space.
        let read = match (indented || next_indented, after.is_empty()) {
            (_, true) if breaks == 1 => 1,
            (_, true) => written,
            (true, false) => written,
            (false, false) => written - 1,
        };
        if read == 0 {
            result.push(' ');
        }
        result.extend(std::iter::repeat_n('\n', read));
        rest = after;
    }
    result.push_str(rest);
    (result != text).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn a_line_that_is_indented_further_gains_a_blank_line_before_it() {
        assert_eq!(rewritten("{\n  \"a\": 1\n}\n").as_deref(), Some("{\n\n  \"a\": 1\n}\n"));
    }

    #[test]
    fn plain_lines_stay() {
        assert_eq!(rewritten("one\ntwo\n\nthree\n"), None);
    }

    #[test]
    fn a_text_that_begins_with_a_blank_loses_line_breaks() {
        assert_eq!(rewritten("  a\nb\nc\n").as_deref(), Some("  a\nb c\n"));
    }
}
