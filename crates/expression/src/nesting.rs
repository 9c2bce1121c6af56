//! How deep an expression is nested, found out before it is parsed: the parser recurses without a limit.

/// How deep brackets and alternatives of `?:` may be nested.
const MAX_NESTED: usize = 32;

/// Refuses what is nested deeper than the parser's stack can bear.
///
/// Opening brackets in texts count, closing ones do not, and a text that is not closed is refused: so nothing that the
/// parser might read differently is taken for shallower than it is.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    let (mut depth, mut deepest, mut alternatives) = (0_usize, 0, 0_usize);
    let mut rest = expression;
    let mut raw = false;
    while let Some(first) = rest.chars().next() {
        match first {
            '"' | '\'' => {
                let text = closed(rest, first, raw).ok_or("a text in it is not closed")?;
                depth += text.matches(['(', '[', '{']).count();
                rest = rest.get(text.len()..).unwrap_or_default();
                deepest = deepest.max(depth);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '?' => alternatives += 1,
            _ => {}
        }
        // Whether a text that begins next has a prefix that makes backslashes plain; one that is part of a name counts
        // too, which the parser refuses anyway.
        raw = matches!(first, 'r' | 'R') || (raw && matches!(first, 'b' | 'B'));
        deepest = deepest.max(depth);
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    if deepest > MAX_NESTED || alternatives > MAX_NESTED {
        return Err(format!("it is nested deeper than {MAX_NESTED} times"));
    }
    Ok(())
}

/// The text at the beginning of `rest`, with its quotes.
fn closed(rest: &str, quote: char, raw: bool) -> Option<&str> {
    let triple = quote.to_string().repeat(3);
    let end = if rest.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = end.len();
    loop {
        let left = rest.get(at..)?;
        if left.starts_with(&end) {
            return rest.get(..at + end.len());
        }
        let character = left.chars().next()?;
        if end.len() == 1 && matches!(character, '\n' | '\r') {
            return None;
        }
        at += character.len_utf8();
        if character == '\\' && !raw {
            at += rest.get(at..)?.chars().next()?.len_utf8();
        }
    }
}
